"""Populations on cores: every neuron once, no limit broken, no core more than needed, or one clear sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import compile_network
from neurochip.compile.image import Demand
from neurochip.compile.partition import Linked, Needs, even, partition
from neurochip.description import ChipSpec, read_chip
from neurochip.elements.connections import OneToOne, Sparse
from neurochip.errors import ConfigError, MappingError
from neurochip.network import Network, Population, Projection, layered
from neurochip.testing.networks import small_chip
from tests.property.networks import checked

WEIGHT, STATE, TRACE = 8, 96, 32  # bits


def needs(network: Network) -> Needs:
    """What its populations need with such words."""
    linked = [Linked(p.source, p.target, p.connection, WEIGHT, p.delay) for p in network.projections]
    names = [population.name for population in network.populations]
    return Needs(names, network.sizes, linked, [STATE] * len(names), TRACE)


def demand(network: Network, population: int, neurons: int, parts: list[int]) -> Demand:
    """What a core needs with so many neurons of a population, where every pair of neurons has a synapse."""
    into = [network.projections[k] for k in network.into(population)]
    slowest = {p.source: 1 for p in into}
    for p in into:
        slowest[p.source] = max(slowest[p.source], p.delay)
    axons = sum(network.sizes[source] for source in slowest)
    waits = sum(network.sizes[source] * (delay - 1) for source, delay in slowest.items())
    return Demand(
        neurons=neurons,
        synapse_memory=neurons * WEIGHT * sum(network.sizes[p.source] for p in into),
        input_axons=axons,
        output_axons=neurons
        * sum(
            parts[target] for target in {network.projections[k].target for k in network.out_of(population)}
        ),
        neuron_state_memory=neurons * STATE + axons * TRACE + waits,
    )


RESOURCES = ("neurons", "synapse_memory", "input_axons", "output_axons", "neuron_state_memory")


def fits(network: Network, chip: ChipSpec, parts: list[int]) -> bool:
    """Whether populations split into so many nearly equal parts break no limit."""
    for p, population in enumerate(network.populations):
        need = demand(network, p, -(-population.size // parts[p]), parts)
        for resource in RESOURCES:
            limit = getattr(chip.core, resource)
            if limit is not None and getattr(need, resource) > limit:
                return False
    return True


@given(
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=4).map(tuple),
    neurons=st.none() | st.integers(2, 20),
    memory=st.none() | st.integers(640, 4000),
    output_axons=st.none() | st.integers(20, 100),
    state=st.none() | st.integers(2600, 6000),
    tied=st.booleans(),
)
@checked(200)
def test_laws(
    sizes: tuple[int, ...],
    neurons: int | None,
    memory: int | None,
    output_axons: int | None,
    state: int | None,
    tied: bool,
) -> None:
    limits: dict[str, Any] = {
        "synapse_memory": memory,
        "output_axons": output_axons,
        "neuron_state_memory": state,
    }
    chip = small_chip(neurons, mesh=(30, 30, 1), **{k: v for k, v in limits.items() if v is not None})
    network = layered(sizes, tied=tied)
    try:
        ranges = partition(needs(network), chip)
    except MappingError:
        return
    parts = [len(pieces) for pieces in ranges]
    for p, pieces in enumerate(ranges):
        assert [n for first, last, _ in pieces for n in range(first, last)] == list(range(sizes[p]))
        lengths = [last - first for first, last, _ in pieces]
        assert max(lengths) - min(lengths) <= 1
        for length, (_, _, need) in zip(lengths, pieces, strict=True):
            assert need == demand(network, p, length, parts)
            assert need.neurons == length
    assert fits(network, chip, parts)
    # As few as possible: no population can do with one core less.
    for p in range(len(parts)):
        fewer = [n - (q == p) for q, n in enumerate(parts)]
        assert fewer[p] == 0 or not fits(network, chip, fewer)


def test_fewest_of_all() -> None:
    """No split with fewer cores in all fits, tried one by one."""
    network = layered((12, 9, 5))
    chip = small_chip(6, synapse_memory=800, output_axons=24, mesh=(10, 10, 1))
    parts = [len(pieces) for pieces in partition(needs(network), chip)]
    every = [
        [a, b, c]
        for a in range(1, 13)
        for b in range(1, 10)
        for c in range(1, 6)
        if fits(network, chip, [a, b, c])
    ]
    assert sum(parts) == min(map(sum, every))
    assert sum(parts) > 3


def test_demand_by_hand() -> None:
    """Of three hidden neurons [7-9-4]: 11 axons in; two output cores receive each, and three input ones send."""
    network = layered((7, 9, 4))
    found = needs(network).of_part(1, 0, (0, 3), [3, 3, 2])
    assert found == Demand(
        neurons=3,
        synapse_memory=3 * 11 * 8,
        input_axons=11,
        output_axons=3 * 2,
        neuron_state_memory=3 * 96 + 11 * 32,
    )
    source = needs(network).of_part(0, 0, (0, 7), [1, 3, 2])
    assert (source.synapse_memory, source.input_axons, source.output_axons) == (0, 0, 7 * 3)


@given(seed=st.integers(0, 2**32 - 1))
@checked(60)
def test_dense_projections_need_what_all_their_pairs_do(seed: int) -> None:
    """What is counted pair by pair is what sizes alone tell where every pair has a synapse; delays included."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, 4)
    populations = tuple(Population(f"p{k}", int(size), clamped=k == 0) for k, size in enumerate(sizes))
    ways = [(i, j) for i in range(4) for j in range(1, 4) if rng.random() < 0.5 or (i, j) == (0, 1)]
    ways += [way for way in ways if rng.random() < 0.3]  # several projections between two populations
    network = Network(populations, tuple(Projection(i, j, delay=int(rng.integers(1, 6))) for i, j in ways))
    parts = [int(rng.integers(1, size + 1)) for size in sizes]
    all_pairs = [
        Projection(i, j, connection=Sparse.from_pairs(a, b, *np.divmod(np.arange(a * b), b))[0])
        for (i, j), a, b in ((way, network.sizes[way[0]], network.sizes[way[1]]) for way in ways)
    ]
    found, pair_by_pair = needs(network), needs(Network(populations, tuple(all_pairs)))
    for p, size in enumerate(sizes):
        for part, (first, last) in enumerate(even(int(size), parts[p])):
            assert found.of_part(p, part, (first, last), parts) == demand(network, p, last - first, parts)
            listed = pair_by_pair.of_part(p, part, (first, last), parts)
            assert (listed.input_axons, listed.output_axons) == (
                sum(network.sizes[source] for source in {i for i, j in ways if j == p}),
                (last - first) * sum(parts[target] for target in {j for i, j in ways if i == p}),
            )


def test_synapses_that_do_not_exist_need_nothing() -> None:
    connection = OneToOne(6, 6)
    network = Network(
        (Population("in", 6, clamped=True), Population("out", 6)), (Projection(0, 1, connection=connection),)
    )
    # Six weights fit; those of all pairs would ask for more cores.
    ((source,), (target,)) = partition(needs(network), small_chip(6, synapse_memory=6 * 8))
    assert source[:2] == target[:2] == (0, 6)
    assert source[2] == Demand(6, 0, 0, 6, 6 * 96)
    assert target[2] == Demand(6, 6 * 8, 6, 0, 6 * 96 + 6 * 32)


def test_a_delay_beyond_that_of_a_core() -> None:
    slow = Network((Population("in", 4, clamped=True), Population("out", 3)), (Projection(0, 1, delay=5),))
    for most, problem in (
        (5, None),
        (4, "in→out: has a delay of 5 ticks, and a core of small keeps a spike for 4"),
    ):
        chip = small_chip(4, delay=most)
        if problem is None:
            image = compile_network(slow, chip, precision="int8", state_words=3)
            assert (
                image.cores[-1].used.neuron_state_memory == 3 * 3 * 32 + 4 * 4
            )  # four axons, four ticks more each
            continue
        with pytest.raises(MappingError, match=problem):
            compile_network(slow, chip, precision="int8", state_words=3)


def sentence(sizes: tuple[int, ...], chip: ChipSpec, **how: Any) -> str:
    arguments: dict[str, Any] = {"precision": "int8", "state_words": 3, **how}
    with pytest.raises(MappingError) as caught:
        compile_network(layered(sizes), chip, **arguments)
    return str(caught.value)


CURE = "use narrower weights, a smaller network or a larger core"


def test_one_neuron_that_does_not_fit() -> None:
    assert sentence((784, 500, 10), small_chip(name="tiny", synapse_memory=1024)) == (
        "core 1: synapse memory: 6 352 bits needed, 1 024 present "
        f"(one neuron of population hidden on tiny); {CURE}"
    )
    assert sentence((784, 500, 10), small_chip(name="tiny", input_axons=700)) == (
        f"core 1: input axons: 794 needed, 700 present (one neuron of population hidden on tiny); {CURE}"
    )
    # The input split over 4 cores; one hidden neuron is received by all 3 cores of the output.
    assert sentence((8, 2, 6), small_chip(2, name="tiny", output_axons=2)) == (
        f"core 4: output axons: 3 needed, 2 present (one neuron of population hidden on tiny); {CURE}"
    )
    assert sentence((8, 2, 6), small_chip(name="tiny", neuron_state_memory=95)) == (
        f"core 0: neuron state memory: 96 bits needed, 95 present (one neuron of population input on tiny); {CURE}"
    )


def test_too_few_cores() -> None:
    assert sentence((8, 12, 6), small_chip(4, mesh=(2, 2, 1), name="tiny")) == (
        "cores: 7 needed (input 2, hidden 3, output 2), 4 present on tiny; "
        "use narrower weights, a smaller network or a larger chip"
    )
    compile_network(layered((8, 12, 6)), small_chip(4, mesh=(7, 1, 1)), precision="int8", state_words=3)


def test_missing_tiles_hold_no_cores() -> None:
    chip = small_chip(4, mesh=(4, 2, 1))
    short = ChipSpec(
        **{
            name: getattr(chip, name)
            for name in ("name", "about", "core", "weights", "packet", "timing", "energies")
        },
        mesh=type(chip.mesh)(width=4, height=2, cores_per_tile=1, tiles=6),
    )
    assert sentence((8, 12, 6), short).startswith("cores: 7 needed (input 2, hidden 3, output 2), 6 present")


def test_a_format_that_the_cores_lack() -> None:
    with pytest.raises(ConfigError) as caught:
        compile_network(layered((4, 3)), read_chip("loihi"), precision="float32", state_words=3)
    assert str(caught.value) == (
        'network.precision: loihi has integers of 1 to 9 bits, not "float32"; set it to "int8", for instance'
    )


def test_the_paper_network_on_loihi() -> None:
    """[784-500-10] with 8-bit weights: 3 176 000 bits of forward and back synapses need 4 cores of 128 KiB."""
    image = compile_network(
        layered((784, 500, 10)), read_chip("loihi"), precision="int8", rounding="stochastic", state_words=10
    )
    assert [len(image.cores_of(p)) for p in range(3)] == [1, 4, 1]
    assert sum(core.used.synapse_memory for core in image.cores) == 8 * (500 * 794 + 10 * 500)
    assert all(core.used.synapse_memory <= 128 * 1024 * 8 for core in image.cores)


def test_neurons_of_each_population_keep_their_own_state() -> None:
    """What a core has to keep is that of the neurons on it: many words of one population, few of another."""
    network = layered((4, 6, 3))
    chip = small_chip(6, neuron_state_memory=200)
    kept = replace(needs(network), trace_bits=0)
    parts = [len(p) for p in partition(replace(kept, state_bits=[0, 60, 10]), chip)]
    assert parts == [1, 2, 1]  # three neurons of 60 bits on a core at most
    with pytest.raises(MappingError, match="one neuron of population hidden"):
        partition(replace(kept, state_bits=[0, 201, 10]), chip)
