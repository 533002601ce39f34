"""Each source has a list of its own: targets, and a weight for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from neurochip.elements.connections.connection import (
    Edges,
    Memory,
    address_bits,
    check_count,
    check_part,
    memory_of,
)
from neurochip.elements.connections.stored import laid_out
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Number, Vector

__all__ = ["Sparse"]

Array = NDArray[Number]
_PER_WORD = 4  # targets of 16 bits


@separate_kernel
def _four(
    weights: Vector[Number], k: Index, at0: Index, at1: Index, at2: Index, at3: Index, sums: Vector[Number]
) -> None:
    """Add four weights to different sums: all are read before one is written, so none waits for another."""
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    sum0 = sums[at0] + weights[k]
    sum1 = sums[at1] + weights[k + one]
    sum2 = sums[at2] + weights[k + two]
    sum3 = sums[at3] + weights[k + three]
    sums[at0] = sum0
    sums[at1] = sum1
    sums[at2] = sum2
    sums[at3] = sum3


@separate_kernel
def deliver(memory: Memory, active: Vector[np.uint64], n_active: Index, sums: Vector[Number]) -> None:
    """Add the weights in the lists of the active sources.

    Targets of 16 bits are read four to a word; a list has no target twice.
    """
    weights, near, far, offsets = memory.weights, memory.near, memory.far, memory.table
    words = near.view(np.uint64)
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    narrow = far.shape[0] == 0
    for a in range(np.uint64(0), np.uint64(n_active)):
        i = active[a]
        k, stop = np.uint64(offsets[i]), np.uint64(offsets[i + one])
        if narrow:
            border = min(stop, (k + three) & ~three)
            while k < border:
                sums[near[k]] += weights[k]
                k += one
            while k + four <= stop:
                word = words[k >> two]
                at0 = word & np.uint64(0xFFFF)
                at1 = (word >> np.uint64(16)) & np.uint64(0xFFFF)
                at2 = (word >> np.uint64(32)) & np.uint64(0xFFFF)
                _four(weights, k, at0, at1, at2, word >> np.uint64(48), sums)
                k += four
            while k < stop:
                sums[near[k]] += weights[k]
                k += one
        else:
            while k + four <= stop:
                _four(weights, k, far[k], far[k + one], far[k + two], far[k + three], sums)
                k += four
            while k < stop:
                sums[far[k]] += weights[k]
                k += one


@separate_kernel
def _products(
    ends: Vector[np.unsignedinteger],
    offsets: Vector[np.int64],
    pre: Vector[Float],
    post: Vector[Float],
    into: Vector[Float],
) -> None:
    one = np.uint64(1)
    for i in range(np.uint64(0), np.uint64(pre.shape[0])):
        value = pre[i]
        if value != 0:
            for k in range(np.uint64(offsets[i]), np.uint64(offsets[i + one])):
                into[k] += value * post[ends[k]]


@separate_kernel
def accumulate(memory: Memory, pre: Vector[Float], post: Vector[Float], into: Vector[Float]) -> None:
    """Add pre · post of each synapse that there is; a source at 0 is passed over."""
    if memory.far.shape[0] == 0:
        _products(memory.near, memory.table, pre, post, into)
    else:
        _products(memory.far, memory.table, pre, post, into)


@dataclass(frozen=True, eq=False)
class Sparse:
    """Synapses that are listed, by source.

    Attributes
    ----------
    sources, targets
        Units at both ends.
    offsets
        i64[source + 1]: the list of source i is synapses ``offsets[i]`` … ``offsets[i + 1] − 1``.
    ends
        Target of each synapse, [synapse], ascending within a list; weights are [synapse] in this order. Held as u16,
        or as u32 where there are more than 65 536 targets.

    Raises
    ------
    ConfigError
        For lists that do not fit the units, or a target that a source has twice or out of order.
    """

    sources: int
    targets: int
    offsets: NDArray[np.int64]
    ends: NDArray[np.integer]
    kind: ClassVar[str] = "sparse"
    deliver: ClassVar[Kernel[..., object]] = deliver
    accumulate: ClassVar[Kernel[..., object] | None] = accumulate

    def __post_init__(self) -> None:
        """Check the lists, and hold them as the kernels read them."""
        sources = check_count("connection.sources", self.sources, 0)
        targets = check_count("connection.targets", self.targets, 0)
        offsets, ends = np.asarray(self.offsets), np.asarray(self.ends)
        if offsets.shape != (sources + 1,) or offsets.dtype.kind not in "iu":
            raise ConfigError(
                "connection.offsets",
                f"must be {sources + 1} whole numbers, got {offsets.dtype} {offsets.shape}",
            )
        offsets = offsets.astype(np.int64)
        if offsets[0] != 0 or offsets[-1] != len(ends) or (np.diff(offsets) < 0).any():
            raise ConfigError("connection.offsets", f"must ascend from 0 to the {len(ends)} synapses")
        if ends.ndim != 1 or (ends.size and ends.dtype.kind not in "iu"):
            raise ConfigError(
                "connection.ends", f"must be a list of whole numbers, got {ends.dtype} {ends.shape}"
            )
        outside = np.flatnonzero((ends < 0) | (ends >= targets))
        if outside.size:
            raise ConfigError(
                f"connection.ends[{outside[0]}]", f"must be 0 to {targets - 1}, got {ends[outside[0]]}"
            )
        rises = np.ones(len(ends), dtype=np.bool_)
        rises[1:] = ends[1:] > ends[:-1]
        rises[offsets[:-1][np.diff(offsets) > 0]] = True
        if not rises.all():
            k = int(np.flatnonzero(~rises)[0])
            raise ConfigError(
                f"connection.ends[{k}]", "must ascend within the list of a source, each target once"
            )
        held = ends_of(ends, targets)
        for name, value in {
            "sources": sources, "targets": targets, "offsets": offsets, "ends": held
        }.items():  # fmt: skip
            object.__setattr__(self, name, value)
        self.offsets.flags.writeable = self.ends.flags.writeable = False

    @classmethod
    def from_pairs(
        cls, sources: int, targets: int, pre: ArrayLike, post: ArrayLike
    ) -> tuple[Sparse, NDArray[np.intp]]:
        """Return synapses given as pairs of units, [synapse] each, and the order into which their weights come.

        Raises
        ------
        ConfigError
            As of the lists; also for a pair that is there twice.
        """
        first, second = np.asarray(pre, dtype=np.int64), np.asarray(post, dtype=np.int64)
        wrong = (
            (first < 0) | (first >= sources)
            if first.shape == second.shape and first.ndim == 1
            else np.ones(1)
        )
        if wrong.any():
            raise ConfigError(
                "connection.pairs", f"must be lists of as many sources, 0 to {sources - 1}, and targets"
            )
        order = np.lexsort((second, first))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(first, minlength=sources))])
        return cls(sources, targets, offsets.astype(np.int64), second[order]), order

    @property
    def shape(self) -> tuple[int]:
        """Of the weights."""
        return (self.synapses,)

    @property
    def synapses(self) -> int:
        """How many there are."""
        return len(self.ends)

    @property
    def scale(self) -> float:
        """Sums are what they are."""
        return 1.0

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]: the lengths of the lists."""
        return np.diff(self.offsets)

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]: in how many lists it stands."""
        return self._fan_in.copy()

    @cached_property
    def _fan_in(self) -> NDArray[np.int64]:
        return np.bincount(self.ends, minlength=self.targets)

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of weight and target for each synapse, and for each source where its list begins."""
        held = self.targets if targets is None else len(targets)
        synapses = self.synapses if targets is None else int(self._fan_in[targets].sum())
        pointers = self.sources * address_bits(synapses + 1)
        return synapses * (weight_bits + address_bits(held)) + pointers

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return the lists, and where each of them begins."""
        held = laid_out(weights, self.shape, dtype)
        if self.ends.itemsize == 2:
            return memory_of(held, self.offsets, near=_whole_words(self.ends))
        return memory_of(held, self.offsets, far=self.ends)

    def values(self, stored: Array) -> Array:
        """Return [synapse]."""
        return stored

    def edges(self) -> Edges:
        """Return the synapses as they are listed."""
        source = np.repeat(np.arange(self.sources, dtype=np.int64), self.fan_out())
        return Edges(source, self.ends.astype(np.int64), np.arange(self.synapses, dtype=np.int64))

    def part(self, sources: range, targets: range) -> Sparse:
        """Return the synapses of which both ends are within."""
        kept = self.kept(sources, targets)
        before = np.searchsorted(kept, self.offsets[sources.start : sources.stop + 1])
        ends = self.ends[kept].astype(np.int64) - targets.start
        return Sparse(len(sources), len(targets), before.astype(np.int64), ends)

    def kept(self, sources: range, targets: range) -> NDArray[np.intp]:
        """Return their numbers."""
        check_part(sources, self.sources, "sources")
        check_part(targets, self.targets, "targets")
        first, last = self.offsets[sources.start], self.offsets[sources.stop]
        ends = self.ends[first:last]
        kept: NDArray[np.intp] = np.flatnonzero((ends >= targets.start) & (ends < targets.stop)) + first
        return kept

    def transposed(self) -> Sparse:
        """Return the synapses by target."""
        edges = self.edges()
        return Sparse.from_pairs(self.targets, self.sources, edges.target, edges.source)[0]

    def transposed_weights(self, weights: Array) -> Array:
        """Return the weights in the order of targets."""
        edges = self.edges()
        turned: Array = weights[np.lexsort((edges.source, edges.target))]
        return turned


def ends_of(ends: NDArray[np.integer], targets: int) -> NDArray[np.unsignedinteger]:
    """Return targets as they are held: as u16 or u32, and room behind them for whole words, which is not shown."""
    if targets > 1 << 16:
        return ends.astype(np.uint32)
    room = np.zeros(-(-len(ends) // _PER_WORD) * _PER_WORD, dtype=np.uint16)
    room[: len(ends)] = ends
    return room[: len(ends)]


def _whole_words(ends: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
    """Return what `ends_of` made, with the room behind it."""
    room, n = ends.base, -(-len(ends) // _PER_WORD) * _PER_WORD
    return ends_of(ends, 1) if room is None or room.dtype != ends.dtype or len(room) != n else room
