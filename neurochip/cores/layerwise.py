"""Samples through a network without loops, a layer after the other: what `tick.run_ticks` makes of them, sooner.

What a layer receives depends on earlier layers alone, so all ticks of several samples are added up before its neurons
are updated, and a tile of weights is read once for all of them (`kernels/tiles`). Sums are added in the same order, and
neurons are given the same, so that every spike and every number is that of the loop over ticks.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.cores.arrays import UPDATED, Neurons, Wiring
from neurochip.cores.delivery import clear
from neurochip.cores.tick import update_range
from neurochip.elements.neurons.neuron import DRIVE, REACHED, Moment, Sample
from neurochip.kernels._jit import entry, kernel, separate_kernel
from neurochip.kernels.random_bits import tick_key
from neurochip.kernels.row_sums import Drive, drive_with
from neurochip.kernels.tiles import Tiles, add_up, list_filled
from neurochip.kernels.types import Cube, Index, Matrix, Number, Vector

__all__ = ["LISTED", "Layers", "LayerRoom", "Seen", "add", "run_layers", "write"]

Array = np.ndarray[Any, Any]
LISTED = 16  # more entries than slots that the list of a layer needs
_NOTHING = np.uint64(0)


class Layers(NamedTuple):
    """A network without loops, all of whose blocks are dense."""

    order: Vector[np.int64]  # [layer]  populations, each after all that it receives from
    received: Vector[np.uint8]  # [population]  1: another one receives it
    tiles_of: Vector[np.uint64]  # [block + 1]  the tiles of block k are tiles_of[k] … tiles_of[k + 1] − 1
    tiles: Tiles


class LayerRoom(NamedTuple):
    """Room for so many ticks of several samples, one per thread; the row after the last is that of no spikes."""

    words: Array  # T[variable, slot]
    room: Array  # T[row, slot]  what updates are handed
    lists: Matrix[np.uint32]  # [tick + 1, slot + LISTED · population]
    packed: Vector[np.uint8]  # [slot / 8]
    tails: Cube[np.uint32]  # [population, tick + 1, 8]
    lengths: Matrix[np.uint64]  # [population, tick + 1]
    sums: Array  # S[block of a range, tick, column]
    part: Array  # P[column]
    target: Array  # T[slot]


class Seen(NamedTuple):
    """What is written down of all samples, one after the other."""

    bits: Matrix[np.uint8]  # [tick, slot]  of inputs given, of others written
    states: Array  # T[tick | 0, column]  the first variable of populations that are recorded
    column: Vector[np.int64]  # [population]  where they stand in it; −1: nowhere
    size: Vector[np.int64]  # [population]  neurons
    idle: Vector[np.int64]  # [slot]
    idle_per_tick: Vector[np.int64]  # [tick]
    summed: int  # which variable is added up at the end of each sample; −1: none
    total: Vector[np.int64]  # [slot]


@kernel
def _start(p: Index, wiring: Wiring) -> Any:
    """Return where the list of a population begins."""
    return wiring.populations[p, 0] + np.uint64(LISTED) * np.uint64(p)


@kernel
def _sum_block(
    k: Index, at: Index, n_samples: int, each: int, layers: Layers, wiring: Wiring, room: LayerRoom
) -> None:
    """Write what a block brings in each tick into ``room.sums[at]``."""
    s = wiring.blocks[k, 1]
    p, lag = wiring.sources[s, 0], np.int64(wiring.sources[s, 1])
    start, one_by_one = _start(p, wiring), wiring.blocks[k, 7] != _NOTHING
    none = room.lists.shape[0] - 1
    for i in range(layers.tiles_of[k], layers.tiles_of[k + 1]):
        tile = layers.tiles.table[i]
        first, columns = tile[1], tile[2]
        weights = layers.tiles.weights[tile[3] : tile[3] + tile[4] * columns]
        for sample in range(n_samples):
            for t in range(each):
                row = sample * each + t
                received = row - lag if t >= lag else none
                add_up(
                    weights,
                    columns,
                    room.lists[received, start:],
                    room.tails[p, received],
                    room.lengths[p, received],
                    one_by_one,
                    room.part,
                    room.sums[at, row, first : first + columns],
                )


@separate_kernel
def write(source: Vector[Number], first: Index, n: Index, to: Vector[Number]) -> None:
    """Copy ``n`` entries from ``first`` on to the beginning of ``to``."""
    for j in range(_NOTHING, np.uint64(n)):
        to[j] = source[first + j]


@separate_kernel
def add(source: Vector[Number], first: Index, last: Index, to: Vector[Number]) -> None:
    """Add entries, cut to whole numbers, to those of the same places."""
    for j in range(first, last):
        to[j] += np.int64(source[j])


@kernel
def _update_layer(
    p: Index,
    begin: int,
    n_samples: int,
    each: int,
    wiring: Wiring,
    neurons: Neurons,
    room: LayerRoom,
    seen: Seen,
) -> None:
    """Update the neurons of a population through all ticks; those of the first sample begin at tick ``begin``."""
    first, last, kind = wiring.populations[p, 0], wiring.populations[p, 1], wiring.populations[p, 2]
    blocks, stop = wiring.range_blocks[p], wiring.range_blocks[p + 1]  # a population is a range
    words, drive, column = room.words, room.room[DRIVE], seen.column[p]
    nudge = drive.dtype.type(0)
    start_key = tick_key(_NOTHING, _NOTHING, _NOTHING)
    none = room.lists.shape[0] - 1
    for sample in range(n_samples):
        for v in range(words.shape[0]):
            clear(first, last, words[v])
        for t in range(each):
            row, came = sample * each + t, _NOTHING
            if blocks == stop:
                clear(first, last, drive)
            for k in range(blocks, stop):
                s = wiring.blocks[k, 1]
                lag = np.int64(wiring.sources[s, 1])
                came += room.lengths[wiring.sources[s, 0], row - lag if t >= lag else none]
                to = Drive(drive, first, wiring.scales[wiring.blocks[k, 6]], k > blocks)
                drive_with(room.sums[np.int64(k - blocks), row], _NOTHING, wiring.blocks[k, 3], to)
            quiet = came == _NOTHING
            if quiet:
                clear(first, last, room.room[REACHED])
            key, bits = tick_key(_NOTHING, _NOTHING, np.uint64(t + 1)), seen.bits[begin + row]
            moment = Moment(t + 1, key, start_key, room.target[:1], nudge, quiet)
            given = Sample(
                words, bits, room.target, wiring.bias, wiring.neuron, neurons.own, room.room, seen.idle
            )
            idle = update_range(neurons, kind, first, last, moment, given)
            seen.idle_per_tick[begin + row] += idle
            if column >= 0:
                write(words[0], first, seen.size[p], seen.states[begin + row, column:])
        if seen.summed >= 0:
            add(words[seen.summed], first, last, seen.total)


@entry
def run_layers(
    first: int,
    last: int,
    each: int,
    layers: Layers,
    wiring: Wiring,
    neurons: Neurons,
    room: LayerRoom,
    seen: Seen,
) -> None:
    """Run samples ``first`` … ``last`` − 1, each of ``each`` ticks, from rest; writes ``seen``."""
    populations = wiring.populations
    none = room.lists.shape[0] - 1
    group = none // each
    for p in range(populations.shape[0]):
        silent = np.uint32(seen.size[p])
        room.lengths[p, none] = 0
        for k in range(room.tails.shape[2]):
            room.tails[p, none, k] = silent
    for at in range(first, last, group):
        n_samples = min(group, last - at)
        begin = at * each
        for i in range(layers.order.shape[0]):
            p = layers.order[i]
            if populations[p, 3] == UPDATED:
                blocks = wiring.range_blocks[p]
                for k in range(blocks, wiring.range_blocks[p + 1]):
                    _sum_block(k, np.int64(k - blocks), n_samples, each, layers, wiring, room)
                _update_layer(p, begin, n_samples, each, wiring, neurons, room, seen)
            start = _start(p, wiring)
            for row in range(n_samples * each if layers.received[p] != 0 else 0):
                room.lengths[p, row] = list_filled(
                    populations[p, 0],
                    populations[p, 1],
                    seen.bits[begin + row],
                    room.packed,
                    np.uint32(seen.size[p]),
                    room.lists[row, start:],
                    room.tails[p, row],
                )
