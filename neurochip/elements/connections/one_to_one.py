"""Each source reaches the target of its own number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.connections.connection import Edges, Memory, check_count, check_part, memory_of
from neurochip.elements.connections.stored import laid_out
from neurochip.kernels._jit import Kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Number, Vector

__all__ = ["OneToOne"]

Array = NDArray[Number]
_FURTHEST = 1 << 32  # more units than there can be


@separate_kernel
def deliver(memory: Memory, active: Vector[np.uint64], n_active: Index, sums: Vector[Number]) -> None:
    """Add one weight for each active source that has a target."""
    weights, source, target, n = memory.weights, memory.table[0], memory.table[1], memory.table[2]
    for a in range(np.int64(n_active)):
        pair = np.int64(active[a]) - source
        if pair >= 0 and pair < n:
            sums[np.uint64(target + pair)] += weights[np.uint64(pair)]


@separate_kernel
def accumulate(memory: Memory, pre: Vector[Float], post: Vector[Float], into: Vector[Float]) -> None:
    """Add pre · post of each pair."""
    source, target = memory.table[0], memory.table[1]
    for pair in range(memory.table[2]):
        into[np.uint64(pair)] += pre[np.uint64(source + pair)] * post[np.uint64(target + pair)]


@dataclass(frozen=True, slots=True)
class OneToOne:
    """Source i reaches target i; weights are [unit].

    Attributes
    ----------
    sources, targets
        Units at both ends: as many, unless this is a part of a connection.
    shift
        Source i reaches target i + ``shift``, where there is one; a whole number within ±2³².

    Raises
    ------
    ConfigError
        For what is no number of units, or no shift.
    """

    sources: int
    targets: int
    shift: int = 0
    kind: ClassVar[str] = "one-to-one"
    deliver: ClassVar[Kernel[..., object]] = deliver
    accumulate: ClassVar[Kernel[..., object] | None] = accumulate

    def __post_init__(self) -> None:
        """Check the units."""
        object.__setattr__(self, "sources", check_count("connection.sources", self.sources, 0))
        object.__setattr__(self, "targets", check_count("connection.targets", self.targets, 0))
        object.__setattr__(self, "shift", check_count("connection.shift", self.shift, -_FURTHEST, _FURTHEST))

    @property
    def _first(self) -> int:
        return max(0, -self.shift)

    @property
    def synapses(self) -> int:
        """How many pairs there are."""
        return max(0, min(self.sources, self.targets - self.shift) - self._first)

    @property
    def shape(self) -> tuple[int]:
        """Of the weights."""
        return (self.synapses,)

    @property
    def scale(self) -> float:
        """Sums are what they are."""
        return 1.0

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]: 1, or 0 for a source without a target."""
        counts = np.zeros(self.sources, dtype=np.int64)
        counts[self._first : self._first + self.synapses] = 1
        return counts

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]: 1, or 0 for a target without a source."""
        return self.transposed().fan_out()

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of a weight for each pair; the source is the address."""
        low = self._first + self.shift
        pairs = self.synapses
        if targets is not None:
            pairs = int(np.count_nonzero((targets >= low) & (targets < low + self.synapses)))
        return pairs * weight_bits

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return the weights, and source and target of the first of so many pairs."""
        first = self._first
        return memory_of(laid_out(weights, self.shape, dtype), [first, first + self.shift, self.synapses])

    def values(self, stored: Array) -> Array:
        """Return [unit]."""
        return stored

    def edges(self) -> Edges:
        """Return the pairs."""
        pair = np.arange(self.synapses, dtype=np.int64)
        return Edges(pair + self._first, pair + self._first + self.shift, pair)

    def part(self, sources: range, targets: range) -> OneToOne:
        """Return the pairs of which both are within."""
        check_part(sources, self.sources, "sources")
        check_part(targets, self.targets, "targets")
        return OneToOne(len(sources), len(targets), self.shift + sources.start - targets.start)

    def kept(self, sources: range, targets: range) -> slice:
        """Return their weights."""
        inner = self.part(sources, targets)
        first = inner._first + sources.start - self._first
        return slice(first, first + inner.synapses)

    def transposed(self) -> OneToOne:
        """Return the pairs the other way round."""
        return OneToOne(self.targets, self.sources, -self.shift)

    def transposed_weights(self, weights: Array) -> Array:
        """Return the same weights."""
        return weights
