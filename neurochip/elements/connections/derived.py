"""A connectivity that says which synapses there are; all else follows from that."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.connections.connection import Edges, Memory, check_part
from neurochip.elements.connections.sparse import Sparse
from neurochip.elements.connections.sparse import deliver as deliver_listed
from neurochip.elements.connections.stored import laid_out
from neurochip.kernels._jit import Kernel
from neurochip.kernels.types import Number

__all__ = ["DerivedConnection"]

Array = NDArray[Number]


class DerivedConnection:
    """Base of connectivities in a few lines: a frozen dataclass with `kind`, `sources`, `targets`, `shape` and `edges`.

    As it stands, a core holds each synapse in a list, with a weight of its own. What computes addresses and shares
    weights gives `deliver`, a kernel, with the `memory` that it reads and its `values`, and says in `memory_bits` what
    that takes. Its weights learn by its `edges`, of shared ones the sum; `accumulate`, a kernel, does that faster.
    """

    kind: ClassVar[str]
    deliver: ClassVar[Kernel[..., object]] = deliver_listed
    accumulate: ClassVar[Kernel[..., object] | None] = None

    @property
    def sources(self) -> int:
        """Units at the one end."""
        raise NotImplementedError

    @property
    def targets(self) -> int:
        """Units at the other end."""
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weights."""
        raise NotImplementedError

    def edges(self) -> Edges:
        """Return all synapses, each pair of units at most once, by source and within a source by target."""
        raise NotImplementedError

    @property
    def synapses(self) -> int:
        """How many there are."""
        return int(self._edges.source.size)

    @property
    def scale(self) -> float:
        """Sums are what they are."""
        return 1.0

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]: the synapses that a spike meets."""
        return np.bincount(self._edges.source, minlength=self.sources).astype(np.int64)

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]: the synapses that each target has."""
        return np.bincount(self._edges.target, minlength=self.targets).astype(np.int64)

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of a list of all synapses, or of those of some ``targets``."""
        return self._listed.memory_bits(weight_bits, targets)

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return the synapses as lists."""
        held = laid_out(weights, self.shape, dtype)
        return self._listed.memory(held.reshape(-1)[self._edges.weight], dtype)

    def values(self, stored: Array) -> Array:
        """Return the weights in their shape again."""
        values = np.zeros(math.prod(self.shape), dtype=stored.dtype)
        values[self._edges.weight] = stored
        return values.reshape(self.shape)

    def part(self, sources: range, targets: range) -> Sparse:
        """Return the synapses of which both ends are within, as a list."""
        check_part(sources, self.sources, "sources")
        check_part(targets, self.targets, "targets")
        return self._listed.part(sources, targets)

    def kept(self, sources: range, targets: range) -> Any:
        """Return the index that takes the weights of such a part out of the weights of the whole."""
        return np.unravel_index(self._edges.weight[self._listed.kept(sources, targets)], self.shape)

    def transposed(self) -> Sparse:
        """Return the same synapses the other way round, as a list."""
        return self._listed.transposed()

    def transposed_weights(self, weights: Array) -> Array:
        """Return a weight for each of its synapses."""
        return self._listed.transposed_weights(weights.reshape(-1)[self._edges.weight])

    @cached_property
    def _edges(self) -> Edges:
        """Its synapses, which it is asked for once: making them may take long."""
        return self.edges()

    @cached_property
    def _listed(self) -> Sparse:
        edges = self._edges
        offsets = np.concatenate([[0], np.cumsum(np.bincount(edges.source, minlength=self.sources))])
        return Sparse(self.sources, self.targets, offsets.astype(np.int64), edges.target)
