"""Programs: immutable sequences of instructions, checked as a whole, and tickets for what they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from firmware_sim.codes import Code, FirmwareError, Refusal
from firmware_sim.container import read_sections, write_sections
from firmware_sim.isa import (
    ALL,
    BY_NAME,
    BY_NUMBER,
    MAY_BE_REGISTER,
    PHASES,
    RANGES,
    REGISTER_FLAG,
    SIGNS,
    WHAT,
    Kind,
    Op,
)
from firmware_sim.queues import WORD, Words
from neurochip.durable.atomic import replacing

__all__ = ["MOST_INSTRUCTIONS", "Builder", "Instruction", "Program", "Ticket", "operand_text"]

MOST_INSTRUCTIONS = 4096
_MAGIC = b"NCPG"


class Instruction(NamedTuple):
    """One instruction: its operation and the values of its fields."""

    op: Op
    a: int = 0
    b: int = 0
    c: int = 0
    imm: int = 0
    by_register: bool = False  # the immediate is the number of a t register

    def encode(self) -> tuple[int, int]:
        """Return its two words."""
        number = self.op.number | (REGISTER_FLAG if self.by_register else 0)
        return number | self.a << 8 | self.b << 16 | self.c << 24, self.imm & 0xFFFFFFFF

    @classmethod
    def decode(cls, low: int, high: int) -> Instruction:
        """Return the instruction that two words hold.

        Raises
        ------
        Refusal
            For an unknown opcode, an operand out of range, or bits that must be 0 and are not.
        """
        op = BY_NUMBER.get(low & 0x7F)
        if op is None:
            raise Refusal(Code.BAD_INSTRUCTION, f"{low:#010x} {high:#010x}: no instruction has this opcode")
        imm = high - (1 << 32) if high >> 31 else high
        fields = {"a": low >> 8 & 0xFF, "b": low >> 16 & 0xFF, "c": low >> 24, "imm": imm}
        made = cls(op, fields["a"], fields["b"], fields["c"], imm, bool(low & REGISTER_FLAG))
        made.check()
        return made

    def check(self) -> None:
        """Raise `Refusal` when an operand is out of range or an unused field is not 0."""
        used = {operand.field for operand in self.op.operands}
        for name in ("a", "b", "c", "imm"):
            if name not in used and getattr(self, name):
                raise Refusal(Code.BAD_INSTRUCTION, f"{self.op.name}: field {name} is not used and must be 0")
        flagged = False
        for operand in self.op.operands:
            value = getattr(self, operand.field)
            kind = operand.kind
            if operand.field == "imm" and self.by_register:
                if kind not in MAY_BE_REGISTER:
                    raise Refusal(Code.BAD_INSTRUCTION, f"{self.op.name}: {kind.value} cannot be a register")
                kind, flagged = Kind.REGISTER, True
            low, high = RANGES[kind]
            if not low <= value <= high and not (kind is Kind.LAYER and value == ALL and self._may_be_all):
                raise Refusal(
                    Code.BAD_INSTRUCTION, f"{self.op.name}: {kind.value} must be {low} to {high}, got {value}"
                )
        if self.by_register and not flagged:
            raise Refusal(Code.BAD_INSTRUCTION, f"{self.op.name}: has no operand that could be a register")

    @property
    def _may_be_all(self) -> bool:
        return self.op.name == "observe"

    def text(self, label: str = "") -> str:
        """Return the instruction as the assembler reads it; ``label`` stands for the target of a jump."""
        parts = []
        for operand in self.op.operands:
            value = getattr(self, operand.field)
            if operand.kind is Kind.TARGET and label:
                parts.append(label)
            elif operand.field == "imm" and self.by_register:
                parts.append(f"t{value}")
            else:
                parts.append(operand_text(operand.kind, value))
        return f"{self.op.name:<9} {', '.join(parts)}".rstrip()

    @property
    def jump(self) -> int | None:
        """Distance of its jump in instructions; `None` if it is none."""
        return self.imm if any(o.kind is Kind.TARGET for o in self.op.operands) else None


def operand_text(kind: Kind, value: int) -> str:
    """Return an operand as it is written."""
    names: Mapping[Kind, tuple[str, ...]] = {
        Kind.PHASE: tuple(phase.value for phase in PHASES),
        Kind.WHAT: WHAT,
        Kind.SIGN: SIGNS,
    }
    if kind in names:
        return names[kind][value]
    if kind is Kind.LAYER:
        return "last" if value == -1 else "all" if value == ALL else str(value)
    prefix = {Kind.BANK: "m", Kind.SLOT: "s", Kind.COUNTER: "c", Kind.REGISTER: "t", Kind.TARGET: "$"}
    return f"{prefix.get(kind, '')}{value:+d}" if kind is Kind.TARGET else f"{prefix.get(kind, '')}{value}"


@dataclass(frozen=True)
class Program:
    """Instructions that were checked together, and the names of those where it may be started.

    Raises `FirmwareError`, naming the instruction, when it would jump out, run for ever, or holds what is none.
    """

    instructions: tuple[Instruction, ...]
    entries: Mapping[str, int] = field(default_factory=dict)
    name: str = "program"

    def __post_init__(self) -> None:
        """Check everything."""
        object.__setattr__(self, "entries", dict(self.entries))
        try:
            verify(self.instructions)
        except Refusal as refusal:
            raise FirmwareError(self.name, refusal.about, refusal.code) from None
        for label, at in self.entries.items():
            if not 0 <= at < len(self.instructions):
                raise FirmwareError(self.name, f"entry {label} is at {at}, outside", Code.BAD_ENTRY)

    def __len__(self) -> int:
        return len(self.instructions)

    def __add__(self, other: Program) -> Program:
        """Put another program behind this one; its entries move along."""
        entries = dict(self.entries)
        for label, at in other.entries.items():
            if label in entries:
                raise FirmwareError(other.name, f"entry {label} is in {self.name} already", Code.BAD_ENTRY)
            entries[label] = at + len(self)
        return Program(self.instructions + other.instructions, entries, f"{self.name} + {other.name}")

    def entry(self, label: str) -> int:
        """Return the instruction at which an entry begins."""
        if label not in self.entries:
            known = ", ".join(self.entries) or "none"
            raise FirmwareError(self.name, f"has no entry {label}; it has {known}", Code.BAD_ENTRY)
        return self.entries[label]

    def words(self) -> Words:
        """Return the words of the program memory."""
        return np.array([word for one in self.instructions for word in one.encode()], dtype=WORD)

    @classmethod
    def from_words(
        cls, words: Words, entries: Mapping[str, int] | None = None, name: str = "program"
    ) -> Program:
        """Decode what `words` returned."""
        try:
            return cls(tuple(decoded(words)), entries or {}, name)
        except Refusal as refusal:
            raise FirmwareError(name, refusal.about, refusal.code) from None

    def to_bytes(self) -> bytes:
        """Return the binary file: checksummed sections CODE and ENTRIES."""
        entries = "\n".join(f"{at} {label}" for label, at in self.entries.items())
        return write_sections(_MAGIC, [("CODE", self.words().tobytes()), ("ENTRIES", entries.encode())])

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "program") -> Program:
        """Read what `to_bytes` returned; `FirmwareError` for any damage."""
        try:
            sections = read_sections(_MAGIC, memoryview(data))
            code, text = sections["CODE"], bytes(sections["ENTRIES"]).decode()
            entries = {}
            for line in text.splitlines():
                at, label = line.split(" ", 1)
                entries[label] = int(at)
        except Refusal as refusal:
            raise FirmwareError(name, refusal.about, refusal.code) from None
        except (KeyError, ValueError) as error:
            raise FirmwareError(name, f"is damaged ({error}); assemble it again", Code.BAD_IMAGE) from None
        if len(code) % 8:
            raise FirmwareError(name, "is damaged: half an instruction; assemble it again", Code.BAD_IMAGE)
        return cls.from_words(np.frombuffer(code, dtype=WORD), entries, name)

    def save(self, path: Path) -> None:
        """Write the binary file."""
        with replacing(path) as file:
            file.write(self.to_bytes())


def decoded(words: Words) -> Iterator[Instruction]:
    """Decode a program memory, naming the instruction that is none."""
    plain = words.tolist()
    for at in range(0, len(plain) - 1, 2):
        try:
            yield Instruction.decode(plain[at], plain[at + 1])
        except Refusal as refusal:
            raise Refusal(refusal.code, f"instruction {at // 2}: {refusal.about}") from None


def verify(instructions: tuple[Instruction, ...]) -> None:
    """Raise `Refusal` unless the program stays inside itself and comes to an end.

    The only way back is a ``djnz`` whose counter nobody sets on the way; loops are nested or apart.
    """
    n = len(instructions)
    if not 1 <= n <= MOST_INSTRUCTIONS:
        raise Refusal(Code.BAD_INSTRUCTION, f"a program has 1 to {MOST_INSTRUCTIONS} instructions, got {n}")
    loops: list[tuple[int, int]] = []
    for at, one in enumerate(instructions):
        one.check()
        jump = one.jump
        if jump is None:
            continue
        place = f"instruction {at}, {one.text()}"
        if not 0 <= at + jump < n:
            raise Refusal(Code.JUMPS_OUT, f"{place}: jumps to {at + jump}, and the program ends at {n - 1}")
        if one.op.name != "djnz":
            if jump < 1:
                raise Refusal(Code.ENDLESS, f"{place}: jumps back; only djnz may, which counts")
            continue
        if jump > 0:
            raise Refusal(Code.ENDLESS, f"{place}: jumps ahead; djnz goes back")
        for inside in range(at + jump, at):
            other = instructions[inside]
            if other.op.name in ("set", "djnz") and other.a == one.a:
                raise Refusal(
                    Code.ENDLESS,
                    f"{place}: instruction {inside}, {other.text()}, changes its counter inside the loop",
                )
        for first, last in loops:
            if first < at + jump <= last:
                raise Refusal(Code.ENDLESS, f"{place}: crosses the loop of instruction {last}")
        loops.append((at + jump, at))
    if instructions[-1].op.name != "halt":
        raise Refusal(
            Code.JUMPS_OUT, f"instruction {n - 1}, {instructions[-1].text()}: the last one must be halt"
        )


@dataclass(frozen=True)
class Ticket:
    """A promise: what the instruction at this address pushes to OUT, once per time that it is reached."""

    at: int


class Builder:
    """Puts a program together from Python, where the assembler does from text."""

    def __init__(self) -> None:
        self._made: list[Instruction] = []
        self._entries: dict[str, int] = {}

    def entry(self, name: str) -> Builder:
        """Name the next instruction as one where the program may be started."""
        self._entries[name] = len(self._made)
        return self

    def add(self, name: str, *operands: int, by_register: bool = False) -> Ticket:
        """Append an instruction, its operands in the order of the assembler; jumps take their distance."""
        op = BY_NAME[name]
        if len(operands) != len(op.operands):
            raise FirmwareError(name, f"takes {len(op.operands)} operands, got {len(operands)}")
        fields = {o.field: value for o, value in zip(op.operands, operands, strict=True)}
        self._made.append(Instruction(op, **fields, by_register=by_register))
        return Ticket(len(self._made) - 1)

    def read(self, bank: int, layer: int) -> Ticket:
        """Append a ``read``; the ticket finds its arrays among the answers."""
        return self.add("read", bank, layer)

    def build(self, name: str = "program") -> Program:
        """Return the program, checked."""
        return Program(tuple(self._made), self._entries, name)
