"""Lists of the axons that differ from a reference pattern: what a core needs to add up its input.

Adding the weight row of every spiking axon is what the modelled core does. The emulation reaches the same
sum with fewer additions: it keeps, for the axons, a reference pattern of bits (those that fired in most of the
first ticks) with the sum of their rows; a tick then adds the rows of axons that fire outside the pattern and
takes away those of axons in it that stay silent. The pattern follows from received bits alone. For
handwritten digits this is 24 rows a tick instead of 101. Spikes and synaptic operations are counted as
the chip would perform them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.kernels._jit import kernel, separate_kernel

__all__ = ["add_rows", "differences", "new_reference", "pad_list", "subtract_rows"]

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
def _pack(first: Any, last: Any, bit_words: Any, reference_words: Any, at: Any, packed: Any) -> None:
    here, there = first >> _LOG8, at >> _LOG8
    for w in range(np.uint64(0), (last - first) >> _LOG8):
        packed[here + w] = ((bit_words[here + w] ^ reference_words[there + w]) * _GATHER) >> _TOP


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
def differences(
    first: Any,
    last: Any,
    bits: Any,
    reference: Any,
    reference_first: Any,
    packed: Any,
    at: Any,
    plus: Any,
    minus: Any,
) -> Any:
    """List axons that fire outside the reference pattern (``plus``) and that stay silent inside it (``minus``).

    ``bits`` u8[slot] are 0 or 1; the source population holds slots ``first`` … ``last`` − 1 (u64, multiples of 64), and
    axons are counted from its first. Its pattern stands in u8[…] ``reference`` from ``reference_first`` on. ``packed``
    u8[slot / 8] is scratch. The lists, u64[…], are written from ``at`` on and need room for all axons. Returns (number
    in plus, number in minus), u64.
    """
    _pack(first, last, bits.view(np.uint64), reference.view(np.uint64), reference_first, packed)
    return _unpack(first, last, bits, packed.view(np.uint64), at, plus, minus)


@separate_kernel
def new_reference(
    first: Any, last: Any, window: Any, n_ticks: int, reference: Any, at: Any, rows: Any
) -> Any:
    """Put into u8[slot] ``reference`` the axons that fired in more than half of ``n_ticks``; ``window`` → 0.

    ``window`` u8[slot] counts spikes. Lists its axons in u64[…] ``rows`` from ``at`` on; returns how
    many, u64.
    """
    end = at
    for i in range(first, last):
        inside = 2 * window[i] > n_ticks
        reference[i] = 1 if inside else 0
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
def add_rows(
    weights: Any, start: Any, stride: Any, width: Any, rows: Any, at: Any, n_rows: Any, total: Any
) -> None:
    """Add weight rows: ``total`` + Σ weights[row].

    ``weights`` W[weight] holds the block [axon, neuron] from ``start`` on, one row every ``stride``, of which the first
    ``width`` are added. The rows are ``rows[at … at + n_rows − 1]``, ``n_rows`` a multiple of four; ``total`` S[…].
    """
    nothing = np.uint64(0)
    one = np.uint64(1)
    eight = np.uint64(8)
    stop = at + n_rows
    while at + eight <= stop:
        a = start + rows[at] * stride
        b = start + rows[at + one] * stride
        c = start + rows[at + np.uint64(2)] * stride
        d = start + rows[at + np.uint64(3)] * stride
        e = start + rows[at + np.uint64(4)] * stride
        f = start + rows[at + np.uint64(5)] * stride
        g = start + rows[at + np.uint64(6)] * stride
        h = start + rows[at + np.uint64(7)] * stride
        for j in range(nothing, width):
            total[j] += ((weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])) + (
                (weights[e + j] + weights[f + j]) + (weights[g + j] + weights[h + j])
            )
        at += eight
    if at < stop:
        a = start + rows[at] * stride
        b = start + rows[at + one] * stride
        c = start + rows[at + np.uint64(2)] * stride
        d = start + rows[at + np.uint64(3)] * stride
        for j in range(nothing, width):
            total[j] += (weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])


@separate_kernel
def subtract_rows(
    weights: Any, start: Any, stride: Any, width: Any, rows: Any, at: Any, n_rows: Any, total: Any
) -> None:
    """Take weight rows away; see `add_rows`, whose twin it is: a sign as a factor would be one product a weight."""
    nothing = np.uint64(0)
    one = np.uint64(1)
    eight = np.uint64(8)
    stop = at + n_rows
    while at + eight <= stop:
        a = start + rows[at] * stride
        b = start + rows[at + one] * stride
        c = start + rows[at + np.uint64(2)] * stride
        d = start + rows[at + np.uint64(3)] * stride
        e = start + rows[at + np.uint64(4)] * stride
        f = start + rows[at + np.uint64(5)] * stride
        g = start + rows[at + np.uint64(6)] * stride
        h = start + rows[at + np.uint64(7)] * stride
        for j in range(nothing, width):
            total[j] -= ((weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])) + (
                (weights[e + j] + weights[f + j]) + (weights[g + j] + weights[h + j])
            )
        at += eight
    if at < stop:
        a = start + rows[at] * stride
        b = start + rows[at + one] * stride
        c = start + rows[at + np.uint64(2)] * stride
        d = start + rows[at + np.uint64(3)] * stride
        for j in range(nothing, width):
            total[j] -= (weights[a + j] + weights[b + j]) + (weights[c + j] + weights[d + j])
