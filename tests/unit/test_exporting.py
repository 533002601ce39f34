"""What of a run other tools get: every synapse of a graph with its weight, or one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.description import RunSpec, run_to_toml
from neurochip.description.linear_maps import LinearMap, unrolled
from neurochip.description.nir.graph import read_nir
from neurochip.description.spiking import SpikingNetwork
from neurochip.errors import CapabilityError
from neurochip.network import as_matrix, turned
from neurochip.runs.building import build, digest_of
from neurochip.runs.exporting import rate_network, write_network
from neurochip.runs.simulation import simulate
from neurochip.training.checkpoint import read_checkpoint
from neurochip.training.folder import RESOLVED

RUN: dict[str, Any] = {
    "name": "maps",
    "substrate": "ideal",
    "coding": {"annealer": "constant"},
    "data": {"set": "digits", "train": 20, "test": 10},
    "phases": {"free": 4, "nudged": 2},
    "network": {
        "populations": [
            {"name": "pixels", "shape": [1, 8, 8], "role": "input"},
            {"name": "maps", "shape": [2, 6, 6]},
            {"name": "pooled", "shape": [2, 3, 3]},
            {"name": "side", "shape": [18]},
            {"name": "out", "shape": [10], "role": "output"},
        ],
        "projections": [
            {"from": "pixels", "to": "maps", "connectivity": {"kind": "convolution", "kernel": 3}},
            {"from": "maps", "to": "pooled", "connectivity": {"kind": "pooling", "kernel": 2}},
            {"from": "pooled", "to": "side", "connectivity": "one-to-one", "feedback": "none"},
            {"from": "side", "to": "side", "connectivity": {"kind": "sparse", "density": 0.2}},
            {"from": "side", "to": "out", "feedback": "own"},
            {"from": "maps", "to": "out"},
            {"from": "maps", "to": "out", "feedback": "none"},
        ],
    },
    "learning": {"rates": [0.1, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1], "epochs": 1},
    "evaluation": {"train": 0},
}  # fmt: skip
Maps = dict[tuple[str, str], np.ndarray[Any, Any]]


def totals(network: SpikingNetwork) -> tuple[Maps, dict[str, Any]]:
    """Return Σ of what leads from one group to another as matrices, and Σ of the biases of each group."""
    sums: Maps = {}
    biases: dict[str, Any] = {}
    for c in network.connections:
        matrix = unrolled(LinearMap(*c.joined(network.group(c.source).size)), "dense").weights
        assert matrix is not None
        way = c.source, c.target
        sums[way] = sums.get(way, 0.0) + matrix.astype(np.float64)
        if c.bias is not None:
            biases[c.target] = biases.get(c.target, 0.0) + c.bias
    return sums, biases


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "maps"
    simulate(RunSpec.from_dict(RUN), out=out, threads=1)
    return out


def test_every_synapse_of_a_graph_is_exported(folder: Path, tmp_path: Path) -> None:
    built = build(RunSpec.from_dict(RUN))
    graph = built.network
    learnt = read_checkpoint(folder / "checkpoint.h5", digest=digest_of(built)).parameters
    values = dict(zip(graph.forward, learnt.weights, strict=True))
    values |= dict(zip(graph.own_feedback, learnt.feedback, strict=True))
    names = [p.name for p in graph.populations]
    wanted: Maps = {}
    for p in graph.projections:
        of = p.transpose_of
        weights = values[p.index] if of is None else turned(graph.projections[of], values[of])
        way = names[p.source], names[p.target]
        wanted[way] = wanted.get(way, 0.0) + as_matrix(p, weights)
    assert len(wanted) == 9
    exported = rate_network(folder, dt=1e-3)
    # Feedback is a matrix, and in NIR a matrix makes a row.
    assert [g.shape for g in exported.groups] == [(1, 8, 8), (), (), (), ()]
    assert list(exported.outputs.values()) == ["out"]
    write_network(exported, tmp_path / "maps.nir")
    for network in (exported, read_nir(tmp_path / "maps.nir")):
        sums, biases = totals(network)
        assert sums.keys() == wanted.keys()
        for way, matrix in wanted.items():
            np.testing.assert_allclose(sums[way], matrix, rtol=1e-6, atol=1e-7, err_msg=str(way))
            assert np.any(matrix), way
        assert set(biases) <= set(names[1:])
        for k, bias in zip(graph.updated, learnt.biases, strict=True):
            np.testing.assert_allclose(biases.get(names[k], 0 * bias), bias, err_msg=names[k])


def test_maps_without_feedback_stay_maps(tmp_path: Path) -> None:
    ways = [{**way, "feedback": "none"} for way in RUN["network"]["projections"]]
    phases = {**RUN["phases"], "reference": "parallel"}  # whose difference is 0 where nothing leads back
    network = {**RUN["network"], "projections": ways}
    run = RunSpec.from_dict({**RUN, "network": network, "phases": phases})
    simulate(run, out=tmp_path / "run", threads=1)
    exported = rate_network(tmp_path / "run", dt=1e-3)
    assert [g.shape for g in exported.groups] == [(1, 8, 8), (2, 6, 6), (2, 3, 3), (), ()]
    kinds = [c.connectivity.kind for c in exported.connections if c.connectivity is not None]
    assert kinds == ["convolution", "pooling", "one-to-one", "sparse"]
    write_network(exported, tmp_path / "maps.nir")
    read = read_nir(tmp_path / "maps.nir")
    assert {c.connectivity.kind for c in read.connections if c.connectivity is not None} == set(kinds)


def table_of(populations: Any, ways: Any) -> dict[str, Any]:
    projections = [{"from": a, "to": b, "delay": delay} for a, b, delay in ways]
    learning = {"rates": [0.1] * len(ways), "epochs": 1}
    return {**RUN, "network": {"populations": populations, "projections": projections}, "learning": learning}


def test_delays_are_exported(tmp_path: Path) -> None:
    populations = [
        {"name": "in", "shape": [64], "role": "input"},
        {"name": "middle", "shape": [5]},
        {"name": "out", "shape": [10], "role": "output"},
    ]
    ways = [("in", "middle", 3), ("in", "out", 1), ("middle", "out", 2)]
    simulate(RunSpec.from_dict(table_of(populations, ways)), out=tmp_path / "run", threads=1)
    exported = rate_network(tmp_path / "run", dt=1e-3)
    write_network(exported, tmp_path / "late.nir")
    for found in (exported, read_nir(tmp_path / "late.nir")):
        delays = sorted((c.source, c.target, c.delay) for c in found.connections)
        assert delays == sorted([*ways, ("out", "middle", 2)])


TWO_INPUTS = table_of(
    [
        {"name": "top", "shape": [32], "role": "input"},
        {"name": "bottom", "shape": [32], "role": "input"},
        {"name": "out", "shape": [10], "role": "output"},
    ],
    [("top", "out", 1), ("bottom", "out", 1)],
)
CURVED = {
    **{key: RUN[key] for key in ("name", "data", "evaluation")},
    "substrate": "analog",
    "network": {"layers": [64, 5, 10]},
    "analog": {"characteristic": "tanh"},
    "phases": RUN["phases"],
    "learning": {"rates": [0.1, 0.1], "epochs": 1},
}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            TWO_INPUTS,
            "network.populations: have 2 inputs (top, bottom), and an exported network has one; join them in one "
            "population",
        ),
        (
            CURVED,
            'has neurons of characteristic "tanh", which no mean rate has; export a run of "hard-sigmoid"',
        ),
    ],
)
def test_what_no_network_of_ours_says_is_refused(table: dict[str, Any], said: str, tmp_path: Path) -> None:
    (tmp_path / RESOLVED).write_text(run_to_toml(RunSpec.from_dict(table)), encoding="utf-8")
    with pytest.raises(CapabilityError) as refused:
        rate_network(tmp_path, dt=1e-3)
    assert str(refused.value).endswith(said)
