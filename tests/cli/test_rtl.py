"""An integer chip leaves as Verilog, and a simulator finds it equal to the emulator, learning included."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from neurochip.rtl.bench_text import learning_patience
from neurochip.rtl.core_text import CoreText, Source
from neurochip.rtl.export import SOURCES
from neurochip.rtl.templates import with_parameter

from .conftest import Run, Workplace

NEEDS_ICARUS = pytest.mark.skipif(shutil.which("iverilog") is None, reason="iverilog is not installed")
# Two cores of different formats, stochastic state, a narrower residue, tied weights, a negative nudge.
TINY = (
    "network.precision=int5", "numbers.state=Q2.8", "numbers.residue=Q3.6", "numbers.rounding=stochastic",
    "coding.decoder.lambda=0.25", "coding.annealer.nu_bar=0.0625", "learning.minibatch=4", "learning.beta=-0.5",
    "learning.rates=[0.125,0.0625]", "data.train=16", "data.test=4", "learning.epochs=1", "phases.free=8",
    "phases.nudged=4", "evaluation.train=0",
)  # fmt: skip


@pytest.fixture
def chip(run: Run, place: Workplace) -> Path:
    """Export a tiny trained chip."""
    run("simulate", "stripes", *[word for key in TINY for word in ("--set", key)], "--out", "trained")
    said = run("export", "trained", "chip", "--rtl", "--lanes", "2").stdout
    assert said == (
        "chip: 2 cores in Verilog, a bench with 24 recorded ticks; neurochip verify chip compares them\n"
    )
    return place.folder / "chip"


@NEEDS_ICARUS
def test_every_spike_value_weight_and_cycle_is_equal_and_what_is_changed_is_found(
    run: Run, chip: Path
) -> None:
    found = json.loads(run("verify", "chip", "--simulator", "icarus", "--json").stdout)
    assert found["mismatches"] == 0 and found["ticks"] == 24
    # In each tick spike and value of 14 neurons, of both cores cycles, spikes that came, and their cycles twice, the
    # cycles of the inputs' core and of the tick; 18 · 12 and 12 · 2 weights, 14 biases.
    assert found["comparisons"] == 24 * (2 * 14 + 2 * 4 + 2) + 18 * 12 + 12 * 2 + 14

    # Ticks have 200 cycles at most; learning takes thousands, and more with every sample.
    bench = (chip / "bench.v").read_text(encoding="utf-8")
    (chip / "bench.v").write_text(with_parameter(bench, "PATIENCE", 200), encoding="utf-8")
    assert json.loads(run("verify", "chip", "--simulator", "icarus", "--json").stdout)["mismatches"] == 0
    (chip / "bench.v").write_text(with_parameter(bench, "LEARNING", 200), encoding="utf-8")
    said = run("verify", "chip", "--simulator", "icarus").stderr.splitlines()[-1]
    assert said == 'Error: chip: the bench did not come to its end; it said: "HANG presentation 1, learning"'
    (chip / "bench.v").write_text(bench, encoding="utf-8")

    # A recording that is cut, or replaced, is not taken for one without a mismatch.
    recorded = (chip / "vectors.txt").read_text(encoding="utf-8")
    lines = recorded.count("\n")
    second = recorded[recorded.index("P 1\n") : recorded.index("M 1\n")]
    weights = recorded[recorded.index("W 0\n") : recorded.index("W 1\n")]
    cut = [recorded.replace(second, ""), recorded.replace(weights, ""), recorded[: -len("E\n")], "zz zz\n"]
    counted = "chip/vectors.txt: has {} lines, and rtl.json says {}; export it again"
    for text, sentence in (
        *((text, counted.format(text.count("\n"), lines)) for text in cut),
        (
            recorded.replace(second, "F 0\n" * second.count("\n")),
            "chip: vectors.txt has 12 ticks, and rtl.json 24; export it again",
        ),
        ("zz zz\n" * lines, 'chip: the bench did not come to its end; it said: "CUT vectors.txt"'),
        ("", "chip/vectors.txt: no such file; export it again"),
    ):
        if text:
            (chip / "vectors.txt").write_text(text, encoding="utf-8")
        else:
            (chip / "vectors.txt").unlink()
        said = run("verify", "chip", "--simulator", "icarus")
        assert (said.exit_code, said.stderr.splitlines()[-1]) == (3, f"Error: {sentence}")
    (chip / "vectors.txt").write_text(recorded, encoding="utf-8")

    # The control: one bit of one image is wrong.
    image = chip / "images" / "core1.weights.hex"
    words = image.read_text(encoding="utf-8").split()
    words[3] = f"{int(words[3], 16) ^ 1:03x}"
    image.write_text("\n".join(words), encoding="utf-8")
    wrong = run("verify", "chip", "--simulator", "icarus")
    assert wrong.exit_code == 1
    assert "\n0 mismatches" not in wrong.stdout and "core 1 (output), neuron 0, " in wrong.stdout

    # Verilog that somebody edited: a difference is shown, nothing crashes.
    text = (chip / "neuron.v").read_text(encoding="utf-8")
    (chip / "neuron.v").write_text(text.replace("<<< DECAY", "<<< (DECAY - 1)"), encoding="utf-8")
    assert "presentation 0, tick " in run("verify", "chip", "--simulator", "icarus").stdout
    (chip / "neuron.v").write_text("module neuron (", encoding="utf-8")
    said = run("verify", "chip", "--simulator", "icarus").stderr
    assert "Error: chip: cannot be built by iverilog: " in said


def test_patience_with_learning_grows_with_weights_and_samples() -> None:
    """[784-100-10] and 1000 samples: 2.4 · 10⁸ cycles, and [784-500-10] and 10 000: more than 32 bits hold."""
    for neurons, samples, took in ((100, 1000, 794 * 100 * 3007), (500, 10_000, 794 * 500 * 30_007)):
        core = CoreText(0, 1, 1, 0, neurons, (Source(0, 0, 784, 0), Source(2, 784, 10, 1)), False)
        assert took < int(learning_patience([core], samples).removeprefix("64'd")) < 4 * took


@pytest.mark.skipif(shutil.which("verilator") is None, reason="verilator is not installed")
def test_verilator_finds_nothing_to_warn_of(chip: Path) -> None:
    for bench in (["bench.v"], ["bus_bench.v", "bus.v"]):
        command = ["verilator", "--lint-only", "--top-module", "bench", "-I.", *bench, *SOURCES]
        said = subprocess.run(command, cwd=chip, capture_output=True, text=True, check=False)
        assert (said.returncode, said.stderr) == (0, ""), bench


# Cores of a tile, neurons of a core, cycles of a router, of both links, places of a queue.
MESHES = [
    ("cmos45", 1, 3, 2, 1, 1, 4),
    ("cmos45-multicast", 2, 2, 1, 3, 2, 1),
]


@NEEDS_ICARUS
@pytest.mark.parametrize(
    "how", [pytest.param(MESHES[0], marks=pytest.mark.slow), MESHES[1]], ids=["unicast", "multicast"]
)
def test_cores_on_a_mesh(run: Run, place: Workplace, how: tuple[str, int, int, int, int, int, int]) -> None:
    name, cores, neurons, router, east, south, places = how
    text = (resources.files("neurochip.description") / "chips" / f"{name}.toml").read_text(encoding="utf-8")
    for key, value in (
        ("cores_per_tile", cores), ("neurons", neurons), ("router_cycles", router), ("link_cycles_ew", east),
        ("link_cycles_ns", south), ("fifo_depth", places),
    ):  # fmt: skip
        text, found = re.subn(rf"(?m)^{key} = .*$", f"{key} = {value}", text)
        assert found == 1
    place.write("mine.toml", text)
    keys = [*TINY, "chip=mine.toml"]
    run("simulate", "stripes", *[word for key in keys for word in ("--set", key)], "--out", "trained")
    run("export", "trained", "chip", "--rtl", "--lanes", "1")
    chip = place.folder / "chip"
    spans = rf"mesh #\(.WIDTH\((\d)\), .HEIGHT\((\d)\), .CORES\({cores}\), .DEPTH\({places}\), .CYCLES\({router}\), "
    mesh = re.search(spans, (chip / "chip.v").read_text(encoding="utf-8"))
    assert mesh is not None and int(mesh[1]) * int(mesh[2]) > 2
    found = json.loads(run("verify", "chip", "--simulator", "icarus", "--json").stdout)
    assert found["mismatches"] == 0 and found["ticks"] == 24
    manifest = json.loads((chip / "rtl.json").read_text(encoding="utf-8"))
    assert [one["neurons"] for one in manifest["cores"]] == [neurons] * (12 // neurons) + [2]

    # Controls: another arbiter, a place too few; spikes and values are the same, and the cycles are not.
    text = (chip / "router.v").read_text(encoding="utf-8")
    for old, new in (
        ("~(winner | (winner - 1'b1))", "~(winner - 1'b1)"),
        ("i < 4 ? CYCLES : CYCLES - 1", "CYCLES"),
    ):
        assert old in text
        (chip / "router.v").write_text(text.replace(old, new), encoding="utf-8")
        wrong = json.loads(run("verify", "chip", "--simulator", "icarus", "--json").stdout)
        assert wrong["mismatches"] > 0
        assert {one["signal"] for one in wrong["shown"]} <= {"arrival", "arrivals", "tick"}


def test_what_is_refused(run: Run, place: Workplace, chip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    said = run("verify", "chip").stderr
    assert said == (
        "Error: simulator: verilator or iverilog is not installed (Debian: apt-get install iverilog verilator); or run "
        "the bench elsewhere\n"
    )
    said = run("export", "trained", "other", "--rtl", "--lanes", "3").stderr
    assert said == "Error: lanes: must be a power of two, 1 to 32, got 3\n"
    said = run("export", "trained", "chip", "--rtl").stderr
    assert said == "Error: chip: exists already; choose another folder or remove it\n"
    said = run("verify", "trained").stderr
    assert said == "Error: trained: has no rtl.json; name a folder of neurochip export --rtl\n"
    manifest = json.loads((chip / "rtl.json").read_text(encoding="utf-8"))
    for change, sentence in (
        ({"format": 1}, "chip/rtl.json: format: must be 4 in a chip of this version, got 1; export it again"),
        ({"cores": []}, "chip/rtl.json: cores: expected 'array' of length >= 1; export it again"),
        ({"cores": [{"neurons": -1}]}, "chip/rtl.json: cores[0]"),
        ({"lanes": "2"}, "chip/rtl.json: lanes: expected 'int', got 'str'; export it again"),
    ):
        (chip / "rtl.json").write_text(json.dumps(manifest | change), encoding="utf-8")
        for command in (["verify", "chip"], ["chips", "synthesise", "chip"]):
            assert run(*command).stderr.splitlines()[-1].startswith(f"Error: {sentence}")
    (chip / "rtl.json").write_text("[]", encoding="utf-8")
    assert run("verify", "chip").stderr.startswith("Error: chip/rtl.json: expected 'object', got 'array'")
    floats = [key for key in TINY if key.startswith(("data", "learning.epochs", "phases"))]
    run("simulate", "stripes", *[word for key in floats for word in ("--set", key)], "--out", "floats")
    said = run("export", "floats", "no", "--rtl").stderr
    assert "numbers.state: is not given: only integer cores have a Verilog form" in said
