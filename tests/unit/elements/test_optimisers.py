"""Optimisers against their papers' equations, one weight at a time, and what they declare to cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from neurochip.elements.optimisers import DECAY_COST, Adam, Momentum, Optimiser, Plain
from neurochip.errors import CheckpointError
from neurochip.network import layered
from neurochip.substrate.optimising import Optimising
from tests.oracle.optimisers import SlowOptimiser

METHODS: dict[str, Optimiser] = {
    "plain": Plain(),
    "momentum": Momentum(0.8),
    "adam": Adam(0.7, 0.95, 1e-3),
}
CONSTANTS: dict[str, dict[str, float]] = {
    "plain": {},
    "momentum": {"momentum": 0.8},
    "adam": {"beta1": 0.7, "beta2": 0.95, "epsilon": 1e-3},
}
RATE = 0.05


def followed(method: Optimiser, changes: Any, *, decay: float = 0.0, shares: Any = None) -> Any:
    """Return the weights of one projection, [step, pre, post], that begin at 1 and learn these changes."""
    made = Optimising(layered((3, 2)), method, (RATE,), decay=decay)
    weights, series = np.ones((3, 2)), []
    for k, change in enumerate(changes):
        made.share = 1.0 if shares is None else shares[k]
        plain = RATE * made.share * change  # what a plain step would add
        weights = weights + made.weights(0, plain, weights, k + 1)
        series.append(weights)
    return np.array(series)


@pytest.mark.parametrize("decay", [0.0, 0.03])
@pytest.mark.parametrize("kind", METHODS)
def test_every_weight_goes_as_the_paper_says(kind: str, decay: float) -> None:
    rng = np.random.default_rng(3)
    changes = rng.normal(size=(40, 3, 2)) * rng.choice([1e-4, 1.0, 30.0], size=(40, 3, 2))
    shares = 0.95 ** (np.arange(40) // 10)
    found = followed(METHODS[kind], changes, decay=decay, shares=shares)
    for i in range(3):
        for j in range(2):
            slow = SlowOptimiser(kind, RATE, decay, **CONSTANTS[kind])
            np.testing.assert_allclose(
                found[:, i, j], slow.follow(1.0, -changes[:, i, j], shares), rtol=1e-11
            )


def test_adam_by_hand() -> None:
    """Kingma & Ba 2015, Algorithm 1, two steps of gradients 1 and −2 with its default constants, by hand.

    Step 1: m̂ = 1, v̂ = 1. Step 2: m = 0.1·0.9 − 0.2 = −0.11, m̂ = −0.11/0.19, v̂ = (0.000999 + 0.004)/0.001999.
    """
    steps = []
    moments = [np.zeros(1), np.zeros(1)]
    for number, change in enumerate((1.0, -2.0), start=1):
        steps.append(Adam().step(np.array([change]), moments, number, 0.001)[0])
    assert steps[0] == pytest.approx(0.001, rel=1e-7)
    assert steps[1] == pytest.approx(0.001 * (-0.11 / 0.19) / math.sqrt(0.004999 / 0.001999), rel=1e-7)


def test_the_first_step_of_adam_has_the_size_of_its_rate() -> None:
    """Section 2.1: |Δ| ≤ η, and without the corrections of section 3 the first step would be √1000/10 times that."""
    for size in (1e-3, 1.0, 1e3):
        moments = [np.zeros(1), np.zeros(1)]
        (step,) = Adam(epsilon=1e-12).step(np.array([size]), moments, 1, 0.01)
        assert step == pytest.approx(0.01, rel=1e-6)
        uncorrected = 0.01 * moments[0][0] / math.sqrt(moments[1][0])
        assert uncorrected == pytest.approx(
            0.01 * 0.1 / math.sqrt(0.001), rel=1e-6
        )  # the control: 3.16 times
        assert abs(uncorrected / step - 1) > 2


def test_momentum_ends_at_the_sum_of_its_series() -> None:
    velocity = [np.zeros(1)]
    for number in range(1, 60):
        (step,) = Momentum(0.9).step(np.ones(1), velocity, number, 0.1)
        assert step == pytest.approx(0.1 * (1 - 0.9**number) / 0.1)


def test_decay_is_apart_from_the_change() -> None:
    """Under Adam a decay inside of the gradient is divided by its size (the control); outside it takes its share."""
    rng = np.random.default_rng(1)
    changes = rng.normal(size=(30, 3, 2))
    for scale in (1.0, 1e3):
        bare = followed(METHODS["adam"], scale * changes)
        decayed = followed(METHODS["adam"], scale * changes, decay=0.02)
        steps = np.diff(np.concatenate([np.ones((1, 3, 2)), bare]), axis=0)
        wanted = np.ones((3, 2))
        for step in steps:
            wanted = (1 - 0.02) * wanted + step
        np.testing.assert_allclose(decayed[-1], wanted, rtol=1e-11)
    weights = np.full((3, 2), 5.0)
    inside = [np.zeros((3, 2)), np.zeros((3, 2))]
    first = Adam().step(1e3 * changes[0] - 0.02 * weights, inside, 1, RATE)
    without = Adam().step(1e3 * changes[0], [np.zeros((3, 2)), np.zeros((3, 2))], 1, RATE)
    assert np.abs(first - without).max() < 1e-3 * 0.02 * 5.0


def test_biases_do_not_decay() -> None:
    made = Optimising(layered((3, 2)), Plain(), (RATE,), decay=0.5)
    np.testing.assert_allclose(made.biases(1, np.array([0.25, -1.0]), 1), [0.25, -1.0], rtol=1e-15)


def test_feedback_has_the_rate_of_its_partner_and_moments_of_its_own() -> None:
    made = Optimising(layered((3, 4, 2), tied=False), Adam(), (0.1, 0.2))
    assert [made.rate(k) for k in range(3)] == [0.1, 0.2, 0.2]
    for k, shape in enumerate([(3, 4), (4, 2), (2, 4)]):
        made.weights(k, np.ones(shape), np.zeros(shape), 1)
    made.biases(2, np.ones(2), 1)
    names = {f"weights.{k}.{m}" for k in range(3) for m in ("mean", "square")}
    assert set(made.state()) == names | {"biases.2.mean", "biases.2.square"}


def test_a_projection_that_does_not_learn_keeps_nothing() -> None:
    made = Optimising(layered((3, 2)), Adam(), (0.0,))
    np.testing.assert_array_equal(made.weights(0, np.zeros((3, 2)), np.ones((3, 2)), 1), 0)
    assert made.state() == {}


def test_moments_come_back_and_strange_ones_are_refused() -> None:
    changes = np.random.default_rng(0).normal(size=(6, 3, 2))
    whole = Optimising(layered((3, 2)), Adam(), (RATE,))
    steps = [whole.weights(0, c, c, k + 1) for k, c in enumerate(changes)]
    first = Optimising(layered((3, 2)), Adam(), (RATE,))
    for k in range(3):
        first.weights(0, changes[k], changes[k], k + 1)
    other = Optimising(layered((3, 2)), Adam(), (RATE,))
    other.restore(first.state())
    np.testing.assert_array_equal(other.weights(0, changes[3], changes[3], 4), steps[3])
    fresh = Optimising(layered((3, 2)), Adam(), (RATE,))  # the control: without them it goes elsewhere
    assert np.abs(fresh.weights(0, changes[3], changes[3], 4) - steps[3]).max() > 1e-3
    plain = Optimising(layered((3, 2)), Momentum(), (RATE,))
    with pytest.raises(CheckpointError, match="momentum does not keep"):
        plain.restore(first.state())


def test_costs_are_those_of_the_equations() -> None:
    assert Plain().hardware.to_json() == dict.fromkeys(Plain().hardware.to_json(), 0)
    assert Momentum().hardware.state_words_kept == 1
    adam = Adam().hardware
    assert (adam.state_words_kept, adam.state_words_read, adam.state_words_written) == (2, 2, 2)
    # g − m, + m, g² − v, + v, √ + ε; times 1 − β₁, g·g, times 1 − β₂, times η; a root and a quotient.
    assert (adam.additions, adam.multiplications, adam.divisions) == (5, 4, 2)
    assert DECAY_COST.multiplications == 1
