"""Spikes of all layers side by side, and what they cross: counted once they are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import aligned_zeros
from neurochip.kernels._jit import entry
from neurochip.kernels.spike_lists import differences

__all__ = ["LayeredRaster", "SpikeCounts"]

_WORD = 64
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SpikeCounts:
    """Spikes and what they crossed.

    Attributes
    ----------
    by_piece
        i64[piece]: spikes over all ticks.
    by_layer
        i64[tick, layer].
    crossed
        i64[tick, 3]: links east–west, links north–south, address bits times links.
    """

    by_piece: Counts
    by_layer: Counts
    crossed: Counts


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

    def count(self, placed: PlacedNetwork) -> SpikeCounts:
        """Count all spikes of a placed network."""
        piece = np.zeros(self.n_slots, dtype=np.uint32)
        for (first, _, size), pieces in zip(self.layers.tolist(), placed.piece_of, strict=True):
            piece[first : first + size] = pieces
        costs = np.column_stack([placed.links, placed.aer_hops])
        ticks = self.bits.shape[0]
        counts = SpikeCounts(
            by_piece=np.zeros(placed.layers.size, dtype=np.int64),
            by_layer=np.zeros((ticks, len(placed.sizes)), dtype=np.int64),
            crossed=np.zeros((ticks, 3), dtype=np.int64),
        )
        _count_spikes(
            self.layers,
            self.bits,
            piece,
            costs,
            counts.by_piece,
            counts.by_layer,
            counts.crossed,
            aligned_zeros(self.n_slots + 4, np.uint64),
            aligned_zeros(self.n_slots + 4, np.uint64),
            aligned_zeros(self.n_slots, np.uint8),
            aligned_zeros(self.n_slots // 8, np.uint8),
        )
        return counts


@entry
def _count_spikes(
    layers: Any,
    raster: Any,
    piece: Any,
    costs: Any,
    by_piece: Any,
    by_layer: Any,
    crossed: Any,
    lists: Any,
    spare: Any,
    silence: Any,
    packed: Any,
) -> None:
    """Count spikes by piece and by tick, and what they cross.

    ``piece`` u32[slot] is the piece of each neuron, ``costs`` i64[piece, 3] what one spike crosses: links
    east–west, north–south, and address bits times links. Adds to ``by_piece`` i64[piece], ``by_layer``
    i64[tick, layer], ``crossed`` i64[tick, 3]. The last four are scratch; ``silence`` u8[slot] holds zeros.
    """
    for k in range(layers.shape[0]):
        first, last = layers[k, 0], layers[k, 1]
        alone = piece[first]
        others = 0
        for j in range(first, first + layers[k, 2]):
            others += 1 if piece[j] != alone else 0
        for t in range(raster.shape[0]):
            bits = raster[t]
            if others == 0:  # a layer on one core: its spikes need no list
                spikes = np.int64(0)
                for j in range(first, last):
                    spikes += bits[j]
                by_layer[t, k] += spikes
                by_piece[alone] += spikes
                for at in range(3):
                    crossed[t, at] += spikes * costs[alone, at]
                continue
            n, _ = differences(first, last, bits, silence, np.uint64(0), packed, first, lists, spare)
            east_west, north_south, addressed = np.int64(0), np.int64(0), np.int64(0)
            for i in range(first, first + n):
                p = piece[first + lists[i]]
                by_piece[p] += 1
                east_west += costs[p, 0]
                north_south += costs[p, 1]
                addressed += costs[p, 2]
            by_layer[t, k] += n
            crossed[t, 0] += east_west
            crossed[t, 1] += north_south
            crossed[t, 2] += addressed
