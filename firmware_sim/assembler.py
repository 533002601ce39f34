"""Text ↔ programs: one instruction per line, labels, ``.entry``, comments after a semicolon."""

from __future__ import annotations

import re
from pathlib import Path

from firmware_sim.codes import Code, FirmwareError, Refusal
from firmware_sim.isa import ALL, BY_NAME, INSTRUCTIONS, MAY_BE_REGISTER, PHASES, SIGNS, WHAT, Kind, Operand
from firmware_sim.program import Instruction, Program
from neurochip.files import Foreign, read_bytes
from neurochip.files.limits import MOST_TEXT

__all__ = ["assemble", "disassemble", "listing", "read_program"]

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PREFIXED = {Kind.BANK: "m", Kind.SLOT: "s", Kind.COUNTER: "c", Kind.REGISTER: "t"}
_NAMES: dict[Kind, tuple[str, ...]] = {
    Kind.PHASE: tuple(phase.value for phase in PHASES),
    Kind.WHAT: WHAT,
    Kind.SIGN: SIGNS,
}
_MOST_LINES = 100_000


def assemble(text: str, name: str = "program") -> Program:
    """Return the program that a text describes.

    Raises
    ------
    FirmwareError
        Names the line, and the instruction on it.
    """
    labels: dict[str, int] = {}
    entries: dict[str, str] = {}
    lines: list[tuple[int, str, list[str]]] = []
    source = text.splitlines()
    if len(source) > _MOST_LINES:
        raise FirmwareError(
            name, f"has {len(source)} lines, at most {_MOST_LINES} are read", Code.BAD_INSTRUCTION
        )
    for number, line in enumerate(source, start=1):
        rest, place = line.split(";", 1)[0].strip(), f"{name}:{number}"
        while ":" in rest:
            label, rest = (part.strip() for part in rest.split(":", 1))
            if not _LABEL.match(label):
                raise FirmwareError(
                    place, f"{label!r} is no label; letters, digits and _", Code.BAD_INSTRUCTION
                )
            if label in labels:
                raise FirmwareError(place, f"label {label} is there twice", Code.BAD_INSTRUCTION)
            labels[label] = len(lines)
        if not rest:
            continue
        word, _, given = rest.partition(" ")
        operands = [part.strip() for part in given.split(",")] if given.strip() else []
        if word == ".entry":
            for label in operands:
                entries[label] = place
            continue
        lines.append((number, word.lower(), operands))
    made = tuple(
        _instruction(word, operands, at, labels, f"{name}:{number}")
        for at, (number, word, operands) in enumerate(lines)
    )
    for label, place in entries.items():
        if label not in labels:
            raise FirmwareError(place, f"there is no label {label}", Code.BAD_ENTRY)
    return Program(made, {label: labels[label] for label in entries}, name)


def _instruction(word: str, operands: list[str], at: int, labels: dict[str, int], place: str) -> Instruction:
    if word not in BY_NAME:
        known = ", ".join(op.name for op in INSTRUCTIONS)
        raise FirmwareError(place, f"{word} is no instruction; there are {known}", Code.BAD_INSTRUCTION)
    op = BY_NAME[word]
    if len(operands) != len(op.operands):
        wanted = ", ".join(o.kind.value for o in op.operands) or "nothing"
        raise FirmwareError(
            place, f"{word} takes {wanted}, got {', '.join(operands) or 'nothing'}", Code.BAD_INSTRUCTION
        )
    fields: dict[str, int] = {}
    by_register = False
    for operand, text in zip(op.operands, operands, strict=True):
        if operand.kind in MAY_BE_REGISTER and re.fullmatch(r"t\d+", text):
            fields[operand.field], by_register = int(text[1:]), True
        else:
            fields[operand.field] = _value(operand, text, at, labels, f"{place}: {word}")
    made = Instruction(op, **fields, by_register=by_register)
    try:
        made.check()
    except Refusal as refusal:
        raise FirmwareError(place, refusal.about, refusal.code) from None
    return made


def _value(operand: Operand, text: str, at: int, labels: dict[str, int], place: str) -> int:
    kind = operand.kind
    if kind in _NAMES:
        if text not in _NAMES[kind]:
            raise FirmwareError(
                place, f"{kind.value} is one of {', '.join(_NAMES[kind])}, got {text}", Code.BAD_INSTRUCTION
            )
        return _NAMES[kind].index(text)
    if kind is Kind.TARGET:
        if re.fullmatch(r"\$[+-]\d{1,6}", text):
            return int(text[1:])
        if text not in labels:
            raise FirmwareError(place, f"there is no label {text}", Code.JUMPS_OUT)
        return labels[text] - at
    if kind is Kind.LAYER and text in ("last", "all"):
        return -1 if text == "last" else ALL
    prefix = _PREFIXED.get(kind, "")
    if not re.fullmatch(prefix + (r"\d{1,9}" if prefix else r"-?\d{1,9}"), text):
        example = f"{prefix}0" if prefix else "a whole number"
        raise FirmwareError(place, f"{kind.value} is written {example}, got {text}", Code.BAD_INSTRUCTION)
    return int(text[len(prefix) :])


def disassemble(program: Program) -> str:
    """Return a text that assembles to the same program."""
    labels = _labels(program)
    lines = [f".entry {label}" for label in program.entries]
    for at, one in enumerate(program.instructions):
        lines.extend(f"{label}:" for label in labels.get(at, ()))
        lines.append(f"        {one.text(_target(program, at, labels))}")
    return "\n".join(lines) + "\n"


def listing(program: Program) -> str:
    """Return address, words, labels and instruction, for a person to read."""
    labels = _labels(program)
    lines = [f"{program.name}: {len(program)} instructions, {8 * len(program)} bytes"]
    for at, one in enumerate(program.instructions):
        low, high = one.encode()
        names = " ".join(f"{label}:" for label in labels.get(at, ()))
        text = one.text(_target(program, at, labels))
        lines.append(f"{at:4d}  {low:08x} {high:08x}  {names:<18}{text:<36}; {one.op.counted_in.value}")
    return "\n".join(lines) + "\n"


def _labels(program: Program) -> dict[int, list[str]]:
    labels: dict[int, list[str]] = {}
    for label, at in program.entries.items():
        labels.setdefault(at, []).append(label)
    taken = set(program.entries)
    for at, one in enumerate(program.instructions):
        if one.jump is not None and at + one.jump not in labels:
            name = f"L{at + one.jump}"
            while name in taken:
                name += "_"
            taken.add(name)
            labels[at + one.jump] = [name]
    return labels


def _target(program: Program, at: int, labels: dict[int, list[str]]) -> str:
    jump = program.instructions[at].jump
    return "" if jump is None else labels[at + jump][0]


def read_program(path: Path) -> Program:
    """Return the program in a file, text or binary, whichever it is."""
    data = read_bytes(Foreign(path, "a program", "", error=FirmwareError), most=MOST_TEXT)
    if data[:4] == b"NCPG":
        return Program.from_bytes(data, path.name)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise FirmwareError(
            str(path), "is neither a program in text nor one in binary", Code.BAD_IMAGE
        ) from None
    return assemble(text, path.name)
