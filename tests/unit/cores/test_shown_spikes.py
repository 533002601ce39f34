"""Inputs that are shown spikes in their ticks: bits, values and counts, against plain Python."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from neurochip.description.faults import FaultsSpec
from neurochip.description.run_sections import CodingSpec
from neurochip.elements.neurons.current_based import CubaLIF
from neurochip.elements.neurons.leaky import LeakyIF
from neurochip.elements.neurons.perfect import IF
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import CapabilityError, DataError
from neurochip.spikes import SpikeTrains
from neurochip.substrate import Observable, Phase
from neurochip.testing import draw_net, fast_chip
from tests.oracle.spiking_neurons import Cuba, Leaky, Perfect, SlowSpiking

TICKS = 9
NUMBERS = np.array([5, 11, 12], dtype=np.uint64)
SPECS = (IF(), LeakyIF(membrane=15.0, refractory=2), CubaLIF(synapse=5.0))


def raster(batch: int = 3, units: int = 6, *, seed: int = 4) -> Any:
    return (np.random.default_rng(seed).random((batch, TICKS, units)) < 0.4).astype(np.uint8)


def membrane(spec: Any) -> Any:
    if isinstance(spec, IF):
        return Perfect(spec.lowest)
    if isinstance(spec, CubaLIF):
        return Cuba(spec.synapse, spec.membrane, spec.refractory, spec.reset)
    return Leaky(spec.membrane, spec.refractory, spec.reset)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
def test_a_network_fires_as_the_oracle_does(spec: Any) -> None:
    """Free over two windows and a half, then nudged, float64: every spike, and every value."""
    net = draw_net(7, (6, 9, 4), batch=3)
    bits = raster()
    chip = fast_chip(net, spec, seed=3)
    chip.begin(SpikeTrains.from_array(bits), NUMBERS)
    free, nudged, beta = 23, 14, 0.7
    settled = [
        chip.run(Phase.FREE, free, record=("spikes",)),
        chip.run(Phase.NUDGED, nudged, beta=beta, targets=net.y, record=("spikes",)),
    ]
    found = [np.concatenate([a, b]) for a, b in zip(settled[0].spikes, settled[1].spikes, strict=True)]
    assert found[1].any() and found[2].any()
    for sample in range(3):
        slow = SlowSpiking(
            lambda: membrane(spec),
            net.parameters.weights,
            net.parameters.biases,
            net.x[sample],
            currents=spec.currents,
            period=spec.period,
            filter=spec.filter,
            begins=[0.0] * 6,
            shown=bits[sample].tolist(),
        )
        for t in range(free + nudged):
            fired = slow.step(*((2 * beta, net.y[sample]) if t >= free else ()))
            for layer, row in enumerate(fired):
                assert found[layer][t, sample].tolist() == row, (sample, t, layer)
        for layer in range(3):
            seen = chip.observe(Observable.VALUE, layer)[sample]
            np.testing.assert_allclose(seen, slow.values[layer], rtol=0, atol=1e-12)


def test_filters_of_two_compartment_neurons_take_up_what_inputs_are_shown() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), raster()
    spec = TwoCompartmentLIF()
    chip = fast_chip(net, spec)  # type: ignore[arg-type]
    chip.begin(SpikeTrains.from_array(bits), NUMBERS)
    chip.run(Phase.FREE, 2 * TICKS)
    keep, share = np.exp(-1 / spec.synapse), 1 - np.exp(-1 / spec.rate)
    s, r = np.zeros((3, 6)), np.zeros((3, 6))
    for t in range(2 * TICKS):
        s = keep * s + (1 - keep) * spec.period * bits[:, t % TICKS]
        r += share * (s - r)
    np.testing.assert_allclose(chip.observe(Observable.VALUE, 0), r, rtol=0, atol=1e-12)


def test_values_after_spikes_and_spikes_after_values_leave_nothing_behind() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), SpikeTrains.from_array(raster())
    spec = LeakyIF()

    def answers(chip: Any, inputs: Any) -> Any:
        chip.begin(inputs, NUMBERS)
        return chip.run(Phase.FREE, 40, record=("spikes",)).spikes[2]

    fresh = [answers(fast_chip(net, spec), x) for x in (bits, net.x)]
    chip = fast_chip(net, spec)
    for x, wanted in ((bits, fresh[0]), (net.x, fresh[1]), (bits, fresh[0])):
        np.testing.assert_array_equal(answers(chip, x), wanted)
    assert not np.array_equal(*fresh)


def test_threads_and_batches_change_nothing() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), SpikeTrains.from_array(raster())
    found = []
    for threads, rows in ((1, [0, 1, 2]), (2, [0, 1, 2]), (1, [2])):
        chip = fast_chip(net, LeakyIF(), threads=threads)
        chip.begin(bits[rows], NUMBERS[rows])
        found.append(chip.run(Phase.FREE, 40, record=("spikes",)).spikes[2])
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0][:, 2:], found[2])


def test_a_snapshot_goes_on_in_the_same_tick_of_the_window() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), SpikeTrains.from_array(raster())
    chip = fast_chip(net, LeakyIF())
    chip.begin(bits, NUMBERS)
    whole = chip.run(Phase.FREE, 30, record=("spikes",)).spikes
    chip.begin(bits, NUMBERS)
    chip.run(Phase.FREE, 13)
    kept = chip.snapshot()
    chip.run(Phase.FREE, 5)
    chip.restore(kept)
    for a, b in zip(chip.run(Phase.FREE, 17, record=("spikes",)).spikes, whole, strict=True):
        np.testing.assert_array_equal(a, b[13:])


def test_a_receiving_core_makes_the_same_value_a_tick_later() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), SpikeTrains.from_array(raster())
    chip = fast_chip(net, LeakyIF(), traced=True)
    chip.begin(bits, NUMBERS)
    chip.run(Phase.FREE, 20)
    before = chip.observe(Observable.VALUE, 0)
    chip.run(Phase.FREE, 1)
    np.testing.assert_array_equal(chip.observe(Observable.TRACE, 0), before)


def test_each_spike_is_a_word_from_outside() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), raster()
    chip = fast_chip(net, LeakyIF())
    chip.begin(SpikeTrains.from_array(bits), NUMBERS)
    chip.run(Phase.FREE, 2 * TICKS)
    counters = chip.counters()
    assert counters.total("host_words_in", Phase.FREE) == 2 * int(bits.sum())
    chip.begin(net.x, NUMBERS)
    chip.run(Phase.FREE, 2 * TICKS)
    assert chip.counters().total("host_words_in", Phase.FREE) == 2 * int(bits.sum()) + 18


@pytest.mark.parametrize("fault", ["dead_core", "spike_drop"])
def test_faults_reach_shown_spikes(fault: str) -> None:
    """On a dead core nothing is shown; spikes on their way from inputs get lost like any others."""
    net, bits = draw_net(7, (6, 9, 4), batch=3), SpikeTrains.from_array(np.ones((3, TICKS, 6), np.uint8))
    faults = FaultsSpec(**{fault: 0.5})  # type: ignore[arg-type]
    chip = fast_chip(net, LeakyIF(), faults=faults)
    chip.begin(bits, NUMBERS)
    spikes = chip.run(Phase.FREE, TICKS, record=("spikes",)).spikes[0]
    sound = fast_chip(net, LeakyIF())
    sound.begin(bits, NUMBERS)
    sound.run(Phase.FREE, TICKS)
    lost = chip.counters().total("spikes_dropped", Phase.FREE)
    delivered = [c.counters().total("spikes_delivered", Phase.FREE) for c in (chip, sound)]
    if fault == "dead_core":
        assert spikes.mean() < 1 or delivered[0] < delivered[1]
    else:
        assert spikes.all() and lost > 0


def test_what_cannot_be_shown_is_refused() -> None:
    net, bits = draw_net(7, (6, 9, 4), batch=3), SpikeTrains.from_array(raster())
    with pytest.raises(DataError, match="must be spikes of 6 units, got 5"):
        fast_chip(net, LeakyIF()).begin(SpikeTrains.from_array(raster(units=5)), NUMBERS)
    with pytest.raises(CapabilityError, match="are spikes, and neurons that settle hold values"):
        fast_chip(net, CodingSpec()).begin(bits, NUMBERS)


def test_lists_of_spikes() -> None:
    bits = raster()
    made = SpikeTrains.from_array(bits)
    np.testing.assert_array_equal(made.bits(), bits)
    np.testing.assert_array_equal(made[[2, 0, 2]].bits(), bits[[2, 0, 2]])
    np.testing.assert_array_equal(made[1:].bits(), bits[1:])
    assert made.size == bits.sum() and len(made) == 3 and made.shape == (3, 6)
    for sample, begins in enumerate(made.each_tick()):
        for tick in range(TICKS):
            units = made.at[begins[tick] : begins[tick + 1]] % 6
            assert units.tolist() == np.flatnonzero(bits[sample, tick]).tolist()
    # Two events of a unit in one tick are one spike, in whatever order they come.
    zero = np.zeros(3, int)
    found = SpikeTrains.of(zero, np.array([4, 1, 4]), np.array([2, 0, 2]), 1, TICKS, 3)
    assert found.size == 2 and found.bits()[0, 4, 2] == found.bits()[0, 1, 0] == 1
    for change, sentence in (
        ({"ticks": 0}, "must have ticks and units"),
        ({"starts": np.array([0, 3])}, "must begin at 0 and end with the last spike"),
        ({"at": np.array([0, 999])}, "must lie within 9 ticks and 3 units"),
        ({"at": np.array([3, 3])}, "must rise within a sample"),
    ):
        with pytest.raises(DataError, match=sentence):
            dataclasses.replace(found, **change)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"x: row 2, tick 3, unit 1: must be 0 or 1, got 2"):
        wrong = bits.astype(float)
        wrong[1, 2, 0] = 2
        SpikeTrains.from_array(wrong, "x")
