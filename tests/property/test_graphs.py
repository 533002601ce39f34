"""Laws of graphs: any populations and projections, against an oracle that lists every synapse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.description.neuron import state_words
from neurochip.elements import OSA, Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import Network, Population, Projection, layered
from neurochip.substrate import Parameters, Phase
from neurochip.substrate.fitting import projection_matrices
from neurochip.testing.networks import small_chip
from tests.oracle.slow_graph import SlowGraph, Way
from tests.property.networks import checked, seeds, slow_coding

CODING = CodingSpec(annealer=OSA(0.0346, 1e-9))
FREE, NUDGED, BETA = 23, 11, 0.4


@st.composite
def graphs(draw: Any) -> Network:
    """Draw inputs, hidden populations and outputs, with projections between any of them."""
    inputs, hidden, outputs = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
    n = inputs + hidden + outputs
    sizes = draw(st.lists(st.integers(1, 5), min_size=n, max_size=n))
    populations = tuple(
        Population(f"p{k}", size, clamped=k < inputs, output=k >= inputs + hidden)
        for k, size in enumerate(sizes)
    )
    # A chain through all keeps everything reached; more is drawn on top of it.
    ways = [(k, max(inputs, k + 1)) for k in range(n - 1)]
    extra = st.tuples(st.integers(0, n - 1), st.integers(inputs, n - 1))
    ways += draw(st.lists(extra, max_size=3))
    forward, backward = [], []
    for number, (source, target) in enumerate(ways):
        delay = draw(st.sampled_from([1, 1, 1, 2, 4]))
        forward.append(Projection(source, target, delay=delay))
        feedback = "none" if source < inputs else draw(st.sampled_from(["tied", "own", "none"]))
        if feedback != "none":
            backward.append(Projection(target, source, number, feedback == "tied", delay=delay))
    return Network(populations, tuple(forward + backward))


def drawn(network: Network, seed: int, samples: int = 2) -> tuple[Parameters, Any, Any]:
    rng = np.random.default_rng(seed)

    def matrix(k: int) -> Any:
        n_in, n_out = network.weights_shape(k)
        bound = 1.5 * np.sqrt(6.0 / (n_in + n_out))
        return rng.uniform(-bound, bound, (n_in, n_out))

    parameters = Parameters(
        tuple(matrix(k) for k in network.forward),
        tuple(matrix(k) for k in network.own_feedback),
        tuple(rng.uniform(-0.2, 0.4, network.sizes[k]) for k in network.updated),
    )
    x = rng.uniform(0, 1, (samples, sum(network.sizes[k] for k in network.inputs)))
    y = rng.uniform(0, 1, (samples, sum(network.sizes[k] for k in network.outputs)))
    return parameters, x, y


def on_cores(network: Network, neurons: int = 3, precision: Any = "float64") -> DigitalSubstrate:
    image = compile_network(
        network, small_chip(neurons, mesh=(9, 9, 2)), precision=precision, state_words=state_words(CODING)
    )
    return DigitalSubstrate(image, CODING)


def oracle(network: Network, parameters: Parameters) -> SlowGraph:
    biases = iter(parameters.biases)
    ways = [
        Way(
            p.source,
            p.target,
            [(i, j, float(w[i, j])) for i in range(w.shape[0]) for j in range(w.shape[1])],
            p.delay,
        )
        for p, w in zip(network.projections, projection_matrices(network, parameters), strict=True)
    ]
    return SlowGraph(
        list(network.sizes),
        [None if p.clamped else next(biases).tolist() for p in network.populations],
        ways,
        list(network.outputs),
        slow_coding(CODING),
    )


@given(network=graphs(), seed=seeds)
@checked(6)
def test_a_graph_on_cores_is_the_graph_written_out(network: Network, seed: int) -> None:
    parameters, x, y = drawn(network, seed)
    made = on_cores(network)
    made.load(parameters)
    made.begin(x, np.arange(2, dtype=np.uint64))
    free = made.run(Phase.FREE, FREE, record=("spikes", "states"))
    nudged = made.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes", "states"))
    operations = np.zeros(len(network.projections), dtype=np.int64)
    for sample in range(2):
        slow = oracle(network, parameters)
        slow.begin(x[sample].tolist())
        slow.run(FREE)
        slow.run(NUDGED, BETA, y[sample].tolist())
        operations += slow.operations
        for k in range(len(network.sizes)):
            spikes = np.concatenate([free.spikes[k], nudged.spikes[k]])[:, sample]
            states = np.concatenate([free.states[k], nudged.states[k]])[:, sample]
            np.testing.assert_array_equal(spikes, [tick[k] for tick in slow.history])
            np.testing.assert_allclose(states, [tick[k] for tick in slow.states], atol=1e-12)
    counters = made.counters()
    assert counters.total("sops", Phase.FREE, Phase.NUDGED) == operations.sum()


@given(network=graphs(), seed=seeds)
@checked(5)
def test_a_graph_goes_on_where_a_snapshot_was_taken(network: Network, seed: int) -> None:
    parameters, x, y = drawn(network, seed)
    ends = []
    for made in (on_cores(network), IdealSubstrate(network, Constant(0.4), dtype=np.float64)):
        made.load(parameters)
        made.begin(x, np.arange(2, dtype=np.uint64))
        made.run(Phase.FREE, FREE)
        kept = made.snapshot()
        for _ in range(2):
            states = made.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("states",)).states
            ends.append(states)
            made.restore(kept)
    for first, again in (ends[:2], ends[2:]):
        for a, b in zip(first, again, strict=True):
            np.testing.assert_array_equal(a, b)


@given(network=graphs(), seed=seeds)
@checked(8)
def test_real_values_come_to_the_fixed_point_of_the_equations(network: Network, seed: int) -> None:
    """u = Σ Wᵀ s over all projections, s = clip(u + b): delays change the way there, not the place."""
    parameters, x, _ = drawn(network, seed)
    small = Parameters(
        tuple(w / 8 for w in parameters.weights), tuple(w / 8 for w in parameters.feedback), parameters.biases
    )
    made = IdealSubstrate(network, Constant(0.4), dtype=np.float64)
    made.load(small)
    made.begin(x, np.arange(2, dtype=np.uint64))
    made.run(Phase.FREE, 400)
    states, matrices = made.values(), projection_matrices(network, small)
    for k, bias in zip(network.updated, small.biases, strict=True):
        drive = bias + sum(states[network.projections[p].source] @ matrices[p] for p in network.into(k))
        np.testing.assert_allclose(states[k], np.clip(drive, 0, 1), atol=1e-9)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_chain_written_as_a_graph_is_the_chain(tied: bool, precision: Any) -> None:
    chain = layered((6, 5, 4, 3), tied=tied)
    names = [Population(p.name, p.size, p.clamped, p.output) for p in chain.populations]
    forward = [Projection(k, k + 1) for k in range(3)]
    back = [Projection(k + 1, k, feedback_of=k, tied=tied) for k in (1, 2)]
    graph = Network(tuple(names), tuple(forward + back))
    parameters, x, y = drawn(chain, 5)
    found = []
    for network in (chain, graph):
        made = on_cores(network, precision=precision)
        made.load(parameters)
        made.begin(x, np.arange(2, dtype=np.uint64))
        made.run(Phase.FREE, FREE)
        settled = made.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes", "states"))
        found.append((settled, made.counters(), made.image.digest))
    assert found[0][1].phases.keys() == found[1][1].phases.keys()
    for phase, counted in found[0][1].phases.items():
        np.testing.assert_array_equal(counted.counts, found[1][1].phases[phase].counts)
    for a, b in zip(
        (*found[0][0].spikes, *found[0][0].states), (*found[1][0].spikes, *found[1][0].states), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    assert found[0][2] == found[1][2]
