"""What packets that got through did, where some are lost: synapses that they met, bits of theirs that were taken in.

Where a population is connected whole, in one way and in the next tick, both follow from the packets of each core
(`counters`), and none of this is asked for.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Reception
from neurochip.cores.layout import Layout
from neurochip.cores.synapses_met import summed_back, synapses_by_core

__all__ = ["PacketsMet", "packet_bits", "reaching", "taken_in"]

Counts = NDArray[np.int64]


def taken_in(reception: Reception, tick: int) -> Counts:
    """Return i64[axon slot]: packets, over all samples, taken in at one of the last ticks or at the next one."""
    depth = reception.arrived.shape[1]
    return np.asarray(reception.arrived[:, tick % depth].sum(axis=0, dtype=np.int64))


def packet_bits(layout: Layout) -> Counts:
    """Return i64[source]: bits of a packet as it is taken in; 0 where they may differ from neuron to neuron."""
    image = layout.image
    if not image.network.is_simple:
        return np.zeros(len(layout.received), dtype=np.int64)
    bits, ways = image.sending.received_bits, image.sending.ways
    return np.array(
        [bits[ways.rows[ways.of[door.population][0]], door.core] for door in layout.doors], dtype=np.int64
    )


def reaching(layout: Layout) -> NDArray[np.uint8]:
    """Return u8[axon slot]: whether a neuron has a synapse on the core; empty where all have one."""
    if not layout.image.network.is_listed:
        return np.zeros(0, dtype=np.uint8)
    met, ways = layout.image.sending.delivered, layout.image.sending.ways
    found = np.zeros(layout.received[-1].last, dtype=np.uint8)
    for door in layout.doors:
        reached = met[ways.rows[ways.of[door.population]], door.core]
        found[door.first : door.first + len(reached)] = reached
    return found


class PacketsMet:
    """Counts what packets met on each core.

    Parameters
    ----------
    layout
        Where everything sits.

    Attributes
    ----------
    delays
        Those that packets are looked up for.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.delays = sorted({1, *(p.delay for p in layout.image.network.projections)})

    @cached_property
    def _met(self) -> list[Counts]:
        """Synapses of each source of axons, i64[source neuron]: those of its projections on its core."""
        image, network = self._layout.image, self._layout.image.network
        met = [synapses_by_core(image, p) for p in network.projections]
        found = []
        for received in self._layout.received:
            total = np.zeros(network.sizes[received.population], dtype=np.int64)
            for k in network.into(image.cores[received.core].population):
                p = network.projections[k]
                if (p.source, p.delay) == (received.population, received.delay):
                    total += met[k][:, received.core]
            found.append(total)
        return found

    def under_way(self, reception: Reception, tick: int) -> dict[int, Counts]:
        """Return delay → i64[axon slot]: packets, over all samples, at a door and still to act after a tick."""
        return summed_back(self.delays, tick + 1, lambda t: taken_in(reception, t))

    def operations(
        self, through: NDArray[np.uint16], before: dict[int, Counts], after: dict[int, Counts]
    ) -> Counts:
        """Return i64[core]: synaptic operations of a run.

        Parameters
        ----------
        through
            Packets of the run that got through, [sample, axon slot].
        before, after
            What was under way when it began and when it ended.
        """
        total = np.zeros(len(self._layout.image.cores), dtype=np.int64)
        came = through.sum(axis=0, dtype=np.int64)
        for received, met in zip(self._layout.received, self._met, strict=True):
            acted = came + before[received.delay] - after[received.delay]
            total[received.core] += int(acted[received.door : received.door + len(met)] @ met)
        return total

    def bits_received(
        self, through: NDArray[np.uint16], before: dict[int, Counts], after: dict[int, Counts]
    ) -> Counts:
        """Return i64[core]: bits of packets that were taken in, as they stood on the link; arguments as before."""
        total = np.zeros(len(self._layout.image.cores), dtype=np.int64)
        bits, ways = self._layout.image.sending.received_bits, self._layout.image.sending.ways
        taken = through.sum(axis=0, dtype=np.int64) + before[1] - after[1]
        for door in self._layout.doors:
            each = bits[ways.rows[ways.of[door.population]], door.core]
            total[door.core] += int(taken[door.first : door.first + len(each)] @ each)
        return total
