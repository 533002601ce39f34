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
from neurochip.kernels.types import Index, Matrix, Number, Vector

__all__ = [
    "add_rows",
    "differences",
    "eight_rows",
    "four_rows",
    "list_ones",
    "new_reference",
    "pad_list",
    "subtract_rows",
    "sum_of_eight",
    "sum_of_four",
]

_ZERO, _ONE, _TWO, _THREE, _FOUR, _EIGHT = (np.uint64(n) for n in (0, 1, 2, 3, 4, 8))
_LOG8, _LOG64, _TOP = np.uint64(3), np.uint64(6), np.uint64(56)
# Eight bytes of 0 or 1 times this constant: their bits, gathered in the top byte.
_GATHER = np.uint64(0x0102040810204080)
# For counting ones: every second bit, two of four, four of eight, one of eight.
_PAIRS, _FOURS, _EIGHTS, _BYTES = (
    np.uint64(n) for n in (0x5555555555555555, 0x3333333333333333, 0x0F0F0F0F0F0F0F0F, 0x0101010101010101)
)


@kernel
def _ones(word: Index) -> Index:
    """Return how many bits of a word are set: compilers know this form, and make one instruction of it."""
    pairs = word - ((word >> _ONE) & _PAIRS)
    fours = (pairs & _FOURS) + ((pairs >> _TWO) & _FOURS)
    return (((fours + (fours >> _FOUR)) & _EIGHTS) * _BYTES) >> _TOP


@kernel
def _lowest(word: Index) -> Index:
    """Return the place of the lowest bit that is set: as many zeros stand behind it."""
    return _ones(~word & (word - _ONE))


@kernel
def _take_four(word: Index, base: Index, rows: Vector[np.unsignedinteger], at: Index) -> Index:
    """Write the places of the lowest four bits; returns the word without them."""
    for k in range(_ZERO, _FOUR):
        rows[at + k] = base + _lowest(word)
        word &= word - _ONE
    return word


@separate_kernel
def _list(n_words: Index, words: Vector[np.uint64], at: Index, rows: Vector[np.unsignedinteger]) -> Index:
    end, base = at, _ZERO
    for w in range(_ZERO, n_words):
        k = end
        end += _ones(words[w])
        # Four, whether or not they are there: cheaper than a branch nobody can predict.
        word = _take_four(words[w], base, rows, k)
        k += _FOUR
        while k < end:
            word = _take_four(word, base, rows, k)
            k += _FOUR
        base += np.uint64(64)
    return end - at


@separate_kernel
def _pack(first: Index, last: Index, words: Vector[np.uint64], packed: Vector[np.uint8]) -> None:
    for w in range(_ZERO, (last - first) >> _LOG8):
        packed[w] = (words[(first >> _LOG8) + w] * _GATHER) >> _TOP


@separate_kernel
def _pack_differences(
    first: Index,
    last: Index,
    words: Vector[np.uint64],
    pattern: Vector[np.uint64],
    at: Index,
    more: Vector[np.uint8],
    fewer: Vector[np.uint8],
) -> None:
    here, there = first >> _LOG8, at >> _LOG8
    for w in range(_ZERO, (last - first) >> _LOG8):
        fired, expected = words[here + w], pattern[there + w]
        more[w] = ((fired & ~expected) * _GATHER) >> _TOP
        fewer[w] = ((expected & ~fired) * _GATHER) >> _TOP


@kernel
def list_ones(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    packed: Vector[np.uint8],
    at: Index,
    rows: Vector[np.unsignedinteger],
) -> Index:
    """List the slots that fire, counted from ``first``; returns how many, u64.

    ``bits`` u8[slot] are 0 or 1; a population holds slots ``first`` … ``last`` − 1 (u64, multiples of 64). ``packed``
    u8[slot / 8] is scratch. The list, in ``rows`` from ``at`` on, needs room for four more.
    """
    _pack(first, last, bits.view(np.uint64), packed)
    return _list((last - first) >> _LOG64, packed.view(np.uint64), at, rows)


@kernel
def differences(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    reference: Vector[np.uint8],
    reference_first: Index,
    packed: Matrix[np.uint8],
    at: Index,
    plus: Vector[np.uint64],
    minus: Vector[np.uint64],
) -> tuple[Index, Index]:
    """List axons that fire outside the reference pattern (``plus``) and that stay silent inside it (``minus``).

    Bits and slots as in `list_ones`. The pattern stands in u8[…] ``reference`` from ``reference_first`` on; ``packed``
    is u8[2, slot / 8]. Returns (number in plus, number in minus), u64.
    """
    more, fewer = packed[0], packed[1]
    _pack_differences(
        first, last, bits.view(np.uint64), reference.view(np.uint64), reference_first, more, fewer
    )
    n_words = (last - first) >> _LOG64
    n_plus = _list(n_words, more.view(np.uint64), at, plus)
    return n_plus, _list(n_words, fewer.view(np.uint64), at, minus)


@separate_kernel
def new_reference(
    first: Index,
    last: Index,
    window: Vector[np.uint8],
    n_ticks: int,
    reference: Vector[np.uint8],
    at: Index,
    rows: Vector[np.uint64],
) -> Index:
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
def pad_list(rows: Vector[np.uint64], at: Index, n_rows: Index, silent: Index) -> Index:
    """Fill a list up to a multiple of four with ``silent``, an axon whose weights are zero; returns its length.

    ``rows`` needs room for three more entries.
    """
    end = at + n_rows
    rows[end] = silent
    rows[end + np.uint64(1)] = silent
    rows[end + np.uint64(2)] = silent
    return (n_rows + np.uint64(3)) & ~np.uint64(3)


@kernel
def four_rows(rows: Vector[Number], at: Index, start: Index, stride: Index) -> Any:
    """Return where the weights of four rows begin that are listed from ``at`` on."""
    return (
        start + rows[at] * stride,
        start + rows[at + _ONE] * stride,
        start + rows[at + _TWO] * stride,
        start + rows[at + _THREE] * stride,
    )


@kernel
def eight_rows(rows: Vector[Number], at: Index, start: Index, stride: Index) -> Any:
    """Return the same of eight rows."""
    return four_rows(rows, at, start, stride) + four_rows(rows, at + _FOUR, start, stride)


@kernel
def sum_of_four(weights: Vector[Number], first: tuple[Index, ...], j: Index) -> Any:
    """Return the sum of four rows at a column, added pair by pair."""
    return (weights[first[0] + j] + weights[first[1] + j]) + (weights[first[2] + j] + weights[first[3] + j])


@kernel
def sum_of_eight(weights: Vector[Number], first: tuple[Index, ...], j: Index) -> Any:
    """Return the sum of eight rows at a column, added pair by pair."""
    return sum_of_four(weights, first[:4], j) + sum_of_four(weights, first[4:], j)


@separate_kernel
def add_rows(
    weights: Vector[Number],
    start: Index,
    stride: Index,
    width: Index,
    rows: Vector[np.uint64],
    at: Index,
    n_rows: Index,
    total: Vector[Number],
) -> None:
    """Add weight rows: ``total`` + Σ weights[row].

    ``weights`` W[weight] holds the block [axon, neuron] from ``start`` on, one row every ``stride``, of which the first
    ``width`` are added. The rows are ``rows[at … at + n_rows − 1]``, ``n_rows`` a multiple of four; ``total`` S[…].
    """
    stop = at + n_rows
    while at + _EIGHT <= stop:
        eight = eight_rows(rows, at, start, stride)
        for j in range(_ZERO, width):
            total[j] += sum_of_eight(weights, eight, j)
        at += _EIGHT
    if at < stop:
        four = four_rows(rows, at, start, stride)
        for j in range(_ZERO, width):
            total[j] += sum_of_four(weights, four, j)


@separate_kernel
def subtract_rows(
    weights: Vector[Number],
    start: Index,
    stride: Index,
    width: Index,
    rows: Vector[np.uint64],
    at: Index,
    n_rows: Index,
    total: Vector[Number],
) -> None:
    """Take weight rows away; see `add_rows`, whose twin it is: a sign as a factor would be one product a weight."""
    stop = at + n_rows
    while at + _EIGHT <= stop:
        eight = eight_rows(rows, at, start, stride)
        for j in range(_ZERO, width):
            total[j] -= sum_of_eight(weights, eight, j)
        at += _EIGHT
    if at < stop:
        four = four_rows(rows, at, start, stride)
        for j in range(_ZERO, width):
            total[j] -= sum_of_four(weights, four, j)
