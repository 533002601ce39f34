"""Analog runs, dies and netlists through the command line."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from neurochip.description.catalogue import find_cells, run_text
from tests.cli.conftest import Run, Workplace
from tests.unit.analog.extracted_cells import CARDS, cells, write


def cells_text(name: str) -> str:
    return find_cells(name)[0]


TINY = (
    "--set", "network.layers=[784, 6, 10]", "--set", "data.train=60", "--set", "data.test=20",
    "--set", "learning.epochs=2",
)  # fmt: skip


def test_a_run_reports_its_die(run: Run, place: Workplace) -> None:
    sigma = ("--set", "analog.mismatch.sigma=0.1")
    result = run("simulate", "analog-mnist-small", *TINY, *sigma, "--set", "phases.free=4", "--out", "here")
    assert result.exit_code == 0, result.output
    document = json.loads((place.folder / "here" / "report.json").read_text())
    analog = document["analog"]
    assert analog["die"]["origin"] == "seed 1" and len(analog["die"]["digest"]) == 16
    assert [epoch["epoch"] for epoch in analog["epochs"]] == [1, 2]
    assert {row["kind"]: row["asked"] for row in analog["mismatch"]}["neuron_gain"] == 0.1
    assert analog["warnings"][0].startswith("analog.settle: ") and "free phases" in analog["warnings"][0]
    assert document["energy_j"]["total"] is None
    costed = run("report", "here", "--energies", "loihi")
    assert costed.exit_code == 0, costed.output
    told = json.loads((place.folder / "here" / "report-loihi.json").read_text())["energy_j"]
    assert (told["total"], told["note"]) == (None, document["energy_j"]["note"])
    assert "die seed 1" in result.output and "free phases" in " ".join(result.output.split())
    page = (place.folder / "here" / "report.html").read_text()
    assert analog["die"]["digest"] in page and "free phases" in page
    again = run("report", "here")
    assert again.exit_code == 0 and "die seed 1" in again.output


def test_a_die_with_places(run: Run, place: Workplace) -> None:
    """A floorplan is found beside the run that names it, shown, and refused where two blocks overlap."""
    layers = ("--set", "network.layers=[784, 6, 10]", "--set", "network.tied=false")
    rows = ["from,to,x_um,y_um", "0,1,0,10", "1,2,100,10", "2,1,300,10", ",1,0,0", ",2,100,0"]
    (place.folder / "plan.csv").write_text("\n".join(rows))
    (place.folder / "mine.toml").write_text(
        run_text("analog-mnist-small")
        + '\n[analog.location]\nfloorplan = "plan.csv"\ngradient = 0.5\nlot = 0.1\n'
    )
    shown = run("die", "show", "mine.toml", *layers)
    assert shown.exit_code == 0, shown.output
    assert "Of σ², 0.5 is a gradient, over cells that cover 0.36 × 7.85 mm." in shown.stdout
    assert "Lot 0, wafer 0, in common (ln): synapse gain " in shown.stdout
    result = run("simulate", "mine.toml", *TINY, *layers, "--out", "here")
    assert result.exit_code == 0, result.output
    document = json.loads((place.folder / "here" / "report.json").read_text())
    assert document["analog"]["location"]["size_m"] == pytest.approx([360e-6, 7850e-6])
    assert document["run"]["analog"]["location"]["floorplan"] == str(place.folder / "plan.csv")
    assert "is a gradient" in (place.folder / "here" / "report.html").read_text(encoding="utf-8")
    (place.folder / "plan.csv").write_text("\n".join([*rows[:2], "1,2,50,10", *rows[3:]]))
    result = run("simulate", "mine.toml", *TINY, *layers, "--out", "there")
    assert (result.exit_code, result.stderr) == (
        3,
        f"Error: {place.folder / 'plan.csv'}: line 3: the synapses from layer 1 to layer 2, 10 × 6 cells of 10 µm, "
        "overlap the synapses from layer 0 to layer 1; move one of them\n",
    )
    assert not (place.folder / "there").exists()


def test_a_die_of_known_cells_has_energy_time_and_area(run: Run, place: Workplace) -> None:
    cells = ("--set", "analog.cells=sky130-subthreshold", "--set", "phases.free=4")
    assert run("simulate", "analog-mnist-small", *TINY, *cells, "--out", "here").exit_code == 0
    document = json.loads((place.folder / "here" / "report.json").read_text())
    energy, known = document["energy_j"], document["analog"]["cells"]
    assert energy["energy_table"] == "sky130-subthreshold"
    assert set(energy["by_category"]) == {"synapse", "neuron", "learning", "converters"}
    assert energy["per_sample"] > 0 and all(line["source"] for line in energy["lines"])
    assert sum(energy["by_phase"].values()) / energy["total"] == pytest.approx(1)
    # 4 free, and 4 nudged ticks once or twice, of half a time constant.
    ticks = sum(
        document["counters"][phase]["ticks"]
        for phase in ("free", "nudged", "nudged_negative")
        if phase in document["counters"]
    )
    assert known["seconds"]["training"] == pytest.approx(ticks / 120 * 0.5e-6)
    assert {cell["name"]: cell["count"] for cell in known["cells"]}["leak"] == 16
    assert known["area_m2"] > 1e-8
    page = (place.folder / "here" / "report.html").read_text()
    assert "Cells of sky130-subthreshold" in page and "follower-integrator" in page
    # Costed anew with a design of one's own: twice the capacitor, twice the charge.
    (place.folder / "mine.toml").write_text(cells_text("sky130-subthreshold").replace('"100 fF"', '"200 fF"'))
    assert run("report", "here", "--energies", "mine.toml").exit_code == 0
    again = json.loads((place.folder / "here" / "report-mine.json").read_text())["energy_j"]
    assert again["by_category"]["synapse"] / energy["by_category"]["synapse"] == pytest.approx(2)
    assert again["by_category"]["learning"] == energy["by_category"]["learning"]
    lacking = cells_text("sky130-subthreshold").replace("[cells.dac]", "[cells.adc2]")
    (place.folder / "lacking.toml").write_text(lacking.split("[cells.adc2]")[0])
    refused = run("report", "here", "--energies", "lacking.toml")
    assert refused.exit_code == 2 and "dac_conversion: is missing" in " ".join(refused.output.split())
    compared = run("compare", "here", "here")
    assert "time per sample, learning" in compared.output and "energy per sample" in compared.output


def test_a_die_is_shown_saved_and_run_on(run: Run, place: Workplace) -> None:
    shown = run("die", "show", "analog-mnist-small", "--set", "analog.die=7")
    assert shown.exit_code == 0 and "σ asked" in shown.output and "(seed 7)" in shown.output
    saved = run("die", "save", "analog-mnist-small", "mine.h5", "--set", "analog.die=7", *TINY)
    assert saved.exit_code == 0, saved.output
    digest = saved.output.split()[2]
    read = run("die", "load", "mine.h5", *TINY)
    assert read.exit_code == 0 and digest in read.output
    phases = ("--set", "phases.free=4")
    first = run("simulate", "analog-mnist-small", *TINY, *phases, "--set", "analog.die=7", "--out", "a")
    second = run(
        "simulate", "analog-mnist-small", *TINY, *phases, "--set", "analog.die_file=mine.h5", "--out", "b"
    )
    assert first.exit_code == second.exit_code == 0, second.output
    reports = [json.loads((place.folder / name / "report.json").read_text()) for name in ("a", "b")]
    assert reports[0]["analog"]["die"]["digest"] == reports[1]["analog"]["die"]["digest"] == digest
    assert reports[0]["result"]["confusion"] == reports[1]["result"]["confusion"]
    of_results = run("die", "save", "a", "again.h5")
    assert of_results.exit_code == 0 and of_results.output.split()[2] == digest
    (place.folder / "no-results").mkdir()
    nothing = run("die", "save", "no-results", "none.h5")
    assert (nothing.exit_code, nothing.output) == (2, "Error: no-results/run.toml: no such file\n")
    refused = run("die", "save", "analog-mnist-small", "mine.h5")
    assert refused.exit_code == 5
    assert refused.output == "Error: mine.h5: exists already; choose another file or remove it\n"
    named = run("die", "save", "analog-mnist-small", "mine.csv")
    assert (named.exit_code, place.files().count("mine.csv")) == (5, 0)
    assert named.output == (
        "Error: mine.csv: would be read as no die; choose a name that ends in .h5 or .hdf5\n"
    )


def test_measured_devices(run: Run, place: Workplace) -> None:
    lines = [
        "kind,layer,neuron,from,to,pre,post,value",
        "neuron_gain,1,2,,,,,0.8",
        "synapse_gain,,,0,1,5,2,1.3",
    ]
    (place.folder / "devices.csv").write_text("\n".join([*lines, "time_constant,2,9,,,,,2.0"]) + "\n")
    result = run("die", "load", "devices.csv", "mine.h5", *TINY)
    assert result.exit_code == 0 and "measured, devices.csv" in result.output
    from neurochip.analog.die_file import read_die

    die = read_die(place.folder / "mine.h5")
    assert die.neuron_gain[0] is not None and die.synapse_gain[0] is not None and die.rate[1] is not None
    np.testing.assert_array_equal(die.neuron_gain[0], [1, 1, 0.8, 1, 1, 1])
    assert die.synapse_gain[0][5, 2] == 1.3 and np.count_nonzero(die.synapse_gain[0] != 1) == 1
    assert die.rate[1][9] == 0.5 and die.neuron_gain[1] is None
    for line, sentence in (
        ("neuron_gian,1,2,,,,,1", "kind must be one of synapse_gain, synapse_offset, neuron_gain, neuron_offset, "
         "time_constant, saturation, phase_offset, pair_offset, leak_offset, got 'neuron_gian'"),
        ("neuron_gain,1,6,,,,,1", "neuron must be 0 to 5, got '6'"),
        ("neuron_gain,1,2,,,,,nan", "value must be finite, got nan"),
        ("synapse_gain,,,0,2,1,1,1", "the network has no synapses from layer 0 to layer 2"),
        ("time_constant,1,1,,,,,0", "a time constant must be > 0, got 0"),
    ):  # fmt: skip
        (place.folder / "bad.csv").write_text(f"{lines[0]}\n{line}\n")
        refused = run("die", "load", "bad.csv", *TINY)
        assert refused.exit_code == 3
        assert refused.output.endswith(f"bad.csv: line 2: {sentence}\n"), refused.output
    for text, sentence in (
        ("", f"has no column {', '.join(lines[0].split(','))}; the first line must be {lines[0]}"),
        (
            "kind,layer,neuron,value\n",
            f"has no column from, to, pre, post; the first line must be {lines[0]}",
        ),
        (f"{lines[0]}\n", "lists no devices; give one on each line"),
    ):
        (place.folder / "bad.csv").write_text(text)
        refused = run("die", "load", "bad.csv", *TINY)
        assert refused.exit_code == 3
        assert refused.output.endswith(f"bad.csv: {sentence}\n"), refused.output


def test_a_vector_field_needs_leave(run: Run, place: Workplace) -> None:
    (place.folder / "field.py").write_text(
        "def activity(voltage):\n    return min(max(voltage, 0.0), 1.0)\n\n\n"
        "def flow(voltage, drive):\n    return drive - voltage\n"
    )
    own = (
        "--set", "analog.characteristic=file", "--set", "analog.vector_field=field.py",
        "--set", "analog.settle.method=euler",
    )  # fmt: skip
    refused = run("simulate", "analog-mnist-small", *TINY, *own, "--out", "no")
    assert refused.exit_code == 2
    assert refused.output == (
        f"Error: analog.vector_field: would run the code in {place.folder / 'field.py'}; read it, and say "
        "--allow-code if you trust it\n"
    )
    assert place.files() == ["field.py"]
    done = run("simulate", "analog-mnist-small", *TINY, *own, "--allow-code", "--out", "yes")
    assert done.exit_code == 0, done.output
    netlist = run("export", "--spice", "yes", "chip.cir")
    assert (netlist.exit_code, netlist.output) == (
        2,
        "Error: export --spice: cannot translate a vector field from a file\n",
    )


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
def test_a_chip_as_a_netlist(run: Run, place: Workplace) -> None:
    assert (
        run("simulate", "analog-mnist-small", *TINY, "--set", "phases.free=40", "--out", "here").exit_code
        == 0
    )
    result = run("export", "--spice", "here", "chip.cir")
    assert result.exit_code == 0, result.output
    done = subprocess.run(["ngspice", "-b", "chip.cir"], cwd=place.folder, capture_output=True, check=False)
    voltages = np.loadtxt(place.folder / "out.txt", skiprows=1)[1:]
    assert voltages.shape == (16,) and np.all(np.abs(voltages) < 5), done.stdout
    for arguments, sentence in (
        (("--sample", "20"), "--sample: must be 0 to 19, got 20"),
        (("--beta", "nan"), "--beta: must be finite, got nan"),
        (("--transient", "0"), "--transient: must be > 0 seconds, got 0"),
        (("--transient", "nan"), "--transient: must be > 0 seconds, got nan"),
        ((), "chip.cir: exists already; choose another file or remove it"),
    ):
        refused = run("export", "--spice", "here", "chip.cir", *arguments)
        assert (refused.exit_code, refused.output) == (2 if arguments else 5, f"Error: {sentence}\n")


def test_a_netlist_of_transistors(run: Run, place: Workplace) -> None:
    write(place.folder)
    for load in ("mirror", "cascode"):
        (place.folder / f"{load}.toml").write_text(cells(load=load), encoding="utf-8")
        words = [
            "data.set=digits",
            "data.train=20",
            "data.test=5",
            "network.layers=[64,3,10]",
            "learning.epochs=1",
        ]
        words += ["analog.characteristic=tanh", f"analog.cells={load}.toml", "phases.free=5"]
        told = [part for word in words for part in ("--set", word)]
        assert run("simulate", "analog-mnist-small", *told, "--out", load).exit_code == 0
    asked = ("export", "--spice", "cascode", "chip.cir", "--level", "transistor")
    result = run(*asked, "--models", "cards.lib")
    assert result.exit_code == 0, result.output
    text = (place.folder / "chip.cir").read_text()
    assert f'.include "{(place.folder / "cards.lib").resolve()}"' in text
    # Each pair steers two lines: forward and backward synapses between neurons, and no leak, which is a resistor.
    assert (
        text.count("\nR_l") == 13
        and sum(line.startswith("Ml") and "q 0 nch" in line for line in text.splitlines()) == 2 * 60
    )
    refused = run(*asked)
    assert refused.exit_code == 2 and "--level transistor and --models FILE go together" in refused.output
    refused = run("export", "--spice", "mirror", "new.cir", "--level", "transistor", "--models", "cards.lib")
    assert refused.exit_code == 2 and 'extract.load: must be "cascode"' in refused.output
    refused = run(*asked, "--models", "cards.lib", "--beta", "nan")
    assert (refused.exit_code, refused.output) == (2, "Error: --beta: must be finite, got nan\n")


@pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
def test_cells_are_extracted_and_run(run: Run, place: Workplace) -> None:
    """From model cards to a run, by the words that the command prints."""
    write(place.folder)
    (place.folder / "mine.toml").write_text(cells(), encoding="utf-8")
    asked = ("cells", "extract", "mine.toml", "--models", "cards.lib")
    result = run(*asked, "--out", "new.toml")
    assert result.exit_code == 0, result.output
    assert re.search(r"^full scale V₀ +6\d\.\d+ mV$", result.stdout, re.MULTILINE)
    words = result.stdout.splitlines()[-1].split()
    assert words[:2] == ["--set", "analog.cells=new.toml"] and words[3] == "analog.characteristic=ekv"
    done = run("simulate", "analog-mnist-small", *TINY, *words, "--out", "here")
    assert done.exit_code == 0, done.output
    document = json.loads((place.folder / "here" / "report.json").read_text())
    sources = {cell["name"]: cell["source"] for cell in document["analog"]["cells"]["cells"]}
    assert sources["synapse"].endswith(
        "`neurochip cells extract mine.toml --models cards.lib --cell synapse`"
    )
    found = json.loads(run(*asked, "--json").stdout)
    assert found["figures"]["full_scale_v"] == pytest.approx(
        document["analog"]["rails"]["full_scale_v"], rel=1e-4
    )
    assert found["source"] == sources["synapse"]
    # What is there already is not written over, and a card that cannot be is one sentence.
    assert run(*asked, "--out", "new.toml").exit_code == 5
    (place.folder / "cards.lib").write_text(CARDS.replace("vth0=0.45", "vth0=abc"))
    refused = run(*asked)
    assert (refused.exit_code, refused.stderr) == (
        2, f"Error: {place.folder / 'cards.lib'}: line 2: is rejected by ngspice: Undefined parameter [abc]\n"
    )  # fmt: skip
