"""The two classes of stripes: made the same everywhere, and beyond any output layer."""

from __future__ import annotations

import hashlib

import numpy as np

from neurochip.data import load
from neurochip.data.stripes import TEST, TRAIN, stripes


def test_it_is_the_same_everywhere() -> None:
    pixels, labels = stripes(0, TRAIN + TEST)
    assert pixels.shape == (TRAIN + TEST, 16) and pixels.dtype == np.uint8
    digest = hashlib.sha256(pixels.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
    assert digest == "fc6c5cb2109d3d0a358cd618c14a7fdae07cf338fefd3947443625e5ad5bc440"
    later, _ = stripes(7, 3)
    np.testing.assert_array_equal(later, pixels[7:10])


def test_the_set_is_split_and_balanced() -> None:
    samples = load("stripes")
    assert (len(samples.train), len(samples.test), samples.classes) == (TRAIN, TEST, ("same", "different"))
    for labels in (samples.labels(), samples.labels("test")):
        assert 0.4 < labels.mean() < 0.6
    assert not np.any(np.all(samples.train.inputs[:, None] == samples.test.inputs[None, :20], axis=2))


def test_no_weighted_sum_of_pixels_tells_the_classes_apart() -> None:
    """The best linear read-out by least squares stays near chance; with the product of both stripes it does not."""
    samples = load("stripes")
    x, y = samples.inputs(slice(None)), 2.0 * samples.labels() - 1
    tx, ty = samples.inputs(slice(None), "test"), samples.labels("test") == 1

    def accuracy(features: np.ndarray, test: np.ndarray) -> float:
        weights, *_ = np.linalg.lstsq(np.c_[features, np.ones(len(features))], y, rcond=None)
        return float(np.mean((np.c_[test, np.ones(len(test))] @ weights > 0) == ty))

    assert accuracy(x, tx) < 0.6
    half = np.where(np.arange(4) < 2, 1.0, -1.0)

    def product(images: np.ndarray) -> np.ndarray:
        squares = images.reshape(-1, 4, 4) - 0.5
        return ((squares @ half).sum(axis=1) * (half @ squares).sum(axis=1))[:, None]

    assert accuracy(product(x), product(tx)) > 0.95
