"""A network of one's own on ODIN and tinyODIN: spike by spike where the chip can do it, and what it cannot hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import NeurochipError
from neurochip.inference.inferring import LabelledSamples, infer
from neurochip.silicon import odin, tinyodin
from neurochip.silicon.placing import place
from neurochip.silicon.showing import events_of_sample, show

CHIPS = ("tinyodin", "odin")


def neurons(name: str, size: int, threshold: Any, **how: Any) -> NeuronGroup:
    given = {"r": 1000.0, "v_threshold": threshold, "v_reset": 0.0}
    full = {key: np.broadcast_to(np.float64(value), (size,)).copy() for key, value in given.items()}
    return NeuronGroup(**({"name": name, "kind": "IF", "size": size, "parameters": full} | how))


def a_network(
    rng: np.random.Generator, *, lowest: int = 0, hidden: int = 6, fires_when: Any = "reached"
) -> SpikingNetwork:
    """Return two layers whose weights reach 7 for each neuron: whole numbers as they are."""
    first, second = (rng.integers(lowest, 8, shape) for shape in ((5, hidden), (hidden, 3)))
    first[0], second[0] = 7, 7
    return SpikingNetwork(
        groups=(
            NeuronGroup(name="x", kind="Input", size=5),
            neurons("h", hidden, rng.integers(8, 30, hidden), fires_when=fires_when),
            neurons("y", 3, rng.integers(8, 30, 3), fires_when=fires_when, begins=1),
        ),
        connections=(
            Connection(name="a", source="x", target="h", weights=first.astype(float)),
            Connection(name="b", source="h", target="y", weights=second.astype(float)),
        ),
        outputs={"out": "y"},
    )


def one_at_a_time(rng: np.random.Generator, n: int, ticks: int) -> LabelledSamples:
    """Return samples in whose ticks one input fires at most: the order of events is then that of ticks."""
    spikes = np.zeros((n, ticks, 5), np.uint8)
    np.put_along_axis(spikes, rng.integers(0, 5, (n, ticks, 1)), 1, axis=2)
    return LabelledSamples(spikes, rng.integers(0, 3, n))


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("fires_when", ["reached", "above"])
def test_spikes_of_whole_weights_are_those_of_the_network(chip: str, fires_when: str) -> None:
    rng = np.random.default_rng(3)
    # Of one hidden neuron: spikes of several would come to the output one after the other, and not as a sum.
    network = a_network(rng, hidden=1, fires_when=fires_when)
    samples = one_at_a_time(rng, 6, 40)
    found = show(network, samples, chip)
    real = infer(network, samples, "ideal-bits")
    whole = real.ticks
    there = real.replay.spikes[2].reshape(6, whole, 3).sum(axis=1)
    # A spike that the output would fire in the tick behind the last one is there on the chip, too.
    assert there.sum() > 20 and np.array_equal(found.votes, there)
    assert found.before["answers_differ"] == 0.0 and found.accuracy == real.accuracy

    # The control: thresholds a step higher.
    other = place(network, chip)
    raised = other.chip.altered()["thresholds + 1"]
    address, gap = events_of_sample(other, chip, samples.spikes[0])
    _, neuron = raised.run(address, gap)[0].spikes
    assert not np.array_equal(np.bincount(neuron, minlength=256)[other.neurons["y"]], there[0])


@pytest.mark.parametrize("chip", CHIPS)
def test_addresses_and_signs(chip: str) -> None:
    network = a_network(np.random.default_rng(1), lowest=-7)
    placed = place(network, chip)
    # On ODIN what excites and inhibits stands twice, and both have the same drive.
    matrix = placed.chip.weight * (1 if chip == "tinyodin" else 1 - 2 * placed.chip.inhibitory[:, None])  # type: ignore[union-attr]
    weights = np.asarray(network.connections[0].weights)
    for i, senders in enumerate(placed.inputs):
        assert np.array_equal(matrix[list(senders)].sum(axis=0)[placed.neurons["h"]], weights[i])
    assert placed.used == 14 if chip == "tinyodin" else 14 < placed.used <= 25


def test_a_bias_and_a_leak_are_events_of_every_tick() -> None:
    network = a_network(np.random.default_rng(2))
    leaky = replace(
        network.groups[1], kind="LIF", parameters={
            "tau": np.full(6, 0.01), "r": np.full(6, 10.0), "v_leak": np.zeros(6), "v_threshold": np.full(6, 40.0),
            "v_reset": np.zeros(6),
        },
    )  # fmt: skip
    first = replace(network.connections[0], bias=np.full(6, 2.0))
    made = replace(network, groups=(network.groups[0], leaky, network.groups[2]),
                   connections=(first, network.connections[1]))  # fmt: skip
    for chip, link in (("tinyodin", tinyodin), ("odin", odin)):
        placed = place(made, chip)
        assert len(placed.always) == 1 and placed.leaks
        # A tenth of half of 40 is lost in a tick.
        leak = placed.chip.leak if chip == "tinyodin" else placed.chip.neurons.leak  # type: ignore[union-attr]
        assert leak[placed.neurons["h"]].tolist() == [2] * 6
        address, gap = events_of_sample(placed, chip, np.zeros((3, 5), np.uint8))
        tick = [int(link.time_reference()), int(link.spike_event(placed.always[0]))]
        assert address.tolist() == tick * 3 and gap[1::2].tolist() == [0, 0, 0]
        assert any("leaks 2 to 2 steps" in note or "leaks 0 to 2 steps" in note for note in placed.notes)


def test_what_such_a_chip_cannot_hold_is_named() -> None:
    network = a_network(np.random.default_rng(2))
    x, h, y = network.groups
    a, b = network.connections
    back = Connection(name="back", source="y", target="h", weights=np.ones((3, 6)))
    wide = replace(x, size=300)
    many = replace(a, weights=np.ones((300, 6)))
    readout = NeuronGroup(name="y", kind="Readout", size=3)
    refused = [
        ({"connections": (a, b, back)}, "b: is part of a loop"),
        ({"connections": (a, replace(b, delay=2))}, "b.delay: of 2 ticks is none that balances paths"),
        ({"groups": (x, replace(h, refractory=2), y)}, "h.refractory: must be 0"),
        ({"groups": (x, replace(h, reset="none"), y)}, "h.reset: must be to the rest"),
        ({"connections": (replace(a, weights=np.full((5, 6), np.nan)), b)}, "a: must have finite weights"),
        ({"groups": (x, neurons("h", 6, 9.0, parameters=dict(h.parameters) | {"r": np.zeros(6)}), y)},
         "h.r: must be above 0"),
        ({"groups": (x, h, readout)}, "y: is Readout; these chips have IF and LIF neurons alone"),
        ({"groups": (wide, h, y), "connections": (many, b)},
         "network: needs 309 addresses of odin, which has 256: 300 inputs and 9 neurons"),
    ]  # fmt: skip
    for change, sentence in refused:
        with pytest.raises(NeurochipError) as caught:
            place(replace(network, **change), "odin")  # type: ignore[arg-type]
        assert sentence in str(caught.value), str(caught.value)
