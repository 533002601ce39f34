"""The associative rule: its formula, its signs, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.description import LearningSpec, PhasesSpec
from neurochip.elements import Constant
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.associations import Associations, balanced_associations, drawn_associations
from neurochip.learning.associative import AssociativeRule, associative_change, layer_change, stdp_window
from neurochip.network import Convolution, convolutional, layered
from neurochip.substrate import Observable, Parameters


def slow(x, p, sign, epsilon, limit):
    """Eq. 3, one number after the other, and its mean over samples."""
    out = np.zeros((x.shape[1], p.shape[1]))
    for i in range(x.shape[1]):
        for j in range(p.shape[1]):
            for sample in range(len(x)):
                a, b = float(x[sample, i]), float(p[sample, j])
                value = a**3 * b * (a - b) / ((2 * b - a) ** 2 + epsilon)
                out[i, j] += sign[sample, j] * max(-limit, min(limit, value)) / len(x)
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
         "associations: are for 2 classes, and need one output neuron for each, or for 2 classes a single one; got 3"),
        ((4, 1), (np.ones(4),), "associations: must be given for 2 layers, got 1"),
        ((4, 1), (np.ones(5), np.ones(1)), "associations[1]: must have one sign for each of 4 neurons, got 5"),
        ((2, 1), (np.array([1.0, 0.5]), np.ones(1)), "associations[1]: must be +1 or −1"),
    ],
)  # fmt: skip
def test_associations_that_do_not_match(sizes, signs, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        Associations(sizes, signs)
    assert str(error.value) == sentence


def test_each_class_has_signs_of_its_own() -> None:
    found = drawn_associations((6, 3), 4)
    hidden, output = found.of(np.eye(3)[[2, 0]])
    np.testing.assert_array_equal(output, [[-1, -1, 1], [1, -1, -1]])
    assert hidden.sum() == 0 and set(np.unique(hidden)) == {-1, 1}
    assert any(np.any(row != -other) for row, other in zip(*found.signs[0][:2], strict=True))
    one, other = drawn_associations((6, 2), 4).of(np.array([0, 1]))[0]
    np.testing.assert_array_equal(one, -other)
    assert np.any(drawn_associations((6, 2), 5).signs[0] != drawn_associations((6, 2), 4).signs[0])


def test_a_third_class_is_refused() -> None:
    with pytest.raises(DataError) as error:
        Associations((1,), (np.ones(1),)).of(np.array([0, 1, 2]))
    assert str(error.value) == (
        "labels: must be 0 to 1, for which there are associations, got 0, 1, 2; choose a pair of classes"
    )


def test_a_layer_of_another_size_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"associations: are for 3 neurons, the layer has 4"):
        layer_change(np.ones((2, 5)), np.ones((2, 4)), np.ones((2, 3)))


@pytest.mark.parametrize("own", [{"epsilon": 0.0}, {"limit": -1.0}])
def test_constants_are_positive(own: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=rf"learning.own.{next(iter(own))}: must be > 0"):
        spec(own=own)


def spec(**how: Any) -> LearningSpec:
    return LearningSpec(rule="associative", rates=(0.5, 0.5), epochs=1, **how)


def test_a_substrate_that_sends_no_bits_has_no_rates() -> None:
    network = layered((2, 3, 1), tied=False)
    rule = AssociativeRule(network, spec(pre="trace", trace="count"), PhasesSpec())
    with pytest.raises(CapabilityError) as error:
        rule.check(IdealSubstrate(network, Constant(0.5)))
    assert str(error.value) == "learning: needs rate, which the ideal substrate does not keep"


def test_shared_kernels_are_refused() -> None:
    network = convolutional((Convolution((4, 4, 1), maps=2, kernel=3),), 2)
    rule = AssociativeRule(network, spec(), PhasesSpec())
    with pytest.raises(ConfigError, match=r'learning.rule: "associative" changes every synapse on its own'):
        rule.check(IdealSubstrate(network, Constant(0.5)))


def test_a_change_arrives_at_its_synapses() -> None:
    network = layered((2, 3, 1), tied=False)
    substrate = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
    draws = np.random.default_rng(3)
    weights = (draws.uniform(-0.3, 0.3, (2, 3)), draws.uniform(-0.3, 0.3, (3, 1)))
    substrate.load(Parameters(weights, (np.zeros((1, 3)),), (np.full(3, 0.5), np.full(1, 0.5))))
    associations = Associations((3, 1), (np.array([1.0, -1.0, 1.0]), np.ones(1)))
    rule = AssociativeRule(network, spec(own={"epsilon": 1e-2}), PhasesSpec(free=60), associations)
    x, labels = draws.uniform(0, 1, (4, 2)), np.array([0.0, 1, 1, 0])
    substrate.begin(x, np.arange(4, dtype=np.uint64))
    seen = rule.present(substrate, labels[:, None], 0.5)
    values = [substrate.observe(Observable.VALUE, k) for k in range(3)]
    substrate.write_weights(seen.updates, seen.biases)
    after = substrate.parameters()
    np.testing.assert_array_equal(after.feedback[0], np.zeros((1, 3)))
    for k, sign in enumerate(associations.of(labels.astype(int))):
        change = slow(values[k], values[k + 1], sign, 1e-2, np.inf)
        assert np.abs(change).max() > 0
        np.testing.assert_allclose(after.weights[k], weights[k] + 0.5 * change, atol=1e-12)
        push = slow(np.ones((4, 1)), values[k + 1], sign, 1e-2, np.inf)[0]
        np.testing.assert_allclose(after.biases[k], 0.5 + 0.5 * push, atol=1e-6)
