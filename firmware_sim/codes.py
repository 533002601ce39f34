"""Why something was refused: every refusal of the device has one of these numbers."""

from __future__ import annotations

import enum

from neurochip.errors import (
    CapabilityError,
    ConfigError,
    DataError,
    MappingError,
    NeurochipError,
    NumericError,
    StallError,
)

__all__ = ["CODES", "SUBSTRATE_ERRORS", "Code", "FirmwareError", "LinkError", "Refusal", "code_of"]


class Code(enum.IntEnum):
    """Numbers on the wire; what they mean stands in `CODES`."""

    OK = 0
    # of the link
    BAD_MAGIC = 1
    BAD_VERSION = 2
    TOO_LONG = 3
    BAD_CRC = 4
    BAD_KIND = 5
    BAD_PAYLOAD = 6
    BUSY = 7
    UNKNOWN_SESSION = 8
    OUT_OF_SEQUENCE = 9
    SEQUENCE_REUSED = 10
    NO_SESSION = 11
    NOT_IDEMPOTENT = 12
    WRONG_TOKEN = 13
    # of the bus
    BAD_OPERATION = 20
    NO_REGISTER = 21
    NOT_READABLE = 22
    NOT_WRITABLE = 23
    NOT_A_PORT = 24
    QUEUE_FULL = 25
    ANSWER_TOO_LONG = 26
    NO_STORE = 27
    # of a program
    BAD_INSTRUCTION = 40
    JUMPS_OUT = 41
    ENDLESS = 42
    NOT_VERIFIED = 43
    BAD_ENTRY = 44
    WATCHDOG = 45
    ILLEGAL_MOVE = 46
    QUEUE_EMPTY = 47
    BAD_BLOCK = 48
    EMPTY_SLOT = 49
    EMPTY_BANK = 50
    OUT_FULL = 51
    BAD_VALUE = 52
    BAD_IMAGE = 53
    NEWER_IMAGE = 54
    IMAGE_CRC = 55
    OTHER_CHIP = 56
    # of the chip itself: the sentence is in the queue TEXT
    CONFIG = 70
    DATA = 71
    NUMERIC = 72
    CAPABILITY = 73
    MAPPING = 74
    STALL = 75
    CHIP = 76
    # a fault of the device's own
    INTERNAL = 255


CODES: dict[Code, str] = {
    Code.OK: "nothing was refused",
    Code.BAD_MAGIC: "the frame does not begin with NCFW; the connection is closed",
    Code.BAD_VERSION: "the frame is of another version of the protocol; the connection is closed",
    Code.TOO_LONG: "the frame declares more bytes than a frame may have; none is read, the connection is closed",
    Code.BAD_CRC: "header or payload were damaged; the connection is closed",
    Code.BAD_KIND: "no such kind of frame comes from a host",
    Code.BAD_PAYLOAD: "the payload is not as long as its kind asks for",
    Code.BUSY: "the device has a host; a second one must wait until the first has left",
    Code.UNKNOWN_SESSION: "the device does not know this session; it was started anew, or another host came between",
    Code.OUT_OF_SEQUENCE: "neither the next number nor the last one again; the payload is the number expected, u64",
    Code.SEQUENCE_REUSED: "the last number again, but another request",
    Code.NO_SESSION: "a host says HELLO first",
    Code.NOT_IDEMPOTENT: "a READ frame holds nothing but reads without side effects; send a TRANSACT",
    Code.WRONG_TOKEN: "the token is not that which the device printed when it was started",
    Code.BAD_OPERATION: "the operations of a transaction do not parse, or are too many",
    Code.NO_REGISTER: "no register has this offset",
    Code.NOT_READABLE: "the register can only be written",
    Code.NOT_WRITABLE: "the register can only be read",
    Code.NOT_A_PORT: "FILL and DRAIN go to the port of a queue, READ and WRITE to any other register",
    Code.QUEUE_FULL: "the queue has no room for these words; none was taken, and OVERFLOW stands in FAULTS",
    Code.ANSWER_TOO_LONG: "the words asked for do not fit one frame",
    Code.NO_STORE: "the device was started without a file for its state",
    Code.BAD_INSTRUCTION: "no such instruction, an operand out of range, or bits that must be 0 and are not",
    Code.JUMPS_OUT: "the jump leads out of the program",
    Code.ENDLESS: "a jump back that is no djnz, or a loop that sets its own counter",
    Code.NOT_VERIFIED: "the program was not verified since it was written",
    Code.BAD_ENTRY: "START names no instruction of the program",
    Code.WATCHDOG: "the program took more steps than WATCHDOG allows; a step is an instruction or a tick",
    Code.ILLEGAL_MOVE: "the phase machine does not go from its state to this one",
    Code.QUEUE_EMPTY: "the queue holds fewer words than the instruction takes",
    Code.BAD_BLOCK: "the words in the queue are not what the instruction takes",
    Code.EMPTY_SLOT: "no snapshot was taken into this slot",
    Code.EMPTY_BANK: "nothing was observed into this bank, or not this layer",
    Code.OUT_FULL: "the queue OUT has no room for what was read",
    Code.BAD_VALUE: "a register holds a value that the instruction cannot use",
    Code.BAD_IMAGE: "the image is damaged or incomplete",
    Code.NEWER_IMAGE: "the image is of a newer version than the device reads",
    Code.IMAGE_CRC: "a section of the image does not have its checksum",
    Code.OTHER_CHIP: "the image was compiled for another network or another chip",
    Code.CONFIG: "the chip cannot do what it was told (ConfigError)",
    Code.DATA: "the chip was given data that it cannot take (DataError)",
    Code.NUMERIC: "a number left its range on the chip (NumericError)",
    Code.CAPABILITY: "the chip lacks what was asked for (CapabilityError)",
    Code.MAPPING: "a network does not fit the chip (MappingError)",
    Code.STALL: "the network on chip stopped (StallError)",
    Code.CHIP: "the chip refused for another reason",
    Code.INTERNAL: "a fault of the device; its log says more",
}

SUBSTRATE_ERRORS: dict[Code, type[NeurochipError]] = {
    Code.CONFIG: ConfigError,
    Code.DATA: DataError,
    Code.NUMERIC: NumericError,
    Code.CAPABILITY: CapabilityError,
    Code.MAPPING: MappingError,
    Code.STALL: StallError,
    Code.CHIP: NeurochipError,
}


def code_of(error: NeurochipError) -> Code:
    """Return the number of an error of the chip itself."""
    return next(code for code, kind in SUBSTRATE_ERRORS.items() if isinstance(error, kind))


class Refusal(Exception):
    """The device refuses: a code, and what exactly, for the queue TEXT."""

    def __init__(self, code: Code, about: str = "") -> None:
        super().__init__(f"{code.name}: {about or CODES[code]}")
        self.code = code
        self.about = about or CODES[code]


class FirmwareError(NeurochipError):
    """A program or an image was refused, or went wrong on the device; ``code`` says why."""

    def __init__(self, place: str, problem: str, code: Code = Code.INTERNAL) -> None:
        super().__init__(place, problem)
        self.code = code


class LinkError(NeurochipError):
    """The device cannot be reached, is taken, or has forgotten what it was told."""

    def __init__(self, place: str, problem: str, code: Code = Code.OK) -> None:
        super().__init__(place, problem)
        self.code = code
