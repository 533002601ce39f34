"""The controller's programs drive an exported chip over its bus: what it is given is what the emulated chip gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from neurochip.rtl.bus_map import MAGIC, BusFault, Command
from neurochip.rtl.simulation import Bus
from neurochip.rtl.verify import build_bench

from .conftest import Run, Workplace
from .test_rtl import TINY

pytestmark = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")

# Two minibatches: settle, be pulled, learn; then what was learned, and what stands in the memories.
PROGRAM = """
                set       c0, 2
next:           begin
                targets
                nudge     off
                run       free, 4
                observe   presynaptic, m0, all
                observe   value, m0, all
                read      m0, 0
                read      m0, last
                nudge     +
                run       nudged, 2
                observe   presynaptic, m1, all
                observe   value, m1, all
                read      m1, 1
                update    m0, m0, m1, 1
                dump
                djnz      c0, next
                halt
"""


@pytest.fixture
def chip(run: Run, place: Workplace) -> Path:
    """Export a tiny chip, its hidden neurons on two cores, with room to learn from two samples at once."""
    keys = [*TINY, "learning.beta=0.5", "chip.core.neurons=8", "learning.minibatch=2"]
    run("simulate", "stripes", *[word for key in keys for word in ("--set", key)], "--out", "trained")
    run("export", "trained", "chip", "--rtl", "--lanes", "4", "--samples", "2")
    place.write("mine.asm", PROGRAM)
    place.write("one.asm", PROGRAM.replace("c0, 2", "c0, 1"))
    return place.folder / "chip"


def test_a_program_gives_the_same_and_what_is_changed_is_found(run: Run, chip: Path) -> None:
    words = ("verify", "chip", "--simulator", "icarus", "--firmware", "mine.asm", "--batches", "2", "--json")
    driven = json.loads(run(*words).stdout)
    assert driven["mismatches"] == 0 and driven["shown"] == []
    # Two minibatches of two samples; each begins anew for the nudged phase.
    assert driven["tick_cycles"] > 2 * 2 * (4 + 4 + 2) * 17 and driven["accesses"] > 3_000
    emulated = json.loads(
        run("firmware", "run", "mine.asm", "chip/run.toml", "--batches", "2", "--json").stdout
    )
    assert driven["answers"] == emulated["answers"] and len(driven["answers"]) == 2 * 4
    first, second = (driven["answers"][k]["arrays"] for k in (3, 7))
    assert first != second  # it learned

    # Controls: another step of a neuron, another sign of what is learned.
    for name, old, new in (
        ("neuron.v", "<<< DECAY", "<<< (DECAY - 1)"),
        ("bus.v", "how[24]", "!how[24]"),
    ):
        text = (chip / name).read_text(encoding="utf-8")
        assert old in text
        (chip / name).write_text(text.replace(old, new), encoding="utf-8")
        wrong = run(*words[:5], "one.asm", "--json")
        found = json.loads(wrong.stdout)
        assert wrong.exit_code == 1 and found["mismatches"] > 0
        assert all("expected " in one and "found " in one for one in found["shown"])
        assert any("core " in one for one in found["shown"])
        (chip / name).write_text(text, encoding="utf-8")


def test_what_cannot_be_driven_is_refused(run: Run, place: Workplace, chip: Path) -> None:
    place.write("slots.asm", "begin\nrun free, 2\nsnapshot s0\nhalt\n")
    said = run("verify", "chip", "--simulator", "icarus", "--firmware", "slots.asm").stderr
    assert "the state of neurons does not stand on the bus of an exported chip" in said
    run("export", "trained", "small", "--rtl", "--samples", "1")
    said = run("verify", "small", "--simulator", "icarus", "--firmware", "mine.asm").stderr
    assert (
        "2 samples are learned from at once, and the exported cores hold 1; export with --samples 2" in said
    )
    (chip / "run.toml").unlink()
    said = run("verify", "chip", "--simulator", "icarus", "--firmware", "mine.asm").stderr
    assert said.splitlines()[-1] == "Error: chip: has no run.toml; export it again"


def test_the_bus_refuses_by_the_names_of_the_controller(chip: Path, tmp_path: Path) -> None:
    bus = Bus(build_bench("icarus", chip, tmp_path, on_bus=True), tmp_path, chip, 60.0)
    try:
        assert (
            bus.read("MAGIC") == [MAGIC] and bus.read("CORES") == [2 << 16 | 3] and bus.read("STATUS") == [0]
        )
        for register, word in (
            ("SELECT", 0x1234),
            ("WORD", 0xDEADBEEF),
            ("NUDGE", 0xFF80),
            ("LEARN", 0x01000100),
        ):
            bus.write(register, word)
            assert bus.read(register) == [word]
        bus.load(0x5, 16)
        assert bus.peeked(16) == 0x5
        assert bus.faults() == BusFault(0)

        assert bus.read_at(0xF00) == [0]
        assert bus.faults() == BusFault.NO_REGISTER
        bus.write_at(0xF00, 1)
        assert bus.faults() == BusFault.NO_REGISTER
        assert bus.read("COMMAND") == [0]
        assert bus.faults() == BusFault.NOT_READABLE
        bus.write("MAGIC", 1)
        assert bus.read("MAGIC") == [MAGIC] and bus.faults() == BusFault.NOT_WRITABLE

        # While a tick is under way nothing is written but FAULTS; reading goes on.
        bus.command(Command.FORGET)
        bus.write("TICK", 1)
        bus.command(Command.TICK)
        bus.write("WORD", 7)
        assert bus.read("STATUS") == [1] and bus.read("WORD") == [0xDEADBEEF]
        assert bus.finish() > 17
        assert bus.read("STATUS") == [0] and bus.faults() == BusFault.BUSY
        bus.write("WORD", 7)
        assert bus.read("WORD") == [7] and bus.faults() == BusFault(0)
    finally:
        bus.close()


@pytest.mark.skipif(shutil.which("verilator") is None, reason="verilator is not installed")
def test_verilator_gives_the_same(run: Run, chip: Path) -> None:
    words = ("verify", "chip", "--firmware", "one.asm", "--json", "--simulator")
    icarus, verilator = (run(*words, name) for name in ("icarus", "verilator"))
    assert icarus.exit_code == verilator.exit_code == 0, verilator.stderr
    found = [json.loads(one.stdout) for one in (icarus, verilator)]
    for one in found:
        assert one["mismatches"] == 0 and one["accesses"] > 1_000
    first, second = ([one[name] for name in ("answers", "accesses", "tick_cycles")] for one in found)
    assert first == second
