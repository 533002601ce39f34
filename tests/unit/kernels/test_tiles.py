"""Sums over tiles have the bits of sums over whole rows, whatever fires."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.kernels._jit import entry
from neurochip.kernels.row_sums import Block, Drive, Lists, Room, deliver
from neurochip.kernels.spike_lists import pad_list
from neurochip.kernels.tiles import add_up, cut, list_filled

SOURCES, WIDTH, SLOTS = 300, 90, 320


@entry
def _tiled(
    bits: Any, silent: Any, table: Any, weights: Any, one_by_one: bool, lists: Any, part: Any, total: Any
) -> Any:
    rows, tail, packed = lists
    n = list_filled(np.uint64(0), np.uint64(bits.shape[0]), bits, packed, silent, rows, tail)
    for i in range(table.shape[0]):
        first, columns, start, height = table[i, 1], table[i, 2], table[i, 3], table[i, 4]
        tile = weights[start : start + height * columns]
        add_up(tile, columns, rows, tail, n, one_by_one, part, total[first : first + columns])
    return n


def tiled(weights: NDArray[Any], bits: NDArray[np.uint8], sums: Any, *, padded: bool) -> NDArray[Any]:
    """Return what the spikes of a tick bring, by tiles."""
    tiles = cut([weights], weights.dtype)
    rows, tail = np.zeros(SLOTS + 16, np.uint32), np.zeros(8, np.uint32)
    packed = np.zeros(SLOTS // 8, np.uint8)
    part = np.zeros(64, np.int16 if weights.dtype == np.int8 else sums)
    total = np.ones(int(tiles.table[-1, 1] + tiles.table[-1, 2]), sums)
    silent = np.uint32(len(weights))
    n = _tiled(bits, silent, tiles.table, tiles.weights, not padded, (rows, tail, packed), part, total)
    np.testing.assert_array_equal(rows[: int(n)], np.flatnonzero(bits))
    return total[: weights.shape[1]]


def whole(weights: NDArray[Any], bits: NDArray[np.uint8], sums: Any, *, padded: bool) -> NDArray[Any]:
    """Return the same from `row_sums.deliver`, for a matrix with a row of zeros or without."""
    held = np.zeros((SLOTS, weights.shape[1]), weights.dtype)
    held[: len(weights)] = weights
    rows = np.zeros(2 * SLOTS + 8, np.uint64)
    fired = np.flatnonzero(bits)
    rows[: fired.size] = fired
    nothing, n = np.uint64(0), np.uint64(fired.size)
    listed = np.uint64(pad_list(rows, nothing, n, np.uint64(SLOTS - 1))) if padded else n
    width = np.uint64(weights.shape[1])
    part = np.zeros(SLOTS, np.int16 if weights.dtype == np.int8 else sums)
    drive = np.zeros(SLOTS, sums)
    deliver(
        Block(held.reshape(-1), nothing, width, width),
        Lists(rows, rows.copy(), listed, nothing, nothing),
        np.zeros(SLOTS, sums),
        nothing,
        Room(part, np.zeros(SLOTS, sums)),
        Drive(drive, nothing, drive.dtype.type(1), False),
    )
    return drive[: weights.shape[1]]


def drawn(dtype: Any, rng: np.random.Generator) -> NDArray[Any]:
    """Return weights."""
    if np.dtype(dtype).kind == "f":
        return rng.normal(size=(SOURCES, WIDTH)).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(info.min, info.max, (SOURCES, WIDTH), dtype=dtype, endpoint=True)


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize(
    ("dtype", "sums"),
    [(np.float32, np.float32), (np.float64, np.float64), (np.int8, np.int32), (np.int16, np.int32)],
)
def test_bits_of_sums_over_whole_rows(dtype: Any, sums: Any, padded: bool) -> None:
    rng = np.random.default_rng(3)
    weights = drawn(dtype, rng)
    for n in [*range(20), 247, 248, 249, 252, 253, 299, 300]:
        bits = np.zeros(SLOTS, np.uint8)
        bits[rng.choice(SOURCES, n, replace=False)] = 1
        found = tiled(weights, bits, sums, padded=padded)
        np.testing.assert_array_equal(found, whole(weights, bits, sums, padded=padded))
        if np.dtype(dtype).kind == "i":
            np.testing.assert_array_equal(found, bits[:SOURCES].astype(np.int64) @ weights)


def test_another_order_has_other_bits() -> None:
    rng = np.random.default_rng(3)
    weights = drawn(np.float32, rng)
    bits = np.zeros(SLOTS, np.uint8)
    bits[:45] = 1
    found = tiled(weights, bits, np.float32, padded=False)
    assert not np.array_equal(found, tiled(weights, bits, np.float32, padded=True))
    one_by_one = np.add.accumulate(weights[:45], axis=0)[-1]
    assert not np.array_equal(found, one_by_one)
    np.testing.assert_allclose(found, one_by_one, rtol=1e-3, atol=1e-4)


@pytest.mark.interp
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # where it runs as Python
def test_lists_of_32_bits_are_filled_up() -> None:
    bits = np.zeros(SLOTS, np.uint8)
    bits[[3, 70, 319]] = 1
    rows, tail, packed = np.zeros(16, np.uint32), np.zeros(8, np.uint32), np.zeros(SLOTS // 8, np.uint8)
    n = list_filled(np.uint64(0), np.uint64(SLOTS), bits, packed, np.uint32(SLOTS), rows, tail)
    assert int(n) == 3
    np.testing.assert_array_equal(rows[:8], [3, 70, 319, *[SLOTS] * 5])
    np.testing.assert_array_equal(tail[:7], [*[SLOTS] * 4, 3, 70, 319])
