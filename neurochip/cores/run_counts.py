"""What a run of a batch met: spikes, operations, faults and ends of formats, by what stood before and after it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.ways import summed
from neurochip.cores.batch import Batch
from neurochip.cores.channel import TALLY
from neurochip.cores.counters import FaultCounts, Met, Sent
from neurochip.cores.layout import Layout
from neurochip.cores.packets_met import PacketsMet
from neurochip.cores.synapses_met import SynapsesMet

__all__ = ["RunCounts"]

Counts = NDArray[np.int64]


class _Before(NamedTuple):
    """What stood before a run.

    Attributes
    ----------
    carried
        i64[group]: spikes of the tick before it.
    waiting
        Delay → spikes that are still to act, or packets where some are lost; nothing of simple networks.
    under_way
        i64[core]: packets that faults let arrive later.
    saturated
        i64[SATURATED, core]: how often integer state had met the end of its format.
    """

    carried: Counts
    waiting: dict[int, Counts]
    under_way: Counts
    saturated: Counts | int


class RunCounts:
    """Counts what each run of a batch meets; `before` and `after` it.

    Parameters
    ----------
    layout
        Where everything sits.
    batch
        The samples that are run.
    """

    def __init__(self, layout: Layout, batch: Batch) -> None:
        self._image, self._batch = layout.image, batch
        self._way_of, self._ways = layout.way_of, layout.image.sending.ways
        self._met = SynapsesMet(layout.image, layout.slots_of)
        self._packets_met = PacketsMet(layout)

    def before(self) -> _Before:
        """Return what stands before a run, and begin to count anew what faults do."""
        batch = self._batch
        carried = self._sent(batch.bits()) if batch.tick else np.zeros(len(self._ways.pieces), np.int64)
        saturated = batch.saturated() if batch.tick and self._image.numbers else 0
        before = _Before(carried, self._waiting(), batch.under_way(), saturated)
        batch.clear_tallies()
        return before

    def after(self, before: _Before) -> Met:
        """Return what the run met that has ended."""
        batch, waiting = self._batch, self._waiting()
        return Met(
            spikes=Sent(before.carried, self._sent(batch.state.counts), self._sent(batch.bits())),
            sops=self._operations(before.waiting, waiting),
            faults=self._fault_counts(before, waiting),
            saturated=None if self._image.numbers is None else batch.saturated() - before.saturated,
        )

    def _waiting(self) -> dict[int, Counts]:
        batch = self._batch
        if self._image.network.is_simple:
            return {}
        if not batch.lossy:
            return self._met.under_way(batch.state, batch.tick)
        reception = batch.reception
        if batch.tick == 0:  # a sample that has not begun has received nothing
            return {d: np.zeros(reception.arrived.shape[2], np.int64) for d in self._packets_met.delays}
        return self._packets_met.under_way(reception, batch.tick)

    def _operations(self, waiting: dict[int, Counts], after: dict[int, Counts]) -> Counts | None:
        """Return the synaptic operations of a run on each core, where they do not follow from spikes per core."""
        batch = self._batch
        if self._image.network.is_simple:
            return None
        if batch.lossy:
            return self._packets_met.operations(batch.reception.counts, waiting, after)
        return self._met.operations(batch.state.counts, waiting, after)

    def _fault_counts(self, before: _Before, waiting: dict[int, Counts]) -> FaultCounts | None:
        batch = self._batch
        found = batch.fault_counts(before.under_way, batch.under_way())
        if found is not None and not self._image.network.is_simple:
            through = batch.reception.counts
            received = self._packets_met.bits_received(through, before.waiting, waiting)
            found.tally[:, TALLY.index("aer_received")] = received
        return found

    def _sent(self, per_slot: NDArray[np.number]) -> Counts:
        """Sum small counts [sample, slot] over samples and over neurons that send alike."""
        if len(self._ways.pieces) == len(self._image.cores):
            return self._batch.per_core(per_slot)
        sums, here = per_slot.sum(axis=0, dtype=np.int64), self._way_of >= 0
        return summed(sums[here], self._way_of[here], len(self._ways.pieces))
