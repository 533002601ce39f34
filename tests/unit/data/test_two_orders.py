"""Sequences of which order alone tells the class, and what a modern Hopfield network reads out of them."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from neurochip.data import hopfield_readout, load
from neurochip.data.two_orders import LENGTH, SYMBOLS, laid_out, two_orders
from neurochip.errors import DataError

PLACES = np.linspace(0, 1, LENGTH)[:, None]
ONES = np.eye(len(SYMBOLS))


def test_it_is_the_same_everywhere() -> None:
    sequences, labels = two_orders(0, 3000)
    digest = hashlib.sha256(sequences.astype("<i8").tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    assert digest == "a41c2edb2580e797feac7e4eca4b2c2d404b643ab09dc89d9c155c220c63b5a9"
    np.testing.assert_array_equal(two_orders(7, 3)[0], sequences[7:10])


def test_a_bag_of_symbols_is_the_same_in_all_and_the_class_is_of_two_orders() -> None:
    sequences, labels = two_orders(0, 200)
    for sequence, label in zip(sequences, labels, strict=True):
        word = "".join(SYMBOLS[symbol] for symbol in sequence)
        assert "".join(sorted(word)) == "ABCDEEFFGGHH"
        assert label == ((word.index("A") < word.index("B")) != (word.index("C") < word.index("D")))


def test_the_set_is_split_and_balanced() -> None:
    samples = load("two-orders")
    assert (len(samples.train), len(samples.test), samples.classes) == (2000, 1000, ("same", "different"))
    for labels in (samples.labels(), samples.labels("test")):
        assert 0.45 < labels.mean() < 0.55
    np.testing.assert_array_equal(samples.train.inputs.sum(axis=1), 255 * LENGTH)
    assert samples.features[:2] == ("A at 1", "B at 1")


def test_no_weighted_sum_of_places_tells_the_classes_apart() -> None:
    """The best linear read-out by least squares stays near chance; of one order it does not."""
    (sequences, both), (others, wanted) = two_orders(0, 2000), two_orders(2000, 1000)
    x, tx = laid_out(sequences) / 255, laid_out(others) / 255

    def accuracy(y: np.ndarray, ty: np.ndarray) -> float:
        weights, *_ = np.linalg.lstsq(x, 2.0 * y - 1, rcond=None)
        return float(np.mean((tx @ weights > 0) == ty))

    def a_first(rows: np.ndarray) -> np.ndarray:
        return np.argmax(rows == 0, axis=1) < np.argmax(rows == 1, axis=1)

    assert accuracy(both, wanted == 1) < 0.57
    assert accuracy(a_first(sequences), a_first(others)) > 0.9


def test_a_sharp_query_retrieves_the_place_and_a_blunt_one_the_mean() -> None:
    sequences, _ = two_orders(0, 50)
    sharp = hopfield_readout(ONES[sequences], ONES, PLACES, beta=60.0)
    assert sharp.shape == (50, len(SYMBOLS)) and sharp.dtype == np.float32
    for symbol in range(len(SYMBOLS)):
        wanted = [PLACES[sequence == symbol].mean() for sequence in sequences]
        np.testing.assert_allclose(sharp[:, symbol], wanted, atol=1e-6)
    np.testing.assert_allclose(hopfield_readout(ONES[sequences], ONES, PLACES, beta=0.0), 0.5, atol=1e-6)


def test_a_pattern_is_completed_as_the_formula_says() -> None:
    draws = np.random.default_rng(3)
    keys, queries = draws.normal(size=(2, 4, 3)), draws.normal(size=(5, 3))
    found = hopfield_readout(keys, queries, beta=1.5).reshape(2, 5, 3)
    for sample, patterns in enumerate(keys):
        for query, one in enumerate(queries):
            weights = np.exp(1.5 * patterns @ one)
            np.testing.assert_allclose(found[sample, query], weights @ patterns / weights.sum(), rtol=1e-5)


def test_values_may_differ_from_sample_to_sample() -> None:
    sequences, _ = two_orders(0, 4)
    own = np.stack([PLACES + sample for sample in range(4)])
    found = hopfield_readout(ONES[sequences], ONES, own, beta=8.0)
    same = hopfield_readout(ONES[sequences], ONES, PLACES, beta=8.0)
    np.testing.assert_allclose(found, same + np.arange(4)[:, None], rtol=1e-5)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"beta": -1.0}, "beta: must be ≥ 0 and finite, got -1.0"),
        ({"beta": float("nan")}, "beta: must be ≥ 0 and finite, got nan"),
        (
            {"queries": np.ones((2, 4))},
            r"queries: must be \[query, feature\] for keys \[sample, place, feature\], got \(2, 4\) and \(1, 5, 3\)",
        ),
        ({"keys": np.ones((1, 0, 3))}, "keys: must have at least one place"),
        ({"keys": np.full((1, 5, 3), np.nan)}, "keys: must hold finite numbers"),
        ({"queries": np.array([["a", "b", "c"]])}, "queries: must hold finite numbers"),
        ({"values": np.ones((4, 2))}, r"values: must have one row for each of 5 places, got \(4, 2\)"),
        ({"values": np.ones((2, 5, 2))}, r"values: must have one row for each of 5 places, got \(2, 5, 2\)"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, object], message: str) -> None:
    words = {"keys": np.ones((1, 5, 3)), "queries": np.ones((2, 3)), "beta": 1.0} | given
    with pytest.raises(DataError, match=message):
        hopfield_readout(**words)  # type: ignore[arg-type]
