"""Laws of graphs whose populations have neurons of different kinds: against an oracle in plain Python."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.description.neuron import state_words
from neurochip.elements import OSA, Constant, Predictive, Stochastic
from neurochip.elements.neurons.current_based import CubaLIF
from neurochip.elements.neurons.leaky import LeakyIF
from neurochip.elements.neurons.perfect import IF
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import CapabilityError
from neurochip.kernels.random_bits import mix, tick_key, uniform
from neurochip.network import Network, Population, Projection, layered
from neurochip.substrate import Observable, Phase
from neurochip.substrate.fitting import projection_matrices
from neurochip.testing.networks import small_chip
from tests.oracle.mixed_graph import Fires, Holds, Settles, SlowMixedGraph, Soma
from tests.oracle.slow_graph import Way
from tests.oracle.spiking_neurons import Cuba, Leaky, Perfect
from tests.oracle.two_compartment import SlowCell
from tests.property.networks import checked, seeds, slow_coding
from tests.property.test_graphs import drawn, graphs

FREE, NUDGED, BETA, SEED = 40, 25, 0.4, 3
NUMBERS = np.array([5, 11], dtype=np.uint64)
SETTLING = CodingSpec(annealer=OSA(0.0346, 1e-9))
KINDS: tuple[Any, ...] = (
    SETTLING,
    IF(),
    LeakyIF(membrane=15.0, refractory=2, reset="value", filter=30.0, period=8.0),
    CubaLIF(synapse=5.0, readout="integrator"),
    TwoCompartmentLIF(membrane=20.0, synapse=5.0, rate=30.0, margin=0.2, start="spread"),
)


def words(kind: Any) -> int:
    return state_words(kind) if isinstance(kind, CodingSpec) else int(kind.state_words)


def on_cores(network: Network, kinds: Any, neurons: int = 3, **how: Any) -> DigitalSubstrate:
    image = compile_network(
        network,
        small_chip(neurons, mesh=(9, 9, 2)),
        precision="float64",
        state_words=[words(kind) for kind in kinds],
    )
    return DigitalSubstrate(image, kinds, seed=SEED, **how)


def draws(kinds: Any, sample: int, tick: int) -> Any:
    """The draws of a tick, tick 0 for what is drawn at the beginning; their seed is that of the first population."""
    first = kinds[0]
    if isinstance(first, TwoCompartmentLIF):
        key = np.uint64(SEED) ^ (np.uint64(3) << np.uint64(56))
    else:
        key = np.uint64(mix(np.uint64(SEED), np.uint64(1 if isinstance(first, CodingSpec) else 3)))
    of_tick = np.uint64(tick_key(key, NUMBERS[sample], np.uint64(tick)))
    return lambda neuron: float(uniform(of_tick, np.uint64(neuron)))


def slow_neuron(
    kinds: Any, kind: Any, of: Population, number: int, sample: int, bias: float, x: float
) -> Any:
    if isinstance(kind, CodingSpec):
        coding = slow_coding(kind)

        def later(tick: int) -> float:
            return float(draws(kinds, sample, tick)(number))

        return Holds(x, coding, later) if of.clamped else Settles(number, bias, coding, later)
    begin = draws(kinds, sample, 0)(number) if kind.start == "spread" else 0.0
    if isinstance(kind, TwoCompartmentLIF):
        cell = SlowCell(
            kind.membrane, kind.synapse, kind.rate, kind.refractory, kind.period, -kind.margin, -kind.fall,
            kind.reset == "carry", u=-kind.fall * (1.0 - begin),
        )  # fmt: skip
        drive = float(kind.drive_at(x)) if of.clamped else None
        return Soma(cell, bias=bias, drive=drive, target=lambda y: float(kind.drive_at(y)))
    if isinstance(kind, IF):
        membrane: Any = Perfect(kind.lowest)
    elif isinstance(kind, CubaLIF):
        membrane = Cuba(kind.synapse, kind.membrane, kind.refractory, kind.reset)
    else:
        membrane = Leaky(kind.membrane, kind.refractory, kind.reset)
    return Fires(
        membrane,
        tuple(kind.currents),
        kind.period,
        kind.filter,
        bias=bias,
        x=x if of.clamped else None,
        begins=begin,
        integrates=of.output and kind.readout == "integrator",
    )


def slow(network: Network, kinds: Any, parameters: Any, x: Any, sample: int) -> SlowMixedGraph:
    biases = iter(parameters.biases)
    number, left, neurons = 0, list(x[sample]), []
    for population, kind in zip(network.populations, kinds, strict=True):
        held = [float(left.pop(0)) for _ in range(population.size)] if population.clamped else []
        bias = [0.0] * population.size if population.clamped else next(biases).tolist()
        neurons.append(
            [
                slow_neuron(kinds, kind, population, number + j, sample, bias[j], held[j] if held else 0.0)
                for j in range(population.size)
            ]
        )
        number += population.size
    ways = [
        Way(
            p.source,
            p.target,
            [(i, j, float(w[i, j])) for i in range(w.shape[0]) for j in range(w.shape[1])],
            p.delay,
        )
        for p, w in zip(network.projections, projection_matrices(network, parameters), strict=True)
    ]
    return SlowMixedGraph(neurons, ways, list(network.outputs))


def ran(network: Network, kinds: Any, parameters: Any, x: Any, y: Any, **how: Any) -> Any:
    made = on_cores(network, kinds, **how)
    made.load(parameters)
    made.begin(x, NUMBERS)
    free = made.run(Phase.FREE, FREE, record=("spikes", "states"))
    nudged = made.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes", "states"))
    joined = [
        [np.concatenate([a, b]) for a, b in zip(getattr(free, name), getattr(nudged, name), strict=True)]
        for name in ("spikes", "states")
    ]
    return made, joined[0], joined[1]


def kinds_of(network: Network, seed: int) -> tuple[Any, ...]:
    """Draw a kind for each population; two inputs that fire would take places for two kinds each."""
    rng = np.random.default_rng(seed)
    picked = [KINDS[k] for k in rng.integers(len(KINDS), size=len(network.populations))]
    for k in network.inputs[1:]:
        picked[k] = picked[network.inputs[0]]
    return tuple(picked)


@given(network=graphs(), seed=seeds)
@checked(12)
def test_a_mixed_graph_on_cores_is_the_graph_written_out(network: Network, seed: int) -> None:
    kinds = kinds_of(network, seed)
    parameters, x, y = drawn(network, seed)
    made, spikes, values = ran(network, kinds, parameters, x, y)
    operations = 0
    for sample in range(2):
        oracle = slow(network, kinds, parameters, x, sample)
        oracle.run(FREE)
        oracle.run(NUDGED, BETA, y[sample].tolist())
        operations += oracle.operations
        for k in range(len(network.sizes)):
            np.testing.assert_array_equal(spikes[k][:, sample], [tick[k] for tick in oracle.history])
            np.testing.assert_allclose(values[k][:, sample], [tick[k] for tick in oracle.values], atol=1e-11)
            np.testing.assert_allclose(
                made.observe(Observable.VALUE, k)[sample], oracle.values[-1][k], atol=1e-11
            )
    # The neuron that brings biases to two-compartment cores fires in every tick, and acts from the second one on.
    always = sum(
        population.size * 2 * (FREE + NUDGED - 1)
        for population, kind in zip(network.populations, kinds, strict=True)
        if isinstance(kind, TwoCompartmentLIF) and not population.clamped
    )
    assert made.counters().total("sops", Phase.FREE, Phase.NUDGED) == operations + always


MIXED: tuple[tuple[Any, ...], ...] = (
    (SETTLING, KINDS[2], SETTLING, KINDS[2]),
    (KINDS[1], SETTLING, KINDS[2], KINDS[3]),
    (KINDS[2], KINDS[1], KINDS[4], SETTLING),
)


# Each compiles a loop of its own: a quarter of a minute.
@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param(kinds, marks=[pytest.mark.slow] if k >= 4 else [], id=str(k))
        for k, kinds in enumerate(MIXED)
    ],
)
def test_what_a_spike_stands_for_and_which_kind_stands_where_is_noticed(kinds: Any) -> None:
    """Controls: with a spike worth 1 whoever sends it, or two populations exchanged, the oracle is another network."""
    network = layered((5, 6, 4, 3))
    parameters, x, y = drawn(network, 8)
    _, spikes, _ = ran(network, kinds, parameters, x, y)

    def differ(oracle: SlowMixedGraph) -> int:
        oracle.run(FREE)
        oracle.run(NUDGED, BETA, y[0].tolist())
        found = [
            np.count_nonzero(spikes[k][:, 0] != np.array([tick[k] for tick in oracle.history]))
            for k in range(4)
        ]
        return sum(found)

    right = slow(network, kinds, parameters, x, 0)
    assert differ(right) == 0
    cheap = slow(network, kinds, parameters, x, 0)
    cheap.worths = [1.0] * 4
    assert differ(cheap) > 10
    exchanged = slow(network, (kinds[0], kinds[2], kinds[1], kinds[3]), parameters, x, 0)
    assert differ(exchanged) > 10


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_the_same_kind_everywhere_is_that_kind(kind: Any) -> None:
    network = layered((5, 6, 3), tied=False)
    parameters, x, y = drawn(network, 2)
    made = [ran(network, (kind,) * 3, parameters, x, y)]
    image = made[0][0].image
    alone = DigitalSubstrate(image, kind, seed=SEED)
    alone.load(parameters)
    alone.begin(x, NUMBERS)
    free = alone.run(Phase.FREE, FREE, record=("spikes", "states"))
    for k in range(3):
        np.testing.assert_array_equal(free.spikes[k], made[0][1][k][:FREE])
        np.testing.assert_array_equal(free.states[k], made[0][2][k][:FREE])


def test_a_mixed_graph_goes_on_where_a_snapshot_was_taken() -> None:
    network = layered((5, 6, 4, 3))
    parameters, x, y = drawn(network, 4)
    made = on_cores(network, MIXED[2])
    made.load(parameters)
    made.begin(x, NUMBERS)
    made.run(Phase.FREE, FREE)
    kept, ends = made.snapshot(), []
    for _ in range(2):
        ends.append(made.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes", "states")))
        made.restore(kept)
    for a, b in zip((*ends[0].spikes, *ends[0].states), (*ends[1].spikes, *ends[1].states), strict=True):
        np.testing.assert_array_equal(a, b)


def test_step_sizes_are_of_those_that_settle() -> None:
    network = layered((5, 6, 4, 3))
    parameters, x, _ = drawn(network, 4)
    made = on_cores(network, MIXED[0])
    made.load(parameters)
    made.begin(x, NUMBERS)
    found = made.run(Phase.FREE, FREE, record=("step_sizes",)).step_sizes
    assert [bool(np.any(sizes)) for sizes in found] == [False, False, True, False]


def test_stochastic_encoders_draw_their_own() -> None:
    coding = CodingSpec(encoder=Stochastic(None), decoder=Predictive(0.3), annealer=Constant(0.3))
    kinds = (IF(start="spread"), coding, LeakyIF())
    network = layered((5, 6, 3))
    parameters, x, y = drawn(network, 6)
    _, spikes, _ = ran(network, kinds, parameters, x, y)
    oracle = slow(network, kinds, parameters, x, 1)
    oracle.run(FREE)
    for k in range(3):
        np.testing.assert_array_equal(spikes[k][:FREE, 1], [tick[k] for tick in oracle.history])


def test_traces_of_a_decoder_need_spikes_that_mean_the_same() -> None:
    network = layered((5, 6, 3), tied=False)
    alike = (IF(), LeakyIF(membrane=30.0), CubaLIF())  # period and filter of all are the default
    made = on_cores(network, alike, traced=True)
    parameters, x, _ = drawn(network, 6)
    made.load(parameters)
    made.begin(x, NUMBERS)
    made.run(Phase.FREE, FREE)
    assert made.observe(Observable.TRACE, 1).any()
    for other in ((IF(), SETTLING, IF()), (IF(), IF(period=7.0), IF()), (IF(), KINDS[4], IF())):
        with pytest.raises(CapabilityError, match='set it to "count"'):
            on_cores(network, other, traced=True)


def test_counts_of_spikes_are_rates_whatever_the_period() -> None:
    network = layered((5, 6, 3), tied=False)
    kinds = (IF(period=4.0), SETTLING, IF(period=9.0))
    made = on_cores(network, kinds, counting=True)
    parameters, x, _ = drawn(network, 6)
    made.load(parameters)
    made.begin(x, NUMBERS)
    bits = made.run(Phase.FREE, FREE, record=("spikes",)).spikes
    for k, period in enumerate((4.0, 1.0, 9.0)):
        np.testing.assert_allclose(
            made.observe(Observable.RATE, k), bits[k].sum(axis=0) * period / FREE, rtol=1e-12
        )


def test_there_may_be_as_many_kinds_as_populations() -> None:
    network = layered((2,) * 12)
    kinds = tuple(dataclasses.replace(IF(), period=4.0 + k) for k in range(12))
    parameters, x, y = drawn(network, 6)
    _, spikes, _ = ran(network, kinds, parameters, x, y)
    oracle = slow(network, kinds, parameters, x, 0)
    oracle.run(FREE)
    for k in range(12):
        np.testing.assert_array_equal(spikes[k][:FREE, 0], [tick[k] for tick in oracle.history])
    assert sum(bool(population.any()) for population in spikes) > 8


def test_a_loop_of_one_kind_within_another_keeps_its_delay() -> None:
    populations = (Population("in", 3, clamped=True), Population("a", 4), Population("out", 2, output=True))
    forward = (Projection(0, 1, delay=3), Projection(1, 1, delay=2), Projection(1, 2))
    network = Network(populations, forward)
    parameters, x, y = drawn(network, 12)
    kinds = (SETTLING, IF(), SETTLING)
    _, spikes, _ = ran(network, kinds, parameters, x, y, neurons=2)
    oracle = slow(network, kinds, parameters, x, 0)
    oracle.run(FREE)
    for k in range(3):
        np.testing.assert_array_equal(spikes[k][:FREE, 0], [tick[k] for tick in oracle.history])
