"""First biases of chains and graphs, and faults that act in training only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import ConfigError, read_run, simulate
from neurochip.description import network_of, run_to_toml
from neurochip.runs.building import build
from neurochip.training.streams import first_parameters
from tests.unit.training.tiny import overrides


def first(*sets: str, run: str = "mnist-small") -> list[Any]:
    spec = read_run(run, sets)
    return [b.tolist() for b in first_parameters(spec, network_of(spec.network)).biases]


def test_chains_begin_with_the_biases_of_their_layers() -> None:
    layers = "network.layers=[784, 3, 10]"
    assert first(layers) == [[0.0] * 3, [0.0] * 10]
    assert first(layers, "network.biases=[0.25, -0.5]") == [[0.25] * 3, [-0.5] * 10]
    assert first(layers, "network.biases=0.1") == [[0.1] * 3, [0.1] * 10]


def test_they_are_written_and_read_again() -> None:
    run = read_run("mnist-small", ["network.layers=[784, 3, 10]", "network.biases=0.1"])
    assert "biases = [0.1, 0.1]" in run_to_toml(run)
    assert "biases" not in run_to_toml(read_run("mnist-small", ["network.layers=[784, 3, 10]"]))


def test_graphs_begin_with_the_biases_of_their_populations() -> None:
    spec = read_run("stripes-graph")
    table = spec.to_dict()
    for population in table["network"]["populations"]:
        if population["role"] == "hidden":
            population["bias"] = 0.3
    made = type(spec).from_dict(table)
    network = network_of(made.network)
    found = first_parameters(made, network).biases
    for k, bias in zip(network.updated, found, strict=True):
        hidden = not network.populations[k].output
        np.testing.assert_array_equal(bias, 0.3 if hidden else 0.0)
    assert made.to_dict()["network"] == table["network"]
    # Where learning begins is no part of the chip: the same image holds both.
    assert build(made).image.digest != "" and "bias" not in spec.to_dict()["network"]["populations"][1]


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        (
            ("network.biases=[0.1]",),
            "network.biases: must have one bias for each of the 2 layers after the input, got 1",
        ),
    ],
)
def test_refusals(sets: tuple[str, ...], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        first(*sets)
    assert message in str(refused.value)
    spec = read_run("stripes-graph").to_dict()
    spec["network"]["populations"][0]["bias"] = 0.2
    with pytest.raises(ConfigError, match=r"bias: must be 0 of an input, which has no bias, got 0\.2"):
        type(read_run("stripes-graph")).from_dict(spec)


def test_spikes_that_are_lost_in_training_only() -> None:
    """What is measured is the sound chip with the weights that the noisy training left."""
    drop = "faults.spike_drop.rate=0.2"
    sets = [*overrides("default"), "learning.epochs=1"]
    sound, always, training, test = (
        simulate("mnist-small", overrides=[*sets, *more], write=False, threads=1).record
        for more in (
            (),
            (drop,),
            (drop, "faults.spike_drop.when=training"),
            (drop, "faults.spike_drop.when=test"),
        )
    )

    def lost(record: Any) -> list[int]:
        return [counted.total("lost_to_drop") for _, counted in sorted(record.counters.phases.items())]

    phases = sorted(training.counters.phases)
    where = {phase.value: n for phase, n in zip(phases, lost(training), strict=True) if n}
    assert set(where) == {"free", "nudged"}
    assert {p.value for p, n in zip(phases, lost(test), strict=True) if n} == {"evaluation"}
    assert {p.value for p, n in zip(phases, lost(always), strict=True) if n} == {
        "free",
        "nudged",
        "evaluation",
    }
    assert training.counters.total("spikes_sent") != sound.counters.total(
        "spikes_sent"
    )  # it learnt something else
    assert [fault.when for fault in training.faults] == ["training"]
