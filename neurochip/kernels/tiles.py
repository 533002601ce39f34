"""Sums of rows of a dense matrix that is cut into tiles of columns: what many ticks bring, a tile at a time.

A row of a large matrix is out of the nearest cache again before it is wanted next. A tile of a few columns stays there
while the spikes of many ticks, of many samples, are added up. Numbers are added in the order of `row_sums.deliver`, so
that a sum has the same bits whichever of the two makes it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.spike_lists import eight_rows, four_rows, list_ones, sum_of_eight, sum_of_four
from neurochip.kernels.types import Index, Matrix, Number, Vector

__all__ = ["NARROW", "WIDE", "Tiles", "add_up", "cut", "list_filled"]

# Columns of a tile: as many sums as registers hold; and for what is left over of a matrix.
WIDE, NARROW = np.uint64(64), np.uint64(16)
_NOTHING, _ONE, _TWO, _THREE, _FOUR, _EIGHT = (np.uint64(n) for n in (0, 1, 2, 3, 4, 8))
_TO_EIGHT = ~np.uint64(7)
_MOST = np.uint64(248)  # rows of int8 that 16 bits hold, in groups of eight


class Tiles(NamedTuple):
    """Dense blocks, cut into tiles; each has a row of zeros more than there are sources."""

    table: Matrix[np.uint64]  # u64[tile, 5]  block, first column, columns, first weight, rows
    weights: Vector[Number]  # W[weight]  row after row of each tile


def cut(blocks: list[NDArray[Number]], dtype: np.dtype[np.generic]) -> Tiles:
    """Return matrices [source, neuron] as tiles, block after block."""
    rows: list[tuple[int, int, int, int, int]] = []
    start, line = 0, 64 // dtype.itemsize
    for k, matrix in enumerate(blocks):
        sources, width = matrix.shape
        column = 0
        while column < width:
            columns = int(NARROW if width - column <= NARROW else WIDE)
            rows.append((k, column, columns, start, sources + 1))
            start += -(-columns * (sources + 1) // line) * line
            column += columns
    raw = np.zeros(start * dtype.itemsize + 64, np.uint8)
    offset = -raw.ctypes.data % 64
    weights = raw[offset : offset + start * dtype.itemsize].view(dtype)
    for k, column, columns, first, n in rows:
        part = blocks[k][:, column : column + columns]
        weights[first : first + n * columns].reshape(n, columns)[: n - 1, : part.shape[1]] = part
    return Tiles(np.array(rows, np.uint64).reshape(-1, 5), weights)


@separate_kernel
def list_filled(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    packed: Vector[np.uint8],
    silent: Index,
    rows: Vector[np.uint32],
    tail: Vector[np.uint32],
) -> Index:
    """List the spikes of a layer; returns how many.

    Parameters
    ----------
    first, last
        Its slots in u8[slot] ``bits``, multiples of 64.
    packed
        u8[slot / 8], scratch.
    silent
        The row of zeros.
    rows
        u32[…] to be written: spikes, filled up with ``silent`` to a multiple of eight; room for eight more.
    tail
        u32[8] to be written: what is left of a multiple of eight, as `add_up` takes it: four or none, then up to three.
    """
    end = list_ones(first, last, bits, packed, _NOTHING, rows)
    for k in range(_NOTHING, _EIGHT):
        rows[end + k] = silent
    at = end & _TO_EIGHT
    four = end - at >= _FOUR
    for k in range(_NOTHING, _FOUR):
        tail[k] = rows[at + k] if four else silent
    at += _FOUR if four else _NOTHING
    for k in range(_NOTHING, _THREE):
        tail[_FOUR + k] = rows[at + k] if at + k < end else silent
    return end


@kernel
def _eights(
    weights: Vector[Number],
    width: Index,
    rows: Vector[np.uint32],
    begin: Index,
    end: Index,
    total: Vector[Number],
) -> None:
    """Add rows to T[width] ``total``, eight by eight."""
    i = begin
    while i < end:
        eight = eight_rows(rows, i, _NOTHING, width)
        for j in range(_NOTHING, width):
            total[j] += sum_of_eight(weights, eight, j)
        i += _EIGHT


@kernel
def _tail(weights: Vector[Number], width: Index, tail: Vector[np.uint32], total: Vector[Number]) -> None:
    """Add four rows, then three, one after the other; what is not there are zeros, which change no bit."""
    four, three = four_rows(tail, _NOTHING, _NOTHING, width), four_rows(tail, _FOUR, _NOTHING, width)
    for j in range(_NOTHING, width):
        total[j] += sum_of_four(weights, four, j)
        total[j] += weights[three[0] + j]
        total[j] += weights[three[1] + j]
        total[j] += weights[three[2] + j]


@separate_kernel
def _sum(
    weights: Vector[Number],
    width: Index,
    rows: Vector[np.uint32],
    tail: Vector[np.uint32],
    n: Index,
    one_by_one: bool,
    part: Vector[Number],
    total: Vector[Number],
) -> None:
    for j in range(_NOTHING, width):
        total[j] = 0
    if part.itemsize < total.itemsize:
        at, stop = _NOTHING, (n + np.uint64(7)) & _TO_EIGHT
        while at < stop:
            until = min(at + _MOST, stop)
            for j in range(_NOTHING, width):
                part[j] = 0
            _eights(weights, width, rows, at, until, part)
            for j in range(_NOTHING, width):
                total[j] += part[j]
            at = until
    elif one_by_one:
        _eights(weights, width, rows, _NOTHING, n & _TO_EIGHT, total)
        _tail(weights, width, tail, total)
    else:
        _eights(weights, width, rows, _NOTHING, (n + np.uint64(7)) & _TO_EIGHT, total)


@kernel
def add_up(
    weights: Vector[Number],
    columns: Index,
    rows: Vector[np.uint32],
    tail: Vector[np.uint32],
    n: Index,
    one_by_one: bool,
    part: Vector[Number],
    total: Vector[Number],
) -> None:
    """Set S[columns] ``total`` to the sum of ``n`` rows of a tile, listed by `list_ones`.

    Parameters
    ----------
    weights
        W[…] of the tile.
    columns
        `WIDE` or `NARROW`.
    one_by_one
        Whether what is left of a multiple of four is added row by row, as where a matrix has no row of zeros.
    part
        P[≥ columns], scratch; narrower than S where W is int8.
    """
    if columns == WIDE:
        _sum(weights, WIDE, rows, tail, n, one_by_one, part, total)
    else:
        _sum(weights, NARROW, rows, tail, n, one_by_one, part, total)
