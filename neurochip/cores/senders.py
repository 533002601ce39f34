"""Who sends alike: neurons of one core whose spikes go to the same cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.compile.reach import reaches

__all__ = ["Senders"]

Counts = NDArray[np.int64]


class Senders:
    """Groups of neurons that send alike. Where populations are connected whole, that is all of a core.

    Parameters
    ----------
    image
        The compiled chip.
    population_slots
        (first slot, slot after the last) of each population.

    Attributes
    ----------
    core
        i64[group], ascending.
    receives
        i64[group, core]: 1 where a core gets its spikes.
    """

    def __init__(self, image: ChipImage, population_slots: Sequence[tuple[int, int]]) -> None:
        network, n = image.network, len(image.cores)
        self._of_slot = np.full(population_slots[-1][1], -1, dtype=np.int64)
        cores: list[int] = []
        receives: list[NDArray[Any]] = []
        pieces = [(core.population, (core.first, core.last)) for core in image.cores]
        found = [reaches(network, p, pieces) for p in range(len(network.sizes))] if network.is_listed else []
        for c, core in enumerate(image.cores):
            first = population_slots[core.population][0] + core.first
            if not found:
                kinds = np.zeros((1, n), dtype=np.int64)
                kinds[0, list(image.receivers[c])] = 1
                which: Any = np.zeros(core.size, dtype=np.int64)
            else:
                rows = found[core.population][core.first : core.last].astype(np.int64)
                kinds, which = np.unique(rows, axis=0, return_inverse=True)
            self._of_slot[first : first + core.size] = len(cores) + which.reshape(-1)
            cores += [c] * len(kinds)
            receives += list(kinds)
        self.core: Counts = np.array(cores, dtype=np.int64)
        self.receives: Counts = np.array(receives, dtype=np.int64).reshape(-1, n)

    def __len__(self) -> int:
        """Return how many groups there are."""
        return len(self.core)

    def sums(self, per_slot: NDArray[Any]) -> Counts:
        """Return i64[group]: the sum of small counts [sample, slot] over samples and over the neurons of each group."""
        inside = self._of_slot >= 0
        total = np.zeros(len(self), dtype=np.int64)
        np.add.at(total, self._of_slot[inside], per_slot.sum(axis=0, dtype=np.int64)[inside])
        return total

    def of_slots(self, slots: slice) -> Counts:
        """Return the group of each of some neurons."""
        return self._of_slot[slots]

    def receivers(self, group: int) -> tuple[int, ...]:
        """Return the cores that get the spikes of a group."""
        return tuple(np.flatnonzero(self.receives[group]).tolist())

    def per_core(self, per_group: Counts, n: int) -> Counts:
        """Add up what stands for groups over those of each of ``n`` cores, i64[group, …] → i64[core, …]."""
        total = np.zeros((n, *per_group.shape[1:]), dtype=np.int64)
        np.add.at(total, self.core, per_group)
        return total
