"""What a neuron gets from one block of dense weights: the sum of the reference pattern's rows and of those that differ.

Rows of 8-bit integers are added up in 16 bits as long as these hold them: a vector takes twice as many.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.spike_lists import add_rows, subtract_rows
from neurochip.kernels.types import Index, Number, Scalar, Vector

__all__ = ["MOST_ROWS", "Block", "Drive", "Lists", "Room", "deliver", "drive_with", "sum_reference"]

# A multiple of 4. So many rows of int8, −128 included, fit int16.
MOST_ROWS = np.uint64(252)


class Block(NamedTuple):
    """A block of dense weights: that of row i for column j is ``weights[start + i · stride + j]``."""

    weights: Vector[Number]  # W[…]
    start: Index
    stride: Index
    width: Index


class Lists(NamedTuple):
    """Rows to be added and to be taken away, both from ``at`` on."""

    plus: Vector[np.uint64]  # u64[…]
    minus: Vector[np.uint64]  # u64[…]
    n_plus: Index
    n_minus: Index
    at: Index


class Room(NamedTuple):
    """Scratch for at least a row; P may be narrower than S."""

    part: Any  # P[≥ width]
    total: Any  # S[≥ width]


class Drive(NamedTuple):
    """Where sums go, times ``scale``: in the place of what is there, or added to it where there is ``more``."""

    values: Vector[Number]  # T[…]
    first: Index
    scale: Scalar
    more: bool


@separate_kernel
def drive_with(total: Vector[Number], at: Index, width: Index, to: Drive) -> None:
    """Bring total[``at`` …] to the neurons."""
    nothing, drive, first, scale = np.uint64(0), to.values, to.first, to.scale
    if to.more:
        for j in range(nothing, width):
            drive[first + j] += scale * drive.dtype.type(total[at + j])
    else:
        for j in range(nothing, width):
            drive[first + j] = scale * drive.dtype.type(total[at + j])


@separate_kernel
def _drive_with_part(sums: Vector[Number], at: Index, width: Index, room: Room, to: Drive) -> None:
    """The same for sums + part, which fits ``total``."""
    nothing, drive, first, scale = np.uint64(0), to.values, to.first, to.scale
    part, total = room.part, room.total
    if to.more:
        for j in range(nothing, width):
            total[j] = sums[at + j] + part[j]
            drive[first + j] += scale * drive.dtype.type(total[j])
    else:
        for j in range(nothing, width):
            total[j] = sums[at + j] + part[j]
            drive[first + j] = scale * drive.dtype.type(total[j])


@separate_kernel
def _add_part(part: Vector[np.int16], width: Index, total: Vector[np.int32]) -> None:
    for j in range(np.uint64(0), width):
        total[j] += part[j]
        part[j] = 0


@kernel
def _rows(
    block: Block, rows: Vector[np.uint64], at: Index, n_rows: Index, minus: bool, total: Vector[Number]
) -> None:
    """Add rows to ``total``, or take them away. Where there is a silent row, lists are multiples of four."""
    weights, start, stride, width = block.weights, block.start, block.stride, block.width
    whole = n_rows & ~np.uint64(3)
    if minus:
        subtract_rows(weights, start, stride, width, rows, at, whole, total)
    else:
        add_rows(weights, start, stride, width, rows, at, whole, total)
    for i in range(at + whole, at + n_rows):
        row = start + rows[i] * stride
        if minus:
            for j in range(np.uint64(0), width):
                total[j] -= weights[row + j]
        else:
            for j in range(np.uint64(0), width):
                total[j] += weights[row + j]


@separate_kernel
def _add(block: Block, rows: Vector[np.uint64], at: Index, n_rows: Index, minus: bool, room: Room) -> None:
    """Add rows to ``total``, or take them away, as many as there are; ``part`` is 0 before and after."""
    part, total = room.part, room.total
    narrow = part.itemsize < total.itemsize
    stop = at + n_rows
    while at < stop:
        n = min(stop - at, MOST_ROWS) if narrow else stop - at
        if narrow:
            _rows(block, rows, at, n, minus, part)
            _add_part(part, block.width, total)
        else:
            _rows(block, rows, at, n, minus, total)
        at += n


@separate_kernel
def deliver(block: Block, lists: Lists, sums: Vector[Number], at: Index, room: Room, to: Drive) -> None:
    """Bring reference sum + Σ ``plus`` rows − Σ ``minus`` rows to the neurons; the reference sum is sums[``at`` …]."""
    nothing, width = np.uint64(0), block.width
    part, total = room.part, room.total
    n_rows = lists.n_plus + lists.n_minus
    if n_rows == nothing:
        drive_with(sums, at, width, to)
    elif part.itemsize < total.itemsize and n_rows <= MOST_ROWS:
        for j in range(nothing, width):
            part[j] = 0
        _rows(block, lists.plus, lists.at, lists.n_plus, False, part)
        _rows(block, lists.minus, lists.at, lists.n_minus, True, part)
        _drive_with_part(sums, at, width, room, to)
    else:
        if part.itemsize < total.itemsize:
            for j in range(nothing, width):
                part[j] = 0
        for j in range(nothing, width):
            total[j] = sums[at + j]
        _add(block, lists.plus, lists.at, lists.n_plus, False, room)
        _add(block, lists.minus, lists.at, lists.n_minus, True, room)
        drive_with(total, nothing, width, to)


@separate_kernel
def sum_reference(
    block: Block,
    rows: Vector[np.uint64],
    n_rows: Index,
    axons: Index,
    room: Room,
    sums: Vector[Number],
    at: Index,
) -> None:
    """Set sums[``at`` …] to the sum of ``n_rows`` rows of a reference pattern, listed from ``axons`` on."""
    nothing, width = np.uint64(0), block.width
    part, total = room.part, room.total
    if part.itemsize < total.itemsize:
        for j in range(nothing, width):
            part[j] = 0
    for j in range(nothing, width):
        total[j] = 0
    _add(block, rows, axons, n_rows, False, room)
    for j in range(nothing, width):
        sums[at + j] = total[j]
