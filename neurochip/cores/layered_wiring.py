"""The wiring of layers of neurons that are driven by recorded input: every block once, wherever neurons are placed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import PLAYED, UPDATED, Synapses, Wiring, aligned_zeros
from neurochip.cores.connectivity import Connectivities
from neurochip.cores.layerwise import Layers
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.rooms import VECTOR, up
from neurochip.kernels.random_bits import NOBODY
from neurochip.kernels.tiles import cut

__all__ = ["layers_of", "wiring_of"]

IN_PLACE_BYTES = 1 << 16  # a matrix so large is not copied where its type and order are right


def wiring_of(
    placed: PlacedNetwork,
    weights: Sequence[NDArray[Any]],
    raster: LayeredRaster,
    held_as: np.dtype[Any],
    dtype: np.dtype[Any],
    sums: np.dtype[Any],
    delays: Sequence[int],
) -> tuple[Wiring, Synapses]:
    """Return the wiring and the synapses of a network; formats and delays as `engine.LayerEngine` takes them."""
    in_place = _in_place(weights, held_as)
    layers = raster.layers.tolist()
    # What a layer sends is listed once for each delay at which it is received.
    sources = [(k, 1) for k in range(len(layers))]
    sources += sorted({(s, d) for (s, _), d in zip(placed.projections, delays, strict=True)} - set(sources))
    spans = [(layers[k][0], layers[k][1]) for k in range(len(layers))]
    for k, _ in sources[len(layers) :]:
        spans.append((spans[-1][1], spans[-1][1] + layers[k][1] - layers[k][0]))
    packed = Connectivities(held_as, sums)
    blocks: list[tuple[int, ...]] = []
    held: list[tuple[int, int, NDArray[Any]]] = []  # first weight, from one row to the next, rows
    edges, start = [0, 0], 0
    borrowed = np.zeros(0, held_as)
    for k in range(1, len(layers)):
        for p, (source, target) in enumerate(placed.projections):
            if target != k:
                continue
            connection, size = placed.connections[p], placed.sizes[k]
            received = sources.index((source, delays[p]))
            first = 0 if p == in_place else start
            if connection.kind != "dense":
                stored = packed.add(connection, first, weights[p])
                blocks.append((k, received, 0, size, size, 0, p, int(p == in_place)))
                width, rows = up(stored.size, VECTOR), 1
            else:
                packed.add_dense()
                stored = weights[p]
                width = size if p == in_place else up(size, VECTOR)
                blocks.append((k, received, first, width, width, 0, p, int(p == in_place)))
                # Lists are filled up with the last slot of the source, whose row is all zeros.
                rows = layers[source][1] - layers[source][0]
            if p == in_place:
                borrowed = stored.reshape(-1)
            else:
                held.append((start, width, np.atleast_2d(stored)))
                start += rows * width
        edges.append(len(blocks))
    memory = aligned_zeros(start, held_as)
    for first, width, stored in held:
        rows, columns = stored.shape
        memory[first : first + rows * width].reshape(rows, width)[:, :columns] = stored
    neuron = np.full(raster.n_slots, NOBODY)
    for number, (first, _, size) in enumerate(layers):
        base = sum(placed.sizes[:number])
        neuron[first : first + size] = base + np.arange(size, dtype=np.uint64)
    wiring = Wiring(
        populations=np.array(
            [(first, last, 0, PLAYED if k == 0 else UPDATED, 0) for k, (first, last, _) in enumerate(layers)],
            dtype=np.uint64,
        ),
        sources=np.array(
            [(*one, *span, span[0], 0) for one, span in zip(sources, spans, strict=True)], dtype=np.uint64
        ),
        ranges=np.array([(k, first, last, 0) for k, (first, last, _) in enumerate(layers)], dtype=np.uint64),
        range_blocks=np.array(edges, dtype=np.uint64),
        blocks=np.array(blocks, dtype=np.uint64).reshape(-1, 8),
        cores=np.zeros((0, 2), np.uint64),
        weights=memory,
        borrowed=borrowed,
        scales=np.array([connection.scale for connection in placed.connections], dtype),
        bias=aligned_zeros(raster.n_slots, dtype),
        neuron=neuron,
    )
    return wiring, packed.tables()


def layers_of(placed: PlacedNetwork, wiring: Wiring, synapses: Synapses) -> Layers | None:
    """Return a network as its layers can be run one after the other; `None` where it has a loop, or is not dense."""
    if synapses.connectivity.any():
        return None
    order: list[int] = []
    receives = {k: {s for s, t in placed.projections if t == k} for k in range(len(placed.sizes))}
    while len(order) < len(receives):
        ready = [k for k, received in receives.items() if k not in order and received <= set(order)]
        if not ready:
            return None
        order += ready
    matrices, tiles_of, tile = [], [0], 0
    for _, source, first, _, stride, _, projection, borrowed in wiring.blocks.tolist():
        rows, width = (
            placed.sizes[int(wiring.sources[source, 0])],
            placed.sizes[placed.projections[projection][1]],
        )
        held = wiring.borrowed if borrowed else wiring.weights
        matrices.append(held[first : first + rows * stride].reshape(rows, stride)[:, :width])
    tiles = cut(matrices, wiring.weights.dtype)
    for k in range(len(matrices)):
        tile += int((tiles.table[:, 0] == k).sum())
        tiles_of.append(tile)
    received = np.zeros(len(order), np.uint8)
    received[[source for source, _ in placed.projections]] = 1
    return Layers(np.array(order, np.int64), received, np.array(tiles_of, np.uint64), tiles)


def _in_place(weights: Sequence[NDArray[Any]], held_as: np.dtype[Any]) -> int | None:
    """Return the largest projection, if the kernel can read it as the caller has it."""
    largest = max(range(len(weights)), key=lambda p: weights[p].nbytes)
    found = weights[largest]
    fits = found.dtype == held_as and found.flags.c_contiguous and found.nbytes >= IN_PLACE_BYTES
    return largest if fits and found.flags.writeable else None
