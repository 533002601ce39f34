"""A layered network of integrate-and-fire neurons in the arrays of its kernels, and rasters in and out of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import aligned_zeros
from neurochip.cores.lif_ticks import count_spikes, run_lif
from neurochip.elements.neurons.lif import LIF

__all__ = ["LayeredRaster", "SpikeCounts", "narrow_sums", "run_layers", "senders_of", "weight_blocks"]

_VECTOR = 16
IN_PLACE_BYTES = 1 << 16  # a matrix so large is not copied where its type and order are right
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
    """Spikes of all layers side by side, u8[tick, slot], with the room that kernels need to list them.

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
        self.layers = np.array(table, dtype=np.uint64)
        self.n_slots = slot
        self.bits = aligned_zeros((ticks, slot), np.uint8)
        self.words = self.bits.view(np.uint64)
        self.packed = aligned_zeros(slot // 8, np.uint8)
        # Lists (one of them not used), a frame of zeros, and one bit per slot: see kernels/spike_lists.
        self.lists = aligned_zeros(slot + 4, np.uint64)
        self.scratch = (
            aligned_zeros(slot + 4, np.uint64),
            aligned_zeros(slot // 8, np.uint64),
            self.packed,
            self.packed.view(np.uint64),
        )

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
        count_spikes(
            self.layers,
            self.bits,
            self.words,
            piece,
            costs,
            counts.by_piece,
            counts.by_layer,
            counts.crossed,
            self.lists,
            *self.scratch,
        )
        return counts


def run_layers(
    placed: PlacedNetwork,
    weights: Sequence[NDArray[Any]],
    neuron: LIF,
    raster: LayeredRaster,
    held_as: np.dtype[Any],
    dtype: np.dtype[Any],
) -> tuple[Counts, Counts]:
    """Let layer 0 of a raster drive the others, whose spikes are written into it.

    Parameters
    ----------
    weights
        Of each projection of the network, [pre, post], of any type; cast where they are written.
    held_as
        Format W of weights: float32, float64, int8 or int16.
    dtype
        Format T of the membrane.

    Returns
    -------
    Counts, Counts
        Updates of neurons at rest that no spike reached: i64[piece], i64[tick].
    """
    in_place = _in_place(weights, held_as)
    table, edges, memory = weight_blocks(placed, weights, held_as, in_place=in_place)
    own = np.zeros(0, dtype=held_as) if in_place is None else weights[in_place].reshape(-1)
    widest = max(int(last - first) for first, last, _ in raster.layers)
    idle = np.zeros(raster.n_slots, dtype=np.int64)
    idle_per_tick = np.zeros(raster.bits.shape[0], dtype=np.int64)
    constants = [neuron.threshold, neuron.leak, neuron.reset_value, neuron.resolution]
    run_lif(
        raster.layers,
        table,
        edges,
        memory,
        own,
        np.array(constants, dtype=dtype),
        np.int32(neuron.refractory),
        neuron.reset == "subtract",
        neuron.resolution > 0,
        raster.bits,
        raster.words,
        aligned_zeros(raster.n_slots, dtype),
        aligned_zeros(raster.n_slots, np.int32),
        idle,
        idle_per_tick,
        aligned_zeros(widest, np.int32 if held_as.kind == "i" else dtype),
        narrow_sums(widest, held_as),
        senders_of(table),
        raster.lists,
        raster.scratch[0],
        np.zeros((len(placed.sizes), 2), dtype=np.uint64),
        *raster.scratch[1:],
    )
    by_piece = np.zeros(placed.layers.size, dtype=np.int64)
    for (first, _, size), pieces in zip(raster.layers.tolist(), placed.piece_of, strict=True):
        np.add.at(by_piece, pieces, idle[first : first + size])
    return by_piece, idle_per_tick


def weight_blocks(
    placed: PlacedNetwork,
    weights: Sequence[NDArray[Any]],
    held_as: np.dtype[Any],
    *,
    in_place: int | None = None,
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[Any]]:
    """Return ``blocks``, ``layer_blocks`` and ``weights`` of `run_lif`; projection ``in_place`` stays where it is."""
    table: list[tuple[int, int, int, int]] = []
    order: list[int] = []
    edges, start = [0, 0], 0
    for k in range(1, len(placed.sizes)):
        for p, (source, target) in enumerate(placed.projections):
            if target != k:
                continue
            order.append(p)
            if p == in_place:
                table.append((source, 0, placed.sizes[k], 1))
                continue
            width = -(-placed.sizes[k] // _VECTOR) * _VECTOR
            table.append((source, start, width, 0))
            # Lists are filled up with the last slot of the source, whose row is all zeros.
            start += _rows(placed.sizes[source]) * width
        edges.append(len(table))
    memory = aligned_zeros(start, held_as)
    for (source, first, width, own), p in zip(table, order, strict=True):
        if not own:
            rows = placed.sizes[source]
            block = memory[first : first + _rows(rows) * width].reshape(-1, width)
            block[:rows, : weights[p].shape[1]] = weights[p]
    return np.array(table, dtype=np.uint64).reshape(-1, 4), np.array(edges, dtype=np.int64), memory


def narrow_sums(widest: int, held_as: np.dtype[Any]) -> NDArray[np.int16] | None:
    """Return the room in which rows of int8 are added; `None` for other weights (`kernels/int_rows`)."""
    return aligned_zeros(widest, np.int16) if held_as == np.int8 else None


def senders_of(blocks: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the layers that blocks begin at: only their spikes are listed."""
    return np.unique(blocks[:, 0]).astype(np.int64)


def _in_place(weights: Sequence[NDArray[Any]], held_as: np.dtype[Any]) -> int | None:
    """Return the largest projection, if the kernel can read it as the caller has it."""
    largest = max(range(len(weights)), key=lambda p: weights[p].nbytes)
    found = weights[largest]
    fits = found.dtype == held_as and found.flags.c_contiguous and found.nbytes >= IN_PLACE_BYTES
    return largest if fits else None


def _rows(size: int) -> int:
    """Return the rows of a block: one for each slot of its source."""
    return -(-(size + 1) // _WORD) * _WORD
