"""Rows of 8-bit weights added in 16 bits are the plain sum, whatever the weights, widths and numbers of rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neurochip.kernels._jit import entry
from neurochip.kernels.int_rows import MOST_ROWS, add_int8_rows

pytestmark = pytest.mark.interp
ROWS = st.integers(0, 3 * MOST_ROWS + 9)


@entry
def _add(weights, start, width, rows, at, n_rows, sums, total) -> None:
    add_int8_rows(weights, start, width, rows, at, n_rows, sums, total)


def added(block: np.ndarray, rows: np.ndarray, *, before: int, ahead: int, held: np.ndarray) -> np.ndarray:
    """Return ``held`` and the rows of a block that stands ``before`` weights into its memory."""
    width = block.shape[1]
    memory = np.concatenate([np.full(before, 99, np.int8), block.ravel()])
    listed = np.concatenate([np.zeros(ahead, np.uint64), rows.astype(np.uint64)])
    total, sums = held.astype(np.int32), np.full(width + 3, 77, np.int16)
    _add(
        memory,
        np.uint64(before),
        np.uint64(width),
        listed,
        np.uint64(ahead),
        np.uint64(len(rows)),
        sums,
        total,
    )
    return total


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_rows=ROWS, width=st.integers(1, 90), before=st.integers(0, 40))
@example(seed=0, n_rows=0, width=1, before=0)
@example(seed=1, n_rows=MOST_ROWS + 1, width=17, before=3)
def test_rows_add_up(seed: int, n_rows: int, width: int, before: int) -> None:
    rng = np.random.default_rng(seed)
    block = rng.integers(-128, 128, size=(50, width), dtype=np.int8)
    rows = rng.integers(50, size=n_rows)
    held = rng.integers(-(10**6), 10**6, size=width)
    found = added(block, rows, before=before, ahead=int(rng.integers(5)), held=held)
    wanted = [int(held[j]) + sum(int(block[row, j]) for row in rows) for j in range(width)]
    assert found.tolist() == wanted


@settings(max_examples=20, deadline=None)
@given(n_rows=ROWS, width=st.integers(1, 40), weight=st.sampled_from([-128, 127]))
@example(n_rows=MOST_ROWS, width=16, weight=-128)
def test_no_sum_of_the_largest_weights_overflows(n_rows: int, width: int, weight: int) -> None:
    block = np.full((1, width), weight, dtype=np.int8)
    found = added(block, np.zeros(n_rows, int), before=0, ahead=0, held=np.zeros(width))
    assert found.tolist() == [n_rows * weight] * width
