"""What a core makes of the bits that it gets: lists of axons, as differences to a reference pattern.

Where every core receives the same, the bits of a population are those of all its axons; where packets can be lost, each
core has axons of its own (`channel`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurochip.cores.arrays import Function, Scratch, Wiring
from neurochip.cores.compaction import rename
from neurochip.cores.rooms import scratch as scratch_of
from neurochip.kernels._jit import entry, kernel, separate_kernel
from neurochip.kernels.row_sums import Block, Room, sum_reference
from neurochip.kernels.spike_lists import differences, list_ones, new_reference, pad_list
from neurochip.kernels.types import Index, Matrix, Number, Vector

__all__ = [
    "LAST_PATTERN",
    "REFERENCE_TICKS",
    "Inbox",
    "add_bits",
    "mark_received",
    "pattern_taker",
    "list_axons",
    "row_acting",
    "row_of",
]

# A new reference pattern is taken before these ticks, from the ticks since the last one: the predictive encoder sends a
# burst at first, then settles to the rate. Later patterns cost more than they save.
REFERENCE_TICKS = (2, 9)
_FIRST, LAST_PATTERN = REFERENCE_TICKS
_NOTHING, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)


@separate_kernel
def add_bits(
    first: Index, n: Index, bits: Vector[np.uint8], at: Index, counts: Vector[np.unsignedinteger]
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


class Inbox(NamedTuple):
    """What the cores get of one sample, and what they remember of it."""

    wiring: Wiring
    direct: bool  # every axon gets every spike
    has_late: bool  # two packets of a neuron may arrive at once
    bits: Matrix[np.uint8]  # [delay, slot]
    reference: Vector[np.uint8]  # [axon slot | 0]
    window: Vector[np.uint8]  # [axon slot | 0]
    arrived: Matrix[np.uint8]  # [delay, axon slot | 0]


@kernel
def _received(
    source: Index, tick: int, inbox: Inbox, scratch: Scratch
) -> tuple[Vector[np.uint8], Index, Index, Vector[np.uint8], Vector[np.uint8], Index]:
    """Return where the bits stand that the axons of a source get in this tick, and what is remembered of them.

    That is: u8[…] bits, first, last, and reference pattern and window u8[…] with their first.
    """
    sources, reference, window = inbox.wiring.sources, inbox.reference, inbox.window
    p, axon, c = sources[source, 0], sources[source, 2], scratch.compacted
    first, last = inbox.wiring.populations[p, 0], inbox.wiring.populations[p, 1]
    if not inbox.direct:
        end = sources[source, 3]
        if inbox.has_late:  # of two packets at once
            return scratch.received, axon, end, reference, window, axon
        door = sources[source, 4]
        here = inbox.arrived[row_acting(sources, source, tick, inbox.arrived.shape[0])]
        return here, door, door + (end - axon), reference, window, axon
    if c.n[p] != _NOTHING:
        return c.bits, first, first + c.n[p], c.reference, c.window, first
    back = row_of(tick - np.int64(sources[source, 1]), inbox.bits.shape[0])
    return inbox.bits[back], first, last, reference, window, axon


@entry
def take_patterns(tick: int, inbox: Inbox, sums: Vector[Number], scratch: Scratch) -> None:
    """Remember what axons get in the first ticks; where it is time for it, make reference patterns and their sums."""
    wiring, c = inbox.wiring, scratch.compacted
    sources, blocks = wiring.sources, wiring.blocks
    for s in range(sources.shape[0]):
        row, first, last, _, seen_row, seen_first = _received(s, tick, inbox, scratch)
        add_bits(first, last - first, row, seen_first, seen_row)
    if tick != _FIRST and tick != LAST_PATTERN:
        return
    seen = 1 if tick == _FIRST else LAST_PATTERN - _FIRST
    for s in range(sources.shape[0]):
        p, to = sources[s, 0], _TWO * sources[s, 2]
        _, first, last, pattern, seen_row, at = _received(s, tick, inbox, scratch)
        n = new_reference(at, at + (last - first), seen_row, seen, pattern, to, scratch.plus)
        if inbox.direct and c.n[p] != _NOTHING:
            rename(scratch.plus, to, n, c.axon, first)
        silent = sources[s, 3] - sources[s, 2] - _ONE
        scratch.listed[s, 0] = pad_list(scratch.plus, to, n, silent)
    for k in range(blocks.shape[0]):
        s = blocks[k, 1]
        block = Block(wiring.weights, blocks[k, 2], blocks[k, 4], blocks[k, 3])
        n, axons = scratch.listed[s, 0], _TWO * sources[s, 2]
        sum_reference(block, scratch.plus, n, axons, Room(scratch.part, scratch.total), sums, blocks[k, 5])


@kernel
def _no_patterns(tick: int, inbox: Inbox, sums: Vector[Number], scratch: Scratch) -> None:
    """Stand where no patterns are kept."""


# By what the types of a wiring and of its scratch depend on.
_takers: dict[tuple[object, ...], Vector[Function]] = {}


def pattern_taker(wiring: Wiring, sum_dtype: np.dtype[np.number], patterned: bool) -> Vector[Function]:
    """Return `take_patterns`, or nothing to do, as a function that the loop is handed: compiled where it is needed."""
    key = patterned, wiring.weights.dtype, wiring.bias.dtype, sum_dtype
    if key not in _takers:
        row, rows = np.zeros(0, np.uint8), np.zeros((0, 0), np.uint8)
        inbox = Inbox(wiring, True, False, rows, row, row, rows)
        kernel = take_patterns if patterned else _no_patterns
        _takers[key] = kernel.value(1, inbox, np.zeros(0, sum_dtype), scratch_of(wiring, 1, sum_dtype))
    return _takers[key]


@kernel
def list_axons(tick: int, patterned: bool, inbox: Inbox, scratch: Scratch) -> None:
    """List, source by source, the axons that fire outside the reference pattern, and those silent inside it."""
    c, plus, minus, listed = scratch.compacted, scratch.plus, scratch.minus, scratch.listed
    sources, arrived = inbox.wiring.sources, inbox.arrived
    for s in range(sources.shape[0]):
        p, axon, end, to = sources[s, 0], sources[s, 2], sources[s, 3], _TWO * sources[s, 2]
        row, first, last, pattern, _, at = _received(s, tick, inbox, scratch)
        if patterned:
            n_plus, n_minus = differences(first, last, row, pattern, at, scratch.packed, to, plus, minus)
        else:
            n_plus, n_minus = list_ones(first, last, row, scratch.packed[0], to, plus), _NOTHING
        if inbox.direct and c.n[p] != _NOTHING:
            rename(plus, to, n_plus, c.axon, first)
            rename(minus, to, n_minus, c.axon, first)
        if inbox.has_late:
            came = arrived[row_acting(sources, s, tick, arrived.shape[0])]
            n_plus = _append_twice(end - axon, sources[s, 4], came, plus, to + n_plus) - to
        silent = end - axon - _ONE
        listed[s, 0] = pad_list(plus, to, n_plus, silent)
        listed[s, 1] = pad_list(minus, to, n_minus, silent)
        listed[s, 2] = n_plus
