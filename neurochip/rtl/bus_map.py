"""The registers of an exported chip on its bus, as data: bus.v, the host and docs/rtl.md follow this table."""

from __future__ import annotations

import enum
from typing import NamedTuple

__all__ = ["BUSY", "COMMANDS", "LOAD", "MAGIC", "REGISTERS", "BusFault", "Command", "Register", "address_of"]

MAGIC = 0x3142434E  # the bytes NCB1
LOAD = 0x80  # the first of the words of what memories are loaded with, and of what was peeked at
BUSY = 1  # bit of STATUS


class Register(NamedTuple):
    """One register of 32 bits: its byte offset, what a host may do with it (R, W, RW or W1C), and what it holds."""

    name: str
    offset: int
    access: str
    doc: str


class Command(enum.IntEnum):
    """What a word written to COMMAND does; with bit 8, AT counts up behind it."""

    FORGET = 1
    INPUT = 2
    KEY = 3
    TARGET = 4
    AXON = 5
    NEURON = 6
    TICK = 7
    LEARN = 8
    LOAD_WEIGHTS = 9
    LOAD_BIAS = 10
    PEEK_WEIGHTS = 11
    PEEK_BIAS = 12


COMMANDS: dict[Command, str] = {
    Command.FORGET: "a presentation begins: nothing has been received",
    Command.INPUT: "WORD is the value of input AT of core SELECT",
    Command.KEY: "WORD is the key of the generator of core SELECT in this presentation",
    Command.TARGET: "WORD is the target of neuron AT of core SELECT",
    Command.AXON: "ACTIVITY and MOVED stood at sample · axons + axon AT of core SELECT",
    Command.NEURON: "the same of sample · neurons + neuron AT",
    Command.TICK: "a tick, with TICK and NUDGE: busy until all cores are done and nothing is under way",
    Command.LEARN: "core SELECT learns, with WORD as its key: busy until it has",
    Command.LOAD_WEIGHTS: "word AT of the weights of core SELECT becomes LOAD",
    Command.LOAD_BIAS: "bias AT of core SELECT becomes LOAD",
    Command.PEEK_WEIGHTS: "LOAD becomes word AT of the weights of core SELECT",
    Command.PEEK_BIAS: "LOAD becomes bias AT of core SELECT",
}


class BusFault(enum.IntFlag):
    """Sticky bits of FAULTS, by the names that the controller's codes have (docs/protocol.md)."""

    NO_REGISTER = 1
    NOT_READABLE = 2
    NOT_WRITABLE = 4
    BUSY = 8


REGISTERS: tuple[Register, ...] = (
    Register("MAGIC", 0x00, "R", "the bytes NCB1: this is an exported chip"),
    Register(
        "CORES", 0x04, "R", "cores that compute, and from bit 16 on cores of inputs, numbered behind them"
    ),
    Register("STATUS", 0x08, "R", "bit 0: busy with a tick or with learning"),
    Register(
        "FAULTS",
        0x0C,
        "W1C",
        "sticky: 0 NO_REGISTER, 1 NOT_READABLE, 2 NOT_WRITABLE, 3 BUSY (a write while busy)",
    ),
    Register("SELECT", 0x10, "RW", "the core that commands and STATE are of"),
    Register("AT", 0x14, "RW", "place in that core"),
    Register("WORD", 0x18, "RW", "a value, a target or a key"),
    Register("ACTIVITY", 0x1C, "RW", "what stood before a synapse, signed"),
    Register("MOVED", 0x20, "RW", "how far that moved under the nudge, signed"),
    Register("TICK", 0x24, "RW", "number of the tick, from 1"),
    Register("NUDGE", 0x28, "RW", "2β in units of 1/256, signed; 0 in a free phase"),
    Register(
        "LEARN", 0x2C, "RW", "bits 0–1: rows, columns or biases; 8–13 shift right; 16–21 left; 24 minus"
    ),
    Register("FIRST", 0x30, "RW", "first axon that LEARN changes"),
    Register("AXONS", 0x34, "RW", "how many"),
    Register("COMMAND", 0x38, "W", "does what stands below"),
    Register("CYCLES", 0x3C, "R", "cycles of the last tick, or of the last LEARN"),
    Register("CORE_CYCLES", 0x40, "R", "cycles of core SELECT in the last tick"),
    Register(
        "STATE", 0x44, "R", "of neuron AT of core SELECT: its value, spike in bit 31; reading it counts AT up"
    ),
)


def address_of(name: str) -> int:
    """Return the byte offset of a register."""
    return next(register.offset for register in REGISTERS if register.name == name)
