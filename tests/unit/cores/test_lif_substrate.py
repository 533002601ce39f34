"""Two-compartment neurons on cores against the slow cells, and the laws of a substrate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.compile import compile_network
from neurochip.cores.cell import TwoCompartments
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.cores.synapse_mismatch import SynapseMismatch
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import ConfigError
from neurochip.kernels.random_bits import tick_key, uniform
from neurochip.network import layered
from neurochip.substrate import Observable, Parameters, Phase, WeightUpdate
from neurochip.testing.networks import small_chip
from tests.oracle.two_compartment import SlowCell, SlowMembranes

SIZES = (4, 9, 3)
NEURON = TwoCompartmentLIF(membrane=30.0, synapse=6.0, rate=20.0, refractory=2, period=7.0, margin=0.5)
NUMBERS = np.array([5, 9], dtype=np.uint64)
X = np.array([[0.2, 0.9, 0.0, 1.0], [0.7, 0.4, 0.6, 0.1]])
Y = np.array([[0.0, 0.5, 1.0], [0.8, 0.2, 0.4]])


def parameters(*, tied: bool = True, seed: int = 3) -> Parameters:
    random = np.random.default_rng(seed)
    matrices = [random.uniform(-0.5, 0.9, shape) for shape in ((4, 9), (9, 3), (3, 9))]
    biases = (random.uniform(0.3, 0.9, 9), random.uniform(0.3, 0.9, 3))
    return Parameters(tuple(matrices[:2]), () if tied else (matrices[2],), biases)


def made(
    *,
    tied: bool = True,
    neuron: TwoCompartmentLIF = NEURON,
    neurons_per_core: int | None = None,
    precision: Any = "float64",
    load: bool = True,
    restarted: bool = False,
    **options: Any,
) -> DigitalSubstrate:
    image = compile_network(
        layered(SIZES, tied=tied),
        small_chip(neurons_per_core),
        precision=precision,
        state_words=neuron.state_words,
        trace_words=neuron.trace_words,
    )
    substrate = DigitalSubstrate(image, TwoCompartments(neuron, restarted), **options)
    if load:
        substrate.load(parameters(tied=tied))
    return substrate


def slow(sample: int, *, tied: bool, neuron: TwoCompartmentLIF, seed: int) -> SlowMembranes:
    held = parameters(tied=tied)
    key = tick_key(np.uint64(seed) ^ np.uint64(3 << 56), NUMBERS[sample], np.uint64(0))
    number, layers = 0, []
    for size in SIZES:
        cells = []
        for _ in range(size):
            share = float(uniform(key, np.uint64(number))) if neuron.start == "spread" else 0.0
            cell = SlowCell(
                neuron.membrane,
                neuron.synapse,
                neuron.rate,
                neuron.refractory,
                neuron.period,
                -neuron.margin,
                -neuron.fall,
                neuron.reset == "carry",
                u=-neuron.fall * (1 - share),
            )
            cells.append(cell)
            number += 1
        layers.append(cells)
    back = held.weights[1].T if tied else held.feedback[0]
    links = {
        (0, 1): held.weights[0].tolist(),
        (1, 2): held.weights[1].tolist(),
        (2, 1): back.tolist(),
    }
    bias = [[], *(b.tolist() for b in held.biases)]
    return SlowMembranes(layers, links, bias, neuron.drive_at(X[sample]).tolist())


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("neurons_per_core", [None, 4])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(
    "neuron", [NEURON, replace(NEURON, reset="value", start="rest"), replace(NEURON, refractory=0)]
)
def test_every_spike_equals_the_slow_cells(
    neurons_per_core: int | None, tied: bool, neuron: TwoCompartmentLIF
) -> None:
    substrate = made(tied=tied, neuron=neuron, neurons_per_core=neurons_per_core, seed=7)
    substrate.begin(X, NUMBERS)
    plan = [(Phase.FREE, 60, 0.0), (Phase.NUDGED, 40, 1.0), (Phase.NUDGED_NEGATIVE, 30, -0.5)]
    runs = [
        substrate.run(phase, ticks, beta=beta, targets=Y if beta else None, record=("spikes", "states"))
        for phase, ticks, beta in plan
    ]
    share = 1 - np.exp(-1 / neuron.rate)
    sops = sent = 0
    for sample in range(2):
        cells = slow(sample, tied=tied, neuron=neuron, seed=7)
        for (_, ticks, beta), settled in zip(plan, runs, strict=True):
            for t in range(ticks):
                fired = cells.tick(share, beta, neuron.drive_at(Y[sample]).tolist())
                for k in range(3):
                    assert settled.spikes[k][t, sample].tolist() == fired[k]
                    rates = [cell.r for cell in cells.layers[k]]
                    np.testing.assert_allclose(settled.states[k][t, sample], rates, rtol=0, atol=1e-12)
        sops += cells.sops
        sent += cells.spikes
    assert sent > 100
    counters = substrate.counters()
    assert counters.total("spikes_sent") == sent
    assert counters.total("sops") == sops
    assert counters.ticks() == 2 * 130


def test_cores_and_samples_change_nothing() -> None:
    ends = []
    for neurons_per_core, batch in ((None, [0, 1]), (2, [0, 1]), (None, [1])):
        substrate = made(neurons_per_core=neurons_per_core, precision="float32")
        substrate.begin(X[batch], NUMBERS[batch])
        substrate.run(Phase.FREE, 200)
        ends.append(substrate.observe(Observable.SPIKES, 1)[-1].tolist())
        rates = substrate.observe(Observable.VALUE, 1)[-1]
        assert rates.max() > 0.2
        ends.append(rates.round(5).tolist())
    assert ends[0:2] == ends[2:4] == ends[4:6]


def test_conservation_and_bias_in_the_counters() -> None:
    substrate = made(neurons_per_core=3, precision="float32")
    substrate.begin(X, NUMBERS)
    for _ in range(3):
        substrate.run(Phase.FREE, 50)
    counters = substrate.counters()
    assert counters.total("packets") > 0
    assert counters.total("packets") == counters.total("spikes_delivered") + counters.total(
        "spikes_in_flight"
    )
    # Updates: every neuron but the inputs, and one that always fires on each of the three + one cores.
    assert counters.total("neuron_updates") == 2 * 150 * (9 + 3) + 2 * 150 * (3 + 1)
    assert counters.total("clamped_updates") == 2 * 150 * 4


def test_restarted_rates_begin_anew_with_each_run() -> None:
    substrate = made(restarted=True)
    substrate.begin(X, NUMBERS)
    substrate.run(Phase.FREE, 50)
    short = substrate.run(Phase.FREE, 10, record=("spikes", "states"))
    # The first share is all of s: nothing of the last run is left.
    plain = made()
    plain.begin(X, NUMBERS)
    plain.run(Phase.FREE, 50)
    running = plain.run(Phase.FREE, 10, record=("states",))
    assert not np.allclose(short.states[1][0], running.states[1][0])
    ends = made(neuron=replace(NEURON, rate=1e-6))  # r = s
    ends.begin(X, NUMBERS)
    ends.run(Phase.FREE, 50)
    s = ends.run(Phase.FREE, 10, record=("states",)).states[1]
    np.testing.assert_allclose(short.states[1][0], s[0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(short.states[1][9], s.mean(axis=0), rtol=0, atol=1e-12)


def test_both_ends_of_a_synapse_know_the_same_rate() -> None:
    substrate = made(traced=True)
    substrate.begin(X, NUMBERS)
    settled = substrate.run(Phase.FREE, 300, record=("spikes",))
    trace = substrate.observe(Observable.TRACE, 1)
    np.testing.assert_array_equal(trace, substrate.observe(Observable.VALUE, 1))
    # The trace is a function of the spikes alone.
    keep, share = np.exp(-1 / NEURON.synapse), 1 - np.exp(-1 / NEURON.rate)
    s = r = np.zeros((2, 9))
    for bits in settled.spikes[1]:
        s = keep * s + (1 - keep) * NEURON.period * bits
        r = r + share * (s - r)
    np.testing.assert_allclose(trace, r, rtol=0, atol=1e-12)


@pytest.mark.parametrize("precision", ["float64", "float32", "int8"])
def test_no_mismatch_is_the_identity(precision: Any) -> None:
    ends = []
    for mismatch in (None, SynapseMismatch(deviation=0.0)):
        substrate = made(precision=precision, mismatch=mismatch, weight_range=1.0)
        substrate.begin(X, NUMBERS)
        ends.append(substrate.run(Phase.FREE, 100, record=("spikes",)).spikes[1].sum(axis=0).tolist())
    assert np.sum(ends[0]) > 50
    assert ends[0] == ends[1]


@pytest.mark.parametrize("spread", ["log-normal", "gaussian"])
def test_mismatch_has_the_mean_and_deviation_that_it_names(spread: Any) -> None:
    draws = SynapseMismatch(deviation=0.3, spread=spread).draw(np.random.default_rng(1), 200_000)
    assert draws.mean() == pytest.approx(1.0, abs=0.003)
    assert draws.std() == pytest.approx(0.3, abs=0.003)


def test_a_seed_is_a_chip() -> None:
    def weights(seed: int) -> Any:
        substrate = made(mismatch=SynapseMismatch(deviation=0.2, seed=seed), neurons_per_core=4)
        return substrate.delivered.weights

    np.testing.assert_array_equal(weights(1), weights(1))
    assert not np.array_equal(weights(1), weights(2))


def test_learning_changes_what_is_held_and_mismatch_stays() -> None:
    substrate = made(mismatch=SynapseMismatch(deviation=0.2, seed=1), tied=False)
    before = substrate.delivered.weights.copy()
    held = substrate.parameters().weights[0]
    change = (np.ones((1, 4)), np.ones((1, 9)))
    substrate.write_weights([WeightUpdate(0, (change,), 0.25, 0)], [np.ones(9), None])
    np.testing.assert_allclose(substrate.parameters().weights[0], held + 0.25)
    moved = substrate.delivered.weights - before
    factors = moved[moved != 0] / 0.25
    assert factors.size == 36
    assert factors.std() == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"deviation": -0.1}, "mismatch.deviation: must be ≥ 0 and finite, got -0.1"),
        ({"deviation": float("nan")}, "mismatch.deviation: must be ≥ 0 and finite, got nan"),
        (
            {"deviation": 0.1, "spread": "flat"},
            'mismatch.spread: must be "log-normal" or "gaussian", got \'flat\'',
        ),
    ],
)
def test_mismatch_refuses(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SynapseMismatch(**wrong)
    assert str(caught.value) == sentence
