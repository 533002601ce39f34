"""What every connectivity says of itself: how spikes become sums, what a spike meets, what it takes, how it learns."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel
from neurochip.kernels.types import Number

__all__ = ["Connection", "Edges", "Memory", "address_bits", "check_count", "check_part", "memory_of"]

Array = NDArray[Number]


class Edges(NamedTuple):
    """Every synapse on its own, by source and within a source by target.

    Attributes
    ----------
    source, target
        i64[synapse], the units that it joins.
    weight
        i64[synapse], which weight it has: an index into the flattened weights of the connection.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    weight: NDArray[np.int64]


class Memory(NamedTuple):
    """What a kernel reads: one structure for every connectivity, so that a loop which calls one can call any.

    What stands in ``near``, ``far`` and ``table`` is the connectivity's own affair; it uses those that it needs, and
    the others are empty. Each array is contiguous, and ``near`` is filled up to whole words of 64 bits.
    """

    weights: Array  # W[…]
    near: NDArray[Any]  # u16[…]  numbers of units, where they fit
    far: NDArray[Any]  # u32[…]  numbers of units
    table: NDArray[Any]  # i64[…]  geometry


def memory_of(
    weights: Array,
    table: ArrayLike,
    near: NDArray[Any] | None = None,
    far: NDArray[Any] | None = None,
) -> Memory:
    """Return a memory in which what is not given is empty."""
    return Memory(
        weights,
        np.zeros(0, np.uint16) if near is None else near,
        np.zeros(0, np.uint32) if far is None else far,
        np.asarray(table, dtype=np.int64),
    )


class Connection(Protocol):
    """Which unit of a source population reaches which unit of a target population; weights stand apart from it.

    Units are numbered from 0 at both ends. The weights of a connection are an array of `shape`, whatever their format;
    what the kernels take are those weights laid out for them (`memory`). All kernels take one sample; sums are added
    to, so several projections may share them. Integer weights are added up in integers, and the scale of the
    projection, times ``scale``, is for who reads the sums.

    Attributes
    ----------
    kind
        The name in run files.
    deliver
        ``(memory, active, n_active, sums)``: adds to ``sums`` S[target] the weights of all synapses of the sources
        ``active[0]`` … ``active[n_active − 1]``, u64; ``memory`` is a `Memory`. With weights of 1 it says how many
        spikes reach each target.
    accumulate
        ``(memory, pre, post, into)``: adds pre[source] · post[target] of every synapse to its weight's place in
        ``into``, an array like ``memory.weights``: a shared weight gets the sum over all that share it. `None` where
        there are no weights, or where they learn by `edges`.
    """

    kind: ClassVar[str]
    deliver: ClassVar[Kernel[..., object]]
    accumulate: ClassVar[Kernel[..., object] | None]

    @property
    def sources(self) -> int:
        """Units at the one end."""
        ...

    @property
    def targets(self) -> int:
        """Units at the other end."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the weights."""
        ...

    @property
    def synapses(self) -> int:
        """How many there are."""
        ...

    @property
    def scale(self) -> float:
        """What a sum is multiplied by, besides the scale of the projection."""
        ...

    def fan_out(self) -> NDArray[np.int64]:
        """Return i64[source]: the synapses that a spike meets, so the synaptic operations that it causes."""
        ...

    def fan_in(self) -> NDArray[np.int64]:
        """Return i64[target]: the synapses that each target has."""
        ...

    def memory_bits(self, weight_bits: int, targets: NDArray[np.int64] | None = None) -> int:
        """Return the bits of a core that holds some ``targets``, ascending, or all of them.

        These are the weights that their synapses have, each once, and addresses where there are any.
        """
        ...

    def memory(self, weights: Array | None, dtype: DTypeLike) -> Memory:
        """Return weights laid out for the kernels, as numbers of ``dtype``; `None` where there are no weights."""
        ...

    def values(self, stored: Array) -> Array:
        """Return an array like ``memory.weights`` in the shape of the weights again."""
        ...

    def edges(self) -> Edges:
        """Return all synapses."""
        ...

    def part(self, sources: range, targets: range) -> Connection:
        """Return what falls on some sources and targets, both then numbered from 0."""
        ...

    def kept(self, sources: range, targets: range) -> Any:
        """Return the index that takes the weights of such a part out of the weights of the whole."""
        ...

    def transposed(self) -> Connection:
        """Return the same synapses the other way round."""
        ...

    def transposed_weights(self, weights: Array) -> Array:
        """Return the weights for them."""
        ...


def address_bits(n: int) -> int:
    """Return the bits that tell n things apart."""
    return max(0, n - 1).bit_length()


def check_count(place: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return a whole number, refused by its place where it is none, too small or too large."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        among = f"{least} or more" if most is None else f"{least} to {most}"
        raise ConfigError(place, f"must be a whole number, {among}, got {value!r}")
    return int(value)


def check_part(part: range, whole: int, place: str) -> None:
    """Refuse a range that leaves the units that there are."""
    if part.step != 1 or not 0 <= part.start <= part.stop <= whole:
        raise ConfigError(place, f"must be a range within 0 to {whole}, got {part.start} to {part.stop}")
