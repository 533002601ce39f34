"""What a block of weights delivers, against sums in Python integers and in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.kernels.row_sums import MOST_ROWS, Block, Drive, Lists, Room, deliver, sum_reference

AXONS, WIDTH, START, SUMS, FIRST, AT = 700, 32, 64, 16, 8, 3
# weights, sums, scratch of a few rows, state; largest weight
TYPES = [
    ("int8", "int32", "int16", "float32", 128),
    ("int16", "int32", "int32", "float32", 3000),
    ("float32", "float32", "float32", "float32", 1),
    ("float64", "float64", "float64", "float64", 1),
]


def u64(number: int) -> np.uint64:
    return np.uint64(number)


def block_of(weight: str, top: int, rng: np.random.Generator) -> Any:
    """Rows that nearly all pull the same way, as far as the type goes: sums become as large as they can."""
    values = np.full((AXONS, WIDTH), -top, float)
    values[:, ::2] = rng.uniform(-top, top, (AXONS, WIDTH // 2))
    if np.dtype(weight).kind == "i":
        values = np.clip(np.rint(values), np.iinfo(weight).min, np.iinfo(weight).max)
    return values.astype(weight)


@pytest.mark.parametrize(("weight", "sums", "part", "state", "top"), TYPES)
@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize(
    ("n_plus", "n_minus"),
    [
        (0, 0),
        (4, 0),
        (0, 8),
        (12, 20),
        (252, 0),
        (0, 252),
        (256, 0),
        (600, 640),
        (3, 2),
        (253, 1),
        (255, 254),
    ],
)
def test_a_block_delivers_its_reference_and_what_differs(
    weight: str, sums: str, part: str, state: str, top: int, more: bool, n_plus: int, n_minus: int
) -> None:
    rng = np.random.default_rng(n_plus + n_minus)
    block = block_of(weight, top, rng)
    weights = np.concatenate([np.full(START, 77, weight), block.ravel()])
    plus, minus = (np.full(AT + 700, 999, np.uint64) for _ in range(2))
    plus[AT : AT + n_plus] = rng.integers(0, AXONS, n_plus)
    minus[AT : AT + n_minus] = rng.integers(0, AXONS, n_minus)
    sums_of = rng.integers(-9000, 9000, SUMS + WIDTH + 4).astype(sums)
    before, drive = sums_of.copy(), rng.uniform(-1, 1, FIRST + WIDTH + 4).astype(state)
    old = drive.copy()
    scale = np.dtype(state).type(0.25)
    deliver(
        Block(weights, u64(START), u64(WIDTH), u64(WIDTH)),
        Lists(plus, minus, u64(n_plus), u64(n_minus), u64(AT)),
        sums_of,
        u64(SUMS),
        Room(np.full(64, 5, part), np.full(64, 7, sums)),
        Drive(drive, u64(FIRST), scale, more),
    )
    exact = np.float64 if np.dtype(weight).kind == "f" else np.int64
    total = before[SUMS : SUMS + WIDTH].astype(exact)
    total += block[plus[AT : AT + n_plus].astype(int)].astype(exact).sum(axis=0)
    total -= block[minus[AT : AT + n_minus].astype(int)].astype(exact).sum(axis=0)
    own = slice(FIRST, FIRST + WIDTH)
    expected = total * 0.25 + (old[own] if more else 0)
    np.testing.assert_allclose(drive[own], expected, rtol=3e-6 if state == "float32" else 1e-13, atol=1e-5)
    if exact is np.int64 and not more:
        np.testing.assert_array_equal(drive[own], scale * total.astype(state))
    np.testing.assert_array_equal(drive[:FIRST], old[:FIRST])
    np.testing.assert_array_equal(drive[FIRST + WIDTH :], old[FIRST + WIDTH :])
    np.testing.assert_array_equal(sums_of, before)


@pytest.mark.parametrize(("weight", "sums", "part", "state", "top"), TYPES)
@pytest.mark.parametrize("n_rows", [0, 1, 4, 251, 252, 253, 256, 640])
def test_sum_of_a_reference_pattern(
    weight: str, sums: str, part: str, state: str, top: int, n_rows: int
) -> None:
    rng = np.random.default_rng(n_rows)
    block = block_of(weight, top, rng)
    rows = rng.integers(0, AXONS, AT + n_rows).astype(np.uint64)
    sums_of = np.full(SUMS + WIDTH + 4, 5, sums)
    sum_reference(
        Block(block.ravel(), u64(0), u64(WIDTH), u64(WIDTH)),
        rows,
        u64(n_rows),
        u64(AT),
        Room(np.full(64, 5, part), np.full(64, 7, sums)),
        sums_of,
        u64(SUMS),
    )
    expected = block[rows[AT:].astype(int)].astype(float).sum(axis=0)
    own = slice(SUMS, SUMS + WIDTH)
    np.testing.assert_allclose(sums_of[own], expected, rtol=1e-5, atol=1e-4 if state == "float32" else 1e-12)
    assert np.all(sums_of[:SUMS] == 5) and np.all(sums_of[SUMS + WIDTH :] == 5)


def test_so_many_rows_of_the_smallest_integer_fit() -> None:
    assert int(MOST_ROWS) * 128 <= np.iinfo(np.int16).max < (int(MOST_ROWS) + 4) * 128
