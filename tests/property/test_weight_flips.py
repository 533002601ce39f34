"""Bits of weights that are read wrong: which, how many, and that what is stored stays right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.compile import compile_network
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import CodingSpec
from neurochip.description.faults import FaultsSpec, WeightBitFlip
from neurochip.elements.connections import Convolution, OneToOne, Sparse
from neurochip.errors import CapabilityError
from neurochip.network import Network, Population, Projection
from neurochip.substrate import Phase, WeightUpdate
from neurochip.testing.networks import Net, draw_net, fast_chip, small_chip
from neurochip.training.streams import glorot
from tests.property.networks import checked, layer_sizes, seeds

NUMBERS = np.arange(3, dtype=np.uint64)


def flips(rate: float, when: Any = "always") -> FaultsSpec:
    return FaultsSpec(weight_bit_flip=WeightBitFlip(rate=rate, when=when))


def spikes(made: DigitalSubstrate, net: Net, phase: Phase = Phase.FREE) -> list[Any]:
    made.begin(net.x, NUMBERS)
    settled = made.run(phase, 10, record=("spikes", "states"))
    return [*settled.spikes, *settled.states]


def equal(first: list[Any], second: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def update(net: Net, seed: int) -> tuple[list[WeightUpdate], list[Any]]:
    rng = np.random.default_rng(seed)
    pre = rng.uniform(0, 1, (3, net.sizes[0])).astype(np.float32)
    post = rng.uniform(-1, 1, (3, net.sizes[1])).astype(np.float32)
    return [WeightUpdate(0, ((pre, post),), 0.3, 1)], [None] * (len(net.sizes) - 1)


@given(seed=seeds, sizes=layer_sizes, bits=st.integers(2, 16), rate=st.sampled_from([0.01, 0.2, 1.0]))
@checked(40)
def test_cores_read_other_words_than_are_stored(
    seed: int, sizes: tuple[int, ...], bits: int, rate: float
) -> None:
    """A chip with wrong bits is a sound chip that holds the misread words, computed here one bit at a time."""
    net = draw_net(seed, sizes, batch=3)
    made = fast_chip(net, CodingSpec(), precision=f"int{bits}", faults=flips(rate), seed=seed)
    stored = made.parameters()
    sound = fast_chip(net, CodingSpec(), precision=f"int{bits}", seed=seed)
    for a, b in zip(stored.weights, sound.parameters().weights, strict=True):
        np.testing.assert_array_equal(a, b)
    plan = made.plans[0]
    assert plan is not None
    assert plan.flips is not None
    weights = sound._synapses.wiring.weights
    for place, mask in zip(plan.flips.places.tolist(), plan.flips.masks.tolist(), strict=True):
        word = [(int(weights[place]) >> k) & 1 for k in range(bits)]
        read = [bit ^ ((mask >> k) & 1) for k, bit in enumerate(word)]
        value = sum(bit << k for k, bit in enumerate(read[:-1])) - (read[-1] << (bits - 1))
        weights[place] = value
    assert equal(spikes(made, net), spikes(sound, net))
    if rate == 1.0:
        assert plan.flips.n_bits == plan.flips.of_bits
        assert np.all(plan.flips.masks == 2**bits - 1)
    for a, b in zip(stored.weights, made.parameters().weights, strict=True):
        np.testing.assert_array_equal(a, b)


@given(seed=seeds, sizes=layer_sizes, tied=st.booleans(), neurons=st.integers(3, 9))
@checked(25)
def test_learning_writes_what_a_sound_chip_writes(
    seed: int, sizes: tuple[int, ...], tied: bool, neurons: int
) -> None:
    net = draw_net(seed, sizes, batch=3, tied=tied)
    how: dict[str, Any] = {"precision": "int8", "rounding": "stochastic", "seed": 3}
    chip = small_chip(neurons, mesh=(9, 9, 2))
    for when in ("always", "test"):
        made = fast_chip(net, CodingSpec(), chip=chip, faults=flips(0.1, when), **how)
        fresh = fast_chip(net, CodingSpec(), **how)
        for k in range(2):
            spikes(made, net)
            spikes(made, net, Phase.EVALUATION)
            made.write_weights(*update(net, k))
            fresh.write_weights(*update(net, k))
        for a, b in zip(made.parameters().weights, fresh.parameters().weights, strict=True):
            np.testing.assert_array_equal(a, b)
        if when == "test":
            other = replace(net, parameters=fresh.parameters())
            assert equal(spikes(made, net), spikes(fast_chip(other, CodingSpec(), **how), net))


def test_the_mapping_does_not_choose_the_bits() -> None:
    net = draw_net(3, (40, 21, 7), batch=3)
    chips = (small_chip(), small_chip(6, mesh=(9, 9, 2)))
    one, two = (fast_chip(net, CodingSpec(), chip=c, precision="int8", faults=flips(0.05)) for c in chips)
    assert equal(spikes(one, net), spikes(two, net))
    sound = fast_chip(net, CodingSpec(), precision="int8")
    assert not equal(spikes(one, net), spikes(sound, net))


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.5])
def test_the_rate_is_met(rate: float) -> None:
    made = fast_chip(draw_net(1, (200, 60, 10)), CodingSpec(), precision="int8", faults=flips(rate))
    plan = made.plans[True]
    assert plan is not None
    found = plan.found["weight_bit_flip"]
    n = found["of_bits"]
    assert n == 8 * (200 * 60 + 2 * 60 * 10)
    assert abs(found["bits"] - rate * n) < 5 * np.sqrt(rate * (1 - rate) * n)


def graph(shared: bool = False) -> Network:
    """Lists of synapses, delays, and two projections between the same populations."""
    listed = Convolution((1, 2, 6), 1, (1, 3), padding=(0, 1)) if shared else sparse()
    return Network(
        (Population("in", 12, clamped=True), Population("middle", 12), Population("out", 5, output=True)),
        (
            Projection(0, 1, connection=listed),
            Projection(0, 1, delay=2),
            Projection(1, 1, connection=OneToOne(12, 12), delay=3),
            Projection(1, 2),
            Projection(2, 1, 3, True),
        ),
    )


def sparse() -> Sparse:
    pairs = np.argwhere(np.random.default_rng(4).random((12, 12)) < 0.4)
    return Sparse.from_pairs(12, 12, *pairs.T)[0]


def test_bits_flip_in_any_synapse_that_has_a_weight_of_its_own() -> None:
    of = graph()
    image = compile_network(of, small_chip(5, mesh=(9, 9, 2)), precision="int8", state_words=8)
    made = DigitalSubstrate(image, CodingSpec(), faults=flips(0.2), seed=2)
    sound = DigitalSubstrate(image, CodingSpec(), seed=2)
    parameters = glorot(of, 1)
    rng = np.random.default_rng(3)
    x, seen = rng.uniform(0, 1, (2, 12)), []
    for chip in (made, sound):
        chip.load(parameters)
    plan = made.plans[0]
    assert plan is not None and plan.flips is not None
    n = sum(of.synapses(k) for k in range(len(of.projections)))
    assert plan.flips.of_bits == 8 * n and len(set(plan.flips.places.tolist())) == plan.flips.places.size
    assert abs(plan.flips.n_bits - 0.2 * 8 * n) < 5 * np.sqrt(0.2 * 0.8 * 8 * n)
    plan.flips.turn(sound._synapses.wiring.weights)
    for chip in (made, sound):
        chip.begin(x, np.arange(2, dtype=np.uint64))
        settled = chip.run(Phase.FREE, 12, record=("spikes", "states"))
        seen.append([*settled.spikes, *settled.states])
    assert equal(*seen)
    for a, b in zip(made.parameters().weights, sound.parameters().weights, strict=True):
        assert a.shape == b.shape and np.any(a != b), "some word of every projection is wrong"


def test_bits_of_shared_weights_are_refused() -> None:
    of = graph(shared=True)
    image = compile_network(of, small_chip(), precision="int8", state_words=8)
    with pytest.raises(CapabilityError) as refused:
        DigitalSubstrate(image, CodingSpec(), faults=flips(0.2))
    assert str(refused.value) == (
        'in→middle: is "convolution", whose synapses share weights; faults.weight_bit_flip needs one for each synapse'
    )
