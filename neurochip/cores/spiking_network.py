"""A `SpikingNetwork` in the arrays of its kernel: continuous time made discrete, state carried from tick to tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.arrays import aligned_zeros
from neurochip.cores.lif_network import LayeredRaster, narrow_sums, senders_of, weight_blocks
from neurochip.cores.spiking_ticks import run_spiking
from neurochip.description.spiking import NeuronGroup, SpikingNetwork

__all__ = ["SpikingEngine", "discretised"]

_NEVER = 1e30  # a threshold that no potential reaches, in float32 too


def discretised(group: NeuronGroup, dt: float, method: str) -> NDArray[np.float64]:
    """Return f64[8, unit], the constants of `run_spiking`, without the bias.

    ``euler``: 1 − dt/τ and dt/τ. ``exact``: e^(−dt/τ) and 1 − e^(−dt/τ), which is the solution when the input
    stands still
    within a tick; of a neuron with a filter it is each of the two equations' own, and their coupling stays first order.
    """
    constants = np.zeros((8, group.size))
    given = group.parameters
    if group.kind == "Input":
        return constants

    def decay(tau: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 - dt / tau if method == "euler" else np.exp(-dt / tau)

    filtered = "tau_syn" in given
    constants[1] = 1.0
    if filtered:
        constants[0] = decay(given["tau_syn"])
        constants[1] = (1 - constants[0]) * given["w_in"]
    tau = given.get("tau_mem", given.get("tau"))
    if tau is None:
        constants[2], constants[3] = 1.0, dt * given["r"]
    else:
        constants[2] = decay(tau)
        constants[3] = (1 - constants[2]) * given["r"]
    rest = given.get("v_leak", np.zeros(group.size))
    constants[4] = given["v_threshold"] - rest if group.fires else _NEVER
    constants[5] = given["v_reset"] - rest if group.fires else 0.0
    constants[6] = given["v_threshold"] if group.fires else 0.0
    return constants


class SpikingEngine:
    """Advances a network tick by tick.

    Parameters
    ----------
    network
        Groups are layers, in order.
    placed
        The same on its chip; its projections are the connections.
    weights
        Of each projection, [pre, post].
    raster
        Layer 0 is given, the others are written.
    held_as, dtype
        Formats of weights and of membranes.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        placed: PlacedNetwork,
        weights: Sequence[NDArray[Any]],
        raster: LayeredRaster,
        held_as: np.dtype[Any],
        dtype: np.dtype[Any],
    ) -> None:
        self.raster, self._placed = raster, placed
        self._table, self._edges, self._memory = weight_blocks(placed, weights, held_as)
        slots = raster.n_slots
        self._constants = aligned_zeros((8, slots), dtype)
        self._subtracts = aligned_zeros(slots, np.uint8)
        self._refractory = aligned_zeros(slots, np.int32)
        self._rest = np.zeros(slots)
        for group, (first, _, size) in zip(network.groups, raster.layers.tolist(), strict=True):
            here = slice(first, first + size)
            self._constants[:, here] = discretised(group, network.dt, network.method)
            self._subtracts[here] = group.reset == "subtract"
            self._refractory[here] = group.refractory
            self._rest[here] = group.parameters.get("v_leak", 0.0)
        names = [group.name for group in network.groups]
        for c in network.connections:
            if c.bias is not None:
                first, _, size = raster.layers[names.index(c.target)].tolist()
                self._constants[7, first : first + size] += c.bias.astype(dtype)
        widest = max(int(last - first) for first, last, _ in raster.layers)
        self._state = (
            aligned_zeros(slots, dtype),
            aligned_zeros(slots, dtype),
            aligned_zeros(slots, np.int32),
        )
        self._idle = np.zeros(slots, dtype=np.int64)
        self._idle_per_tick = np.zeros(len(raster.bits), dtype=np.int64)
        self._total = aligned_zeros(widest, np.int32 if held_as.kind == "i" else dtype)
        self._sums = narrow_sums(widest, held_as)
        self._senders = senders_of(self._table)
        self._listed = np.zeros((len(names), 2), dtype=np.uint64)
        self._dtype = dtype
        self.tick = 0

    def advance(self, ticks: int, *, record: bool = False) -> list[NDArray[Any]]:
        """Go on; return v after each tick, list over layers of T[tick, unit], empty unless recorded."""
        slots = self.raster.n_slots
        recorded = np.zeros((ticks if record else 0, slots), dtype=self._dtype)
        run_spiking(
            self.tick,
            self.tick + ticks,
            self.raster.layers,
            self._table,
            self._edges,
            self._memory,
            self._constants,
            self._subtracts,
            self._refractory,
            self.raster.bits,
            self.raster.words,
            *self._state,
            recorded,
            self._idle,
            self._idle_per_tick,
            self._total,
            self._sums,
            self._senders,
            self.raster.lists,
            self.raster.scratch[0],
            self._listed,
            *self.raster.scratch[1:],
        )
        self.tick += ticks
        if not record:
            return []
        recorded += self._rest.astype(self._dtype)
        return [recorded[:, first : first + size] for first, _, size in self.raster.layers.tolist()]

    def idle(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return updates of neurons at rest that no spike reached: i64[piece], i64[tick]."""
        by_piece = np.zeros(self._placed.layers.size, dtype=np.int64)
        for (first, _, size), pieces in zip(self.raster.layers.tolist(), self._placed.piece_of, strict=True):
            np.add.at(by_piece, pieces, self._idle[first : first + size])
        return by_piece, self._idle_per_tick
