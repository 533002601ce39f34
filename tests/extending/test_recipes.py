"""The recipes of docs/extending.md, carried out: each file written, its row added as an entry point, and used."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from neurochip.analog.drawing import draw_die
from neurochip.cores.raster_file import load_arrays
from neurochip.description import RunSpec, read_chip, read_run
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.description.spiking_file import read_spiking, spiking_bytes
from neurochip.elements.connections import connectivity_of
from neurochip.errors import ConfigError, DataError
from neurochip.learning.rules import rule_for
from neurochip.network import layered
from neurochip.papers import reproduce
from neurochip.plugins import GROUPS
from neurochip.replays.spiking import run_spiking
from neurochip.runs.building import build
from neurochip.runs.simulation import simulate
from neurochip.training.streams import glorot
from tests.plugin_packages import package, site

__all__ = ["site"]

PAGE = (Path(__file__).parents[2] / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```(?:python|toml)\n# (\w+\.(?:py|toml))\n(.*?)```", PAGE, re.DOTALL))


def written(site: Path, *names: str) -> None:
    for name in names:
        (site / name).write_text(FILES[name], encoding="utf-8")


def module(site: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import a file of the page under its own name, and forget it afterwards."""
    written(site, f"{name}.py")
    monkeypatch.delitem(sys.modules, name, raising=False)
    imported = importlib.import_module(name)
    monkeypatch.setitem(sys.modules, name, imported)
    return imported


def kept(site: Path, *names: str, at_least: int) -> None:
    """Run the test of a recipe as its author would."""
    written(site, *names)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", names[-1]],
        cwd=site, env=os.environ | {"PYTHONPATH": str(site)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.splitlines()[-1].split()[0]) >= at_least, done.stdout


def row(site: Path, group: str, name: str, value: str) -> None:
    package(site, "recipes", {group: {name: value}})


def test_every_group_is_in_the_table() -> None:
    for group in GROUPS:
        assert f"`neurochip.{group}`" in PAGE or f"`.{group}`" in PAGE, group
    [entries] = re.findall(r"```toml\n(\[project.*?)```", PAGE, re.DOTALL)
    project: Any = tomllib.loads(entries)["project"]
    assert project["entry-points"]["neurochip.encoders"] == {"leaky": "mine.encoder:Leaky"}


def test_an_encoder(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = module(site, "encoder", monkeypatch).Leaky
    row(site, "encoders", "leaky", "encoder:Leaky")
    run = read_run("mnist-small", ["coding.encoder=leaky", "coding.encoder.leak=0.8"])
    assert run.coding.encoder == spec(leak=0.8)
    kept(site, "encoder.py", "test_encoder.py", at_least=20)


def test_a_neuron(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = module(site, "neuron", monkeypatch).Tiring
    row(site, "neurons", "tiring", "neuron:Tiring")
    run = read_run(
        "stripes", ["neuron.kind=tiring", "neuron.membrane=30", "data.train=40", "learning.epochs=1"]
    )
    assert run.neuron == spec(membrane=30.0)
    kept(site, "neuron.py", "test_neuron.py", at_least=20)


def test_a_connectivity(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cls = module(site, "connection", monkeypatch).Ring
    kept(site, "connection.py", "test_connection.py", at_least=7)
    row(site, "connections", "ring", "connection:Ring")
    assert connectivity_of("ring", "place") is cls
    with pytest.raises(ConfigError, match="must be one of dense, .*, ring, got 'star'"):
        connectivity_of("star", "place")
    # By its name, in the file of a network.
    inputs = NeuronGroup(name="in", kind="Input", size=12)
    ones = np.ones(12)
    cells = NeuronGroup(
        name="n", kind="IF", size=12, parameters={"r": ones, "v_threshold": 0.5 * ones, "v_reset": 0 * ones}
    )
    join = Connection(
        name="w", source="in", target="n", weights=np.array([1.0, 0.0]), connectivity=cls(12, 2)
    )
    network = SpikingNetwork(groups=(inputs, cells), connections=(join,), dt=1.0)
    (site / "net.npz").write_bytes(spiking_bytes(network))
    read = read_spiking("net.npz", load_arrays(site / "net.npz"))
    assert read.connections[0].connectivity == cls(12, 2)
    spikes = np.zeros((2, 12), np.uint8)
    spikes[0, 0] = 1
    run = run_spiking(read, spikes, "cmos45").replay
    assert np.flatnonzero(run.spikes[1][1]).tolist() == [1, 11]
    assert (run.counters.sops, int(run.placed.needs["synapse_memory"].sum())) == (4, 2 * 32)


@pytest.mark.parametrize("substrate", ["digital", "ideal"])
def test_a_connectivity_of_ones_own_learns(
    site: Path, monkeypatch: pytest.MonkeyPatch, substrate: str
) -> None:
    module(site, "connection", monkeypatch)
    row(site, "connections", "ring", "connection:Ring")
    around = {"from": "cells", "to": "cells", "connectivity": {"kind": "ring", "units": 12, "reach": 2}}
    table: dict[str, Any] = {
        "name": "ring",
        "substrate": substrate,
        "data": {"set": "stripes", "train": 20, "test": 4},
        "network": {
            "populations": [
                {"name": "in", "shape": [16], "role": "input"},
                {"name": "cells", "shape": [12]},
                {"name": "out", "shape": [2], "role": "output"},
            ],
            "projections": [{"from": "in", "to": "cells"}, around, {"from": "cells", "to": "out"}],
        },
        "phases": {"free": 20, "nudged": 10},
        "learning": {"rates": [0.1, 0.1, 0.1], "epochs": 1},
    }
    run = RunSpec.from_dict(table)
    built = build(run)
    drawn = glorot(built.network, run.seed)
    assert drawn.weights[1].shape == (2,) and not drawn.feedback
    built.substrate.load(drawn)
    built.substrate.begin(np.full((3, 16), 0.7), np.arange(3, dtype=np.uint64))
    assert run.learning is not None
    rule = rule_for(built.network, run.learning, run.phases)
    found = rule.present(built.substrate, np.array([[1.0, 0.0]] * 3), 0.5)
    built.substrate.write_weights(found.updates, found.biases)
    changed = [
        np.any(a != b) for a, b in zip(drawn.weights, built.substrate.parameters().weights, strict=True)
    ]
    assert changed == [True, True, True]
    table["network"]["projections"][1]["connectivity"]["units"] = 11
    with pytest.raises(ConfigError, match="connects 11 units to 11, and cells has 12"):
        RunSpec.from_dict(table)


def test_a_chip(site: Path) -> None:
    written(site, "tiny.toml")
    assert read_chip(site / "tiny.toml").mesh.n_cores == 4
    kept(site, "test_chip.py", at_least=4)


def test_a_rule(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = module(site, "rule", monkeypatch).LargeChanges
    row(site, "rules", "large-changes", "rule:LargeChanges")
    run = read_run("mnist-small", ["learning.rule=large-changes"])
    assert run.learning is not None
    assert isinstance(rule_for(layered(run.network.layers), run.learning, run.phases), made)
    kept(site, "rule.py", "test_rule.py", at_least=7)


def test_a_mismatch_model(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module(site, "mismatch", monkeypatch)
    row(site, "mismatch", "uniform", "mismatch:uniform")
    sets = ["analog.mismatch.tails=uniform", "analog.mismatch.sigma=0.2", "analog.mismatch.region=strong"]
    run = read_run("analog-mnist-small", sets)
    assert run.analog is not None
    gains = draw_die(layered(run.network.layers), run.analog).synapse_gain[0]
    assert gains is not None
    assert gains.std() == pytest.approx(0.2, rel=0.01)
    assert np.abs(gains - 1).max() <= 0.2 * np.sqrt(3)


@pytest.mark.parametrize("name", ["leaky.py", "adapting.py"])
def test_a_vector_field(name: str, site: Path) -> None:
    written(site, name)
    sets = [
        "analog.characteristic=file", f"analog.vector_field={site / name}", "analog.settle.method=euler",
        "data.train=600", "data.test=200", "network.layers=[784, 24, 10]", "learning.epochs=6", "analog.diagnosed=2",
    ]  # fmt: skip
    record = simulate(read_run("analog-mnist-small", sets), write=False, threads=1, allow_code=True).record
    assert record.epochs[-1].test_error is not None and record.epochs[-1].test_error < 0.6
    assert record.analog is not None and record.analog["epochs"][-1]["spectral_abscissa"] < 0


def test_a_data_set(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module(site, "clouds", monkeypatch)
    row(site, "datasets", "clouds", "clouds:clouds")
    sets = ["data.set=clouds", "network.layers=[0, 4, 0]", "learning.rates=0.3", "learning.epochs=6"]
    run = read_run("stripes", [*sets, "phases.free=30", "phases.nudged=15"])
    assert run.network.layers == (2, 4, 2) and run.data.digest is not None
    record = simulate(run, write=False, threads=1).record
    assert record.data is not None and record.data["classes"] == ["far", "near"]
    assert record.epochs[-1].test_error is not None and record.epochs[-1].test_error < 0.2
    assert record.versions["recipes"] == "1.0"
    text = (site / "clouds.py").read_text(encoding="utf-8").replace("default_rng(5)", "default_rng(6)")
    # Python tells sources of one second and one length apart by what it has not kept.
    importlib.invalidate_caches()
    Path(importlib.util.cache_from_source(str(site / "clouds.py"))).unlink(missing_ok=True)
    (site / "clouds.py").write_text(text, encoding="utf-8")
    module_again = importlib.reload(sys.modules["clouds"])
    assert module_again.clouds is not None
    with pytest.raises(DataError, match=f"and the run was made with {run.data.digest}; install that version"):
        simulate(run, write=False)


def test_an_experiment(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module(site, "paper", monkeypatch)
    row(site, "papers", "sigma-delta-error", "paper")
    done = reproduce("sigma-delta-error", quick=True, write=False)
    assert done.verdict == "holds", done.rows


def test_no_file_of_the_page_is_left_out() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert len(FILES) == 15
    for name in FILES:
        assert f'"{name}"' in text or f'"{Path(name).stem}", monkeypatch' in text, name
