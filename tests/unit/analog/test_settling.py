"""Many steps in one call are the steps that are otherwise taken one by one, and what is counted of them adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.circuit import add_with_gain
from neurochip.analog.counters import CircuitCounters
from neurochip.analog.settling import Currents, paths_of, send_changes, take_steps
from neurochip.analog.step import HARD_SIGMOID, TANH, Driven, Neurons, residuals
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.training.streams import glorot

pytestmark = pytest.mark.interp

SIZES = (5, 9, 6, 4)
BATCH, FIRST_OUTPUT, TICKS = 3, 15, 6
NETWORK = layered(SIZES, tied=False)
STARTS = [0, 9, 15, 19]


class ByHand:
    """The equation in plain Python: each neuron goes a fraction of the way to where its currents would hold it."""

    def __init__(self, kind: int, rng: np.random.Generator) -> None:
        n = STARTS[-1]
        self.kind = kind
        self.neurons = Neurons(
            bias=rng.normal(0, 0.3, n),
            gain=rng.uniform(0.5, 1.5, n),
            offset=rng.normal(0, 0.1, n),
            fraction=rng.uniform(0.2, 0.8, n),
            saturation=rng.uniform(0.7, 1.2, n),
        )
        self.from_input = rng.normal(0, 1, (BATCH, SIZES[1]))
        self.target = rng.uniform(0, 1, (BATCH, SIZES[-1]))
        self.weights = {
            k: rng.normal(0, 0.4, NETWORK.weights_shape(k))
            for k, projection in enumerate(NETWORK.projections)
            if projection.source
        }

    def activity(self, v: Any) -> Any:
        return v if self.kind == HARD_SIGMOID else self.neurons.saturation * np.tanh(v)

    def step(self, v: Any, beta: float) -> Any:
        sent, drive = self.activity(v), np.zeros_like(v)
        drive[:, : SIZES[1]] = self.from_input
        for k, weights in self.weights.items():
            p = NETWORK.projections[k]
            source, target = (slice(*STARTS[layer - 1 : layer + 1]) for layer in (p.source, p.target))
            drive[:, target] += sent[:, source] @ weights
        flow = self.neurons.gain * (drive + self.neurons.bias) + self.neurons.offset - v
        flow[:, FIRST_OUTPUT:] += 2 * beta * (self.target - v[:, FIRST_OUTPUT:])
        moved = v + self.neurons.fraction * flow
        return np.clip(moved, 0, self.neurons.saturation) if self.kind == HARD_SIGMOID else moved


@pytest.mark.parametrize("kind", [HARD_SIGMOID, TANH])
@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_steps_by_hand(kind: int, beta: float) -> None:
    rng = np.random.default_rng(5)
    hand = ByHand(kind, rng)
    paths, ways = paths_of(NETWORK, STARTS, np.float64)
    for k, weights in hand.weights.items():
        ways[k].weights[...] = weights
    voltage = rng.uniform(0, 1, (BATCH, STARTS[-1]))
    expected = voltage.copy()
    zeros = [np.zeros_like(voltage) for _ in range(4)]
    currents = Currents(
        *zeros[:3], np.zeros(voltage.shape, np.int32), zeros[3], np.zeros(BATCH, int), np.zeros(9)
    )
    currents.forward[:, : SIZES[1]] = hand.from_input
    activity = voltage if kind == HARD_SIGMOID else hand.activity(voltage)
    place, products = np.zeros(2, np.int64), 0
    while True:
        driven = Driven(
            voltage, currents.forward, currents.backward, hand.neurons, FIRST_OUTPUT, 2 * beta, hand.target
        )
        layer = take_steps(kind, TICKS, place, driven, activity, 0.0, currents, paths, voltage, False)
        if layer < 0:
            break
        products += 1
        senders = slice(*STARTS[layer : layer + 2])
        for way in ways.values():
            if way.senders == senders:
                drive = currents.forward if way.forward else currents.backward
                drive[:, way.receivers] = activity[:, senders] @ way.weights
        currents.sent[:, senders] = activity[:, senders]
        place[1] += 1
    for _ in range(TICKS):
        expected = hand.step(expected, beta)
    np.testing.assert_allclose(voltage, expected, rtol=0, atol=1e-12)
    assert products >= 3  # nothing had been sent at first
    assert place.tolist() == [TICKS, 0]


def test_a_layer_of_which_too_much_has_changed_is_left_to_the_caller() -> None:
    paths, ways = paths_of(NETWORK, STARTS, np.float64)
    for way in ways.values():
        way.weights[...] = 1.0
    now = np.zeros((BATCH, STARTS[-1]))
    currents = Currents(
        *(np.zeros_like(now) for _ in range(3)),
        np.zeros(now.shape, np.int32),
        np.zeros_like(now),
        np.zeros(BATCH, np.int64),
        np.zeros(9),
    )
    now[0, 2] = 0.5  # of the first layer that is not clamped: one of 27
    now[:, 9:15] = 1.0  # of the second: all
    assert send_changes(0, now, 0.0, currents, paths) == 1
    np.testing.assert_array_equal(currents.forward[0, 9:15], 0.5)
    assert not currents.forward[:, 15:].any() and not currents.backward.any()
    assert not currents.sent[:, 9:].any() and currents.sent[0, 2] == 0.5


@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh", "ekv"])
def test_a_phase_at_once_is_the_phase_in_single_steps(characteristic: Any) -> None:
    spec = AnalogSpec(mismatch=MismatchSpec(sigma=0.3), characteristic=characteristic)
    found = []
    for parts in ((9,), (1,) * 9):
        substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float32)
        substrate.load(glorot(NETWORK, 3))
        substrate.begin(np.random.default_rng(4).random((7, 5)), np.arange(7, dtype=np.uint64))
        for ticks in parts:
            substrate.run(Phase.FREE, ticks)
        found.append(substrate.voltages())
    # After each phase currents are brought up to date, as they are before each step: nothing is summed anew.
    np.testing.assert_array_equal(*found)


def test_pairs_with_offsets_send_what_is_left_after_every_step() -> None:
    substrate = AnalogSubstrate(NETWORK, AnalogSpec(characteristic="tanh"), dtype=np.float64)
    substrate.load(glorot(NETWORK, 3))
    offset = substrate.circuit.pair_offset = np.linspace(-0.2, 0.2, STARTS[-1])
    substrate.begin(np.random.default_rng(4).random((7, 5)), np.arange(7, dtype=np.uint64))
    substrate.run(Phase.FREE, 5)
    np.testing.assert_allclose(substrate.batch.activity, np.tanh(substrate.voltages() - offset), atol=1e-12)


def test_a_residual_that_is_no_number_is_not_lost_among_others() -> None:
    """The neuron after it is at rest, and its own residual must not take the place of NaN."""
    one, zero = np.ones(3), np.zeros(3)
    neurons = Neurons(bias=zero, gain=one, offset=zero, fraction=one, saturation=one)
    voltage, largest = np.array([[0.5, np.nan, 0.5]]), np.zeros(1)
    drive = np.array([[0.7, 0.5, 0.6]])
    at = Driven(voltage, drive, np.zeros((1, 3)), neurons, 3, 0.0, np.zeros((1, 0)))
    residuals(HARD_SIGMOID, at, largest)
    assert np.isnan(largest[0])


def test_a_change_with_gains() -> None:
    rng = np.random.default_rng(2)
    programmed, change, gain = rng.normal(size=(3, 40)).astype(np.float32)
    effective, expected = np.zeros(40, np.float32), programmed + change
    add_with_gain(programmed, change, gain, effective)
    np.testing.assert_array_equal(programmed, expected)
    np.testing.assert_array_equal(effective, expected * gain)


def test_events_are_counted_as_often_as_they_were() -> None:
    """Thousands of events of few kinds, and more kinds than are kept apart: the same counts as of each by itself."""
    counted, total = CircuitCounters(NETWORK), 0
    for k in range(700):
        counted.begin()
        counted.ran(Phase.FREE, 3, 30, nudged=False)
        counted.ran(Phase.NUDGED, 3, 12, nudged=True)
        counted.ran(Phase.NUDGED, 3, 12, nudged=True)
        counted.wrote(1, 45, 6, saturated=k)
        total += k
        if k == 350:
            counted.restore(counted.counters())
    found = counted.counters()
    assert list(found.phases) == [Phase.FREE, Phase.NUDGED, Phase.UPDATE]
    assert found.phases[Phase.NUDGED].presentations == 700 * 3
    assert found.total("neuron_updates") == 700 * (30 + 24) * sum(SIZES[1:])
    assert found.total("nudged_updates") == 700 * 24 * SIZES[-1]
    assert found.total("host_words_in") == 700 * 3 * (SIZES[0] + SIZES[-1])
    assert found.total("weight_saturations") == total
    assert counted.counters().to_json() == found.to_json()


def test_counts_beyond_64_bits_do_not_wrap() -> None:
    counted = CircuitCounters(NETWORK)
    for _ in range(4):
        counted.wrote(1, 2**61, 1)
    assert counted.counters().total("weight_writes") == 2**63
