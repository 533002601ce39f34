"""Layers of any neurons, driven by recorded input: all their spikes, written into a raster.

Placement plays no part here: what a core does follows from bits alone, and is counted afterwards (`raster`, `traffic`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import Chip, Pull, Recorder, Samples, Scratch, Span, aligned_zeros
from neurochip.cores.axons import pattern_taker
from neurochip.cores.channel import sound_channel
from neurochip.cores.layered_wiring import layers_of, wiring_of
from neurochip.cores.layerwise import LISTED, LayerRoom, Layers, Seen, run_layers
from neurochip.cores.population import neurons_of
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.rooms import no_records, part_dtype, pulled, reception, scratch, state, up
from neurochip.cores.samples import run_samples
from neurochip.cores.threads import Threads
from neurochip.cores.tick import run_ticks
from neurochip.elements.neurons.neuron import ROOM, Dynamics
from neurochip.kernels.tiles import WIDE

__all__ = ["LayerEngine", "Presented"]

S = TypeVar("S", bound=np.generic)

_TOGETHER = 256  # ticks whose sums are added up before neurons are updated
_FEW = 4  # samples for which weights are not cut into tiles
MOST_ROOM = 1 << 26  # bytes of room for a layer after the other; networks that need more go tick by tick
Counts = NDArray[np.int64]


class Presented(NamedTuple):
    """What samples did, one after the other.

    Attributes
    ----------
    states
        Layer → its first variable, T[tick, unit], of the layers that were recorded.
    totals
        The variable that was added up at the end of each sample, list over layers of i64[unit].
    """

    states: Mapping[int, NDArray[np.number]]
    totals: list[Counts]


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
        weights: Sequence[NDArray[np.number]],
        dynamics: Sequence[Dynamics],
        variables: int,
        raster: LayeredRaster,
        held_as: np.dtype[np.number],
        dtype: np.dtype[np.number],
        rest: Sequence[NDArray[np.number]] | None = None,
        delays: Sequence[int] | None = None,
        scales: Sequence[float] | None = None,
        units: Sequence[float] | None = None,
    ) -> None:
        self._rest, self._units = rest, units
        self.raster, self._placed, self._dtype = raster, placed, dtype
        slots = raster.n_slots
        self._sums = np.dtype(np.int32) if held_as.kind == "i" else dtype
        self._held_as, self._variables = held_as, variables
        kinds, kind_of = _kinds(dynamics)
        lags = [1] * len(placed.projections) if delays is None else list(delays)
        self._depth = max(lags, default=1)
        self._wiring, synapses = wiring_of(placed, weights, raster, held_as, dtype, self._sums, lags)
        if scales is not None:
            self._wiring.scales[:] = scales
        self._wiring.populations[:, 2] = kind_of
        self._sample, self._scratch = self._desk()
        self._chip = Chip(
            self._wiring,
            synapses,
            neurons_of(kinds, dtype, slots),
            sound_channel(self._wiring),
            pattern_taker(self._wiring, self._sums, patterned=False),
        )
        self._idle = np.zeros(slots, dtype=np.int64)
        self._idle_per_tick = np.zeros(len(raster.bits), dtype=np.int64)
        self.tick = 0

    def _desk(self) -> tuple[Samples, Scratch]:
        """Return what one thread works on: a sample at rest, and room."""
        wiring, variables = self._wiring, self._variables
        remembered = Samples(
            state(wiring, 1, variables, self._depth), reception(wiring, 1, self._sums, self._depth)
        )
        return remembered, scratch(wiring, variables, self._sums)

    def advance(self, ticks: int, *, record: bool = False) -> list[NDArray[np.number]]:
        """Go on; return the first variable after each tick, list over layers of T[tick, unit], if it is recorded."""
        slots, here = self.raster.n_slots, slice(self.tick, self.tick + ticks)
        states = np.zeros((ticks if record else 0, 1, slots), dtype=self._dtype)
        played = np.ascontiguousarray(self.raster.layer(0)[here])[None]
        run_ticks(
            np.zeros(1, np.int64),
            self._span(self.tick + 1, ticks),
            self._chip,
            self._sample,
            self._scratch,
            self._pull(played),
            self._recorder(
                self.raster.bits[here].reshape(ticks, 1, slots),
                states,
                self._idle,
                self._idle_per_tick[here],
            ),
        )
        self.tick += ticks
        return (
            [self._seen(k, values) for k, values in enumerate(self._by_layer(states[:, 0]))] if record else []
        )

    def present(
        self, ticks: int, *, record: Sequence[int] = (), summed: int | None = None, threads: int = 1
    ) -> Presented:
        """Run the whole raster as samples of ``ticks`` ticks, each from rest, shared among threads.

        Parameters
        ----------
        record
            The layers whose first variable is recorded.
        summed
            A variable that is added up at the end of each sample.
        """
        n, slots, placed = len(self.raster.bits) // ticks, self.raster.n_slots, self._placed
        column = np.full(len(placed.sizes), -1, np.int64)
        width = 0
        for k in record:
            column[k], width = width, width + placed.sizes[k]
        size = np.array(placed.sizes, np.int64)
        states = np.zeros((len(self.raster.bits) if width else 0, width), self._dtype)
        layers = None
        if n >= _FEW and self._layer_bytes(ticks) <= MOST_ROOM:
            layers = layers_of(placed, self._wiring, self._chip.synapses)
        shares = np.linspace(0, n, min(threads, n) + 1).astype(int).tolist()
        seen = [
            Seen(
                self.raster.bits,
                states,
                column,
                size,
                np.zeros(slots, np.int64),
                self._idle_per_tick,
                -1 if summed is None else summed,
                np.zeros(slots, np.int64),
            )
            for _ in shares[1:]
        ]

        def work(k: int) -> None:
            share = shares[k], shares[k + 1]
            if layers is not None:
                self._run_layers(share, ticks, layers, seen[k])
            else:
                self._run_ticks(share, ticks, seen[k])

        Threads(len(seen)).each(work)
        self._idle += np.sum([one.idle for one in seen], axis=0)
        self.tick = len(self.raster.bits)
        totals = np.sum([one.total for one in seen], axis=0)
        found = {k: states[:, column[k] : column[k] + placed.sizes[k]] for k in record}
        return Presented({k: self._seen(k, values) for k, values in found.items()}, self._by_layer(totals))

    def _layer_bytes(self, ticks: int) -> int:
        """Return the room that a thread needs to run a layer after the other."""
        rows, layers = max(ticks, _TOGETHER) + 1, len(self._placed.sizes)
        listed = 4 * (self.raster.n_slots + (LISTED + 8) * layers)
        return rows * (listed + self._sums.itemsize * int(np.prod(self._sums_of_a_tick())))

    def _sums_of_a_tick(self) -> tuple[int, int]:
        """Return the most blocks of a layer, and the most columns of a block."""
        edges = self._wiring.range_blocks.astype(np.int64)
        widest = max(self._placed.sizes)
        return int(np.diff(edges).max(initial=1)), up(widest, int(WIDE))

    def _run_layers(self, share: tuple[int, int], ticks: int, layers: Layers, seen: Seen) -> None:
        slots, n_layers = self.raster.n_slots, len(self._placed.sizes)
        rows = ticks * max(1, min(_TOGETHER // ticks, share[1] - share[0]))
        blocks, columns = self._sums_of_a_tick()
        room = LayerRoom(
            words=aligned_zeros((self._variables, slots), self._dtype),
            room=aligned_zeros((ROOM, slots), self._dtype),
            lists=aligned_zeros((rows + 1, slots + LISTED * n_layers), np.uint32),
            packed=aligned_zeros(slots // 8, np.uint8),
            tails=aligned_zeros((n_layers, rows + 1, 8), np.uint32),
            lengths=aligned_zeros((n_layers, rows + 1), np.uint64),
            sums=aligned_zeros((blocks, rows, columns), self._sums),
            part=aligned_zeros(int(WIDE), part_dtype(self._held_as, self._sums)),
            target=aligned_zeros(slots, self._dtype),
        )
        run_layers(*share, ticks, layers, self._wiring, self._chip.neurons, room, seen)

    def _run_ticks(self, share: tuple[int, int], ticks: int, seen: Seen) -> None:
        slots = self.raster.n_slots
        sample, room = self._desk()
        bits = self.raster.bits.reshape(-1, 1, slots)
        states = np.zeros((ticks if len(seen.states) else 0, 1, slots), self._dtype)
        begin, end = share[0] * ticks, share[1] * ticks
        played = np.ascontiguousarray(self.raster.layer(0)[begin:end]).reshape(
            -1, ticks, self._placed.sizes[0]
        )
        constant = (
            self._span(1, ticks),
            self._chip,
            sample,
            room,
            self._pull(played[:1]),
            self._recorder(
                bits[begin : begin + ticks], states, seen.idle, seen.idle_per_tick[begin : begin + ticks]
            ),
        )
        loop = run_ticks.value(np.zeros(1, np.int64), *constant)
        here = seen._replace(
            bits=seen.bits[begin:end],
            states=seen.states[begin:end],
            idle_per_tick=seen.idle_per_tick[begin:end],
        )
        run_samples(loop, 0, len(played), *constant, played, bits[begin:end], here)

    def _span(self, first: int, ticks: int) -> Span:
        return Span(np.zeros(1, np.uint64), np.uint64(0), first, np.zeros((ticks, 1), self._dtype))

    def _pull(self, played: NDArray[np.uint8]) -> Pull:
        nudge = np.zeros(len(self._placed.sizes), self._dtype)
        return pulled(nudge, aligned_zeros((1, self.raster.n_slots), self._dtype), played)

    def _recorder(
        self, spikes: NDArray[np.uint8], states: NDArray[np.number], idle: Counts, idle_per_tick: Counts
    ) -> Recorder:
        nothing = no_records(self._wiring, 1, np.zeros(len(self._placed.sizes), np.int64))
        return nothing._replace(spikes=spikes, states=states, idle=idle, idle_per_tick=idle_per_tick)

    def _seen(self, layer: int, values: NDArray[np.number]) -> NDArray[np.number]:
        """Return what is recorded of a layer in the unit of its potentials, above their zero."""
        if self._units is not None:
            values = values * self._units[layer]
        if self._rest is not None:
            values += self._rest[layer].astype(values.dtype)
        return values

    def _by_layer(self, values: NDArray[S]) -> list[NDArray[S]]:
        return [values[..., first : first + size] for first, _, size in self.raster.layers.tolist()]

    def idle(self, placed: PlacedNetwork | None = None) -> tuple[Counts, Counts]:
        """Return updates of neurons at rest that no spike reached: i64[piece], i64[tick].

        ``placed`` is the same network on other cores; `None`: as it was laid out.
        """
        there = self._placed if placed is None else placed
        by_piece = np.zeros(there.pieces.neurons.size, dtype=np.int64)
        for (first, _, size), pieces in zip(self.raster.layers.tolist(), there.pieces.of, strict=True):
            np.add.at(by_piece, pieces, self._idle[first : first + size])
        return by_piece, self._idle_per_tick


def _kinds(dynamics: Sequence[Dynamics]) -> tuple[list[Dynamics], list[int]]:
    """Return the different kinds of neurons, and the kind of each layer; the first layer's is never asked for."""
    kinds = {(one.update, one.constants, id(one.own)): one for one in dynamics}
    names = list(kinds)
    kind_of = [names.index((one.update, one.constants, id(one.own))) for one in dynamics]
    return list(kinds.values()), [0, *kind_of]
