"""The associative rule: its formula, its signs, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.description.network import layered
from neurochip.elements import Constant
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.adam import Adam
from neurochip.learning.associative import (
    Associations,
    AssociativeRule,
    associative_change,
    balanced_associations,
    stdp_window,
    weight_updates,
)
from neurochip.substrate import Parameters


def slow(x, p, sign, epsilon, limit):
    """Eq. 3, one number after the other, and its mean over lanes."""
    out = np.zeros((x.shape[1], p.shape[1]))
    for i in range(x.shape[1]):
        for j in range(p.shape[1]):
            for lane in range(len(x)):
                a, b = float(x[lane, i]), float(p[lane, j])
                value = a**3 * b * (a - b) / ((2 * b - a) ** 2 + epsilon)
                out[i, j] += sign[lane, j] * max(-limit, min(limit, value)) / len(x)
    return out


@pytest.mark.interp
@pytest.mark.parametrize(("epsilon", "limit"), [(1e-9, np.inf), (1e-2, np.inf), (1e-9, 0.3)])
def test_the_kernel_is_the_equation(epsilon: float, limit: float) -> None:
    draws = np.random.default_rng(1)
    x, p = draws.uniform(0, 1, (5, 4)), draws.uniform(0, 1, (5, 3))
    x[0, 0], p[1, 1] = 0.0, x[1, 2] / 2  # an input that is off, and the pole
    sign = draws.choice([-1.0, 1.0], (5, 3))
    change = np.zeros((4, 3))
    associative_change(x, p, sign, epsilon, limit, change)
    np.testing.assert_allclose(change, slow(x, p, sign, epsilon, limit), rtol=1e-9, atol=1e-12)


def test_the_window_in_times_is_the_rule_in_rates() -> None:
    """Eq. 1 is eq. 2 with x = 1/T_pre and p = 1/T_post."""
    pre = 1.7
    for post in (0.4, 1.0, 1.69, 1.8, 2.5, 3.3, 6.0):
        x, p = 1 / pre, 1 / post
        assert stdp_window(np.array(post - pre), pre) == pytest.approx(x**3 * p * (x - p) / (2 * p - x) ** 2)


def test_associations_turn_round_with_the_label() -> None:
    signs = balanced_associations(6, np.random.default_rng(2))
    assert sorted(signs) == [-1, -1, -1, 1, 1, 1]
    yes, no = Associations((6, 1), (signs, np.ones(1))).of(np.array([1, 0]))[0]
    np.testing.assert_array_equal(yes, signs)
    np.testing.assert_array_equal(no, -signs)


@pytest.mark.parametrize(
    ("sizes", "signs", "sentence"),
    [
        ((4, 3), (np.ones(4), np.ones(3)),
         "associations: need an output layer of one neuron, which says yes or no; got 3"),
        ((4, 1), (np.ones(4),), "associations: must be given for 2 layers, got 1"),
        ((4, 1), (np.ones(5), np.ones(1)), "associations[1]: must have one sign for each of 4 neurons, got 5"),
        ((2, 1), (np.array([1.0, 0.5]), np.ones(1)), "associations[1]: must be +1 or −1"),
    ],
)  # fmt: skip
def test_associations_that_do_not_match(sizes, signs, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        Associations(sizes, signs)
    assert str(error.value) == sentence


def test_three_classes_are_refused() -> None:
    with pytest.raises(DataError) as error:
        Associations((1,), (np.ones(1),)).of(np.array([0, 1, 2]))
    assert str(error.value) == (
        "labels: must be 0 or 1, since the associative rule tells two classes apart, got 0, 1, 2; "
        "choose a pair of classes"
    )


def test_a_layer_of_another_size_is_refused() -> None:
    rule = AssociativeRule(Associations((3, 1), (np.ones(3), np.ones(1))))
    with pytest.raises(ConfigError, match=r"associations\[1\]: are for 3 neurons, the layer has 4"):
        rule.changes([np.ones((2, 5)), np.ones((2, 4)), np.ones((2, 1))], np.array([0, 1]))


@pytest.mark.parametrize("values", [{"epsilon": 0.0}, {"limit": -1.0}, {"epsilon": float("nan")}])
def test_constants_are_positive(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be positive"):
        AssociativeRule(Associations((1,), (np.ones(1),)), **values)


def test_a_substrate_that_sends_no_bits_has_no_rates() -> None:
    rule = AssociativeRule(Associations((3, 1), (np.ones(3), np.ones(1))), reads="rate")
    substrate = IdealSubstrate(layered((2, 3, 1), tied=False), Constant(0.5))
    with pytest.raises(CapabilityError) as error:
        rule.check(substrate)
    assert str(error.value) == "learning: needs rate, which the ideal substrate does not keep"


def test_a_change_arrives_at_its_synapses() -> None:
    network = layered((2, 3, 1), tied=False)
    substrate = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
    draws = np.random.default_rng(3)
    weights = (draws.uniform(-0.3, 0.3, (2, 3)), draws.uniform(-0.3, 0.3, (3, 1)))
    substrate.load(Parameters(weights, (np.zeros((1, 3)),), (np.full(3, 0.5), np.full(1, 0.5))))
    rule = AssociativeRule(Associations((3, 1), (np.array([1.0, -1.0, 1.0]), np.ones(1))), epsilon=1e-2)
    substrate.begin(draws.uniform(0, 1, (4, 2)), np.arange(4, dtype=np.uint64))
    seen = rule.present(substrate, np.array([0, 1, 1, 0]), 60)
    substrate.write_weights(weight_updates(seen.changes, 0.5), (None, None))
    for before, after, change in zip(weights, substrate.parameters().weights, seen.changes, strict=True):
        assert np.abs(change).max() > 0
        np.testing.assert_allclose(after, before + 0.5 * change, atol=1e-12)


def test_adam_takes_the_step_of_its_paper() -> None:
    adam = Adam([(1,)], rate=0.1, decays=(0.9, 0.99), floor=1e-8)
    mean = square = 0.0
    for t, change in enumerate((0.5, -2.0, 0.25), start=1):
        (step,) = adam.steps([np.array([change])])
        mean, square = 0.9 * mean + 0.1 * change, 0.99 * square + 0.01 * change**2
        wanted = 0.1 * (mean / (1 - 0.9**t)) / (np.sqrt(square / (1 - 0.99**t)) + 1e-8)
        assert step[0] == pytest.approx(wanted)
