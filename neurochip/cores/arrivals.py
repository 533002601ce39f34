"""Which packets reach which core in every tick of a presentation, and when, flit by flit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.clock import everybody
from neurochip.cores.counted_ticks import CYCLES
from neurochip.cores.traffic_tables import traffic_tables
from neurochip.cores.walker import Walker
from neurochip.errors import CapabilityError

__all__ = ["Arrivals", "Deliveries"]

Integers = NDArray[np.int64]


class Deliveries(NamedTuple):
    """What was delivered in the ticks of a presentation.

    Attributes
    ----------
    cycles
        i64[tick], those of each tick.
    tick, neuron, receiver, arrival
        i64[delivery]: tick, counted from 0; slot of the neuron that fired; core of the image that its spike reached;
        cycle of the tick in which it did.
    """

    cycles: Integers
    tick: Integers
    neuron: Integers
    receiver: Integers
    arrival: Integers


class Arrivals:
    """The network on chip of one image, through which presentations are sent.

    Parameters
    ----------
    image
        The compiled chip; its specification must have a clock.
    core_slots
        (first slot, slot after the last) of each core.

    Raises
    ------
    CapabilityError
        When the chip has no clock.
    """

    def __init__(self, image: ChipImage, core_slots: Sequence[tuple[int, int]]) -> None:
        timing = image.chip.timing
        if timing is None:
            raise CapabilityError("timing", f"is not given: {image.chip.name} has no clock, and no cycles")
        tables = self._tables = traffic_tables(image, timing, np.array(core_slots, dtype=np.int64))
        most, nothing = everybody(tables, contention=True), np.zeros(0, dtype=np.int64)
        self._walker = Walker(image.chip.mesh, timing, tables, most, nothing, longest_latency=0)
        self._by_site = np.concatenate([np.arange(*tables.slots[c, ::2]) for c in tables.by_site])

    def of(self, spikes: NDArray[np.uint8]) -> Deliveries:
        """Return what u8[tick, slot], a presentation from rest, delivers.

        Raises
        ------
        StallError
            Naming the tick in which the network stands still.
        """
        tables, walker = self._tables, self._walker
        bits = np.ascontiguousarray(spikes)[:, None]
        before = np.concatenate([np.zeros_like(bits[:1]), bits])
        took, arrivals = np.zeros((len(bits), 2), dtype=np.int64), [np.zeros(0, dtype=np.int64)]
        for t in range(len(bits)):
            stalled = walker.walk(bits[t : t + 1], before[t], 0, took[t : t + 1], t + 1, 1 << 40)
            if stalled is not None:
                raise stalled
            arrivals.append(walker.arrivals)
        # A core after the other, as they stand on the chip, its neurons in their order, and those that hear each.
        tick, at = np.nonzero(spikes[:, self._by_site])
        neuron = self._by_site[at]
        way = tables.way_of[neuron]
        copies = np.diff(tables.flows)[way]
        within = np.arange(int(copies.sum())) - np.repeat(np.cumsum(copies) - copies, copies)
        return Deliveries(
            took[:, CYCLES],
            np.repeat(tick, copies),
            np.repeat(neuron, copies),
            tables.receiver[np.repeat(tables.flows[way], copies) + within],
            np.concatenate(arrivals),
        )
