"""Programs: text ↔ binary, and what is refused before it starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.assembler import assemble, disassemble, listing, read_program
from firmware_sim.codes import Code, FirmwareError, Refusal
from firmware_sim.isa import ALL, BY_NUMBER, INSTRUCTIONS, MAY_BE_REGISTER, RANGES, Kind, Op
from firmware_sim.program import Builder, Instruction, Program
from firmware_sim.programs import NAMES, SERVICES, shipped
from tests.property.networks import checked


@st.composite
def instructions(draw: st.DrawFn) -> Instruction:
    """Any instruction but the flow of control, which needs a program around it."""
    op = draw(st.sampled_from([op for op in INSTRUCTIONS if op.number > 5 or op.number == 1]))
    fields: dict[str, int] = {}
    by_register = False
    for operand in op.operands:
        low, high = RANGES[operand.kind]
        if operand.kind in MAY_BE_REGISTER and draw(st.booleans()):
            by_register, (low, high) = True, RANGES[Kind.REGISTER]
        values = st.integers(low, high)
        if op.name == "observe" and operand.kind is Kind.LAYER and not by_register:
            values |= st.just(ALL)
        fields[operand.field] = draw(values)
    return Instruction(op, **fields, by_register=by_register)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Straight lines with loops in them, nested or apart."""
    builder = Builder()

    def block(depth: int) -> int:
        made = draw(st.lists(instructions(), max_size=4))
        for one in made:
            values = [getattr(one, o.field) for o in one.op.operands]
            builder.add(one.op.name, *values, by_register=one.by_register)
        n = len(made)
        if depth < 4 and draw(st.booleans()):
            builder.add("set", depth, draw(st.integers(0, 0xFFFF)))
            inside = block(depth + 1)
            builder.add("djnz", depth, -inside)
            n += inside + 2
        return n

    builder.entry("main")
    block(0)
    if draw(st.booleans()):
        builder.add("jz", draw(st.integers(0, 15)), 2)
        builder.add("jump", 1)
    builder.add("halt")
    return builder.build()


@given(programs())
@checked(60)
def test_a_program_comes_back_from_words_bytes_and_text(made: Program) -> None:
    words = made.words()
    assert Program.from_words(words).instructions == made.instructions
    assert (again := Program.from_bytes(made.to_bytes())).instructions == made.instructions
    assert again.entries == made.entries
    text = assemble(disassemble(made))
    assert (text.instructions, dict(text.entries)) == (made.instructions, dict(made.entries))
    np.testing.assert_array_equal(text.words(), words)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@checked(400)
def test_two_words_are_an_instruction_or_refused(low: int, high: int) -> None:
    try:
        made = Instruction.decode(low, high)
    except Refusal as refusal:
        assert refusal.code is Code.BAD_INSTRUCTION
    else:
        assert made.encode() == (low, high)


@given(st.sampled_from(INSTRUCTIONS), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@checked(400)
def test_decoding_an_opcode_with_any_fields(op: Op, low: int, high: int) -> None:
    low = (low & 0xFFFFFF80) | op.number
    try:
        made = Instruction.decode(low, high)
    except Refusal as refusal:
        assert refusal.code is Code.BAD_INSTRUCTION
    else:
        assert made.encode() == (low, high)


@pytest.mark.parametrize("name", NAMES)
def test_what_ships_assembles(name: str) -> None:
    made = shipped(name)
    assert assemble(disassemble(made)).instructions == made.instructions
    text = listing(made)
    assert text.count("\n") == len(made) + 1
    assert all(one.op.name in text for one in made.instructions)


def test_opcodes_differ() -> None:
    assert len(BY_NUMBER) == len(INSTRUCTIONS) == len({op.name for op in INSTRUCTIONS})


REFUSED = [
    ("jump L\n", "p:1: jump: there is no label L", Code.JUMPS_OUT),
    ("jump $+1\n", "p: instruction 0, jump $+1: jumps to 1, and the program ends at 0", Code.JUMPS_OUT),
    ("nop\n", "p: instruction 0, nop: the last one must be halt", Code.JUMPS_OUT),
    (
        "L: nop\njump L\nhalt\n",
        "p: instruction 1, jump $-1: jumps back; only djnz may, which counts",
        Code.ENDLESS,
    ),
    ("L: jump L\nhalt", "p: instruction 0, jump $+0: jumps back; only djnz may, which counts", Code.ENDLESS),
    ("djnz c0, L\nL: halt", "p: instruction 0, djnz c0, $+1: jumps ahead; djnz goes back", Code.ENDLESS),
    (
        "L: set c0, 2\ndjnz c0, L\nhalt\n",
        "p: instruction 1, djnz c0, $-1: instruction 0, set c0, 2, changes its counter inside the loop",
        Code.ENDLESS,
    ),
    (
        "A: nop\nB: nop\ndjnz c0, A\ndjnz c1, B\nhalt\n",
        "p: instruction 3, djnz c1, $-2: crosses the loop of instruction 2",
        Code.ENDLESS,
    ),
    ("run free, 0\nhalt\n", "p:1: run: ticks must be 1 to 65535, got 0", Code.BAD_INSTRUCTION),
    ("run free, t16\nhalt\n", "p:1: run: register must be 0 to 15, got 16", Code.BAD_INSTRUCTION),
    (
        "run sleep, 1\n",
        "p:1: run: phase is one of free, nudged, nudged_negative, evaluation, got sleep",
        Code.BAD_INSTRUCTION,
    ),
    ("read m8, 0\n", "p:1: read: bank must be 0 to 7, got 8", Code.BAD_INSTRUCTION),
    ("read m0, all\n", "p:1: read: layer must be -16 to 15, got 2147483647", Code.BAD_INSTRUCTION),
    ("read 0, 0\n", "p:1: read: bank is written m0, got 0", Code.BAD_INSTRUCTION),
    ("read m0\n", "p:1: read takes bank, layer, got m0", Code.BAD_INSTRUCTION),
    ("0x: halt\n", "p:1: '0x' is no label; letters, digits and _", Code.BAD_INSTRUCTION),
    ("L: nop\nL: halt\n", "p:2: label L is there twice", Code.BAD_INSTRUCTION),
    (".entry L\nhalt\n", "p:1: there is no label L", Code.BAD_ENTRY),
]


@pytest.mark.parametrize(("text", "sentence", "code"), REFUSED)
def test_what_is_refused_says_where(text: str, sentence: str, code: Code) -> None:
    with pytest.raises(FirmwareError) as caught:
        assemble(text, "p")
    said = str(caught.value)
    assert (" ".join(said.split()), caught.value.code) == (sentence, code)


def test_an_unknown_instruction_names_the_known() -> None:
    with pytest.raises(FirmwareError, match=r"p:2: sleep is no instruction; there are halt, nop, jump"):
        assemble("nop\nsleep\n", "p")


def test_a_damaged_binary_is_refused(tmp_path: Path) -> None:
    whole = shipped("demo").to_bytes()
    for at in range(0, len(whole), 3):
        damaged = bytearray(whole)
        damaged[at] ^= 0x10
        with pytest.raises(FirmwareError):
            Program.from_bytes(bytes(damaged))
    for n in range(0, len(whole), 7):
        with pytest.raises(FirmwareError):
            Program.from_bytes(whole[:n])
    newer = whole[:4] + (2).to_bytes(4, "little") + whole[8:]
    with pytest.raises(FirmwareError) as caught:
        Program.from_bytes(newer, "demo")
    assert caught.value.code is Code.NEWER_IMAGE
    assert str(caught.value) == "demo: has version 2, and version 1 is read here"


def test_a_file_is_read_whichever_it_is(tmp_path: Path) -> None:
    made = shipped("demo")
    made.save(tmp_path / "demo.bin")
    (tmp_path / "demo.asm").write_text(disassemble(made), encoding="utf-8")
    assert read_program(tmp_path / "demo.bin").instructions == made.instructions
    assert read_program(tmp_path / "demo.asm").instructions == made.instructions
    (tmp_path / "photo").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(FirmwareError, match="is neither a program in text nor one in binary"):
        read_program(tmp_path / "photo")


def test_entries_of_two_programs_must_differ() -> None:
    with pytest.raises(FirmwareError, match="entry present is in before.asm already"):
        shipped("before") + shipped("opposite")
    joint = shipped(SERVICES) + shipped("opposite")
    assert joint.instructions[joint.entry("present")].op.name == "targets"
    with pytest.raises(FirmwareError, match="has no entry lunch; it has load, dump"):
        joint.entry("lunch")
