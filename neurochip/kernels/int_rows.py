"""Rows of 8-bit weights, added in 16 bits: sixteen neurons to a vector of 256 bits, where sums of 32 bits take eight.

A sum of 16 bits holds 256 weights of −128 … 127, whatever they are: −128 · 256 = −2¹⁵. After as many rows at the
latest it is added to the sum of 32 bits, so the result is that of `spike_lists.add_rows`, exactly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import kernel

__all__ = ["MOST_ROWS", "add_int8_rows"]

MOST_ROWS = 256  # that one sum of 16 bits holds


@kernel
def _four(weights: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    # Said to be 16 bits wide: NumPy, without the JIT, would let a sum of two int8 overflow.
    return (np.int16(weights[a]) + np.int16(weights[b])) + (np.int16(weights[c]) + np.int16(weights[d]))


@kernel
def add_int8_rows(
    weights: Any, start: Any, width: Any, rows: Any, at: Any, n_rows: Any, sums: Any, total: Any
) -> None:
    """Add weight rows: ``total`` + Σ weights[row].

    ``weights`` i8[weight] holds this block [axon, neuron] from ``start`` on, ``width`` neurons wide. The rows are
    ``rows[at … at + n_rows − 1]``, as many as there are; ``sums`` i16[≥ width] is scratch, ``total`` i32[≥ width].
    All but the arrays are u64.
    """
    nothing, one, four, eight = np.uint64(0), np.uint64(1), np.uint64(4), np.uint64(8)
    stop = at + n_rows
    while at < stop:
        end = min(stop, at + np.uint64(MOST_ROWS))
        for j in range(nothing, width):
            sums[j] = 0
        while at + eight <= end:
            a = start + rows[at] * width
            b = start + rows[at + one] * width
            c = start + rows[at + np.uint64(2)] * width
            d = start + rows[at + np.uint64(3)] * width
            e = start + rows[at + four] * width
            f = start + rows[at + np.uint64(5)] * width
            g = start + rows[at + np.uint64(6)] * width
            h = start + rows[at + np.uint64(7)] * width
            for j in range(nothing, width):
                sums[j] += _four(weights, a + j, b + j, c + j, d + j) + _four(
                    weights, e + j, f + j, g + j, h + j
                )
            at += eight
        if at + four <= end:
            a = start + rows[at] * width
            b = start + rows[at + one] * width
            c = start + rows[at + np.uint64(2)] * width
            d = start + rows[at + np.uint64(3)] * width
            for j in range(nothing, width):
                sums[j] += _four(weights, a + j, b + j, c + j, d + j)
            at += four
        while at < end:
            a = start + rows[at] * width
            for j in range(nothing, width):
                sums[j] += np.int16(weights[a + j])
            at += one
        for j in range(nothing, width):
            total[j] += sums[j]
