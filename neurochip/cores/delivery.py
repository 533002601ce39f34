"""What the spikes that are listed bring to a range of neurons, and whether some neuron of it is not reached at all.

Blocks between dense populations are rows of weights that are added up; over any other connectivity the functions of its
kind say which weights are met (`elements/connections`). Both leave their sums in ``scratch.room[DRIVE]``.
"""

from __future__ import annotations

import numpy as np

from neurochip.cores.arrays import Neurons, Scratch, Synapses, Wiring
from neurochip.elements.connections.connection import Memory
from neurochip.elements.neurons.neuron import DRIVE, REACHED
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.calls import invoke
from neurochip.kernels.row_sums import Block, Drive, Lists, Room, deliver, drive_with
from neurochip.kernels.types import Float, Index, Matrix, Number, Real, Vector

__all__ = ["clear", "deliver_range", "quiet_range"]

_NOTHING, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)
_FEW_SPIKES = np.uint64(16)


@separate_kernel
def clear(first: Index, last: Index, row: Vector[Number]) -> None:
    """Set row[first … last − 1] to 0."""
    for j in range(first, last):
        row[j] = 0


@separate_kernel
def _bias(first: Index, last: Index, factor: Real, bias: Vector[Float], drive: Vector[Float]) -> None:
    for j in range(first, last):
        drive[j] = factor * bias[j]


@kernel
def deliver_range(
    r: Index,
    wiring: Wiring,
    synapses: Synapses,
    neurons: Neurons,
    schedule: Vector[Number],
    sums: Vector[Number],
    scratch: Scratch,
) -> Index:
    """Write what reaches a range of neurons into ``scratch.room[DRIVE]``; returns how many spikes that were, u64."""
    ranges, blocks, scales = wiring.ranges, wiring.blocks, wiring.scales
    begin, end = wiring.range_blocks[r], wiring.range_blocks[r + 1]
    first = ranges[r, 1]
    arrived = _NOTHING
    drive = scratch.room[DRIVE]
    column = neurons.bias_columns[wiring.populations[ranges[r, 0], 2]]
    biased = column >= 0
    if biased:
        _bias(first, ranges[r, 2], schedule[column], wiring.bias, drive)
    elif begin == end:
        clear(first, ranges[r, 2], drive)
    for k in range(begin, end):
        s = blocks[k, 1]
        arrived += scratch.listed[s, 2]
        own = blocks[k, 7] == _NOTHING
        to = Drive(drive, first, scales[blocks[k, 6]], biased or k > begin)
        if synapses.connectivity[k] != _NOTHING:
            # To all neurons of the target; of these, the range has some.
            clear(_NOTHING, blocks[k, 4], scratch.total)
            _deliver_listed(k, wiring, synapses, own, scratch)
            drive_with(scratch.total, blocks[k, 2], blocks[k, 3], to)
            continue
        weights = wiring.weights if own else wiring.borrowed
        n_plus = scratch.listed[s, 0] if own else scratch.listed[s, 2]
        axons = _TWO * wiring.sources[s, 2]
        deliver(
            Block(weights, blocks[k, 2], blocks[k, 4], blocks[k, 3]),
            Lists(scratch.plus, scratch.minus, n_plus, scratch.listed[s, 1], axons),
            sums,
            blocks[k, 5],
            Room(scratch.part, scratch.total),
            to,
        )
    return arrived


@kernel
def _memory(k: Index, weights: Vector[Number], synapses: Synapses) -> Memory:
    """Return what a block of any connectivity is delivered from."""
    at = synapses.spans[k]
    near, far, table = (
        synapses.near[at[2] : at[3]],
        synapses.far[at[4] : at[5]],
        synapses.table[at[6] : at[7]],
    )
    return Memory(weights, near, far, table)


@kernel
def _deliver_listed(k: Index, wiring: Wiring, synapses: Synapses, own: bool, scratch: Scratch) -> None:
    """Add to ``scratch.total`` what the spikes that are listed for a block bring, over any connectivity."""
    kind, at, s = synapses.connectivity[k], synapses.spans[k], wiring.blocks[k, 1]
    active, n = scratch.plus[_TWO * wiring.sources[s, 2] :], scratch.listed[s, 2]
    weights = wiring.weights if own else wiring.borrowed
    if n != _NOTHING:
        memory = _memory(k, weights[at[0] : at[1]], synapses)
        invoke(synapses.deliver[kind - _ONE], memory, active, n, scratch.total)


@kernel
def _reach_listed(
    k: Index, begin: Index, n: Index, wiring: Wiring, synapses: Synapses, scratch: Scratch
) -> None:
    """Add to ``scratch.total`` how many of ``n`` spikes listed for a block, from ``begin`` on, reach each neuron."""
    kind, s = synapses.connectivity[k], wiring.blocks[k, 1]
    active = scratch.plus[_TWO * wiring.sources[s, 2] + begin :]
    memory = _memory(k, synapses.ones, synapses)
    invoke(synapses.reach[kind - _ONE], memory, active, n, scratch.total)


@separate_kernel
def _doubtful(
    first: Index, width: Index, drive: Vector[Number], value: Vector[Number], total: Vector[Number]
) -> Index:
    """Count neurons at 0 to which nothing came, or what adds up to nothing, and that no spike was found to reach."""
    found = np.int64(0)
    for j in range(_NOTHING, width):
        found += 1 if drive[first + j] == 0 and value[first + j] == 0 and total[j] == 0 else 0
    return found


@separate_kernel
def _show_reached(first: Index, width: Index, total: Vector[Number], reached: Vector[Float]) -> None:
    for j in range(_NOTHING, width):
        reached[first + j] = total[j]


@kernel
def quiet_range(
    r: Index, came: Index, wiring: Wiring, synapses: Synapses, words: Matrix[Float], scratch: Scratch
) -> bool:
    """Whether no spike reached some neuron of a range; then ``scratch.room[REACHED]`` tells which, of those at 0."""
    blocks, first, reached = wiring.blocks, wiring.ranges[r, 1], scratch.room[REACHED]
    if came == _NOTHING:
        clear(first, wiring.ranges[r, 2], reached)
        return True
    begin, end = wiring.range_blocks[r], wiring.range_blocks[r + 1]
    width = blocks[begin, 3]
    for k in range(begin, end):
        if synapses.connectivity[k] == _NOTHING and scratch.listed[blocks[k, 1], 2] != _NOTHING:
            return False  # over a dense block a spike reaches all
    drive, total = scratch.room[DRIVE], scratch.total
    clear(_NOTHING, width, total)
    if _doubtful(first, width, drive, words[0], total) == 0:
        return False
    # Sums of 0 may be of spikes whose weights cancel. The first spikes show that for most neurons.
    for k in range(begin, end):
        done, some, n = _NOTHING, _FEW_SPIKES, scratch.listed[blocks[k, 1], 2]
        while done < n:
            some = min(some, n - done)
            _reach_listed(k, done, some, wiring, synapses, scratch)
            done += some
            some = done
            if _doubtful(first, width, drive, words[0], total) == 0:
                return False
    _show_reached(first, width, total, reached)
    return True
