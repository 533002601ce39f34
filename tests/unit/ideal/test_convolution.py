"""Shared kernels on the real-valued substrate, against the same network with every synapse written out."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.compile import compile_network
from neurochip.description import LearningSpec, PhasesSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.elements import Constant
from neurochip.errors import CapabilityError, ConfigError, MappingError
from neurochip.ideal.products import product_of
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import Convolution, Network, convolutional, layered
from neurochip.substrate import Observable, Parameters, Phase, WeightUpdate
from neurochip.testing.networks import small_chip
from neurochip.training.streams import glorot
from tests.oracle.convolution import summed, synapses, unrolled
from tests.property.networks import checked

BATCH = 3
NUMBERS = np.arange(BATCH, dtype=np.uint64)

pytestmark = pytest.mark.interp


def parts(of: Convolution) -> list[tuple[int, int, tuple[int, int]]]:
    height, width, maps = of.source
    return synapses(height, width, maps, kernel=of.kernel, above=of.maps, pool=of.pool)


@st.composite
def convolutions(draw: Any) -> Convolution:
    pool, kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    height, width = (pool * (kernel + draw(st.integers(0, 2))) for _ in range(2))
    return Convolution((height, width, draw(st.integers(1, 3))), kernel, draw(st.integers(1, 3)), pool)


@given(of=convolutions(), seed=st.integers(0, 999), batch=st.sampled_from([1, 9, 17]))
@checked(40)
def test_products_are_those_of_the_synapses_written_out(of: Convolution, seed: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    below, above = of.sizes
    assert of.target[0] * of.target[1] * of.maps == above
    forward, back = convolutional((of,), 2).projections[0], convolutional((of,), 0)
    kernel = rng.normal(size=of.weights)
    pre, post = rng.normal(size=(batch, below)), rng.normal(size=(batch, above))
    dense = np.array(unrolled(below, above, kernel.tolist(), parts(of), of.pool))
    up = np.ones((batch, above))
    product_of(forward).drive(pre, kernel, up)
    np.testing.assert_allclose(up, 1 + pre @ dense, atol=1e-12)
    change = sum(
        np.array(summed(of.weights, a, b, parts(of), of.pool))
        for a, b in zip(pre.tolist(), post.tolist(), strict=True)
    )
    np.testing.assert_allclose(product_of(forward).change(pre, post), change, atol=1e-12)
    assert back.sizes == (below, above)


@given(of=convolutions(), seed=st.integers(0, 999), batch=st.sampled_from([1, 9]))
@checked(40)
def test_backwards_it_is_the_transpose(of: Convolution, seed: int, batch: int) -> None:
    rng = np.random.default_rng(seed)
    below, above = of.sizes
    # As the second convolution of a chain it has a way back.
    chain = convolutional((Convolution(of.source, 1, of.source[2]), of), 0)
    backward = chain.projections[-1]
    assert backward.backward and chain.weights_shape(len(chain.projections) - 1) == of.weights[::-1]
    kernel = rng.normal(size=of.weights[::-1])
    pre, post = rng.normal(size=(batch, above)), rng.normal(size=(batch, below))
    dense = np.array(unrolled(below, above, kernel.T.tolist(), parts(of), of.pool))
    down = np.ones((batch, below))
    product_of(backward).drive(pre, kernel, down)
    np.testing.assert_allclose(down, 1 + pre @ dense.T, atol=1e-12)
    change = sum(
        np.array(summed(of.weights, b, a, parts(of), of.pool))
        for a, b in zip(pre.tolist(), post.tolist(), strict=True)
    )
    np.testing.assert_allclose(product_of(backward).change(pre, post), change.T, atol=1e-12)


FIRST = Convolution((6, 6, 1), 3, 3)
SECOND = Convolution(FIRST.target, 2, 2, 2)


@cache
def network(tied: bool = False) -> Network:
    return convolutional((FIRST, SECOND), 3, tied=tied)


def drawn(tied: bool = False) -> Parameters:
    made = glorot(network(tied), 3)
    rng = np.random.default_rng(4)
    return Parameters(made.weights, made.feedback, tuple(rng.uniform(0, 0.3, b.shape) for b in made.biases))


def written_out(parameters: Parameters) -> tuple[Network, Parameters]:
    """Return the network with a synapse for every pair of neurons, and its weights."""

    def dense(of: Convolution, kernel: Any) -> Any:
        return np.array(unrolled(*of.sizes, kernel.tolist(), parts(of), of.pool))

    w, b, back = parameters.weights, parameters.biases, parameters.feedback
    biases = (np.tile(b[0], FIRST.positions), np.tile(b[1], SECOND.positions), b[2])
    feedback = (dense(SECOND, back[0].T).T, back[1])
    return layered(network().sizes, tied=False), Parameters(
        (dense(FIRST, w[0]), dense(SECOND, w[1]), w[2]), feedback, biases
    )


def test_it_settles_as_the_network_written_out_and_learns_its_sums() -> None:
    parameters = drawn()
    plain, weights = written_out(parameters)
    rng = np.random.default_rng(5)
    x, y = rng.uniform(size=(BATCH, 36)), np.eye(3)
    learning = LearningSpec(rates=(0.3, 0.2, 0.1), epochs=1)
    shared = IdealSubstrate(network(), Constant(0.5), dtype=np.float64)
    single = IdealSubstrate(plain, Constant(0.5), dtype=np.float64)
    for made, held in ((shared, parameters), (single, weights)):
        made.load(held)
        made.begin(x, NUMBERS)
        rule = EquilibriumPropagation(
            made.network, learning, PhasesSpec(free=20, nudged=10, reference="opposite")
        )
        presented = rule.present(made, y, 0.5)
        made.write_weights(presented.updates, presented.biases)
    for a, b in zip(shared.values(), single.values(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    moved = [b - a for a, b in zip(parameters.weights, shared.parameters().weights, strict=True)]
    each = [b - a for a, b in zip(weights.weights, single.parameters().weights, strict=True)]
    for of, together, apart in ((FIRST, moved[0], each[0]), (SECOND, moved[1], each[1])):
        expected = np.zeros(of.weights)
        for below, above, at in parts(of):
            expected[at] += apart[below, above] / of.pool**2
        assert np.abs(expected).max() > 1e-4
        np.testing.assert_allclose(together, expected, atol=1e-12)
    np.testing.assert_allclose(moved[2], each[2], atol=1e-12)
    for k, of in ((0, FIRST), (1, SECOND)):
        together = shared.parameters().biases[k] - parameters.biases[k]
        apart = single.parameters().biases[k] - weights.biases[k]
        np.testing.assert_allclose(together, apart.reshape(-1, of.maps).sum(axis=0), atol=1e-12)


def test_counters_of_a_shared_weight() -> None:
    """It is written once, after a sum over all its synapses."""
    made = IdealSubstrate(network(), Constant(0.5))
    made.load(drawn())
    pre, post = np.ones((BATCH, SECOND.sizes[0])), np.ones((BATCH, SECOND.sizes[1]))
    made.write_weights([WeightUpdate(1, ((pre, post),), 0.1, 1)], [None] * 3)
    counted = made.counters().to_json()["update"]["populations"]["hidden2"]
    assert counted["weight_writes"] == math.prod(SECOND.weights)
    assert counted["weight_accumulations"] == BATCH * SECOND.positions * math.prod(SECOND.weights)


def cost(parameters: Parameters, x: Any, y: Any) -> float:
    made = IdealSubstrate(network(True), Constant(0.5), dtype=np.float64)
    made.load(parameters)
    made.begin(x, NUMBERS)
    made.run(Phase.FREE, 200)
    states = [made.observe(Observable.VALUE, k) for k in (1, 2, 3)]
    assert all(np.all((s > 0.001) & (s < 0.999)) for s in states)
    return float(np.mean(np.sum((y - states[-1]) ** 2, axis=1)))


def test_tied_and_inside_its_bounds_the_change_descends_the_cost() -> None:
    """With feedback the transpose, the Jacobian of these neurons is symmetric: two phases give the gradient."""
    rng = np.random.default_rng(7)
    parameters = Parameters(
        tuple(0.3 * w for w in drawn(True).weights), (), tuple(rng.uniform(0.3, 0.5, n) for n in (3, 2, 3))
    )
    x, y = rng.uniform(size=(BATCH, 36)), rng.uniform(0.2, 0.8, (BATCH, 3))
    made = IdealSubstrate(network(True), Constant(0.5), dtype=np.float64)
    made.load(parameters)
    made.begin(x, NUMBERS)
    learning = LearningSpec(rates=(1.0, 1.0, 1.0), epochs=1)
    rule = EquilibriumPropagation(
        made.network, learning, PhasesSpec(free=200, nudged=200, reference="opposite")
    )
    presented = rule.present(made, y, 1e-4)
    made.write_weights(presented.updates, presented.biases)
    h = 1e-5
    for k, (before, after) in enumerate(zip(parameters.weights, made.parameters().weights, strict=True)):
        slope = np.zeros_like(before)
        for at in np.ndindex(*before.shape):
            ends = []
            for sign in (1, -1):
                moved = [w.copy() for w in parameters.weights]
                moved[k][at] += sign * h
                ends.append(cost(Parameters(tuple(moved), (), parameters.biases), x, y))
            slope[at] = (ends[0] - ends[1]) / (2 * h)
        np.testing.assert_allclose(after - before, -slope, rtol=1e-3, atol=1e-6)


def test_a_rectifier_has_no_upper_end() -> None:
    made = IdealSubstrate(network(), Constant(0.5), bound=math.inf)
    p = drawn()
    made.load(Parameters(p.weights, p.feedback, (p.biases[0] + 3, *p.biases[1:])))
    made.begin(np.ones((BATCH, 36)), NUMBERS)
    made.run(Phase.FREE, 10)
    assert made.observe(Observable.VALUE, 1).max() > 2
    assert made.observe(Observable.VALUE, 3).min() >= 0
    with pytest.raises(ConfigError, match="bound: must be > 0, got 0"):
        IdealSubstrate(network(), Constant(0.5), bound=0)


def test_weights_are_drawn_for_what_a_neuron_sees() -> None:
    of = Convolution((12, 12, 20), 5, 30)
    drawn = glorot(convolutional((Convolution((12, 12, 20), 1, 20), of), 10), 1)
    bound = math.sqrt(6 / (25 * 20 + 25 * 30))
    assert 0.999 * bound < np.abs(drawn.weights[1]).max() <= bound
    assert 0.999 * bound < np.abs(drawn.feedback[0]).max() <= bound
    assert drawn.feedback[0].shape == (30, 500) and drawn.biases[1].shape == (30,)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Convolution((6, 6, 1), 0, 3), "convolution.kernel: must be at least 1, got 0"),
        (
            lambda: Convolution((6, 5, 1), 2, 3, 2),
            "convolution.pool: must divide the layer below, 6 × 5, got 2",
        ),
        (
            lambda: Convolution((6, 6, 1), 4, 3, 2),
            "convolution.kernel: must be at most 3, as what it sees is 3 × 3, got 4",
        ),
        (lambda: convolutional((), 3), "network.convolutions: must have at least one, got none"),
        (
            lambda: convolutional((FIRST, FIRST), 3),
            "network.convolutions[1]: must take what the one before makes, (4, 4, 3), and takes (6, 6, 1)",
        ),
    ],
)
def test_bad_networks(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value) == sentence


def test_weights_of_another_shape_are_refused() -> None:
    made, p = IdealSubstrate(network(), Constant(0.5)), drawn()
    with pytest.raises(ConfigError, match=r"weights\[1\]: must have shape \(12, 2\), got \(12, 3\)"):
        made.load(Parameters((p.weights[0], np.zeros((12, 3)), p.weights[2]), p.feedback, p.biases))
    with pytest.raises(ConfigError, match=r"biases\[0\]: must have shape \(3,\), got \(48,\)"):
        made.load(Parameters(p.weights, p.feedback, (np.zeros(48), *p.biases[1:])))


def test_substrates_with_a_weight_for_every_synapse_refuse() -> None:
    with pytest.raises(
        MappingError, match="input→hidden1: takes means of activities before its kernel, and a core"
    ):
        compile_network(network(), small_chip(), precision="float32", state_words=1)
    with pytest.raises(CapabilityError, match="input→hidden1: is a convolution, and"):
        AnalogSubstrate(network(), AnalogSpec())
