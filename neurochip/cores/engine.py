"""Layers of any neurons, driven by recorded input: all their spikes, written into a raster.

Placement plays no part here: what a core does follows from bits alone, and is counted afterwards (`raster`, `traffic`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import (
    PLAYED,
    UPDATED,
    Compacted,
    Pull,
    Reception,
    Recorder,
    Scratch,
    Span,
    State,
    Synapses,
    Wiring,
    aligned_zeros,
)
from neurochip.cores.channel import sound_channel
from neurochip.cores.connectivity import Connectivities
from neurochip.cores.population import neurons_of
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.tick import run_ticks
from neurochip.elements.neurons.neuron import ROOM, Dynamics
from neurochip.kernels._jit import typed
from neurochip.kernels.random_bits import NOBODY

__all__ = ["LayerEngine"]

_VECTOR = 16
IN_PLACE_BYTES = 1 << 16  # a matrix so large is not copied where its type and order are right
Counts = NDArray[np.int64]


class LayerEngine:
    """Advances a network tick by tick.

    Parameters
    ----------
    placed
        Sizes and projections of the network.
    weights
        Of each projection, in the shape of its connectivity, of any type; cast where they are written.
    dynamics
        How the neurons of each layer but the first run.
    variables
        How many they keep; the first of them is recorded if asked for.
    raster
        Layer 0 is given, the others are written.
    held_as, dtype
        Formats W of weights (float32, float64, int8 or int16) and T of the state.
    rest
        What is added to the first variable where it is recorded, list over layers of [unit].
    delays
        Ticks from a spike to its effect, of each projection; `None`: 1.
    scales
        What one unit of the sums of each projection is worth; `None`: the scale of its connectivity.
    units
        What one unit of the state of each layer is worth where it is recorded, as float64; `None`: 1.
    """

    def __init__(
        self,
        placed: PlacedNetwork,
        weights: Sequence[NDArray[Any]],
        dynamics: Sequence[Dynamics],
        variables: int,
        raster: LayeredRaster,
        held_as: np.dtype[Any],
        dtype: np.dtype[Any],
        rest: Sequence[NDArray[Any]] | None = None,
        delays: Sequence[int] | None = None,
        scales: Sequence[float] | None = None,
        units: Sequence[float] | None = None,
    ) -> None:
        self._rest, self._units = rest, units
        self.raster, self._placed, self._dtype = raster, placed, dtype
        slots = raster.n_slots
        sums = np.dtype(np.int32) if held_as.kind == "i" else dtype
        kinds, kind_of = _kinds(dynamics)
        lags = [1] * len(placed.projections) if delays is None else list(delays)
        self._wiring, self._synapses = _wiring(placed, weights, raster, held_as, dtype, sums, lags)
        if scales is not None:
            self._wiring.scales[:] = scales
        self._wiring.populations[:, 2] = kind_of
        self._state = State(
            aligned_zeros((1, variables, slots), dtype),
            aligned_zeros((1, max(lags, default=1), slots), np.uint8),
            aligned_zeros((1, slots), np.uint16),
        )
        axons = int(self._wiring.sources[-1, 3])
        blocks = self._wiring.blocks
        self._reception = Reception(
            reference=np.zeros((1, 0), np.uint8),
            window=np.zeros((1, 0), np.uint8),
            sums=aligned_zeros((1, int(blocks[:, 3].max(initial=0)) + _VECTOR), sums),
            trace=np.zeros((1, 0), dtype),
            arrived=np.zeros((1, 0), np.uint8),
            late=np.zeros((1, 0), np.uint64),
            counts=np.zeros((1, 0), np.uint16),
        )
        layers = len(placed.sizes)
        nothing = aligned_zeros(0, np.uint8)
        self._scratch = Scratch(
            packed=aligned_zeros(slots // 8, np.uint8),
            plus=aligned_zeros(2 * axons + 8, np.uint64),
            minus=aligned_zeros(2 * axons + 8, np.uint64),
            listed=aligned_zeros((len(self._wiring.sources), 3), np.uint64),
            received=nothing,
            silence=aligned_zeros(slots, np.uint8),
            room=aligned_zeros((ROOM, slots), dtype),
            total=aligned_zeros(slots, sums),
            part=aligned_zeros(slots, np.int16 if held_as == np.int8 else sums),
            compacted=Compacted(
                n=aligned_zeros(layers, np.uint64),
                axon=aligned_zeros(0, np.uint64),
                neuron=aligned_zeros(0, np.uint64),
                words=aligned_zeros((0, 0), dtype),
                bits=nothing,
                reference=nothing,
                window=nothing,
                counts=aligned_zeros(0, np.uint16),
            ),
        )
        self._neurons = neurons_of(kinds, dtype, slots)
        self._channel = sound_channel(self._wiring)
        self._idle = np.zeros(slots, dtype=np.int64)
        self._idle_per_tick = np.zeros(len(raster.bits), dtype=np.int64)
        self.tick = self._began = 0

    def rest(self) -> None:
        """Let the next tick be the first of a presentation: everything is 0 again, and what is recorded goes on."""
        self._began = self.tick

    def advance(self, ticks: int, *, record: bool = False) -> list[NDArray[Any]]:
        """Go on; return the first variable after each tick, list over layers of T[tick, unit], if it is recorded."""
        slots, here = self.raster.n_slots, slice(self.tick, self.tick + ticks)
        states = np.zeros((ticks if record else 0, 1, slots), dtype=self._dtype)
        run_ticks(
            np.zeros(1, np.int64),
            typed(
                Span(
                    np.zeros(1, np.uint64),
                    np.uint64(0),
                    self.tick - self._began + 1,
                    np.zeros((ticks, 1), self._dtype),
                )
            ),
            typed(self._wiring),
            typed(self._synapses),
            typed(self._state),
            typed(self._reception),
            typed(self._scratch),
            self._neurons,
            typed(
                Pull(
                    np.zeros(len(self._placed.sizes), self._dtype),
                    aligned_zeros((1, slots), self._dtype),
                    np.ascontiguousarray(self.raster.layer(0)[here])[None],
                    np.zeros((0, 1), np.int64),
                    np.zeros(0, np.uint64),
                )
            ),
            self._channel,
            typed(
                Recorder(
                    spikes=self.raster.bits[here].reshape(ticks, 1, slots),
                    states=states,
                    steps=np.zeros((0, 1, slots), self._dtype),
                    per_core=np.zeros((0, 1, 0), np.int32),
                    row=np.zeros(1, np.int64),
                    variables=np.zeros(len(self._placed.sizes), np.int64),
                    idle=self._idle,
                    idle_per_tick=self._idle_per_tick[here],
                )
            ),
        )
        self.tick += ticks
        if not record:
            return []
        layers = self._by_layer(states[:, 0])
        if self._units is not None:
            layers = [values * unit for values, unit in zip(layers, self._units, strict=True)]
        if self._rest is not None:
            for values, rest in zip(layers, self._rest, strict=True):
                values += rest.astype(values.dtype)
        return layers

    def variable(self, number: int) -> list[NDArray[Any]]:
        """Return a variable as it is now, list over layers of T[unit]."""
        return self._by_layer(self._state.words[0, number].copy())

    def _by_layer(self, values: NDArray[Any]) -> list[NDArray[Any]]:
        return [values[..., first : first + size] for first, _, size in self.raster.layers.tolist()]

    def idle(self, placed: PlacedNetwork | None = None) -> tuple[Counts, Counts]:
        """Return updates of neurons at rest that no spike reached: i64[piece], i64[tick].

        ``placed`` is the same network on other cores; `None`: as it was laid out.
        """
        there = self._placed if placed is None else placed
        by_piece = np.zeros(there.layers.size, dtype=np.int64)
        for (first, _, size), pieces in zip(self.raster.layers.tolist(), there.piece_of, strict=True):
            np.add.at(by_piece, pieces, self._idle[first : first + size])
        return by_piece, self._idle_per_tick


def _wiring(
    placed: PlacedNetwork,
    weights: Sequence[NDArray[Any]],
    raster: LayeredRaster,
    held_as: np.dtype[Any],
    dtype: np.dtype[Any],
    sums: np.dtype[Any],
    delays: Sequence[int],
) -> tuple[Wiring, Synapses]:
    in_place = _in_place(weights, held_as)
    layers = raster.layers.tolist()
    # What a layer sends is listed once for each delay at which it is heard.
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
            heard = sources.index((source, delays[p]))
            first = 0 if p == in_place else start
            if connection.kind != "dense":
                stored = packed.add(connection, first, weights[p])
                blocks.append((k, heard, 0, size, 0, 0, p, int(p == in_place)))
                width, rows = _up(stored.size, _VECTOR), 1
            else:
                packed.add_dense()
                stored = weights[p]
                width = size if p == in_place else _up(size, _VECTOR)
                blocks.append((k, heard, first, width, width, 0, p, int(p == in_place)))
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
        sources=np.array([(*one, *span) for one, span in zip(sources, spans, strict=True)], dtype=np.uint64),
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


def _kinds(dynamics: Sequence[Dynamics]) -> tuple[list[Dynamics], list[int]]:
    """Return the different kinds of neurons, and the kind of each layer; the first layer's is never asked for."""
    kinds = {(one.update, one.constants, id(one.own)): one for one in dynamics}
    names = list(kinds)
    kind_of = [names.index((one.update, one.constants, id(one.own))) for one in dynamics]
    return list(kinds.values()), [0, *kind_of]


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def _in_place(weights: Sequence[NDArray[Any]], held_as: np.dtype[Any]) -> int | None:
    """Return the largest projection, if the kernel can read it as the caller has it."""
    largest = max(range(len(weights)), key=lambda p: weights[p].nbytes)
    found = weights[largest]
    fits = found.dtype == held_as and found.flags.c_contiguous and found.nbytes >= IN_PLACE_BYTES
    return largest if fits and found.flags.writeable else None
