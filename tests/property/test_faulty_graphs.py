"""Faults on any graph, delays, listed synapses, several projections between two populations, against a slow one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description.faults import FaultsSpec, SpikeDelay, SpikeDrop, SpikeSpurious
from neurochip.network import Network, Population, Projection, as_matrix, layered
from neurochip.substrate import Observable, Phase, WeightUpdate
from neurochip.substrate.counters import COUNTERS
from neurochip.substrate.fitting import projection_matrices
from neurochip.testing.networks import small_chip
from tests.oracle.faulty_chip import FaultEvents, SlowFaults
from tests.oracle.faulty_graph import FaultyGraph
from tests.oracle.slow_chip import Placement
from tests.oracle.slow_graph import Way
from tests.property import test_graphs, test_listed_graphs
from tests.property.faulty_networks import fault_specs, slow_faults
from tests.property.networks import checked, seeds
from tests.property.test_mixed_graphs import KINDS, NUMBERS, SEED, SETTLING, kinds_of, slow_neuron, words

# Minutes of compiling and of plain Python; the laws of faults (test_fault_laws.py) are in every run.
pytestmark = pytest.mark.slow


FREE, NUDGED, BETA = 17, 9, 0.4
PHASES = (Phase.FREE, Phase.NUDGED)


def on_cores(
    network: Network, kinds: Any, faults: FaultsSpec, neurons: int, routing: Any
) -> DigitalSubstrate:
    image = compile_network(
        network,
        small_chip(neurons, mesh=(9, 9, 2), routing=routing),
        precision="float64",
        state_words=[words(kind) for kind in kinds],
    )
    return DigitalSubstrate(image, kinds, seed=SEED, faults=faults, counting=True)


def listed_ways(network: Network, parameters: Any) -> list[Way]:
    found = []
    for p, weights in zip(network.projections, projection_matrices(network, parameters), strict=True):
        matrix = as_matrix(p, weights)
        if p.connection is None:
            pairs = [(i, j) for i in range(matrix.shape[0]) for j in range(matrix.shape[1])]
        else:
            pairs = [(int(i), int(j)) for i, j, _ in zip(*p.connection.edges(), strict=True)]
        found.append(Way(p.source, p.target, [(i, j, float(matrix[i, j])) for i, j in pairs], p.delay))
    return found


def placement_of(fast: DigitalSubstrate) -> Placement:
    image = fast.image
    cores = [
        [c for c in image.cores_of(p) for _ in range(image.cores[c].size)]
        for p in range(len(image.network.sizes))
    ]
    mesh = image.chip.mesh
    return Placement(cores, {c: mesh.position(core.site) for c, core in enumerate(image.cores)})


def slow_graph(
    fast: DigitalSubstrate,
    kinds: Any,
    parameters: Any,
    x: Any,
    sample: int,
    spec: FaultsSpec,
    events: dict[str, FaultEvents],
) -> FaultyGraph:
    network, placement, plan = fast.image.network, placement_of(fast), fast.plans[0]
    broken = SlowFaults()
    if plan is not None:
        broken = slow_faults(plan, spec, fast.image, SEED, NUMBERS)
    biases = iter(parameters.biases)
    number, left, neurons = 0, list(x[sample]), []
    for p, (population, kind) in enumerate(zip(network.populations, kinds, strict=True)):
        held = [float(left.pop(0)) for _ in range(population.size)] if population.clamped else []
        bias = [0.0] * population.size if population.clamped else next(biases).tolist()
        for u, core in enumerate(placement.cores[p]):
            if held and core in broken.dead:
                held[u] = 0.0
        neurons.append(
            [
                slow_neuron(kinds, kind, population, number + j, sample, bias[j], held[j] if held else 0.0)
                for j in range(population.size)
            ]
        )
        number += population.size
    ways = listed_ways(network, parameters)
    return FaultyGraph(neurons, ways, list(network.outputs), placement, broken, sample, events)


def compared(
    network: Network,
    kinds: Any,
    parameters: Any,
    x: Any,
    y: Any,
    faults: FaultsSpec,
    neurons: int,
    routing: Any,
) -> tuple[DigitalSubstrate, list[FaultyGraph]]:
    """Run both, compare spikes, values, what cores received, and all that is counted; return them."""
    fast = on_cores(network, kinds, faults, neurons, routing)
    fast.load(parameters)
    fast.begin(x, NUMBERS)
    ran = [
        fast.run(Phase.FREE, FREE, record=("spikes", "states")),
        fast.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes", "states")),
    ]
    events: dict[str, FaultEvents] = {}
    slow = []
    for sample in range(2):
        one = slow_graph(fast, kinds, parameters, x, sample, faults, events)
        slow.append(one)
        one.run("free", FREE)
        before = {core: len(counts) for core, counts in one.doors.items()}
        one.run("nudged", NUDGED, BETA, y[sample].tolist())
        for k in range(len(network.sizes)):
            spikes, states = (
                np.concatenate([getattr(part, name)[k][:, sample] for part in ran])
                for name in ("spikes", "states")
            )
            np.testing.assert_array_equal(spikes, [tick[k] for tick in one.history])
            np.testing.assert_allclose(states, [tick[k] for tick in one.values], rtol=0, atol=1e-10)
        check_received(fast, one, sample, before)
    for phase in PHASES:
        check_counters(fast, slow[0], events[phase.value], phase, routing)
    return fast, slow


def check_received(fast: DigitalSubstrate, slow: FaultyGraph, sample: int, before: dict[int, int]) -> None:
    """Each receiving core's own count of the packets of the last phase, by axon, those of the next tick among them."""
    for k, size in enumerate(fast.image.network.sizes):
        found = fast.observe(Observable.RATE, k)
        targets = {way.target for way in slow.ways if way.source == k}
        receivers = sorted({core for target in targets for core in slow.placement.cores[target]})
        period = fast._cells.of[k].period
        if found.ndim == 2:
            continue  # nothing was lost on the way
        assert found.shape[1] == len(receivers)
        for row, core in enumerate(receivers):
            arrived: Counter[Any] = Counter()
            for counts in slow.doors[core][before[core] + 1 :]:
                arrived.update(counts)
            for tick, sender, to in slow.on_the_way:
                if to == core and tick == slow.tick_number + 1:
                    arrived[sender] += 1
            wanted = [arrived[k, unit] * period / NUDGED for unit in range(size)]
            np.testing.assert_allclose(found[sample, row], wanted, rtol=1e-12)


def check_counters(fast: Any, slow: FaultyGraph, events: FaultEvents, phase: Phase, routing: str) -> None:
    image, all_counted = fast.image, fast.counters().phases[phase]
    cores = range(len(image.cores))

    def found(counter: str) -> list[int]:
        return [int(n) for n in all_counted.counts[:, COUNTERS.index(counter)]]

    def sent_by(pairs: Any) -> list[int]:
        return [sum(n for (sender, _), n in pairs.items() if sender == c) for c in cores]

    assert found("spikes_sent") == [events.core_spikes_sent[c] for c in cores]
    assert found("packets") == sent_by(events.packets)
    assert found("spikes_delivered") == [
        sum(n for (_, receiver), n in events.packets_delivered.items() if receiver == c) for c in cores
    ]
    for counter, counted in (
        ("lost_to_drop", events.lost["drop"]),
        ("lost_to_dead_core", events.lost["dead"]),
        ("lost_on_link", events.lost["link"]),
        ("packets_delayed", events.delayed),
        ("spikes_spurious", events.spurious),
        ("spikes_forced", events.forced),
        ("spikes_silenced", events.silenced),
        ("sops", events.core_sops),
        ("weight_reads", events.core_sops),
        ("neuron_updates", events.core_updates),
    ):
        assert found(counter) == [counted[c] for c in cores], counter
    header, widths = image.chip.packet.header_bits, image.address_bits
    bits = [0] * len(image.cores)
    for (sender, core), n in events.taken.items():
        every = slow.destinations[sender] if routing == "multicast" else [core]
        bits[core] += n * (header + max(widths[r] for r in every))
    assert found("aer_received") == bits
    lost = [sum(counter[c] for counter in events.lost.values()) for c in cores]
    assert found("spikes_dropped") == lost
    flight = [events.ended_in_flight[c] - events.started_in_flight[c] for c in cores]
    assert found("spikes_in_flight") == flight
    total = sum(found("spikes_delivered")) + sum(found("spikes_dropped")) + sum(found("spikes_in_flight"))
    assert sum(found("packets")) == total
    if routing == "unicast":
        assert found("hops_ew") == [events.hops[c, "ew"] for c in cores]
        assert found("hops_ns") == [events.hops[c, "ns"] for c in cores]


@given(
    network=test_graphs.graphs(),
    seed=seeds,
    faults=fault_specs(),
    neurons=st.integers(2, 5),
    routing=st.sampled_from(["unicast", "multicast"]),
    mixed=st.booleans(),
)
@checked(30)
def test_every_fault_on_any_dense_graph(
    network: Network,
    seed: int,
    faults: FaultsSpec,
    neurons: int,
    routing: Literal["unicast", "multicast"],
    mixed: bool,
) -> None:
    """Skips, loops, delays of 1 to 4 ticks, several projections between two populations, one or several kinds."""
    kinds: Any = kinds_of(network, seed) if mixed else [SETTLING] * len(network.populations)
    # The neuron that brings biases to two-compartment cores is no axon, and is counted elsewhere.
    kinds = [KINDS[1] if kind is KINDS[4] else kind for kind in kinds]
    parameters, x, y = test_graphs.drawn(network, seed)
    compared(network, kinds, parameters, x, y, faults, neurons, routing)


@given(
    seed=seeds,
    faults=fault_specs(),
    neurons=st.sampled_from([4, 9, 60]),
    routing=st.sampled_from(["unicast", "multicast"]),
)
@checked(10)
def test_every_fault_where_synapses_are_listed(
    seed: int, faults: FaultsSpec, neurons: int, routing: Literal["unicast", "multicast"]
) -> None:
    """Convolution, pooling, sparse and one-to-one projections, two of them between the same populations."""
    network = test_listed_graphs.network(seed)
    parameters, x, y = test_listed_graphs.drawn(network, seed)
    compared(network, [SETTLING] * 5, parameters, x, y, faults, neurons, routing)


SPIKES = FaultsSpec(
    spike_drop=SpikeDrop(rate=0.1),
    spike_delay=SpikeDelay(rate=0.1, ticks=3),
    spike_spurious=SpikeSpurious(rate=0.02),
)


def test_a_rate_that_is_another_is_noticed() -> None:
    """The control: a slow graph that loses a few packets more is another one."""
    network = test_listed_graphs.network(5)
    parameters, x, y = test_listed_graphs.drawn(network, 5)
    fast, _ = compared(network, [SETTLING] * 5, parameters, x, y, SPIKES, 9, "unicast")
    other = replace(SPIKES, spike_drop=SpikeDrop(rate=0.11))
    slow = slow_graph(fast, [SETTLING] * 5, parameters, x, 0, other, {})
    slow.run("free", FREE)
    fast.begin(x, NUMBERS)
    spikes = fast.run(Phase.FREE, FREE, record=("spikes",)).spikes
    assert any((spikes[k][:, 0] != np.array([tick[k] for tick in slow.history])).any() for k in range(5))


def test_a_chain_written_as_a_graph_with_a_second_projection_of_nothing_is_the_chain() -> None:
    """What makes a network no simple one changes no draw: a projection whose weights are 0 adds operations alone."""
    chain = layered((6, 5, 3))
    doubled = Network(
        chain.populations,
        (Projection(0, 1), Projection(1, 2), Projection(0, 1, delay=2), *chain.projections[2:]),
    )
    parameters, x, y = test_graphs.drawn(chain, 7)
    more = replace(parameters, weights=(*parameters.weights, np.zeros((6, 5))))
    ends = []
    for network, weights in ((chain, parameters), (doubled, more)):
        fast = on_cores(network, [SETTLING] * 3, SPIKES, 3, "unicast")
        fast.load(weights)
        fast.begin(x, NUMBERS)
        free = fast.run(Phase.FREE, FREE, record=("spikes",)).spikes
        nudged = fast.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes",)).spikes
        ends.append((free, nudged, fast.counters()))
    for a, b in zip((*ends[0][0], *ends[0][1]), (*ends[1][0], *ends[1][1]), strict=True):
        np.testing.assert_array_equal(a, b)
    for counter in ("packets", "spikes_delivered", "spikes_dropped", "packets_delayed", "spikes_spurious"):
        assert ends[0][2].total(counter) == ends[1][2].total(counter)
    assert ends[1][2].total("sops") > ends[0][2].total("sops")


def test_a_faulty_graph_goes_on_where_a_snapshot_was_taken() -> None:
    network = test_listed_graphs.network(3)
    parameters, x, y = test_listed_graphs.drawn(network, 3)
    fast = on_cores(network, [SETTLING] * 5, SPIKES, 9, "unicast")
    fast.load(parameters)
    fast.begin(x, NUMBERS)
    fast.run(Phase.FREE, FREE)
    kept, ends = fast.snapshot(), []
    for _ in range(2):
        ends.append(fast.run(Phase.NUDGED, NUDGED, beta=BETA, targets=y, record=("spikes", "states")))
        fast.restore(kept)
    for a, b in zip((*ends[0].spikes, *ends[0].states), (*ends[1].spikes, *ends[1].states), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("listed", [True, False])
def test_each_core_learns_from_what_it_received(listed: bool) -> None:
    """Activities before synapses differ from core to core: of each, the row of the core, for its own neurons."""
    if listed:
        network = test_listed_graphs.network(2, tied=False)
        parameters, x, _ = test_listed_graphs.drawn(network, 2)
    else:
        network = Network(
            (Population("in", 4, clamped=True), Population("a", 5), Population("b", 6), Population("c", 3)),
            (
                *(Projection(k, k + 1) for k in range(3)),
                *(Projection(k + 1, k, feedback_of=k, tied=False) for k in (1, 2)),
            ),
        )
        parameters, x, _ = test_graphs.drawn(network, 2)
    fast = on_cores(network, [SETTLING] * len(network.sizes), SPIKES, 4, "unicast")
    fast.load(parameters)
    fast.begin(x, NUMBERS)
    fast.run(Phase.FREE, FREE)
    rng = np.random.default_rng(1)
    updates, wanted = [], []
    values = projection_matrices(network, fast.parameters())
    own = [p for p in network.projections if p.transpose_of is None and values[p.index].size]
    for p in own:
        pre = fast.observe(Observable.RATE, p.source)
        post = rng.normal(size=(2, network.sizes[p.target]))
        updates.append(WeightUpdate(p.index, ((pre, post),), 0.1, 1))
        targets = {q.target for q in network.projections if q.source == p.source}
        receivers = sorted(c for t in targets for c in fast.image.cores_of(t))
        outer = np.zeros((network.sizes[p.source], network.sizes[p.target]))
        for c in fast.image.cores_of(p.target):
            core = fast.image.cores[c]
            columns = slice(core.first, core.last)
            outer[:, columns] = pre[:, receivers.index(c)].T @ post[:, columns]
        if p.connection is None:
            wanted.append(values[p.index] + 0.1 * outer)
            continue
        change = np.zeros(int(np.prod(p.connection.shape)))
        for i, j, w in zip(*p.connection.edges(), strict=True):
            change[w] += outer[i, j]
        wanted.append(values[p.index] + 0.1 * change.reshape(p.connection.shape))
    assert any((u.terms[0][0][:, :1] != u.terms[0][0]).any() for u in updates), "cores saw different packets"
    fast.write_weights(updates, [None] * len(network.updated))
    after = projection_matrices(network, fast.parameters())
    for p, weights in zip(own, wanted, strict=True):
        np.testing.assert_allclose(after[p.index], weights, atol=1e-12)
