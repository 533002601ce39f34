"""The instructions of the sequencer, as data: assembler, device, listing and docs are made from this table.

An instruction is two words: ``opcode | a << 8 | b << 16 | c << 24`` and an immediate. Bit 7 of the opcode says that
the immediate is the number of a register t0 … t15 that holds the operand.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from neurochip.substrate import Observable, Phase

__all__ = [
    "ALL",
    "BY_NAME",
    "BY_NUMBER",
    "COUNTERS",
    "INSTRUCTIONS",
    "PHASES",
    "REGISTER_FLAG",
    "SIGNS",
    "WHAT",
    "CountedIn",
    "Kind",
    "Op",
    "Operand",
]

REGISTER_FLAG = 0x80
COUNTERS = 8  # loop counters c0 … c7
ALL = 0x7FFFFFFF  # as a layer: every one of them

# Order is the number in the instruction.
PHASES: tuple[Phase, ...] = (Phase.FREE, Phase.NUDGED, Phase.NUDGED_NEGATIVE, Phase.EVALUATION)
WHAT: tuple[str, ...] = (*(what.value for what in Observable), "presynaptic")
SIGNS: tuple[str, ...] = ("off", "+", "-")


class Kind(enum.StrEnum):
    """What an operand is."""

    PHASE = "phase"
    TICKS = "ticks"
    WHAT = "what"
    BANK = "bank"
    SLOT = "slot"
    LAYER = "layer"
    SIGN = "sign"
    COUNTER = "counter"
    COUNT = "count"
    REGISTER = "register"
    TARGET = "target"
    SPAN = "span"


# Kind → smallest and largest value in an instruction.
RANGES: dict[Kind, tuple[int, int]] = {
    Kind.PHASE: (0, len(PHASES) - 1),
    Kind.TICKS: (1, 0xFFFF),
    Kind.WHAT: (0, len(WHAT) - 1),
    Kind.BANK: (0, 7),
    Kind.SLOT: (0, 3),
    Kind.LAYER: (-16, 15),
    Kind.SIGN: (0, 2),
    Kind.COUNTER: (0, COUNTERS - 1),
    Kind.COUNT: (0, 0xFFFF),
    Kind.REGISTER: (0, 15),
    Kind.TARGET: (-0xFFFF, 0xFFFF),
    Kind.SPAN: (1, 2),
}
MAY_BE_REGISTER = (Kind.TICKS, Kind.LAYER, Kind.COUNT)


@dataclass(frozen=True, slots=True)
class Operand:
    """An operand, and the field that holds it: a, b, c or imm."""

    kind: Kind
    field: str


class CountedIn(enum.StrEnum):
    """Where an instruction's cycles and words are counted."""

    ITS_PHASE = "its phase"
    NEXT = "with the next"
    UPDATE = "update"
    READOUT = "readout"
    LOADING = "loading"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Op:
    """One kind of instruction.

    Attributes
    ----------
    cycles
        Of the controller, beside one per word that it moves.
    counters
        The phase that pays for it and for all that went over the bus since the last one that was paid.
    """

    number: int
    name: str
    operands: tuple[Operand, ...]
    cycles: int
    counted_in: CountedIn
    doc: str


def _op(number: int, text: str, cycles: int, counted_in: CountedIn, doc: str) -> Op:
    name, *given = text.split()
    operands = []
    for one in given:
        kind, field = one.split("@")
        operands.append(Operand(Kind(kind), field))
    return Op(number, name, tuple(operands), cycles, counted_in, doc)


_B = CountedIn

INSTRUCTIONS: tuple[Op, ...] = (
    _op(0x00, "halt", 1, _B.NEXT, "end of the program"),
    _op(0x01, "nop", 1, _B.NEXT, "nothing"),
    _op(0x02, "jump target@imm", 1, _B.NEXT, "go on at the label, which is further down"),
    _op(0x03, "set counter@a count@imm", 1, _B.NEXT, "put a number into a loop counter"),
    _op(
        0x04,
        "djnz counter@a target@imm",
        1,
        _B.NEXT,
        "count down; if more is left, go back to the label: the one way back. Nothing in between may set the counter",
    ),
    _op(
        0x05, "jz register@a target@imm", 1, _B.NEXT, "if the register is 0, go on at the label, further down"
    ),
    _op(0x10, "load", 8, _B.LOADING, "write weights and biases: an image from DATA (docs/firmware.md)"),
    _op(0x11, "dump", 8, _B.LOADING, "push all weights and biases to OUT, as an image"),
    _op(0x12, "counters", 8, _B.NOWHERE, "go on from the counters in DATA"),
    _op(0x13, "count", 8, _B.NOWHERE, "push all counters to OUT, modulo 2 to the power COUNTER_WIDTH"),
    _op(
        0x20,
        "begin",
        2,
        _B.NEXT,
        "new presentations, all samples from rest: two blocks from INPUT; no targets, nudge off",
    ),
    _op(0x21, "targets", 2, _B.NEXT, "take what to nudge to: one block from TARGET"),
    _op(0x22, "notargets", 1, _B.NEXT, "forget the targets"),
    _op(0x23, "nudge sign@a", 1, _B.NEXT, "pull the outputs by +β or −β of register BETA, or not at all"),
    _op(
        0x24,
        "run phase@a ticks@imm",
        2,
        _B.ITS_PHASE,
        "go on for so many ticks; the controller sleeps. Pushes what RECORD asks for to OUT",
    ),
    _op(0x25, "snapshot slot@a", 2, _B.NEXT, "keep what the samples remember, on the chip"),
    _op(
        0x26,
        "restore slot@a",
        2,
        _B.NEXT,
        "put the samples back where the snapshot was taken, and the phase too; right after begin, start there",
    ),
    _op(0x27, "push slot@a", 2, _B.LOADING, "push a snapshot to OUT"),
    _op(0x28, "pull slot@a", 2, _B.LOADING, "take a snapshot from DATA"),
    _op(
        0x30,
        "observe what@a bank@b layer@imm",
        2,
        _B.NEXT,
        "latch what stands on a layer, or on all, into a bank. presynaptic: what the rule takes for the activity there",
    ),
    _op(
        0x31,
        "read bank@a layer@imm",
        2,
        _B.READOUT,
        "push what was observed last of a layer to OUT: a ticket",
    ),
    _op(
        0x33,
        "mark bank@a",
        1,
        _B.NEXT,
        "begin a further moment in a bank, for rules that watch; begin empties all",
    ),
    _op(0x32, "readout layer@imm", 2, _B.READOUT, "count that the outside read the values of a layer"),
    _op(
        0x40,
        "update bank@a bank@b bank@c span@imm",
        2,
        _B.UPDATE,
        "change weights and biases on their cores by the rule: banks of the free phase, of the reference and of the "
        "nudged phase, the last two span × β apart; rates from RATES × SHARE",
    ),
    _op(0x42, "rule", 2, _B.LOADING, "take the learning rule from DATA (docs/firmware.md)"),
    _op(0x41, "write", 2, _B.UPDATE, "change weights and biases by the terms in DATA"),
)
BY_NUMBER: dict[int, Op] = {op.number: op for op in INSTRUCTIONS}
BY_NAME: dict[str, Op] = {op.name: op for op in INSTRUCTIONS}
