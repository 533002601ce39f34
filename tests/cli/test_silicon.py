"""``neurochip silicon verify``: against the authors' Verilog where its folder is named, and what is refused without."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from neurochip.silicon.programs import CHIPS
from neurochip.silicon.trials import DRAWN

from .conftest import Run, Workplace

NEEDS_VERILATOR = pytest.mark.skipif(shutil.which("verilator") is None, reason="verilator is not installed")
RTL = {chip: os.environ.get(f"NEUROCHIP_{chip.upper()}_RTL", "") for chip in ("tinyodin", "odin")}

SATURATION = {
    "tinyodin": ("lif_neuron.v", "12'h7FF", "12'h7FE"),
    "odin": ("lif_neuron_state.v", "8'hFF", "8'hFE"),
}


@pytest.mark.slow
@NEEDS_VERILATOR
@pytest.mark.parametrize("chip", sorted(RTL))
def test_the_authors_verilog_does_what_the_model_does(run: Run, place: Workplace, chip: str) -> None:
    if not RTL[chip]:
        pytest.skip(f"NEUROCHIP_{chip.upper()}_RTL names no folder with the authors' Verilog")
    folder = Path(RTL[chip])
    found = json.loads(
        run("silicon", "verify", chip, "--rtl", folder, "--events", "15000", "--seed", "7", "--json").stdout
    )
    assert (found["mismatches"], found["missed"], found["events"]) == (0, [], 15000)
    assert found["spikes"] > 1000 and found["states"] > 100_000 and found["acknowledges"] > 14_000
    assert found["comparisons"] == sum(
        found[name] for name in ("spikes", "states", "words", "acknowledges", "bytes_read")
    )

    # The control: Verilog in which a membrane saturates a step too early.
    shutil.copytree(folder, place.folder / "edited")
    file, old, new = SATURATION[chip]
    [neuron] = (place.folder / "edited").rglob(file)
    text = neuron.read_text(encoding="utf-8", errors="replace")
    assert text.count(old) == 1
    neuron.write_text(text.replace(old, new), encoding="utf-8")
    wrong = run("silicon", "verify", chip, "--rtl", "edited", "--events", "15000", "--seed", "7")
    assert wrong.exit_code == 1
    assert ", state of neuron " in wrong.stdout


@pytest.mark.parametrize("chip", sorted(CHIPS))
def test_a_program_in_a_file_runs_and_its_state_goes_on(run: Run, place: Workplace, chip: str) -> None:
    trial = DRAWN[chip](np.random.default_rng(5), 30)
    np.savez("program.npz", transfers=np.array(trial.chip.transfers()), address=trial.address, gap=trial.gap)
    said = json.loads(run("silicon", "run", chip, "program.npz", "out.npz", "--hold", "3", "--json").stdout)
    activity, after = trial.chip.run(trial.address, trial.gap, hold=3)
    assert said["spikes"] == activity.spikes[0].size and said["cycles"] == activity.cycles
    assert said["synaptic_operations"] == activity.synaptic_operations > 100
    assert (said["energy_j"] is None) == (chip == "tinyodin")
    with np.load("out.npz") as found:
        assert np.array_equal(found["spike.cycle"], activity.spikes[0])
        assert np.array_equal(found["spike.neuron"], activity.spikes[1])
        assert found["transfers"].tolist() == [list(one) for one in after.transfers()]
    lines = run("silicon", "run", chip, "program.npz", "again.npz").stdout.splitlines()
    assert lines[0].startswith("again.npz: ") and lines[-1].startswith("synaptic operations: ")

    np.savez("wrong.npz", transfers=np.array(trial.chip.transfers()))
    wrong = run("silicon", "run", chip, "wrong.npz", "out.npz")
    assert wrong.stderr == "Error: wrong.npz: has no address; write transfers, address and gap into an .npz\n"
    for gap in ([1, 2, 3], [[1, 2]]):
        np.savez("wrong.npz", transfers=np.zeros((0, 2), np.int64), address=[0], gap=gap)
        wrong = run("silicon", "run", chip, "wrong.npz", "out.npz")
        assert wrong.stderr.startswith(
            "Error: wrong.npz: gap: must be one number, or 1, one for each address, got ("
        )
    np.savez("wrong.npz", transfers=np.array([[1 << 20, 0]]), address=[0])
    wrong = run("silicon", "run", chip, "wrong.npz", "out.npz")
    assert wrong.stderr == "Error: transfers[0]: must be two words of 20 bits, got 1048576, 0\n"


def test_a_network_of_ones_own_is_shown_labelled_samples(run: Run, place: Workplace) -> None:
    nir = pytest.importorskip("nir")
    one = np.ones(4)
    rng = np.random.default_rng(3)
    graph = nir.NIRGraph.from_list(
        nir.Input(input_type={"input": np.array([8])}),
        nir.Linear(weight=rng.normal(0.5, 1.0, (4, 8))),
        nir.LIF(tau=one * 9e-3, r=one, v_leak=one * 0, v_threshold=one * 0.4),
        nir.Output(output_type={"output": np.array([4])}),
    )
    nir.write("net.nir", graph)
    run("import", "net.nir", "net.npz", "--dt", "0.001")
    np.savez("test.npz", spikes=(rng.random((6, 10, 8)) < 0.3).astype(np.uint8), labels=np.arange(6) % 4)
    found = json.loads(run("silicon", "infer", "odin", "net.npz", "test.npz", "--json").stdout)
    assert found["samples"] == 6 and 12 <= found["addresses"] <= 20
    # Each spike event updates 256 neurons.
    assert found["synaptic_operations"] * 6 % 256 == 0 and found["energy_j"] == pytest.approx(
        12.7e-12 * found["synaptic_operations"]
    )
    lines = run("silicon", "infer", "tinyodin", "net.npz", "test.npz").stdout.splitlines()
    assert lines[0].startswith("tinyodin: ") and "addresses: 12 of 256" in lines
    assert "operations, no energy was measured" in "".join(lines)

    np.savez("wide.npz", spikes=np.zeros((2, 3, 9), np.uint8), labels=np.zeros(2, np.int64))
    for words, sentence in (
        (("nothing.npz", "test.npz"), "Error: nothing.npz: "),
        (("net.nir", "test.npz"), "Error: net.nir: does not say how long a tick is"),
        (("test.npz", "test.npz"), "Error: test.npz: is no network; make one with neurochip import"),
        (("net.npz", "net.npz"), "Error: net.npz: must have spikes [sample, tick, unit] and labels"),
        (("net.npz", "wide.npz"), "Error: "),
        (("net.npz", "test.npz", "--output", "none"), "Error: output: must name one of them"),
    ):
        wrong = run("silicon", "infer", "odin", *words)
        assert wrong.exit_code in (2, 3) and "Traceback" not in wrong.stderr
        assert wrong.stderr.splitlines()[-1].startswith(sentence), wrong.stderr


def test_what_is_refused(run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(folder: str) -> str:
        *_, last = run("silicon", "verify", "tinyodin", "--rtl", folder).stderr.splitlines()
        return last

    assert said("nowhere") == "Error: rtl: nowhere is no folder; name one with the authors' tinyODIN.v"
    (place.folder / "empty").mkdir()
    assert said("empty") == (
        "Error: empty: has no tinyODIN.v; clone github.com/ChFrenkel/tinyODIN and name its folder"
    )
    place.write("empty/tinyODIN.v", "module tinyODIN (")
    monkeypatch.setenv("PATH", "")
    assert said("empty") == (
        "Error: simulator: verilator is not installed (Debian: apt-get install iverilog verilator); or run the bench "
        "elsewhere"
    )


@NEEDS_VERILATOR
def test_verilog_that_is_not_the_authors_is_named(run: Run, place: Workplace) -> None:
    (place.folder / "broken").mkdir()
    place.write("broken/tinyODIN.v", "module tinyODIN (")
    said = run("silicon", "verify", "tinyodin", "--rtl", "broken")
    assert said.exit_code == 3
    assert said.stderr.splitlines()[-1].startswith("Error: broken: cannot be built by verilator: %Error: ")
