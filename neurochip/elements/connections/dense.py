"""Every source reaches every target: rows of weights, added where a source fires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.elements.connections.connection import Edges, Memory, check_count, check_part, memory_of
from neurochip.elements.connections.stored import laid_out
from neurochip.kernels._jit import Kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Number, Vector

__all__ = ["Dense"]

Array = NDArray[Number]


@separate_kernel
def deliver(memory: Memory, active: Vector[np.uint64], n_active: Index, sums: Vector[Number]) -> None:
    """Add the rows of the active sources, eight at a time.

    Sums of floating point come out as those of `kernels.spike_lists.add_rows`, to the bit: what is left of a list is
    added as if it were filled up to four or to eight rows with zeros.
    """
    weights, width = memory.weights, np.uint64(memory.table[0])
    nothing, one, two, three, four = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    n = np.uint64(n_active)
    at = nothing
    while at + np.uint64(8) <= n:
        _add_eight(weights, width, active, at, sums)
        at += np.uint64(8)
    left = n - at
    if left > four:
        _add_some(weights, width, active, at, left, sums)
        return
    a = active[at] * width if left > nothing else nothing
    b = active[at + one] * width if left > one else nothing
    c = active[at + two] * width if left > two else nothing
    d = active[at + three] * width if left > three else nothing
    if left == one:
        for j in range(nothing, width):
            sums[j] += weights[a + j]
    elif left == two:
        for j in range(nothing, width):
            sums[j] += sums.dtype.type(weights[a + j]) + weights[b + j]
    elif left == three:
        for j in range(nothing, width):
            sums[j] += (sums.dtype.type(weights[a + j]) + weights[b + j]) + weights[c + j]
    elif left == four:
        for j in range(nothing, width):
            sums[j] += (sums.dtype.type(weights[a + j]) + weights[b + j]) + (
                sums.dtype.type(weights[c + j]) + weights[d + j]
            )


@separate_kernel
def _add_eight(
    weights: Vector[Number], width: Index, rows: Vector[np.uint64], at: Index, sums: Vector[Number]
) -> None:
    a = rows[at] * width
    b = rows[at + np.uint64(1)] * width
    c = rows[at + np.uint64(2)] * width
    d = rows[at + np.uint64(3)] * width
    e = rows[at + np.uint64(4)] * width
    f = rows[at + np.uint64(5)] * width
    g = rows[at + np.uint64(6)] * width
    h = rows[at + np.uint64(7)] * width
    nothing = np.uint64(0)
    if weights.itemsize == 1:
        # Eight weights of 8 bits fit 16, and a vector holds twice as many of these.
        for j in range(nothing, width):
            sums[j] += np.int16(
                ((np.int16(weights[a + j]) + weights[b + j]) + (np.int16(weights[c + j]) + weights[d + j]))
                + ((np.int16(weights[e + j]) + weights[f + j]) + (np.int16(weights[g + j]) + weights[h + j]))
            )
    else:
        for j in range(nothing, width):
            sums[j] += (
                (sums.dtype.type(weights[a + j]) + weights[b + j])
                + (sums.dtype.type(weights[c + j]) + weights[d + j])
            ) + (
                (sums.dtype.type(weights[e + j]) + weights[f + j])
                + (sums.dtype.type(weights[g + j]) + weights[h + j])
            )


@separate_kernel
def _add_some(
    weights: Vector[Number],
    width: Index,
    rows: Vector[np.uint64],
    at: Index,
    left: Index,
    sums: Vector[Number],
) -> None:
    """Add five to seven rows as if zeros made them eight."""
    a = rows[at] * width
    b = rows[at + np.uint64(1)] * width
    c = rows[at + np.uint64(2)] * width
    d = rows[at + np.uint64(3)] * width
    e = rows[at + np.uint64(4)] * width
    f = rows[at + np.uint64(5)] * width if left > np.uint64(5) else np.uint64(0)
    g = rows[at + np.uint64(6)] * width if left > np.uint64(6) else np.uint64(0)
    nothing = np.uint64(0)
    for j in range(nothing, width):
        total = (sums.dtype.type(weights[a + j]) + weights[b + j]) + (
            sums.dtype.type(weights[c + j]) + weights[d + j]
        )
        rest = sums.dtype.type(weights[e + j])
        if left > np.uint64(5):
            rest += weights[f + j]
        if left > np.uint64(6):
            rest += weights[g + j]
        sums[j] += total + rest


@separate_kernel
def accumulate(memory: Memory, pre: Vector[Float], post: Vector[Float], into: Vector[Float]) -> None:
    """Add the outer product of both ends; a source at 0 is passed over."""
    width = np.uint64(memory.table[0])
    nothing = np.uint64(0)
    for i in range(nothing, np.uint64(pre.shape[0])):
        value = pre[i]
        if value != 0:
            start = i * width
            for j in range(nothing, width):
                into[start + j] += value * post[j]


@dataclass(frozen=True, slots=True)
class Dense:
    """Every source reaches every target, each over a synapse of its own.

    Attributes
    ----------
    sources, targets
        Units at both ends; weights are [source, target].

    Raises
    ------
    ConfigError
        For what is no number of units.
    """

    sources: int
    targets: int
    kind: ClassVar[str] = "dense"
    deliver: ClassVar[Kernel[..., object]] = deliver
    accumulate: ClassVar[Kernel[..., object] | None] = accumulate

    def __post_init__(self) -> None:
        """Check the units."""
        object.__setattr__(self, "sources", check_count("connection.sources", self.sources, 0))
        object.__setattr__(self, "targets", check_count("connection.targets", self.targets, 0))

    @property
    def shape(self) -> tuple[int, int]:
        """Of the weights."""
        return self.sources, self.targets

    @property
    def synapses(self) -> int:
        """How many there are."""
        return self.sources * self.targets

    @property
    def scale(self) -> float:
        """Sums are what they are."""
        return 1.0

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]: all targets, each."""
        return np.full(self.sources, self.targets, dtype=np.int64)

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]: all sources, each."""
        return np.full(self.targets, self.sources, dtype=np.int64)

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of a weight for each synapse; where it stands is its address."""
        return self.sources * (self.targets if targets is None else len(targets)) * weight_bits

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return the rows, one after the other, and how long they are."""
        return memory_of(laid_out(weights, self.shape, dtype).reshape(-1), [self.targets])

    def values(self, stored: Array) -> Array:
        """Return [source, target]."""
        return stored.reshape(self.shape)

    def edges(self) -> Edges:
        """Return all pairs."""
        weight = np.arange(self.synapses, dtype=np.int64)
        source, target = np.divmod(weight, max(1, self.targets))
        return Edges(source, target, weight)

    def part(self, sources: range, targets: range) -> Dense:
        """Return the block."""
        check_part(sources, self.sources, "sources")
        check_part(targets, self.targets, "targets")
        return Dense(len(sources), len(targets))

    def kept(self, sources: range, targets: range) -> tuple[slice, slice]:
        """Return rows and columns of the block."""
        return slice(sources.start, sources.stop), slice(targets.start, targets.stop)

    def transposed(self) -> Dense:
        """Return every target to every source."""
        return Dense(self.targets, self.sources)

    def transposed_weights(self, weights: Array) -> Array:
        """Return the transpose."""
        return weights.T
