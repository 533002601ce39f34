"""The register map, as data: the one table that the device, the driver and docs/registers.md are made from."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from neurochip.errors import ConfigError
from neurochip.substrate import Observable

__all__ = [
    "BITS",
    "MAP_VERSION",
    "MOST_LAYERS",
    "RECORDS",
    "REGISTERS",
    "Access",
    "Control",
    "Fault",
    "Feature",
    "Irq",
    "Register",
    "by_name",
    "check_map",
]

MAP_VERSION = 2
MOST_LAYERS = 16
RECORDS = ("spikes", "states", "step_sizes")  # bits of RECORD, low one first


class Access(enum.StrEnum):
    """What a host may do with a register."""

    R = "R"  # read
    W = "W"  # write; holds nothing
    RW = "RW"  # read and write
    RC = "RC"  # read; reading clears it
    W1C = "W1C"  # read; a 1 written clears that bit


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One register, or several of a kind in a row.

    Attributes
    ----------
    name, offset
        What it is called, and its byte offset.
    access
        What a host may do with it.
    doc
        What it holds.
    words
        How many 32-bit words in a row; numbers of 64 bits take two, low word first.
    width
        Bits that are there; higher ones read as 0 and are not kept.
    reset
        Value of each word after a reset.
    port
        Name of the queue behind it: words go in with FILL and come out with DRAIN.
    """

    name: str
    offset: int
    access: Access
    doc: str
    words: int = 1
    width: int = 32
    reset: tuple[int, ...] = (0,)
    port: str = ""

    def __post_init__(self) -> None:
        """Check place, width and reset."""
        place = f"registers.{self.name}"
        if self.offset % 4 or not 0 <= self.offset < 0x10000:
            raise ConfigError(place, f"must be at a multiple of 4 below 0x10000, got {self.offset:#x}")
        if not 1 <= self.width <= 32 or self.words < 1:
            raise ConfigError(place, f"must have 1 to 32 bits and at least one word, got {self.width}")
        if len(self.reset) not in (1, self.words) or any(not 0 <= n < 1 << self.width for n in self.reset):
            raise ConfigError(place, f"must have a reset value of {self.width} bits for each word")
        if self.port and (self.words != 1 or self.access not in (Access.R, Access.W)):
            raise ConfigError(place, "must be one word, R or W, as it is the port of a queue")

    @property
    def end(self) -> int:
        """Offset behind its last word."""
        return self.offset + 4 * self.words

    def reset_of(self, word: int) -> int:
        """Return the reset value of one of its words."""
        return self.reset[word if len(self.reset) > 1 else 0]


class Control(enum.IntFlag):
    """What a write to CONTROL does."""

    RESET = 1  # registers, queues, program, banks, slots, counters; weights must be loaded again
    FLUSH = 2  # empty the queues
    VERIFY = 4  # check the program; only a verified one starts
    SAVE = 8  # keep weights, counters, registers, banks and slots in the device's file, not the samples


class Fault(enum.IntFlag):
    """Sticky bits of FAULTS."""

    ERROR = 1  # a program was refused or went wrong; START does nothing while it stands
    OVERFLOW = 2  # words were written to a full queue, and not taken
    COUNTER_OVERRUN = 4  # a counter moved half of its range or more between two readings


class Irq(enum.IntFlag):
    """Interrupts."""

    DONE = 1  # a program came to its end
    ERROR = 2  # a bit of FAULTS was set
    WRAP = 4  # a counter has moved a quarter of its range since it was last read


class Feature(enum.IntFlag):
    """Bits of FEATURES."""

    TIED = 1
    BITS_ONLY = 2
    STORE = 4
    VALUE = 16
    TRACE = 32
    RATE = 64
    SPIKES = 128
    FLOAT64 = 256
    ACTIVITY = 512
    ADJOINT = 1024


# What can be observed → the bit that says so.
OBSERVABLES: dict[Observable, Feature] = {what: Feature[what.name] for what in Observable}


# Bits by register, for the docs.
BITS: dict[str, tuple[tuple[str, str], ...]] = {
    "FEATURES": (
        ("0 TIED", "feedback weights are the transpose of the forward ones"),
        ("1 BITS_ONLY", "cores exchange nothing but spikes"),
        ("2 STORE", "the device keeps its state in a file (SAVE)"),
        ("4 VALUE, 5 TRACE, 6 RATE, 7 SPIKES", "what can be observed"),
        ("8 FLOAT64", "states are 64-bit floating point numbers, else 32-bit"),
        ("9 ACTIVITY", "what a neuron sends can be observed beside its state"),
        ("10 ADJOINT", "the exact gradient by each neuron's current can be read, as only an emulation can"),
    ),
    "CONTROL": (
        ("0 RESET", "registers, queues, program, banks, slots and counters; weights must be loaded again"),
        ("1 FLUSH", "empty all queues"),
        ("2 VERIFY", "check PROGRAM_LENGTH instructions; only a verified program starts"),
        (
            "3 SAVE",
            "keep weights, counters, registers, banks and slots in the device's file; samples are not kept",
        ),
    ),
    "STATUS": (
        ("0–3", "state of the phase machine (docs/protocol.md)"),
        ("4", "the program is verified"),
    ),
    "FAULTS": (
        ("0 ERROR", "a program was refused or went wrong; START does nothing while it stands"),
        ("1 OVERFLOW", "words were written to a full queue, and none of them was taken"),
        (
            "2 COUNTER_OVERRUN",
            "a counter moved half of its range or more between two readings: counts are lost",
        ),
    ),
    "IRQ": (
        ("0 DONE", "a program came to its end"),
        ("1 ERROR", "a bit of FAULTS was set"),
        ("2 WRAP", "a counter has moved a quarter of its range since it was last read"),
    ),
    "RECORD": (("0 spikes, 1 states, 2 step sizes", "what RUN pushes to OUT for every tick"),),
}

_A = Access
_ONE = (0, 0x3FF00000)  # 1.0, low word first

REGISTERS: tuple[Register, ...] = (
    Register(
        name="MAGIC",
        offset=0x000,
        access=_A.R,
        reset=(0x3150434E,),
        doc="the bytes NCP1: this is such a device",
    ),
    Register(name="MAP_VERSION", offset=0x004, access=_A.R, reset=(MAP_VERSION,), doc="version of this map"),
    Register(name="FEATURES", offset=0x008, access=_A.R, width=11, doc="what the chip is and can do"),
    Register(name="COUNTER_WIDTH", offset=0x00C, access=_A.R, width=7, doc="bits of the counters of COUNT"),
    Register(name="DIGEST", offset=0x010, access=_A.R, words=4, doc="hash of the network on its chip"),
    Register(
        name="NAME", offset=0x020, access=_A.R, words=4, doc="the kind of substrate, ASCII, filled with 0"
    ),
    Register(name="LAYERS", offset=0x030, access=_A.R, width=8, doc="number of layers, input included"),
    Register(name="SIZES", offset=0x040, access=_A.R, words=MOST_LAYERS, doc="neurons of each layer"),
    Register(
        name="START",
        offset=0x080,
        access=_A.W,
        doc="run the program from this instruction to its HALT; nothing happens while FAULTS.ERROR stands",
    ),
    Register(name="CONTROL", offset=0x084, access=_A.W, width=4, doc="each bit that is 1 does something"),
    Register(name="STATUS", offset=0x088, access=_A.R, width=5, doc="where the sequencer is"),
    Register(name="FAULTS", offset=0x08C, access=_A.W1C, width=3, doc="sticky: what went wrong"),
    Register(name="IRQ", offset=0x090, access=_A.W1C, width=3, doc="interrupts that stand"),
    Register(
        name="IRQ_ENABLE",
        offset=0x094,
        access=_A.RW,
        width=3,
        doc="interrupts that are told with every answer of the bus",
    ),
    Register(
        name="ERROR_CODE",
        offset=0x098,
        access=_A.R,
        doc="why the last program was refused (docs/protocol.md)",
    ),
    Register(
        name="ERROR_AT",
        offset=0x09C,
        access=_A.R,
        reset=(0xFFFFFFFF,),
        doc="instruction at which it was refused; all ones for none",
    ),
    Register(
        name="WATCHDOG",
        offset=0x0A0,
        access=_A.RW,
        reset=(1 << 22,),
        doc="steps, instructions and ticks, that one START may take",
    ),
    Register(name="RECORD", offset=0x0A4, access=_A.RW, width=3, doc="what RUN pushes to OUT for every tick"),
    Register(name="PROGRAMS", offset=0x0AC, access=_A.RC, doc="programs ended since this was last read"),
    Register(name="UPDATES", offset=0x0B0, access=_A.R, words=2, doc="changes of weights so far, 64 bits"),
    Register(name="BETA", offset=0x0C0, access=_A.RW, words=2, doc="strength β of the nudge, float64"),
    Register(
        name="SHARE",
        offset=0x0C8,
        access=_A.RW,
        words=2,
        reset=_ONE,
        doc="factor of all learning rates, float64",
    ),
    Register(
        name="T",
        offset=0x100,
        access=_A.RW,
        words=16,
        doc="operands t0 … t15 of programs: ticks, layers, flags",
    ),
    Register(
        name="RATES",
        offset=0x180,
        access=_A.RW,
        words=2 * MOST_LAYERS,
        doc="learning rate of each projection, float64",
    ),
    Register(
        name="PROGRAM_ADDRESS",
        offset=0x200,
        access=_A.RW,
        width=16,
        doc="word at which the next word of PROGRAM goes; counts up",
    ),
    Register(
        name="PROGRAM_LENGTH",
        offset=0x204,
        access=_A.RW,
        width=16,
        doc="instructions of the program, two words each",
    ),
    Register(name="PROGRAM", offset=0x208, access=_A.W, port="PROGRAM", doc="words of the program"),
    Register(
        name="INPUT",
        offset=0x220,
        access=_A.W,
        port="INPUT",
        doc="blocks for BEGIN: inputs [sample, unit], presentation numbers [sample]",
    ),
    Register(
        name="TARGET",
        offset=0x224,
        access=_A.W,
        port="TARGET",
        doc="blocks for TARGETS: targets [sample, unit]",
    ),
    Register(
        name="DATA", offset=0x228, access=_A.W, port="DATA", doc="blocks for LOAD, COUNTERS, PULL and WRITE"
    ),
    Register(name="OUT", offset=0x22C, access=_A.R, port="OUT", doc="what programs read, ticket by ticket"),
    Register(
        name="TEXT", offset=0x230, access=_A.R, port="TEXT", doc="why the last program was refused, in words"
    ),
    Register(
        name="LEVELS",
        offset=0x240,
        access=_A.R,
        words=5,
        doc="words in INPUT, TARGET, DATA, OUT and TEXT",
    ),
    Register(
        name="COUNT_INSTRUCTIONS", offset=0x260, access=_A.R, doc="instructions carried out; wraps at 2³²"
    ),
    Register(name="COUNT_CYCLES", offset=0x264, access=_A.R, doc="cycles of the controller; wraps at 2³²"),
    Register(name="COUNT_TICKS", offset=0x268, access=_A.R, doc="ticks run; wraps at 2³²"),
    Register(name="COUNT_WORDS", offset=0x26C, access=_A.R, doc="words over the bus; wraps at 2³²"),
)


def check_map(registers: tuple[Register, ...]) -> None:
    """Raise `ConfigError` when two registers overlap or share a name."""
    ordered = sorted(registers, key=lambda register: register.offset)
    for low, high in zip(ordered, ordered[1:], strict=False):
        if low.end > high.offset:
            raise ConfigError(
                f"registers.{high.name}",
                f"begins at {high.offset:#x}, inside {low.name}, which ends at {low.end:#x}",
            )
    names = [register.name for register in registers]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"registers.{name}", "is there twice")


_BY_NAME = {register.name: register for register in REGISTERS}


def by_name(name: str) -> Register:
    """Return a register of the map."""
    return _BY_NAME[name]


check_map(REGISTERS)
