"""What leaves the cores of a network that is laid out, where it arrives, and what it crosses: the one place of it.

Everything that is counted of traffic follows from spikes of each way and from this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.route import Crossed, Link, crossed, reached, route
from neurochip.compile.ways import Pieces, Ways, summed
from neurochip.description.chip import ChipSpec

__all__ = ["Sending"]

Counts = NDArray[np.int64]
_PER_SPIKE = (
    "spikes_sent",
    "packets",
    "packets_sent",
    "hops_ew",
    "hops_ns",
    "spikes_hops",
    "aer",
    "aer_hops",
)


@dataclass(frozen=True, eq=False)
class Sending:
    """Spikes of ways, and frames that tell of all neurons of a piece.

    Parameters
    ----------
    chip
        Where everything stands.
    pieces, ways
        What each core holds, and neurons that send alike.
    down
        Links that let nothing through: a packet that meets one goes no further.
    """

    chip: ChipSpec
    pieces: Pieces
    ways: Ways
    down: frozenset[Link] = frozenset()

    @cached_property
    def cores(self) -> Counts:
        """The cores that hold neurons, ascending."""
        return np.unique(self.pieces.site)

    @cached_property
    def core(self) -> Counts:
        """Of each piece: its core's place among those that hold neurons."""
        return np.searchsorted(self.cores, self.pieces.site)

    @cached_property
    def synapses(self) -> Counts:
        """i64[row, core]: synapses that one spike meets on each core."""
        return summed(self.ways.operations.T, self.core, self.cores.size).T

    @cached_property
    def receives(self) -> Counts:
        """i64[row, core]: 1 where a spike is received, since it meets a synapse there."""
        return np.minimum(self.synapses, 1)

    @cached_property
    def delivered(self) -> Counts:
        """i64[row, piece]: 1 where one spike brings a packet to the core of the piece.

        It is counted on the first piece of that core which its population projects to.
        """
        return self._on_first_pieces(self.receives)

    def _on_first_pieces(self, of_cores: Counts) -> Counts:
        """Return i64[row, piece], what is said of rows and cores, on the piece of each core that counts it."""
        if self.cores.size == self.core.size:
            return of_cores[:, self.core]
        found = np.zeros_like(self.ways.operations)
        for population, targets in enumerate(self.ways.targets):
            rows = np.flatnonzero(self.ways.populations == population)
            listening = np.flatnonzero(np.isin(self.pieces.population, targets))
            listeners, first = np.unique(self.core[listening], return_index=True)
            found[np.ix_(rows, listening[first])] = of_cores[np.ix_(rows, listeners)]
        return found

    @cached_property
    def axons(self) -> Counts:
        """Of each core: neurons whose spikes it receives."""
        by_row = summed(self.ways.sizes, self.ways.rows, len(self.receives))
        return np.asarray(by_row @ self.receives)

    @cached_property
    def address_bits(self) -> tuple[int, ...]:
        """Of each core: bits that name one of its axons."""
        return tuple(max(1, math.ceil(math.log2(max(axons, 1)))) for axons in self.axons.tolist())

    @cached_property
    def packet_bits(self) -> Counts:
        """i64[row, core]: bits of a packet as it is taken in, header and address; 0 where none is.

        A packet that forks has the longest address that any of its receivers needs.
        """
        bits = self.receives * (self.chip.packet.header_bits + np.array(self.address_bits, dtype=np.int64))
        if self.forks:
            bits = self.receives * bits.max(axis=1, initial=0)[:, None]
        return bits

    @cached_property
    def received_bits(self) -> Counts:
        """i64[row, piece]: those bits on the pieces that count them."""
        return self._on_first_pieces(self.packet_bits)

    @cached_property
    def packets(self) -> Counts:
        """Of each way: cores that receive one spike."""
        return np.asarray(self.receives.sum(axis=1)[self.ways.rows])

    @property
    def copies(self) -> Counts:
        """Of each way: packets that leave its core for one spike, one that forks or one for each that receives it."""
        return np.minimum(self.packets, 1) if self.forks else self.packets

    @cached_property
    def spike(self) -> Crossed:
        """What one spike of each way crosses."""
        return self._crossed(self.core[self.ways.pieces], self.packet_bits[self.ways.rows])

    @cached_property
    def _frame_bits(self) -> Counts:
        """i64[piece, core]: as `packet_bits`, where any of the neurons of a piece sends packets."""
        found = np.zeros((self.core.size, self.cores.size), dtype=np.int64)
        np.maximum.at(found, self.ways.pieces, self.packet_bits[self.ways.rows])
        return found

    @cached_property
    def frame(self) -> Crossed:
        """What a frame with all neurons of each piece crosses: to all cores that get one."""
        alike = self.ways.pieces.size == self.core.size  # all neurons of a piece send alike
        return self.spike if alike else self._crossed(self.core, self._frame_bits)

    @cached_property
    def frames(self) -> Counts:
        """i64[piece, piece]: 1 where a frame of the one gets to the core of the other, on the piece that counts it."""
        found = np.zeros((self.core.size,) * 2, dtype=np.int64)
        np.maximum.at(found, self.ways.pieces, self.delivered[self.ways.rows])
        for sender, receiver in zip(*np.nonzero(found), strict=True) if self.down else ():
            ends = int(self.pieces.site[sender]), int(self.pieces.site[receiver])
            mesh = self.chip.mesh
            found[sender, receiver] = len(reached(mesh, *ends, self.down)) == len(route(mesh, *ends))
        return found

    def _crossed(self, senders: Counts, bits: Counts) -> Crossed:
        return crossed(self.chip, self.cores, senders, bits, self.down)

    @property
    def forks(self) -> bool:
        """Whether one packet goes to all receivers, and forks on its way."""
        return self.chip.packet.routing == "multicast"

    @cached_property
    def _per_spike(self) -> Counts:
        """i64[way, counter]: what one spike adds to each counter of `_PER_SPIKE`."""
        links, bits, bit_links = self.spike
        one, all_links = np.ones_like(bits), links.sum(axis=1)
        return np.column_stack([one, self.packets, self.copies, links, all_links, bits, bit_links])

    @cached_property
    def _per_symbol(self) -> tuple[Counts, Counts]:
        """Of each piece: frames that leave it, and links that they cross."""
        copies = (self._frame_bits > 0).sum(axis=1)
        return np.minimum(copies, 1) if self.forks else copies, self.frame.links.sum(axis=1)

    def sent(self, spikes: Counts, symbols: Counts) -> dict[str, Counts]:
        """Return counters by name, i64[piece], where i64[way] spikes and i64[piece] symbols of frames leave."""
        counted = summed(spikes[:, None] * self._per_spike, self.ways.pieces, self.core.size)
        frames, links = self._per_symbol
        return {
            **dict(zip(_PER_SPIKE, counted.T, strict=True)),
            "symbols": symbols,
            "symbols_hops": symbols * links,
            "bitmap": symbols * frames,
            "bitmap_hops": symbols * links,
        }

    def received(self, spikes: Counts, symbols: Counts) -> dict[str, Counts]:
        """Return counters by name, i64[piece], where i64[way] spikes and i64[piece] symbols of frames arrive."""
        by_row = summed(spikes, self.ways.rows, len(self.receives))
        operations = by_row @ self.ways.operations
        return {
            "spikes_delivered": by_row @ self.delivered,
            "sops": operations,
            "weight_reads": operations,
            "aer_received": by_row @ self.received_bits,
            "symbols_received": symbols @ self.frames,
        }
