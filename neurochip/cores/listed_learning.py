"""Learning where synapses are listed, or share weights: each core adds up what its synapses give, weight by weight."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.synapses_met import synapses_by_core
from neurochip.elements.connections import Connection, Memory
from neurochip.network import Projection
from neurochip.substrate import WeightUpdate

__all__ = ["ListedLearning"]

Counts = NDArray[np.int64]


class ListedLearning:
    """One projection whose synapses are listed, on the cores of its target.

    A weight that synapses on several cores share stands on each of them. Before it is written, the cores tell the first
    of them what their own synapses give, and are told the sum: a word for each weight, either way.

    Parameters
    ----------
    image, projection
        The compiled chip, and which of its network's projections.
    connection
        Of the projection.
    dtype
        Of states, and of the sums.
    """

    def __init__(
        self, image: ChipImage, projection: Projection, connection: Connection, dtype: np.dtype[np.number]
    ) -> None:
        self._image, self._projection, self._of, self._dtype = image, projection, connection, dtype
        self.cores = image.cores_of(projection.target)
        # Where packets can be lost each core knows the activity before its synapses for itself: in this order.
        self._receiving = image.receiving(projection.source)

    @cached_property
    def _memory(self) -> Memory:
        return self._of.memory(np.zeros(self._of.shape), self._dtype)

    @cached_property
    def met(self) -> Counts:
        """Synapses of each source neuron on each core of the chip, i64[source neuron, core]."""
        return synapses_by_core(self._image, self._projection)

    @cached_property
    def _held(self) -> dict[int, NDArray[np.int64]]:
        """Core → numbers of the weights that stand on it."""
        _, target, weight = self._of.edges()
        found = {}
        for c in self.cores:
            core = self._image.cores[c]
            found[c] = np.unique(weight[(target >= core.first) & (target < core.last)])
        return found

    def sums(self, update: WeightUpdate) -> NDArray[np.number]:
        """Return Σ over samples and synapses of pre × post for each weight, in the shape of the weights."""
        if any(pre.ndim == 3 for pre, _ in update.terms):
            each = [self.sums(self._of_core(update, c)) for c in self.cores]
            whole: NDArray[np.number] = np.sum(each, axis=0, dtype=self._dtype)
            return whole
        accumulate = self._of.accumulate
        if accumulate is None:
            return self._summed(update)
        total = np.zeros(self._memory.weights.shape, self._dtype)
        for pre, post in update.terms:
            before, after = (np.ascontiguousarray(end, self._dtype) for end in (pre, post))
            for sample in range(len(before)):
                accumulate(self._memory, before[sample], after[sample], total)
        return self._of.values(total)

    def _of_core(self, update: WeightUpdate, c: int) -> WeightUpdate:
        """Return what one core adds up: by what it has received, for its own neurons."""
        core, row, terms = self._image.cores[c], self._receiving.index(c), []
        for pre, post in update.terms:
            own = np.zeros_like(post)
            own[:, core.first : core.last] = post[:, core.first : core.last]
            terms.append((pre[:, row] if pre.ndim == 3 else pre, own))
        return replace(update, terms=tuple(terms))

    def _summed(self, update: WeightUpdate) -> NDArray[np.number]:
        """Return the same of a connectivity that has no kernel for it, by its synapses."""
        source, target, weight = self._of.edges()
        products = np.zeros(source.size, self._dtype)
        for pre, post in update.terms:
            products += (np.asarray(pre, self._dtype).T @ np.asarray(post, self._dtype))[source, target]
        total = np.bincount(weight, weights=products, minlength=math.prod(self._of.shape))
        return total.astype(self._dtype).reshape(self._of.shape)

    def accumulations(self, update: WeightUpdate) -> Counts:
        """Return i64[core]: multiply–adds, one for each synapse and sample whose source is not silent."""
        total = np.zeros(len(self._image.cores), dtype=np.int64)
        for pre, _ in update.terms:
            if pre.ndim == 2:
                total += np.count_nonzero(pre, axis=0) @ self.met
                continue
            for c in self.cores:
                total[c] += np.count_nonzero(pre[:, self._receiving.index(c)], axis=0) @ self.met[:, c]
        return total * (update.summed or 1)

    def held(self, per_weight: NDArray[Any] | None = None) -> Counts:
        """Return i64[core]: weights that stand on each core, or those that are marked in the projection's shape."""
        counts = np.zeros(len(self._image.cores), dtype=np.int64)
        for c, numbers in self._held.items():
            counts[c] = (
                len(numbers) if per_weight is None else np.count_nonzero(per_weight.reshape(-1)[numbers])
            )
        return counts

    @cached_property
    def exchanged(self) -> Counts:
        """Words with which cores tell one another of weights that they share, i64[core]."""
        held, cores = self._held, len(self._image.cores)
        weight = np.concatenate([np.zeros(0, dtype=np.int64), *held.values()])
        core = np.repeat(np.array([*held], dtype=np.int64), [len(numbers) for numbers in held.values()])
        _, where, which = np.unique(weight, return_index=True, return_inverse=True)
        keeper = core[where][which]  # the first core that has the weight
        told = keeper != core
        return np.bincount(core[told], minlength=cores) + np.bincount(keeper[told], minlength=cores)
