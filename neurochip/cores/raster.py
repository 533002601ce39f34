"""Spikes of all layers side by side, and what they cross: counted once they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import aligned_zeros
from neurochip.kernels._jit import entry
from neurochip.kernels.spike_lists import list_ones
from neurochip.kernels.types import Cube, Matrix, Vector

__all__ = ["LayeredRaster", "SpikeCounts"]

_WORD = 64
_MOST_RUN = 1 << 15
_LONG_RUN = 16  # neurons on average: shorter ones are counted spike by spike
Array = NDArray[Any]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SpikeCounts:
    """Spikes and what they crossed.

    Attributes
    ----------
    by_way
        i64[way]: spikes over all ticks.
    by_layer
        i64[tick, layer].
    crossed
        i64[tick, 3]: links east–west, links north–south, address bits times links.
    met
        i64[tick, 2, 3]: packets, packets that left their core, and synaptic operations, of the input layer and of
        others.
    """

    by_way: Counts
    by_layer: Counts
    crossed: Counts
    met: Counts


class LayeredRaster:
    """Spikes of all layers side by side, u8[tick, slot].

    Parameters
    ----------
    sizes
        Neurons of each layer.
    ticks
        How many.
    """

    def __init__(self, sizes: Sequence[int], ticks: int) -> None:
        table, slot = [], 0
        for size in sizes:
            # One slot more than neurons: a list of axons may be filled up with it.
            last = slot + -(-(size + 1) // _WORD) * _WORD
            table.append((slot, last, size))
            slot = last
        self.layers = np.array(
            table, dtype=np.uint64
        )  # u64[layer, 3]: first slot, slot after the last, neurons
        self.n_slots = slot
        self.bits = aligned_zeros((ticks, slot), np.uint8)

    def layer(self, k: int) -> NDArray[np.uint8]:
        """Return a view of the spikes of one layer, [tick, unit]."""
        first, _, size = (int(n) for n in self.layers[k])
        view: NDArray[np.uint8] = self.bits[:, first : first + size]
        return view

    def way_of(self, placed: PlacedNetwork) -> Counts:
        """Return i64[slot], the way of each neuron of a placed network, −1 where no neuron is."""
        way = np.full(self.n_slots, -1, dtype=np.int64)
        for (first, _, size), ways in zip(self.layers.tolist(), placed.ways.of, strict=True):
            way[first : first + size] = ways
        return way

    def count(self, placed: PlacedNetwork) -> SpikeCounts:
        """Count all spikes of a placed network."""
        way = np.maximum(self.way_of(placed), 0).astype(np.uint32)
        ways, sending = placed.ways, placed.sending
        costs = np.column_stack([sending.spike.links, sending.spike.bit_links])
        operations = ways.operations.sum(axis=1)[ways.rows]
        meets = np.column_stack([sending.packets, sending.copies, operations])
        # Where the spikes of a layer all meet the same, their number says what.
        layers = ways.populations[ways.rows]
        first = np.searchsorted(layers, np.arange(len(placed.sizes)))
        differ = np.add.reduceat((meets != meets[first[layers]]).any(axis=1), first)
        alike = (differ == 0).astype(np.uint8)
        ticks = self.bits.shape[0]
        counts = SpikeCounts(
            by_way=np.zeros(ways.pieces.size, dtype=np.int64),
            by_layer=np.zeros((ticks, len(placed.sizes)), dtype=np.int64),
            crossed=np.zeros((ticks, 3), dtype=np.int64),
            met=np.zeros((ticks, 2, 3), dtype=np.int64),
        )
        _count_spikes(
            self.layers,
            self.bits,
            _Sorted(way, costs, meets, alike, *self._runs(way)),
            counts.by_way,
            counts.by_layer,
            counts.crossed,
            counts.met,
            _Room(
                aligned_zeros(self.n_slots + 4, np.uint64),
                aligned_zeros(self.n_slots // 8, np.uint8),
            ),
        )
        for k in (k for k, same in enumerate(alike.tolist()) if same):
            counts.met[:, min(k, 1)] += counts.by_layer[:, k, None] * meets[first[k]]
        return counts

    def _runs(self, way: Array) -> tuple[Array, Array]:
        """Return where neurons of one way lie side by side, of layers in which these runs are long; see `_Sorted`."""
        runs: list[Array] = []
        edges = [0]
        for first, _, size in self.layers.astype(np.int64).tolist():
            begins = np.diff(way[first : first + size], prepend=way[first] + 1) != 0
            begins[::_MOST_RUN] = True
            starts = first + np.flatnonzero(begins)
            if size >= _LONG_RUN * len(starts):
                ends = np.append(starts[1:], first + size)
                runs.append(np.column_stack([starts, ends, way[starts]]).astype(np.uint64))
                edges.append(edges[-1] + len(starts))
            else:
                edges.append(edges[-1])
        return np.concatenate([np.zeros((0, 3), np.uint64), *runs]), np.array(edges, np.int64)


class _Sorted(NamedTuple):
    """Neurons sorted by what their spikes do."""

    way: Array  # u32[slot]
    costs: Array  # i64[way, 3]  what one spike crosses, as `SpikeCounts.crossed`
    meets: Array  # i64[way, 3]  what it meets, as `SpikeCounts.met`
    alike: Array  # u8[layer]  1: all its spikes meet the same, and that is left out
    runs: Array  # u64[run, 3]  first slot, slot after the last, way
    runs_of: Array  # i64[layer + 1]  the runs of layer k are runs_of[k] … runs_of[k + 1] − 1; none: they are too short


class _Room(NamedTuple):
    """Room for the lists of a tick."""

    lists: Array  # u64[slot + 4]
    packed: Array  # u8[slot / 8]


@entry
def _count_spikes(
    layers: Matrix[np.uint64],
    raster: Matrix[np.uint8],
    neurons: _Sorted,
    by_way: Vector[np.int64],
    by_layer: Matrix[np.int64],
    crossed: Matrix[np.int64],
    met: Cube[np.int64],
    room: _Room,
) -> None:
    """Count spikes by way and by tick, and what they cross and meet; adds to the arrays of `SpikeCounts`."""
    way, costs, meets = neurons.way, neurons.costs, neurons.meets
    for k in range(layers.shape[0]):
        first, last = layers[k, 0], layers[k, 1]
        row = 0 if k == 0 else 1
        runs, until = neurons.runs_of[k], neurons.runs_of[k + 1]
        for t in range(raster.shape[0]):
            bits = raster[t]
            for i in range(runs, until):  # their spikes need no list
                run = neurons.runs[i]
                ones = np.uint16(0)  # more of which fit a vector
                for j in range(run[0], run[1]):
                    ones = np.uint16(ones + bits[j])
                spikes, p = np.int64(ones), run[2]
                by_layer[t, k] += spikes
                by_way[p] += spikes
                for at in range(3):
                    crossed[t, at] += spikes * costs[p, at]
                    if neurons.alike[k] == 0:
                        met[t, row, at] += spikes * meets[p, at]
            if runs < until:
                continue
            n = list_ones(first, last, bits, room.packed, first, room.lists)
            east_west, north_south, addressed = np.int64(0), np.int64(0), np.int64(0)
            for i in range(first, first + n):
                p = np.uint64(way[first + room.lists[i]])
                by_way[p] += 1
                east_west += costs[p, 0]
                north_south += costs[p, 1]
                addressed += costs[p, 2]
            by_layer[t, k] += n
            crossed[t, 0] += east_west
            crossed[t, 1] += north_south
            crossed[t, 2] += addressed
            if neurons.alike[k] != 0:
                continue
            for i in range(first, first + n):
                p = np.uint64(way[first + room.lists[i]])
                for at in range(3):
                    met[t, row, at] += meets[p, at]
