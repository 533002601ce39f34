"""``[mismatch]`` of a run: synapses of digital cores that differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import ConfigError, RunSpec, read_run, run_to_toml
from neurochip.runs.building import build
from neurochip.runs.simulation import simulate
from neurochip.training.streams import first_parameters

TINY = (
    "data.train=20",
    "data.test=20",
    "learning.epochs=1",
    "phases.free=20",
    "phases.nudged=10",
    "evaluation.train=0",
)


def run(*sets: str) -> RunSpec:
    return read_run("stripes", [*TINY, *sets])


def delivered(spec: RunSpec) -> Any:
    substrate: Any = build(spec).substrate
    parameters = first_parameters(spec, build(spec).network)
    substrate.load(parameters)
    for held, loaded in zip(substrate.parameters().weights, parameters.weights, strict=True):
        np.testing.assert_allclose(held, loaded, rtol=1e-6, err_msg="memories hold the weights themselves")
    return substrate.delivered.weights.copy()


def test_a_run_that_says_nothing_has_none() -> None:
    assert "mismatch" not in run_to_toml(run())
    assert run("mismatch.deviation=0") == run()


def test_synapses_differ_by_so_much() -> None:
    plain, spread = delivered(run()), delivered(run("mismatch.deviation=0.2"))
    factors = spread[plain != 0] / plain[plain != 0]
    assert abs(factors.mean() - 1) < 0.05 and abs(factors.std() - 0.2) < 0.03
    np.testing.assert_array_equal(delivered(run("mismatch.deviation=0.2")), spread)
    np.testing.assert_array_equal(delivered(run("mismatch.deviation=0.2", "mismatch.seed=1")), spread)
    assert not np.array_equal(delivered(run("mismatch.deviation=0.2", "mismatch.seed=2")), spread)
    assert (
        delivered(run("mismatch.deviation=2", "mismatch.spread=gaussian"))[plain != 0] / plain[plain != 0]
    ).min() < 0


@pytest.mark.parametrize("neuron", ["settling", "lif"])
def test_it_learns_on_the_chip_that_there_is(neuron: str) -> None:
    sets = (f"neuron.kind={neuron}", "mismatch.deviation=0.4")
    made = run(*sets)
    assert RunSpec.from_dict(made.to_dict()) == made and made.to_dict()["mismatch"]["deviation"] == 0.4
    spikes = [
        simulate(spec, write=False, threads=1).record.counters.total("spikes_sent")
        for spec in (made, made, run(*sets[:1]))
    ]
    assert spikes[0] == spikes[1] != spikes[2]


@pytest.mark.parametrize(
    ("sets", "sentence"),
    [
        (["mismatch.deviation=-1"], "--set mismatch.deviation: must be 0 to 100, got -1"),
        (["mismatch.deviation=1e300"], "--set mismatch.deviation: must be 0 to 100, got 1e+300"),
        (["mismatch.spread=gaussian"], "--set mismatch.spread: has no effect without mismatch.deviation; leave it "
         "out, or change that"),
        (["substrate=ideal", "mismatch.deviation=0.1"], '--set mismatch.deviation: has no effect without substrate = '
         '"digital"; leave it out, or change that'),
    ],
)  # fmt: skip
def test_refused(sets: list[str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_run("stripes", sets)
    assert str(caught.value) == sentence
