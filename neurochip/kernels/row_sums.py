"""What a core gets from one block of weights: the sum of its frame's rows, and of those that differ from it, scaled.

A few rows of 8-bit integers are added up in 16 bits: a vector holds twice as many of these as of the full sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import separate_kernel
from neurochip.kernels.spike_lists import add_rows, subtract_rows

__all__ = ["MOST_ROWS", "deliver", "sum_frame"]

# A multiple of 4. So many rows of int8, −128 included, fit int16.
MOST_ROWS = np.uint64(252)


@separate_kernel
def _drive(total: Any, at: Any, width: Any, scale: Any, more: bool, drive: Any, first: Any) -> None:
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
    frame_sum: Any, at: Any, part: Any, width: Any, scale: Any, more: bool, total: Any, drive: Any, first: Any
) -> None:
    """The same for frame_sum + part, which fits ``total`` S[≥ width]."""
    nothing = np.uint64(0)
    if more:
        for j in range(nothing, width):
            total[j] = frame_sum[at + j] + part[j]
            drive[first + j] += scale * drive.dtype.type(total[j])
    else:
        for j in range(nothing, width):
            total[j] = frame_sum[at + j] + part[j]
            drive[first + j] = scale * drive.dtype.type(total[j])


@separate_kernel
def deliver(
    weights: Any,
    start: Any,
    width: Any,
    plus: Any,
    minus: Any,
    axons: Any,
    n_plus: Any,
    n_minus: Any,
    frame_sum: Any,
    sums: Any,
    part: Any,
    total: Any,
    scale: Any,
    more: bool,
    drive: Any,
    first: Any,
) -> None:
    """Set drive[``first`` …] to scale × (frame sum + Σ rows of ``plus`` − Σ rows of ``minus``), or add it (``more``).

    The block of weights and its rows are as in `add_rows`, both lists from ``axons`` on; its frame sum is
    frame_sum[``sums`` …], S. ``part`` P[≥ width] and ``total`` S[≥ width] are scratch; P may be narrower than S.
    """
    nothing = np.uint64(0)
    n_rows = n_plus + n_minus
    if n_rows == nothing:
        _drive(frame_sum, sums, width, scale, more, drive, first)
    elif part.itemsize < total.itemsize and n_rows <= MOST_ROWS:
        for j in range(nothing, width):
            part[j] = 0
        add_rows(weights, start, width, plus, axons, n_plus, part)
        subtract_rows(weights, start, width, minus, axons, n_minus, part)
        _drive_with_part(frame_sum, sums, part, width, scale, more, total, drive, first)
    else:
        for j in range(nothing, width):
            total[j] = frame_sum[sums + j]
        add_rows(weights, start, width, plus, axons, n_plus, total)
        subtract_rows(weights, start, width, minus, axons, n_minus, total)
        _drive(total, nothing, width, scale, more, drive, first)


@separate_kernel
def sum_frame(
    weights: Any,
    start: Any,
    width: Any,
    rows: Any,
    axons: Any,
    n_rows: Any,
    part: Any,
    total: Any,
    frame_sum: Any,
    sums: Any,
) -> None:
    """Set frame_sum[``sums`` …] to the sum of the ``rows`` of a frame; the arguments are those of `deliver`."""
    nothing = np.uint64(0)
    if part.itemsize < total.itemsize and n_rows <= MOST_ROWS:
        for j in range(nothing, width):
            part[j] = 0
        add_rows(weights, start, width, rows, axons, n_rows, part)
        for j in range(nothing, width):
            frame_sum[sums + j] = part[j]
    else:
        for j in range(nothing, width):
            total[j] = 0
        add_rows(weights, start, width, rows, axons, n_rows, total)
        for j in range(nothing, width):
            frame_sum[sums + j] = total[j]
