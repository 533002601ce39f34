"""How cores change their weights, against matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.cores.plasticity import Rounding, change_fixed, change_floats, change_integers
from neurochip.elements.integers.arithmetic import first_word, next_word
from neurochip.kernels.random_bits import mix, uniform

pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
BATCH, AXONS, WIDTH, START = 4, 6, 16, 32


def activities(dtype: Any) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    pre = rng.uniform(-1, 1, (BATCH, AXONS)).astype(dtype)
    pre[:, 2] = 0  # this axon is silent in every sample,
    pre[1:, 4] = 0  # this one in all but one
    return pre, rng.uniform(-1, 1, (BATCH, WIDTH)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_floats(dtype: Any) -> None:
    pre, post = activities(dtype)
    weights = np.random.default_rng(2).uniform(-1, 1, START + AXONS * WIDTH + 5).astype(dtype)
    before, out = weights.copy(), np.zeros(2, np.int64)
    for rows in ([0, 2], [2, 6]):  # as two threads would share them
        change_floats(
            weights,
            np.uint64(START),
            np.uint64(WIDTH),
            np.array(rows, np.uint64),
            pre,
            post,
            dtype(0.25),
            np.zeros(WIDTH, dtype),
            out,
        )
    block = slice(START, START + AXONS * WIDTH)
    expected = before[block].reshape(AXONS, WIDTH) + 0.25 * pre.T @ post
    tolerance = 1e-15 if dtype is np.float64 else 1e-6
    np.testing.assert_allclose(weights[block].reshape(AXONS, WIDTH), expected, rtol=0, atol=tolerance)
    np.testing.assert_array_equal(weights[:START], before[:START])
    np.testing.assert_array_equal(weights[block.stop :], before[block.stop :])
    assert out.tolist() == [4 * BATCH + 1, 0]


@pytest.mark.parametrize("stochastic", [0, 1])
def test_integers(stochastic: int) -> None:
    """floor(w + change + draw) with the draw of this weight, or the nearest integer; held to ±top."""
    pre, post = activities(np.float32)
    rng = np.random.default_rng(3)
    weights = rng.integers(-7, 8, START + AXONS * WIDTH).astype(np.int8)
    before, out = weights.copy(), np.zeros(3, np.int64)
    key, first_column = np.uint64(77), np.uint64(5)
    change_integers(
        weights,
        np.uint64(START),
        np.uint64(WIDTH),
        np.array([0, AXONS], np.uint64),
        pre,
        post,
        np.float32(3.0),
        np.zeros(WIDTH, np.float32),
        Rounding(-8, 7, stochastic, key),
        first_column,
        out,
    )
    met = 0
    for i in range(AXONS):
        row_key = np.uint64(mix(key, np.uint64(i)))
        for j in range(WIDTH):
            total = np.float32(0)
            for sample in range(BATCH):
                if pre[sample, i] != 0:
                    total = total + pre[sample, i] * post[sample, j]
            wanted = float(before[START + i * WIDTH + j]) + float(np.float32(3.0) * total)
            draw = float(uniform(row_key, first_column + np.uint64(j)))
            rounded = np.floor(wanted + draw) if stochastic else np.rint(wanted)
            if pre[:, i].any():
                met += rounded > 7 or rounded < -8
            assert weights[START + i * WIDTH + j] == np.clip(rounded, -8, 7), (i, j)
    assert out.tolist() == [4 * BATCH + 1, met, 0] and met > 0
    np.testing.assert_array_equal(weights[:START], before[:START])


@pytest.mark.parametrize(("left", "right"), [(0, 5), (2, 3), (1, 0)])
@pytest.mark.parametrize("stochastic", [0, 1])
def test_whole_numbers(stochastic: int, left: int, right: int) -> None:
    """Products of whole numbers, shifted, with half a unit or the low bits of a word; plain Python integers."""
    rng = np.random.default_rng(4)
    pre = rng.integers(-9, 10, (BATCH, AXONS)).astype(np.int32)
    pre[:, 2] = 0
    post = rng.integers(-9, 10, (BATCH, WIDTH)).astype(np.int32)
    weights = rng.integers(-100, 101, START + AXONS * WIDTH).astype(np.int16)
    before, out, key = weights.tolist(), np.zeros(3, np.int64), np.uint64(77)
    change_fixed(
        weights, np.uint64(START), np.uint64(WIDTH), np.array([0, AXONS], np.uint64), pre, post,
        np.int64(left), np.int64(right), np.zeros(WIDTH, np.int64), Rounding(-60, 70, stochastic, key), out,
    )  # fmt: skip
    met = 0
    for i in range(AXONS):
        word = int(first_word(key, np.uint64(i)))
        for j in range(WIDTH):
            word = int(next_word(np.uint64(word)))
            place = START + i * WIDTH + j
            if not pre[:, i].any():
                assert weights[place] == before[place]
                continue
            chance = word % 2**right if stochastic else 2**right // 2
            total = sum(int(pre[b, i]) * int(post[b, j]) for b in range(BATCH)) * 2**left
            wanted = before[place] + (total + chance) // 2**right
            assert weights[place] == min(max(wanted, -60), 70)
            met += weights[place] != wanted
    assert weights.tolist()[:START] == before[:START]
    assert out.tolist() == [int((pre != 0).sum()), met, 0] and met > 0
