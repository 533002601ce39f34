"""``neurochip firmware`` and the options of ``simulate`` that put a controller in between."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
from typing import Any

import pytest

from .conftest import TINY, Finished, Run, Workplace

PROGRAM = """
        begin
        targets
        nudge   +
        run     nudged, 5
        observe value, m0, last
        read    m0, last
        halt
"""


def test_assemble_and_back(run: Run, place: Workplace) -> None:
    place.write("mine.asm", PROGRAM)
    result = run("firmware", "asm", "mine.asm", "--out", "mine.bin")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "mine.asm: 7 instructions, 56 bytes"
    assert re.search(r"^   3  00000124 00000005 +run +nudged, 5 +; its phase$", result.stdout, re.M)
    text = run("firmware", "disasm", "mine.bin").stdout
    place.write("again.asm", text)
    assert run("firmware", "asm", "again.asm", "--out", "again.bin").exit_code == 0
    assert (place.folder / "again.bin").read_bytes() == (place.folder / "mine.bin").read_bytes()


def test_a_wrong_program_is_refused_by_line(run: Run, place: Workplace) -> None:
    place.write("bad.asm", "nop\nL: nop\njump L\nhalt\n")
    result = run("firmware", "asm", "bad.asm")
    assert result.exit_code == 2
    assert " ".join(result.stderr.split()) == (
        "Error: bad.asm: instruction 2, jump $-1: jumps back; only djnz may, which counts"
    )
    assert run("firmware", "asm", "none.asm").stderr == "Error: none.asm: no such file\n"


def test_run_a_program_of_ones_own(run: Run, place: Workplace) -> None:
    place.write("mine.asm", PROGRAM)
    result = run("firmware", "run", "mine.asm", *TINY, "--batches", "2", "--batch", "3")
    assert result.exit_code == 0, result.output
    assert re.search(r"^   5  read m0, last: float32 \[3 × 10\] from .* mean ", result.stdout, re.M)
    assert re.search(r"^nudged +15 ", result.stdout, re.M), "five ticks of three samples"
    assert "left in the queues: 2363 words in INPUT, 33 in TARGET" in result.stdout
    table = json.loads(run("firmware", "run", "mine.asm", *TINY, "--json", "--batch", "3").stdout)
    assert [answer["instruction"] for answer in table["answers"]] == [5]
    assert len(table["answers"][0]["arrays"][0]) == 3
    assert table["counters"]["nudged"]["control"]["bus_words"] > 2352
    assert table["left"] == {"INPUT": 0, "TARGET": 0}


def test_what_a_program_does_wrong_is_said_with_the_instruction(run: Run, place: Workplace) -> None:
    place.write("early.asm", "run free, 5\nhalt\n")
    result = run("firmware", "run", "early.asm", *TINY)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: early.asm: instruction 0, run free, 5: ILLEGAL_MOVE: run free is not legal in state loaded, "
        "only in begun, free\n"
    )


def test_what_the_chip_refuses_is_said_with_the_instruction(run: Run, place: Workplace) -> None:
    place.write("aimless.asm", "begin\nnudge +\nrun nudged, 5\nhalt\n")
    result = run("firmware", "run", "aimless.asm", *TINY)
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: aimless.asm: instruction 2, run nudged, 5: CONFIG: targets: are missing; a nudged phase needs what to "
        "nudge to\n"
    )


def test_an_image_is_the_chip_of_a_run(run: Run, place: Workplace) -> None:
    result = run("firmware", "image", *TINY, "--out", "chip.bin")
    assert result.exit_code == 0, result.output
    content = (place.folder / "chip.bin").read_bytes()
    assert result.stdout == f"chip.bin: mnist-small, {len(content)} bytes\n"
    assert content[:4] == b"NCIM" and len(content) > 4 * (784 * 20 + 20 * 10 + 20 + 10)
    assert run("firmware", "image", *TINY, "--out", "again.bin").exit_code == 0
    assert (place.folder / "again.bin").read_bytes() == content
    run("firmware", "image", *TINY, "--seed", "2", "--out", "other.bin")
    assert (place.folder / "other.bin").read_bytes() != content
    assert run("firmware", "image", *TINY, "--out", "none/chip.bin").stderr == (
        "Error: none/chip.bin: cannot be written: No such file or directory\n"
    )


def test_programs_that_ship_are_known_by_name(run: Run) -> None:
    result = run("firmware", "run", "demo", *TINY, "--batches", "4", "--batch", "2")
    assert result.exit_code == 0, result.output
    assert result.stdout.count("read m0, last") == 4


def plain(report: dict[str, Any]) -> dict[str, Any]:
    """Return what of a report must not depend on who drives the chip, nor on the clock."""
    report = json.loads(json.dumps(report))
    for epoch in report["result"]["epochs"]:
        epoch["seconds"] = epoch["samples_per_s"] = None
    counters = {phase: counted for phase, counted in report["counters"].items() if phase != "loading"}
    for counted in counters.values():
        counted.pop("control", None)
    return {"result": report["result"], "bits": report["bits"]["per_sample"], "counters": counters}


def test_simulate_through_firmware_is_the_same_run(run: Run, finished: Finished, place: Workplace) -> None:
    result = run("simulate", *TINY, "--through", "firmware", "--out", "driven")
    assert result.exit_code == 0, result.output
    report = json.loads((place.folder / "driven" / "report.json").read_text(encoding="utf-8"))
    assert plain(report) == plain(finished.report)
    assert report["counters"]["free"]["control"]["bus_words"] > 0
    energy = report["energy_j"]
    assert energy["by_category"]["control"] > 0
    assert {line["event"] for line in energy["lines"] if line["category"] == "control"} == {
        "bus_word",
        "link_byte",
        "controller_cycle",
    }
    assert sum(energy["by_population"].values()) == pytest.approx(energy["total"])
    assert "control" in result.stdout
    assert "driven by its controller" in (place.folder / "driven" / "report.html").read_text(encoding="utf-8")
    assert "control" not in finished.report["energy_j"]["by_category"]
    again = run("report", "driven")
    assert again.exit_code == 0


def test_a_chip_without_energies_for_the_controller_is_refused(run: Run, place: Workplace) -> None:
    specification = run("chips", "show", "cmos45", "--toml").stdout
    place.write("mine.toml", re.sub(r"\[energies\.bus_word\][^\[]*", "", specification))
    sets = [*TINY, "--set", "chip=mine.toml"]
    result = run("simulate", *sets, "--through", "firmware", "--out", "no")
    assert result.exit_code == 2
    assert "energies.bus_word: is missing, and the run has this event" in result.stderr
    assert not (place.folder / "no").exists()


@pytest.mark.parametrize(
    "sets",
    [
        ("substrate=analog", "learning.rule=recurrent-backprop", "network.tied=false"),
        ("learning.rule=rate-of-change", "phases.reference=opposite", "phases.nudged=5"),
        ("learning.rule=associative", "network.tied=false", "learning.pre=trace"),
    ],
    ids=["recurrent-backprop", "rate-of-change", "associative"],
)
def test_any_rule_is_driven(sets: tuple[str, ...], run: Run, place: Workplace) -> None:
    sized = ("data.train=40", "data.test=20", "learning.epochs=1", "phases.free=10")
    words = [word for one in (*sets, *sized) for word in ("--set", one)]
    errors = []
    for name, how in (("plain", ()), ("driven", ("--through", "firmware"))):
        result = run("simulate", "stripes", *words, *how, "--out", name)
        assert result.exit_code == 0, result.stderr
        document = json.loads((place.folder / name / "report.json").read_text())
        errors.append([document["result"]["test_error"], document["result"]["confusion"]])
    assert errors[0] == errors[1]


def test_serve_and_train_on_it(
    run: Run, finished: Finished, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = subprocess.Popen(
        [
            *(sys.executable, "-m", "neurochip", "firmware", "serve", "mnist-small", *TINY),
            *("--port", "0", "--token-file", "token"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert device.stdout is not None
        said = device.stdout.readline()
        address = said.split()[-1]
        assert re.fullmatch(r"mnist-small on tcp://127\.0\.0\.1:\d+\n", said)
        assert device.stdout.readline() == "token: in token\n"
        assert stat.S_IMODE((place.folder / "token").stat().st_mode) == 0o600
        bare = run("simulate", *TINY, "--device", address, "--out", "driven")
        assert bare.exit_code == 2
        assert bare.stderr.startswith(
            "Error: token: is missing; `neurochip firmware serve` printed it: give it as"
        )
        place.write("wrong", "f" * 32)
        wrong = run("simulate", *TINY, "--device", address, "--token-file", "wrong", "--out", "driven")
        assert wrong.exit_code == 2
        assert wrong.stderr == (
            f"Error: {address}: refuses: the token is not that which the device printed when it was started\n"
        )
        monkeypatch.setenv("NEUROCHIP_TOKEN", (place.folder / "token").read_text(encoding="ascii").strip())
        result = run("simulate", *TINY, "--device", address, "--out", "driven")
        assert result.exit_code == 0, result.output
        report = json.loads((place.folder / "driven" / "report.json").read_text(encoding="utf-8"))
        assert plain(report) == plain(finished.report)
        other = run("simulate", *TINY, "--seed", "9", "--device", address, "--out", "other")
        assert other.exit_code == 2
        assert other.stderr.startswith("Error: device: holds another network or chip ([784-20-10], ")
    finally:
        device.kill()
        device.wait()
        assert device.stdout is not None
        device.stdout.close()


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (["--device", "127.0.0.1:80"], "Error: device: is written tcp://host:port, got 127.0.0.1:80"),
        (["--through", "wires"], "Invalid value for '--through': 'wires' is not 'firmware'."),
        (
            ["--replay", "x.npz", "--through", "firmware"],
            "--replay drives the chip by recorded spikes; leave out --through and --device",
        ),
    ],
)
def test_what_makes_no_sense(run: Run, place: Workplace, args: list[str], sentence: str) -> None:
    result = run("simulate", *args)
    assert result.exit_code == 2
    assert sentence in result.stderr
