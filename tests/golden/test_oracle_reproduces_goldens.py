"""The slow chip against the authors' code: every spike, state, step size and weight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.golden.recorded_runs import BINARY, REAL_VALUED, RecordedRun, digest_of, load_run, recorded_digests
from tests.oracle.annealers import OSA, Scheduled
from tests.oracle.coders import Constant, PowerLaw, SigmaDelta
from tests.oracle.events import PhaseEvents
from tests.oracle.learning import added, bias_change, tied_change
from tests.oracle.neuron import Coding
from tests.oracle.real_valued import settle_real
from tests.oracle.settle import Settled, settle
from tests.oracle.slow_chip import SlowChip

TOLERANCE = 1e-12
CODINGS = {
    "osa_predictive": Coding(
        lambda _: SigmaDelta(), lambda: OSA(0.0346, 1e-15), Constant(0.275), Constant(0.275)
    ),
    "osa_plain": Coding(lambda _: SigmaDelta(), lambda: OSA(0.0503, 1e-7)),
    "polynomial_predictive": Coding(
        lambda _: SigmaDelta(),
        lambda: Scheduled(PowerLaw(0.775, 0.313)),
        PowerLaw(0.67, 0.578),
        PowerLaw(0.67, 0.578),
    ),
    "osa_scheduled_lambda": Coding(
        lambda _: SigmaDelta(), lambda: OSA(0.108, 1e-7), PowerLaw(0.39, 0.45), PowerLaw(0.39, 0.45)
    ),
}


@pytest.fixture(scope="module", params=BINARY)
def pair(request: pytest.FixtureRequest) -> tuple[RecordedRun, Settled]:
    """One recorded run and what the slow chip makes of it."""
    run = load_run(request.param)
    chip = SlowChip(
        [w.tolist() for w in run.weights], [b.tolist() for b in run.biases], CODINGS[request.param]
    )
    settled = settle(
        chip, run.x.tolist(), run.y.tolist(), n_free=run.n_free, n_nudged=run.n_nudged, beta=run.beta
    )
    return run, settled


def by_tick(values: list[Any]) -> Any:
    """Turn [sample][tick][unit] into an array [tick, sample, unit]."""
    return np.array(values).transpose(1, 0, 2)


def test_files_are_those_of_the_provenance() -> None:
    digests = recorded_digests()
    assert len(digests) == 10
    assert {name: digest_of(name) for name in digests} == digests


def test_every_spike(pair: tuple[RecordedRun, Settled]) -> None:
    run, settled = pair
    assert len(run.spikes) == len(run.sizes)
    for k, spikes in run.spikes.items():
        np.testing.assert_array_equal(by_tick(settled.spikes[k]), spikes)


def test_states_and_step_sizes(pair: tuple[RecordedRun, Settled]) -> None:
    run, settled = pair
    at = run.state_ticks - 1
    for k, states in run.states.items():
        np.testing.assert_allclose(by_tick(settled.states[k])[at], states, rtol=0, atol=TOLERANCE)
    for k, epsilons in run.epsilons.items():
        np.testing.assert_allclose(by_tick(settled.epsilons[k])[at], epsilons, rtol=0, atol=TOLERANCE)


def test_weights_and_biases_after_one_update(pair: tuple[RecordedRun, Settled]) -> None:
    run, settled = pair
    for k, rate in enumerate(run.learning_rates):
        change = tied_change(settled.minus, settled.plus, k, rate=rate, span=settled.span)
        weights = added(run.weights[k].tolist(), change)
        np.testing.assert_allclose(weights, run.weights_after[k], rtol=0, atol=TOLERANCE)
        shift = bias_change(settled.minus[k + 1], settled.plus[k + 1], rate=rate, span=settled.span)
        np.testing.assert_allclose(run.biases[k] + shift, run.biases_after[k], rtol=0, atol=TOLERANCE)


def test_counters_counts_the_recorded_spikes(pair: tuple[RecordedRun, Settled]) -> None:
    run, settled = pair
    free, nudged = settled.counters["free"], settled.counters["nudged"]
    phases: tuple[tuple[PhaseEvents, slice], ...] = (
        (free, slice(0, run.n_free)),
        (nudged, slice(run.n_free, None)),
    )
    for events, ticks in phases:
        for k, spikes in run.spikes.items():
            assert events.layer_sent(k) == int(spikes[ticks].sum())
    last = [int(spikes[run.n_free - 1].sum()) for spikes in run.spikes.values()]
    assert free.in_flight == sum(last)
    assert free.total_sent() == free.spikes_delivered + free.in_flight
    assert free.in_flight + nudged.total_sent() == nudged.spikes_delivered + nudged.in_flight


def test_real_valued_dynamics() -> None:
    run = load_run(REAL_VALUED)
    weights, biases = [w.tolist() for w in run.weights], [b.tolist() for b in run.biases]
    settled = [
        settle_real(weights, biases, x, y, n_free=run.n_free, n_nudged=run.n_nudged, beta=run.beta)
        for x, y in zip(run.x.tolist(), run.y.tolist(), strict=True)
    ]
    layers = range(len(run.sizes))
    states = [[sample[k] for sample in settled] for k in layers]
    for k, recorded in run.states.items():
        found = by_tick(states[k])[run.state_ticks - 1]
        np.testing.assert_allclose(found, recorded, rtol=0, atol=TOLERANCE)
    minus = [[sample[run.n_free - 1] for sample in states[k]] for k in layers]
    plus = [[sample[-1] for sample in states[k]] for k in layers]
    for k, rate in enumerate(run.learning_rates):
        change = tied_change(minus, plus, k, rate=rate, span=run.beta)
        np.testing.assert_allclose(added(weights[k], change), run.weights_after[k], rtol=0, atol=TOLERANCE)
        shift = bias_change(minus[k + 1], plus[k + 1], rate=rate, span=run.beta)
        np.testing.assert_allclose(run.biases[k] + shift, run.biases_after[k], rtol=0, atol=TOLERANCE)
