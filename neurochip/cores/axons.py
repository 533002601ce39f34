"""What a core makes of the bits that it gets: lists of axons, as differences to a reference pattern.

Where every core receives the same, the bits of a population are those of all its axons; where packets can be lost, each
core has axons of its own (`channel`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.cores.arrays import Channel, Scratch, Wiring
from neurochip.cores.compaction import rename
from neurochip.kernels._jit import entry, kernel, separate_kernel
from neurochip.kernels.row_sums import Block, Room, sum_reference
from neurochip.kernels.spike_lists import differences, list_ones, new_reference, pad_list
from neurochip.kernels.types import Index, Matrix, Number, Vector

__all__ = [
    "LAST_PATTERN",
    "REFERENCE_TICKS",
    "add_bits",
    "mark_received",
    "list_axons",
    "row_acting",
    "row_of",
    "take_patterns",
]

# A new reference pattern is taken before these ticks, from the ticks since the last one: the predictive encoder sends a
# burst at first, then settles to the rate. Later patterns cost more than they save.
REFERENCE_TICKS = (2, 9)
_FIRST, LAST_PATTERN = REFERENCE_TICKS
_NOTHING, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)


@separate_kernel
def add_bits(
    first: Index, n: Index, bits: Vector[np.uint8], at: Index, counts: Vector[np.unsignedinteger[Any]]
) -> None:
    """Add the bits of ``n`` slots from ``first`` on to the counts from ``at`` on."""
    for j in range(_NOTHING, n):
        counts[at + j] += bits[first + j]


@kernel
def row_of(tick: Index, depth: int) -> Index:
    """Return where the bits of a tick stand; most networks keep those of one."""
    return tick % depth if depth > 1 else 0


@kernel
def row_acting(sources: Matrix[np.uint64], s: Index, tick: Index, depth: int) -> Index:
    """Return where the packets stand that act in a tick over a source: they arrived delay − 1 ticks ago."""
    return row_of(tick - (np.int64(sources[s, 1]) - 1), depth)


@kernel
def mark_received(
    sources: Matrix[np.uint64], tick: Index, arrived: Matrix[np.uint8], received: Vector[np.uint8]
) -> None:
    """Set ``received`` u8[axon slot] where any packet acts; ``arrived`` u8[delay, axon slot] counts them."""
    for s in range(sources.shape[0]):
        row, first, door = (
            arrived[row_acting(sources, s, tick, arrived.shape[0])],
            sources[s, 2],
            sources[s, 4],
        )
        for j in range(first, sources[s, 3]):
            received[j] = 1 if row[door + (j - first)] > 0 else 0


@kernel
def _append_twice(
    n: Index, door: Index, arrived: Vector[np.uint8], plus: Vector[np.uint64], end: Index
) -> Index:
    """Append those of ``n`` axons that two packets came through; returns the end of the list."""
    for j in range(_NOTHING, n):
        plus[end] = j
        end += _ONE if arrived[door + j] > 1 else _NOTHING
    return end


@kernel
def _received(
    source: Index,
    tick: int,
    wiring: Wiring,
    channel: Channel,
    bits: Matrix[np.uint8],
    reference: Vector[np.uint8],
    window: Vector[np.uint8],
    arrived: Matrix[np.uint8],
    has_late: bool,
    scratch: Scratch,
) -> tuple[Vector[np.uint8], Index, Index, Vector[np.uint8], Vector[np.uint8], Index]:
    """Return where the bits stand that the axons of a source get in this tick, and what is remembered of them.

    That is: u8[…] bits, first, last, and reference pattern and window u8[…] with their first.
    """
    p, c = wiring.sources[source, 0], scratch.compacted
    first, last = wiring.populations[p, 0], wiring.populations[p, 1]
    axon = wiring.sources[source, 2]
    if channel.direct == 0:
        end = wiring.sources[source, 3]
        if has_late:  # of two packets at once
            return scratch.received, axon, end, reference, window, axon
        door = wiring.sources[source, 4]
        here = arrived[row_acting(wiring.sources, source, tick, arrived.shape[0])]
        return here, door, door + (end - axon), reference, window, axon
    if c.n[p] != _NOTHING:
        return c.bits, first, first + c.n[p], c.reference, c.window, first
    back = row_of(tick - np.int64(wiring.sources[source, 1]), bits.shape[0])
    return bits[back], first, last, reference, window, axon


@entry
def take_patterns(
    tick: int,
    wiring: Wiring,
    channel: Channel,
    bits: Matrix[np.uint8],
    reference: Vector[np.uint8],
    window: Vector[np.uint8],
    arrived: Matrix[np.uint8],
    has_late: bool,
    sums: Vector[Number],
    scratch: Scratch,
) -> None:
    """Remember what axons get in the first ticks; where it is time for it, make reference patterns and their sums."""
    sources, blocks, c = wiring.sources, wiring.blocks, scratch.compacted
    for s in range(sources.shape[0]):
        row, first, last, _, seen_row, seen_first = _received(
            s, tick, wiring, channel, bits, reference, window, arrived, has_late, scratch
        )
        add_bits(first, last - first, row, seen_first, seen_row)
    if tick != _FIRST and tick != LAST_PATTERN:
        return
    seen = 1 if tick == _FIRST else LAST_PATTERN - _FIRST
    for s in range(sources.shape[0]):
        p, to = sources[s, 0], _TWO * sources[s, 2]
        _, first, last, pattern, seen_row, at = _received(
            s, tick, wiring, channel, bits, reference, window, arrived, has_late, scratch
        )
        n = new_reference(at, at + (last - first), seen_row, seen, pattern, to, scratch.plus)
        if channel.direct != 0 and c.n[p] != _NOTHING:
            rename(scratch.plus, to, n, c.axon, first)
        silent = sources[s, 3] - sources[s, 2] - _ONE
        scratch.listed[s, 0] = pad_list(scratch.plus, to, n, silent)
    for k in range(blocks.shape[0]):
        s = blocks[k, 1]
        sum_reference(
            Block(wiring.weights, blocks[k, 2], blocks[k, 4], blocks[k, 3]),
            scratch.plus,
            scratch.listed[s, 0],
            _TWO * sources[s, 2],
            Room(scratch.part, scratch.total),
            sums,
            blocks[k, 5],
        )


@kernel
def list_axons(
    tick: int,
    wiring: Wiring,
    patterned: bool,
    channel: Channel,
    bits: Matrix[np.uint8],
    reference: Vector[np.uint8],
    window: Vector[np.uint8],
    arrived: Matrix[np.uint8],
    has_late: bool,
    scratch: Scratch,
) -> None:
    """List, source by source, the axons that fire outside the reference pattern and those that stay silent inside it.

    Of one sample: ``bits`` u8[delay, slot], ``reference`` and ``window`` u8[axon slot | 0], ``arrived`` u8[delay,
    axon slot | 0].
    """
    c, plus, minus, listed = scratch.compacted, scratch.plus, scratch.minus, scratch.listed
    sources = wiring.sources
    for s in range(sources.shape[0]):
        p, axon, end, to = sources[s, 0], sources[s, 2], sources[s, 3], _TWO * sources[s, 2]
        row, first, last, pattern, _, at = _received(
            s, tick, wiring, channel, bits, reference, window, arrived, has_late, scratch
        )
        if patterned:
            n_plus, n_minus = differences(first, last, row, pattern, at, scratch.packed, to, plus, minus)
        else:
            n_plus, n_minus = list_ones(first, last, row, scratch.packed[0], to, plus), _NOTHING
        if channel.direct != 0 and c.n[p] != _NOTHING:
            rename(plus, to, n_plus, c.axon, first)
            rename(minus, to, n_minus, c.axon, first)
        if has_late:
            came = arrived[row_acting(sources, s, tick, arrived.shape[0])]
            n_plus = _append_twice(end - axon, sources[s, 4], came, plus, to + n_plus) - to
        silent = end - axon - _ONE
        listed[s, 0] = pad_list(plus, to, n_plus, silent)
        listed[s, 1] = pad_list(minus, to, n_minus, silent)
        listed[s, 2] = n_plus
