"""What a neuron gets from one block of dense weights: the sum of the reference pattern's rows and of those that differ.

Rows of 8-bit integers are added up in 16 bits as long as these hold them: a vector takes twice as many.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.spike_lists import add_rows, subtract_rows

__all__ = ["MOST_ROWS", "deliver", "drive_with", "sum_reference"]

# A multiple of 4. So many rows of int8, −128 included, fit int16.
MOST_ROWS = np.uint64(252)


@separate_kernel
def drive_with(total: Any, at: Any, width: Any, scale: Any, more: bool, drive: Any, first: Any) -> None:
    """Set drive[``first`` …] to scale × total[``at`` …], or add it where there is ``more`` than one source."""
    nothing = np.uint64(0)
    if more:
        for j in range(nothing, width):
            drive[first + j] += scale * drive.dtype.type(total[at + j])
    else:
        for j in range(nothing, width):
            drive[first + j] = scale * drive.dtype.type(total[at + j])


@separate_kernel
def _drive_with_part(
    sums: Any, at: Any, part: Any, width: Any, scale: Any, more: bool, total: Any, drive: Any, first: Any
) -> None:
    """The same for sums + part, which fits ``total`` S[≥ width]."""
    nothing = np.uint64(0)
    if more:
        for j in range(nothing, width):
            total[j] = sums[at + j] + part[j]
            drive[first + j] += scale * drive.dtype.type(total[j])
    else:
        for j in range(nothing, width):
            total[j] = sums[at + j] + part[j]
            drive[first + j] = scale * drive.dtype.type(total[j])


@separate_kernel
def _add_part(part: Any, width: Any, total: Any) -> None:
    for j in range(np.uint64(0), width):
        total[j] += part[j]
        part[j] = 0


@kernel
def _rows(
    weights: Any,
    start: Any,
    stride: Any,
    width: Any,
    rows: Any,
    at: Any,
    n_rows: Any,
    minus: bool,
    total: Any,
) -> None:
    """Add rows to ``total``, or take them away. Where there is a silent row, lists are multiples of four."""
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
def _add(
    weights: Any,
    start: Any,
    stride: Any,
    width: Any,
    rows: Any,
    at: Any,
    n_rows: Any,
    minus: bool,
    part: Any,
    total: Any,
) -> None:
    """Add rows to ``total``, or take them away, as many as there are; ``part`` is 0 before and after."""
    narrow = part.itemsize < total.itemsize
    stop = at + n_rows
    while at < stop:
        n = min(stop - at, MOST_ROWS) if narrow else stop - at
        if narrow:
            _rows(weights, start, stride, width, rows, at, n, minus, part)
            _add_part(part, width, total)
        else:
            _rows(weights, start, stride, width, rows, at, n, minus, total)
        at += n


@separate_kernel
def deliver(
    weights: Any,
    start: Any,
    stride: Any,
    width: Any,
    plus: Any,
    minus: Any,
    n_plus: Any,
    n_minus: Any,
    axons: Any,
    sums: Any,
    at: Any,
    part: Any,
    total: Any,
    scale: Any,
    more: bool,
    drive: Any,
    first: Any,
) -> None:
    """Set drive[``first`` …] to scale × (reference sum + Σ ``plus`` rows − Σ ``minus`` rows), or add it (``more``).

    The block of weights and its rows are as in `add_rows`, both lists from ``axons`` on; its reference sum is
    sums[``at`` …], S. ``part`` P[≥ width] and ``total`` S[≥ width] are scratch; P may be narrower than S.
    """
    nothing = np.uint64(0)
    n_rows = n_plus + n_minus
    if n_rows == nothing:
        drive_with(sums, at, width, scale, more, drive, first)
    elif part.itemsize < total.itemsize and n_rows <= MOST_ROWS:
        for j in range(nothing, width):
            part[j] = 0
        _rows(weights, start, stride, width, plus, axons, n_plus, False, part)
        _rows(weights, start, stride, width, minus, axons, n_minus, True, part)
        _drive_with_part(sums, at, part, width, scale, more, total, drive, first)
    else:
        if part.itemsize < total.itemsize:
            for j in range(nothing, width):
                part[j] = 0
        for j in range(nothing, width):
            total[j] = sums[at + j]
        _add(weights, start, stride, width, plus, axons, n_plus, False, part, total)
        _add(weights, start, stride, width, minus, axons, n_minus, True, part, total)
        drive_with(total, nothing, width, scale, more, drive, first)


@separate_kernel
def sum_reference(
    weights: Any,
    start: Any,
    stride: Any,
    width: Any,
    rows: Any,
    n_rows: Any,
    axons: Any,
    part: Any,
    total: Any,
    sums: Any,
    at: Any,
) -> None:
    """Set sums[``at`` …] to the sum of the ``rows`` of a reference pattern; the arguments are those of `deliver`."""
    nothing = np.uint64(0)
    if part.itemsize < total.itemsize:
        for j in range(nothing, width):
            part[j] = 0
    for j in range(nothing, width):
        total[j] = 0
    _add(weights, start, stride, width, rows, axons, n_rows, False, part, total)
    for j in range(nothing, width):
        sums[at + j] = total[j]
