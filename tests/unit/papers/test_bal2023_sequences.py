"""What `bal2023_sequences` learns from: places that were retrieved, and what its controls take away."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.data.two_orders import SYMBOLS, two_orders
from neurochip.description import read_run
from neurochip.papers import bal2023_sequences
from neurochip.papers.bal2023_sequences import TEST, TRAIN, sequences
from neurochip.papers.trainings import Series


@pytest.mark.parametrize("plan", [bal2023_sequences.QUICK, bal2023_sequences.FULL])
def test_every_training_is_a_run_of_bits(plan: tuple[Series, ...]) -> None:
    for series in plan:
        run = read_run(series.run, series.overrides, samples=series.samples(1) if series.samples else None)
        assert run.substrate == "digital" and run.network.layers[1] == 32


def test_of_two_symbols_that_stand_once_the_later_one_has_the_larger_value() -> None:
    samples = sequences(1)
    rows, labels = two_orders(TRAIN, TEST)
    values = samples.test.inputs
    assert values.shape == (TEST, len(SYMBOLS))
    at = np.stack([np.argmax(rows == symbol, axis=1) for symbol in range(4)], axis=1)
    np.testing.assert_array_equal(values[:, 0] < values[:, 1], at[:, 0] < at[:, 1])
    np.testing.assert_array_equal((values[:, 0] < values[:, 1]) != (values[:, 2] < values[:, 3]), labels == 1)


def test_controls_take_away_one_thing_each() -> None:
    plain, same = sequences(1), sequences(1)
    np.testing.assert_array_equal(plain.train.inputs, same.train.inputs)
    alike = sequences(1, beta=0.0)
    np.testing.assert_allclose(alike.train.inputs, 0.5, atol=1e-6)
    labels = sequences(1, deal="labels")
    np.testing.assert_array_equal(labels.train.inputs, plain.train.inputs)
    np.testing.assert_array_equal(labels.test.targets, plain.test.targets)
    assert 0.4 < np.mean(labels.train.targets == plain.train.targets) < 0.6
    order = sequences(1, deal="order")
    np.testing.assert_array_equal(order.train.targets, plain.train.targets)
    assert np.mean(order.test.inputs == plain.test.inputs) < 0.2
