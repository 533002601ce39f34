"""What the associative experiments compare with."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.data.uci import iris
from neurochip.errors import DataError
from neurochip.papers.associative_iris import _samples
from neurochip.papers.associative_networks import Recipe, attacked, forward, pair_of, train


def _loss(weights, biases, x, y) -> float:
    p = forward(weights, biases, x)[-1][:, 0]
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def test_backprop_goes_down_its_loss_and_the_attack_up() -> None:
    samples = _samples((1, 2), 3)
    start = train(samples, Recipe(rule="backprop", epochs=1), 3)
    end = train(samples, Recipe(rule="backprop", epochs=200), 3)
    x, y = samples.train_x, samples.train_y
    assert _loss(end.weights, end.biases, x, y) < 0.8 * _loss(start.weights, start.biases, x, y)
    moved = attacked(end.weights, end.biases, x, y, 0.03)
    assert np.abs(moved - x).max() == pytest.approx(0.03)
    assert (moved.min(), moved.max()) >= (0.0, 0.0) and moved.max() <= 1.0
    # The attack follows the numerical gradient's sign.
    change = np.zeros_like(x)
    change[5, 2] = 1e-6
    rises = _loss(end.weights, end.biases, x + change, y) > _loss(end.weights, end.biases, x - change, y)
    assert (moved[5, 2] > x[5, 2]) == rises
    assert _loss(end.weights, end.biases, moved, y) > _loss(end.weights, end.biases, x, y)


def test_the_same_seed_trains_the_same_network() -> None:
    samples = _samples((0, 1), 1)
    a, b = (train(samples, Recipe(epsilon=1e-2, epochs=5), 4) for _ in range(2))
    np.testing.assert_array_equal(a.weights[0], b.weights[0])
    assert not np.array_equal(a.weights[0], train(samples, Recipe(epsilon=1e-2, epochs=5), 5).weights[0])


def test_a_pair_must_be_two_classes_that_there_are() -> None:
    flowers = iris()
    x, y = pair_of(flowers.inputs, flowers.labels, (2, 0))
    assert (x.shape, y.sum()) == ((100, 4), 50)
    for pair in ((0, 3), (1, 1)):
        with pytest.raises(DataError, match="pair: must name two classes that there are, got"):
            pair_of(flowers.inputs, flowers.labels, pair)
