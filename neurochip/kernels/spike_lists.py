"""Lists of the axons that differ from a reference frame: what a core needs to add up its input.

Adding the weight row of every spiking axon is what the modelled core does. The emulation reaches the same
sum with fewer additions: each core keeps, for the axons, a frame of bits (those that fired in most of the
first ticks) with the sum of their rows; a tick then adds the rows of axons that fire outside the frame and
takes away those of axons in the frame that stay silent. The frame follows from received bits alone. For
handwritten digits this is 24 rows a tick instead of 101. Spikes and synaptic operations are counted as
the chip would perform them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import kernel, separate_kernel

__all__ = ["add_rows", "deviations", "new_frame", "pad_list", "subtract_rows"]

# Eight bytes of 0 or 1 times this constant: their bits, gathered in the top byte.
_GATHER = np.uint64(0x0102040810204080)
_TOP = np.uint64(56)
_LOG8 = np.uint64(3)
_LOG64 = np.uint64(6)
# Position of the single one in a word: its product with a de Bruijn sequence has that position's own six top bits.
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_TOP6 = np.uint64(58)
_TRAILING_ZEROS = np.zeros(64, dtype=np.uint64)
for _bit in range(64):
    _TRAILING_ZEROS[((0x03F79D71B4CB0A89 << _bit) & 0xFFFFFFFFFFFFFFFF) >> 58] = _bit


@separate_kernel
def _pack(first: Any, last: Any, bit_words: Any, frame_words: Any, packed: Any) -> None:
    for w in range(first >> _LOG8, last >> _LOG8):
        packed[w] = ((bit_words[w] ^ frame_words[w]) * _GATHER) >> _TOP


@separate_kernel
def _unpack(first: Any, last: Any, bits: Any, packed_words: Any, at: Any, plus: Any, minus: Any) -> Any:
    one = np.uint64(1)
    plus_end = at
    minus_end = at
    for w in range(first >> _LOG64, last >> _LOG64):
        word = packed_words[w]
        base = (w << _LOG64) - first
        while word != 0:
            lowest = word & (~word + one)
            axon = base + _TRAILING_ZEROS[(lowest * _DE_BRUIJN) >> _TOP6]
            word ^= lowest
            # Written to both lists, kept in one: cheaper than a branch nobody can predict.
            plus[plus_end] = axon
            minus[minus_end] = axon
            fires = np.uint64(bits[first + axon])
            plus_end += fires
            minus_end += one - fires
    return plus_end - at, minus_end - at


@kernel
def deviations(
    first: Any,
    last: Any,
    bits: Any,
    bit_words: Any,
    frame_words: Any,
    packed: Any,
    packed_words: Any,
    at: Any,
    plus: Any,
    minus: Any,
) -> Any:
    """List axons that fire outside the frame (``plus``) and that stay silent inside it (``minus``).

    ``bits`` u8[slot] are 0 or 1, ``bit_words`` u64[slot / 8] the same memory; ``frame_words`` likewise. ``packed``
    u8[slot / 8] and ``packed_words`` u64[slot / 64] are one piece of scratch. The source population holds
    slots ``first`` … ``last`` − 1 (u64, multiples of 64); axons are counted from its first. The lists, u64[…],
    are written from ``at`` on and need room for all axons. Returns (number in plus, number in minus), u64.
    """
    _pack(first, last, bit_words, frame_words, packed)
    return _unpack(first, last, bits, packed_words, at, plus, minus)


@separate_kernel
def new_frame(first: Any, last: Any, window: Any, n_ticks: int, frame: Any, at: Any, rows: Any) -> Any:
    """Put into u8[slot] ``frame`` the axons that fired in more than half of ``n_ticks``; ``window`` → 0.

    ``window`` u8[slot] counts spikes. Lists the frame's axons in u64[…] ``rows`` from ``at`` on; returns how
    many, u64.
    """
    end = at
    for i in range(first, last):
        inside = 2 * window[i] > n_ticks
        frame[i] = 1 if inside else 0
        window[i] = 0
        rows[end] = i - first
        end += np.uint64(1) if inside else np.uint64(0)
    return end - at


@separate_kernel
def pad_list(rows: Any, at: Any, n_rows: Any, silent: Any) -> Any:
    """Fill a list up to a multiple of four with ``silent``, an axon whose weights are zero; returns its length.

    ``rows`` needs room for three more entries.
    """
    end = at + n_rows
    rows[end] = silent
    rows[end + np.uint64(1)] = silent
    rows[end + np.uint64(2)] = silent
    return (n_rows + np.uint64(3)) & ~np.uint64(3)


@separate_kernel
def add_rows(weights: Any, start: Any, width: Any, rows: Any, at: Any, n_rows: Any, total: Any) -> None:
    """Add weight rows: ``total`` + Σ weights[row].

    ``weights`` W[weight] holds this block [axon, neuron] from ``start`` on, ``width`` neurons wide. The rows are
    ``rows[at … at + n_rows − 1]``, ``n_rows`` a multiple of four; ``total`` S[≥ width].
    """
    nothing = np.uint64(0)
    one = np.uint64(1)
    eight = np.uint64(8)
    stop = at + n_rows
    while at + eight <= stop:
        a = start + rows[at] * width
        b = start + rows[at + one] * width
        c = start + rows[at + np.uint64(2)] * width
        d = start + rows[at + np.uint64(3)] * width
        e = start + rows[at + np.uint64(4)] * width
        f = start + rows[at + np.uint64(5)] * width
        g = start + rows[at + np.uint64(6)] * width
        h = start + rows[at + np.uint64(7)] * width
        for j in range(nothing, width):
            total[j] += ((weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])) + (
                (weights[e + j] + weights[f + j]) + (weights[g + j] + weights[h + j])
            )
        at += eight
    if at < stop:
        a = start + rows[at] * width
        b = start + rows[at + one] * width
        c = start + rows[at + np.uint64(2)] * width
        d = start + rows[at + np.uint64(3)] * width
        for j in range(nothing, width):
            total[j] += (weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])


@separate_kernel
def subtract_rows(weights: Any, start: Any, width: Any, rows: Any, at: Any, n_rows: Any, total: Any) -> None:
    """Take weight rows away; see `add_rows`, whose twin it is: a sign as a factor would be one product a weight."""
    nothing = np.uint64(0)
    one = np.uint64(1)
    eight = np.uint64(8)
    stop = at + n_rows
    while at + eight <= stop:
        a = start + rows[at] * width
        b = start + rows[at + one] * width
        c = start + rows[at + np.uint64(2)] * width
        d = start + rows[at + np.uint64(3)] * width
        e = start + rows[at + np.uint64(4)] * width
        f = start + rows[at + np.uint64(5)] * width
        g = start + rows[at + np.uint64(6)] * width
        h = start + rows[at + np.uint64(7)] * width
        for j in range(nothing, width):
            total[j] -= ((weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])) + (
                (weights[e + j] + weights[f + j]) + (weights[g + j] + weights[h + j])
            )
        at += eight
    if at < stop:
        a = start + rows[at] * width
        b = start + rows[at + one] * width
        c = start + rows[at + np.uint64(2)] * width
        d = start + rows[at + np.uint64(3)] * width
        for j in range(nothing, width):
            total[j] -= (weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])
