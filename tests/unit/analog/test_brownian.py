"""The tree of Brownian paths: its parts add up, and have the law of Brownian motion."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.analog.brownian import path_over

SAMPLES, NEURONS, LENGTH = 40, 250, 0.5
PRESENTATIONS = np.arange(SAMPLES, dtype=np.uint64)


def over(depth: int, part: int, tick: int = 3) -> tuple[np.ndarray, np.ndarray]:
    increment, area = np.empty((SAMPLES, NEURONS)), np.empty((SAMPLES, NEURONS))
    depths, parts = np.full(SAMPLES, depth), np.full(SAMPLES, part)
    path_over(np.uint64(7), PRESENTATIONS, np.uint64(tick), LENGTH, depths, parts, increment, area)
    return increment, area


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_halves_make_their_whole(depth: int) -> None:
    """∫ W over an interval is that over both halves: the law of H, whatever was drawn."""
    for part in range(2**depth):
        w, h = over(depth, part)
        (w1, h1), (w2, h2) = over(depth + 1, 2 * part), over(depth + 1, 2 * part + 1)
        np.testing.assert_allclose(w1 + w2, w, atol=1e-12)
        np.testing.assert_allclose((w1 - w2) / 4 + (h1 + h2) / 2, h, atol=1e-12)


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_the_law_is_that_of_brownian_motion(depth: int) -> None:
    length, parts = LENGTH / 2**depth, [over(depth, part) for part in range(2**depth)]
    n = SAMPLES * NEURONS
    for w, h in parts[:4]:
        assert w.var() == pytest.approx(length, rel=4 * np.sqrt(2 / n))
        assert h.var() == pytest.approx(length / 12, rel=4 * np.sqrt(2 / n))
        assert abs(np.corrcoef(w.ravel(), h.ravel())[0, 1]) < 4 / np.sqrt(n)
    for (w1, h1), (w2, h2) in zip(parts, parts[1:4], strict=False):
        for a, b in ((w1, w2), (h1, h2), (w1, h2), (h1, w2)):
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(n)


def test_ticks_samples_and_neurons_have_paths_of_their_own() -> None:
    w, _ = over(2, 1)
    assert np.unique(w).size == w.size
    assert abs(np.corrcoef(w.ravel(), over(2, 1, tick=4)[0].ravel())[0, 1]) < 0.04


def test_a_wrong_bridge_would_be_noticed() -> None:
    """The control: a midpoint that forgets the area of its interval has H of the wrong law."""
    w, _ = over(0, 0)
    z = np.random.default_rng(1).standard_normal(w.shape) * np.sqrt(LENGTH / 4)
    w1, w2 = w / 2 + z, w / 2 - z
    area = (w1 - w2) / 4
    assert area.var() != pytest.approx(LENGTH / 12, rel=0.1)
