"""`neurochip import`, `export`, and what an imported network does on a chip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest

from neurochip.cores.raster_file import load_arrays, recorded_traffic
from neurochip.description.nir.graph import from_nir
from neurochip.replays.spiking import run_spiking
from tests.oracle.waveforms import VCDVCD

from .conftest import Finished, Run, Workplace


def graph() -> Any:
    rng = np.random.default_rng(2)
    ones = np.ones(6)
    return nir.NIRGraph.from_list(
        nir.Input(input_type={"input": np.array([8])}),
        nir.Affine(weight=rng.normal(1.0, 2.0, (6, 8)), bias=np.full(6, 0.1)),
        nir.CubaLIF(
            tau_syn=ones * 4e-3, tau_mem=ones * 9e-3, r=ones, v_leak=ones * 0, v_threshold=ones * 0.4
        ),
        nir.Linear(weight=rng.normal(0.0, 1.0, (2, 6))),
        nir.LI(tau=np.ones(2) * 0.02, r=np.ones(2), v_leak=np.zeros(2)),
        nir.Output(output_type={"output": np.array([2])}),
    )


@pytest.fixture
def net(run: Run, place: Workplace) -> Path:
    nir.write("net.nir", graph())
    result = run("import", "net.nir", "net.npz", "--dt", "0.001")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == "net.npz: 16 neurons, dt 0.001 s, euler"
    raster = (np.random.default_rng(3).random((80, 8)) < 0.3).astype(np.uint8)
    np.savez("input.npz", **{"spikes.0": raster})
    return Path("net.npz")


def test_an_imported_network_runs_on_a_chip(run: Run, net: Path) -> None:
    result = run(
        "simulate", net, "--replay", "input.npz", "--out", "out", "--chip", "cmos45", "--timing", "cycle"
    )
    assert (result.exit_code, result.stderr) == (0, "")
    raster = np.load("input.npz")["spikes.0"]
    seen = run_spiking(from_nir(graph(), dt=1e-3), raster, "cmos45", timing="cycle")
    stored = recorded_traffic(load_arrays("out/spikes.npz")).spikes
    assert list(stored) == [seen.replay.raster(k) for k in range(3)]
    assert stored[1].count() > 0
    with np.load("out/readout.npz") as stored:
        assert np.array_equal(stored["output"], seen.readout["output"])
        assert stored["output"].shape == (80, 2)
        assert stored["output"].any()
    table = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert table["totals"] == dict(seen.replay.counters.totals)
    assert table["time"]["cycles"] == seen.replay.time.cycles
    assert table["totals"]["neuron_updates"] == 80 * 8
    assert "neuron" in table["energy_j"]["by_category"]
    assert [name for name, _ in table["layers"]] == ["input", "cubalif", "li"]
    assert run("report", "out", "--energies", "ideal-bits").exit_code == 0


def test_an_imported_network_is_traced(run: Run, net: Path) -> None:
    done = run("trace", net, "--replay", "input.npz", "--format", "npz", "--out", "t.npz")
    assert (done.exit_code, done.stderr) == (0, "")
    raster = np.load("input.npz")["spikes.0"]
    seen = run_spiking(from_nir(graph(), dt=1e-3), raster, "cmos45")
    with np.load("t.npz") as stored:
        assert np.array_equal(stored["neuron.cubalif.spike"], seen.replay.spikes[1])
        assert np.array_equal(stored["neuron.li.potential"], seen.readout["output"])
        assert stored["core.sops"].sum() == seen.replay.counters.sops
    assert run("trace", net, "--replay", "input.npz", "--out", "t.vcd", "--ticks", "20:30").exit_code == 0
    read = VCDVCD("t.vcd")
    for t in range(10):
        shown = float(read["neuron.li.1.potential"][t * 1_000_000])
        assert shown == pytest.approx(seen.readout["output"][20 + t, 1], rel=1e-6)


def test_export_of_an_imported_network(run: Run, net: Path) -> None:
    result = run("export", net, "back.nir")
    assert (result.exit_code, result.stdout) == (0, "back.nir: 16 neurons, dt 0.001 s\n")
    back, given = nir.read("back.nir"), graph()
    assert set(back.nodes) == set(given.nodes)
    assert sorted(back.edges) == sorted(given.edges)
    for name, node in given.nodes.items():
        for key in (
            "weight",
            "bias",
            "tau_syn",
            "tau_mem",
            "tau",
            "r",
            "v_leak",
            "v_threshold",
            "v_reset",
            "w_in",
        ):
            if hasattr(node, key):
                assert np.array_equal(getattr(node, key), getattr(back.nodes[name], key)), (name, key)


def test_export_of_a_trained_network(run: Run, finished: Finished, place: Workplace) -> None:
    result = run("export", finished.folder, "mine.nir")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[-1] == (
        "Neurons of equilibrium propagation were written as IF: an approximation, see docs/nir.md."
    )
    back = nir.read("mine.nir")
    assert {type(node).__name__ for node in back.nodes.values()} == {
        "Input",
        "Affine",
        "Linear",
        "IF",
        "Output",
    }
    assert back.nodes["forward0"].weight.shape == (20, 784)
    assert np.array_equal(back.nodes["feedback1"].weight, back.nodes["forward1"].weight.T)
    assert back.metadata["run"] == "mnist-small"
    assert run("import", "mine.nir", "mine.npz").exit_code == 0


def test_mean_rates_of_the_export_obey_the_same_equation(run: Run, finished: Finished) -> None:
    """⟨q⟩ = clip(Σ w ⟨q⟩ + b, 0, 1) of each neuron, within what 2000 ticks of single spikes leave."""
    assert run("export", finished.folder, "mine.nir").exit_code == 0
    network = from_nir(nir.read("mine.nir"))
    rng = np.random.default_rng(5)
    raster = (rng.random((4000, 784)) < rng.random(784) * 0.5).astype(np.uint8)
    seen = run_spiking(network, raster, "cmos45").replay
    rate = {g.name: bits[2000:].mean(axis=0) for g, bits in zip(network.groups, seen.spikes, strict=True)}
    wanted = {g.name: np.zeros(g.size) for g in network.groups}
    for c in network.connections:
        assert c.weights is not None
        wanted[c.target] += rate[c.source] @ c.weights + (0 if c.bias is None else c.bias)
    for name in ("hidden", "output"):
        assert np.abs(rate[name] - np.clip(wanted[name], 0, 1)).max() < 0.03
        assert rate[name].max() > 0.1


BAD: list[tuple[list[str], int, str]] = [
    (["import", "net.nir", "x.npz"], 2,
     "net.nir: dt: is missing; NIR is in continuous time, so say how long a tick is, in seconds"),
    (["import", "net.nir", "net.npz", "--dt", "1e-3"], 5,
     "net.npz: exists already; choose another file or remove it"),
    (["import", "absent.nir", "x.npz"], 3, "absent.nir: no such file; name a .nir"),
    (["export", "input.npz", "x.nir"], 3,
     "input.npz: is no network; name a file of neurochip import or the folder of a finished run"),
    (["export", "net.npz", "net.nir"], 5, "net.nir: exists already; choose another file or remove it"),
    (["simulate", "input.npz", "--replay", "input.npz"], 3,
     "input.npz: is no network; make one with neurochip import"),
    (["simulate", "net.npz", "--replay", "two.npz"], 3,
     "two.npz: spikes.1: is no array of such a file; it may have spikes.0 and placement.K"),
    (["simulate", "net.npz", "--replay", "wide.npz"], 3, "spikes[0]: must have shape (ticks, 8), got (80, 9)"),
    (["simulate", "net.npz", "--replay", "input.npz", "--set", "seed=1"], 2,
     "overrides: change a run, and a network has none of its values; import it anew instead"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "code", "sentence"), BAD)
def test_refused(run: Run, place: Workplace, net: Path, args: list[str], code: int, sentence: str) -> None:
    bits = np.zeros((80, 8), np.uint8)
    np.savez("two.npz", **{"spikes.0": bits, "spikes.1": bits})
    np.savez("wide.npz", **{"spikes.0": np.zeros((80, 9), np.uint8)})
    files = place.files()
    result = run(*args)
    assert (result.exit_code, result.stdout, result.stderr) == (code, "", f"Error: {sentence}\n")
    assert place.files() == files


def test_a_damaged_network(run: Run, net: Path) -> None:
    with np.load(net) as stored:
        arrays = dict(stored)
    del arrays["group.1.tau_mem"]
    np.savez("broken.npz", **arrays)
    result = run("simulate", "broken.npz", "--replay", "input.npz")
    assert result.exit_code == 3
    assert result.stderr.startswith("Error: broken.npz: is damaged or not a network (KeyError: ")


@pytest.mark.parametrize(("command", "more"), [("simulate", ", or --data FILE"), ("trace", "")])
def test_a_network_without_input(run: Run, net: Path, command: str, more: str) -> None:
    result = run(command, net)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2,
        f"Error: a network needs its input: --replay FILE{more}",
    )
