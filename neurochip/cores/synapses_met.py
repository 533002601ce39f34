"""Synaptic operations of a phase, from what each neuron fired: for networks in which they differ from neuron to neuron.

In a network of plain matrices they follow from the spikes of each core (`counters`), and none of this is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.arrays import State
from neurochip.elements.connections import fan_out_by_part
from neurochip.network import Projection

__all__ = ["SynapsesMet", "summed_back", "synapses_by_core"]

Counts = NDArray[np.int64]


def synapses_by_core(image: ChipImage, projection: Projection) -> Counts:
    """Return the synapses of each source neuron of a projection on each core of the chip, i64[source neuron, core]."""
    met = np.zeros((image.network.sizes[projection.source], len(image.cores)), dtype=np.int64)
    there = list(image.cores_of(projection.target))
    if projection.connection is None:
        met[:, there] = [image.cores[c].size for c in there]
    else:
        part_of = image.sending.pieces.of[projection.target] - there[0]
        met[:, there] = fan_out_by_part(projection.connection, part_of, len(there))
    return met


def summed_back(delays: list[int], tick: int, of_tick: Callable[[int], Counts]) -> dict[int, Counts]:
    """Return delay → what as many ticks up to ``tick`` sent, all together; there is none before tick 1."""
    found: dict[int, Counts] = {}
    summed = np.zeros_like(of_tick(tick))
    for back in range(max(delays, default=0)):
        if back < tick:
            summed = summed + of_tick(tick - back)
        if back + 1 in delays:
            found[back + 1] = summed
    return found


class SynapsesMet:
    """Counts the synapses that the spikes of a run met on each core.

    Parameters
    ----------
    image
        The compiled chip.
    slots_of
        Slots of the neurons of each population.
    """

    def __init__(self, image: ChipImage, slots_of: list[slice]) -> None:
        self._image, self._slots_of = image, slots_of
        self._delays = sorted({p.delay for p in image.network.projections})

    @cached_property
    def _met(self) -> list[Counts]:
        """Synapses of each projection, i64[source neuron, core]."""
        return [synapses_by_core(self._image, p) for p in self._image.network.projections]

    def under_way(self, state: State, tick: int) -> dict[int, Counts]:
        """Return delay → i64[slot]: spikes, over all samples, of as many last ticks, which are still to act."""
        depth = state.bits.shape[1]
        return summed_back(self._delays, tick, lambda t: state.bits[:, t % depth].sum(axis=0, dtype=np.int64))

    def operations(
        self, sent: NDArray[np.number], before: dict[int, Counts], after: dict[int, Counts]
    ) -> Counts:
        """Return i64[core]: operations of a run.

        Parameters
        ----------
        sent
            Spikes of the run, [sample, slot].
        before, after
            What was under way when it began and when it ended.
        """
        total = np.zeros(len(self._image.cores), dtype=np.int64)
        fired = sent.sum(axis=0, dtype=np.int64)
        for p, met in zip(self._image.network.projections, self._met, strict=True):
            acted = (fired + before[p.delay] - after[p.delay])[self._slots_of[p.source]]
            total += acted @ met
        return total
