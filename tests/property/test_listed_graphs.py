"""Laws of synapses that are listed, or share weights, on cores: against an oracle that has each of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description.neuron import state_words
from neurochip.elements import Constant
from neurochip.elements.connections import Convolution, OneToOne, Pooling, Sparse
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import Network, Population, Projection, as_matrix
from neurochip.substrate import Parameters, Phase, WeightUpdate
from neurochip.substrate.fitting import projection_matrices
from neurochip.testing.networks import small_chip
from tests.oracle.slow_graph import SlowGraph, Way
from tests.property.networks import checked, seeds, slow_coding
from tests.property.test_graphs import CODING

BETA = 0.4


def network(seed: int, tied: bool = True) -> Network:
    """Maps, means of them, a population beside them, and an output."""
    rng = np.random.default_rng(seed)
    maps = Convolution((2, 4, 5), 3, (3, 2), padding=(1, 0))
    pools = Pooling(maps.target, 2)
    n = pools.targets
    pairs = [(i, j) for i in range(n) for j in range(n) if rng.random() < 0.3]
    sparse, _ = Sparse.from_pairs(n, n, *(np.array(pairs).T if pairs else np.zeros((2, 0), int)))
    populations = (
        Population("in", 40, clamped=True, shape=(2, 4, 5)),
        Population("maps", maps.targets, shape=maps.target),
        Population("means", n, shape=pools.target),
        Population("side", n),
        Population("out", 3, output=True),
    )
    forward = [
        Projection(0, 1, connection=maps),
        Projection(1, 2, connection=pools),
        Projection(2, 3, connection=sparse),
        Projection(2, 3, connection=OneToOne(n, n), delay=2),
        Projection(3, 4),
    ]
    back = [
        Projection(2, 1, 1, True, connection=pools.transposed()),
        Projection(3, 2, 2, tied, connection=sparse.transposed()),
        Projection(4, 3, 4, tied),
    ]
    return Network(populations, tuple(forward + back))


def drawn(of: Network, seed: int) -> tuple[Parameters, Any, Any]:
    rng = np.random.default_rng(seed)
    parameters = Parameters(
        tuple(rng.uniform(-0.7, 0.9, of.weights_shape(k)) for k in of.forward),
        tuple(rng.uniform(-0.5, 0.5, of.weights_shape(k)) for k in of.own_feedback),
        tuple(rng.uniform(-0.1, 0.4, of.sizes[k]) for k in of.updated),
    )
    return parameters, rng.uniform(0, 1, (2, 40)), rng.uniform(0, 1, (2, 3))


def on_cores(of: Network, neurons: int, precision: Any = "float64", **how: Any) -> DigitalSubstrate:
    chip = small_chip(neurons, mesh=(9, 9, 2))
    image = compile_network(of, chip, precision=precision, state_words=state_words(CODING))
    return DigitalSubstrate(image, CODING, **how)


@cache
def ran(seed: int, neurons: int, precision: str = "float64") -> Any:
    of = network(seed)
    parameters, x, y = drawn(of, seed)
    made = on_cores(of, neurons, precision)
    made.load(parameters)
    made.begin(x, np.arange(2, dtype=np.uint64))
    free = made.run(Phase.FREE, 17, record=("spikes", "states"))
    nudged = made.run(Phase.NUDGED, 8, beta=BETA, targets=y, record=("spikes", "states"))
    return made, free, nudged


@given(seed=seeds, neurons=st.sampled_from([4, 9, 60]))
@checked(3)
def test_what_is_listed_is_what_is_delivered_and_counted(seed: int, neurons: int) -> None:
    made, free, nudged = ran(seed, neurons)
    of = made.image.network
    parameters, x, y = drawn(of, seed)
    matrices = projection_matrices(of, parameters)
    ways = []
    for p, weights in zip(of.projections, matrices, strict=True):
        matrix = as_matrix(p, weights)
        if p.connection is None:
            pairs = [(i, j) for i in range(matrix.shape[0]) for j in range(matrix.shape[1])]
        else:
            pairs = [(int(i), int(j)) for i, j, _ in zip(*p.connection.edges(), strict=True)]
        ways.append(Way(p.source, p.target, [(i, j, float(matrix[i, j])) for i, j in pairs], p.delay))
    biases = iter(parameters.biases)
    slow = SlowGraph(
        list(of.sizes),
        [None if p.clamped else next(biases).tolist() for p in of.populations],
        ways,
        list(of.outputs),
        slow_coding(CODING),
    )
    operations, packets, hops = 0, 0, [0, 0]
    place = made.image.chip.mesh.position
    cores = [[made.image.cores[c] for c in made.image.cores_of(p)] for p in range(len(of.sizes))]
    for sample in range(2):
        slow.begin(x[sample].tolist())
        slow.run(17)
        slow.run(8, BETA, y[sample].tolist())
        operations += sum(slow.operations)
        for k in range(len(of.sizes)):
            spikes = np.concatenate([free.spikes[k], nudged.spikes[k]])[:, sample]
            states = np.concatenate([free.states[k], nudged.states[k]])[:, sample]
            np.testing.assert_array_equal(spikes, [tick[k] for tick in slow.history])
            np.testing.assert_allclose(states, [tick[k] for tick in slow.states], atol=1e-12)
            # A packet for each core on which the neuron has a synapse, over whatever projection.
            for unit in range(of.sizes[k]):
                reached = {
                    (way.target, c)
                    for way in ways
                    if way.source == k
                    for i, j, _ in way.synapses
                    for c, core in enumerate(cores[way.target])
                    if i == unit and core.first <= j < core.last
                }
                sent = int(spikes[:, unit].sum())
                packets += sent * len(reached)
                [x0] = [place(core.site) for core in cores[k] if core.first <= unit < core.last]
                for target, c in reached:
                    x1 = place(cores[target][c].site)
                    hops = [total + sent * abs(b - a) for total, a, b in zip(hops, x0, x1, strict=True)]
    counters = made.counters()
    assert counters.total("sops", Phase.FREE, Phase.NUDGED) == operations
    assert counters.total("packets", Phase.FREE, Phase.NUDGED) == packets
    for name, total in zip(("hops_ew", "hops_ns"), hops, strict=True):
        assert counters.total(name, Phase.FREE, Phase.NUDGED) == total, name


@pytest.mark.parametrize("precision", ["float64", "int8"])
def test_the_mapping_changes_nothing_but_packets(precision: str) -> None:
    (one, *few), (other, *many) = ran(3, 60, precision), ran(3, 4, precision)
    for a, b in zip(few, many, strict=True):
        for x, y in zip((*a.spikes, *a.states), (*b.spikes, *b.states), strict=True):
            np.testing.assert_array_equal(x, y)
    names = ("sops", "neuron_updates", "spikes_sent")
    for name in names:
        totals = [made.counters().total(name, Phase.FREE, Phase.NUDGED) for made in (one, other)]
        assert totals[0] == totals[1], name
    assert len(one.image.cores) < len(other.image.cores)


def test_a_kernel_stands_on_a_core_once() -> None:
    made = on_cores(network(1), 200, "int8")
    of, image = made.image.network, made.image
    (core,) = (image.cores[c] for c in image.cores_of(1))
    kernel, means = of.projections[0].connection, of.projections[5].connection
    assert kernel is not None and means is not None
    assert core.used.synapse_memory == 3 * 2 * 2 * 3 * 8 + means.memory_bits(8, np.arange(core.size))
    assert core.used.synapse_memory < core.size * 40 * 8 / 20


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", ["cores", "ideal"])
def test_weights_learn_what_their_synapses_give(tied: bool, kind: str) -> None:
    of = network(2, tied)
    parameters, _, _ = drawn(of, 2)
    made: Any = on_cores(of, 6) if kind == "cores" else IdealSubstrate(of, Constant(0.4), dtype=np.float64)
    made.load(parameters)
    rng = np.random.default_rng(4)
    updates, wanted = [], []
    for k in of.forward:
        p = of.projections[k]
        ends = [tuple(rng.normal(size=(3, of.sizes[e])) for e in (p.source, p.target)) for _ in range(2)]
        updates.append(WeightUpdate(k, tuple(ends), 0.1, 1))
        outer = sum(pre.T @ post for pre, post in ends)
        if p.connection is None:
            wanted.append(parameters.weights[k] + 0.1 * outer)
            continue
        change = np.zeros(int(np.prod(p.connection.shape)))
        for i, j, w in zip(*p.connection.edges(), strict=True):
            if change.size:
                change[w] += outer[i, j]
        wanted.append(parameters.weights[k] + 0.1 * change.reshape(p.connection.shape))
    made.write_weights(updates, [None] * len(of.updated))
    after = made.parameters()
    for k, weights in zip(of.forward, wanted, strict=True):
        np.testing.assert_allclose(after.weights[k], weights, atol=1e-12)
    if kind == "cores":
        # What stands on a core is what is delivered: the transpose followed.
        values = projection_matrices(of, after)
        for p in of.projections:
            np.testing.assert_allclose(
                made._layout.values(made.delivered.weights, p.index), values[p.index], atol=1e-12
            )


def test_integers_learn_within_their_range() -> None:
    of = network(2)
    parameters, _, _ = drawn(of, 2)
    made = on_cores(of, 6, "int8", rounding="stochastic", weight_range=1.0)
    made.load(parameters)
    before = made.parameters()
    ends = tuple(np.ones((4, of.sizes[k])) for k in (0, 1))
    made.write_weights([WeightUpdate(0, (ends,), 1.0, 1)], [None] * len(of.updated))
    after = made.parameters()
    np.testing.assert_allclose(after.weights[0], 1.0, atol=1e-6)  # 127 steps of 1/127
    np.testing.assert_array_equal(after.weights[2], before.weights[2])
    n = int(np.prod(of.weights_shape(0)))
    cores = len(made.image.cores_of(1))
    assert made.counters().total("weight_saturations", Phase.UPDATE) >= n
    assert made.counters().total("weight_writes", Phase.UPDATE) <= n * cores
