"""Packets: who sends what to whom, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.description.chip import MeshSpec
from neurochip.errors import ConfigError

__all__ = ["Packets", "integers"]

Array = NDArray[np.int64]


def integers(place: str, values: ArrayLike, *, length: int | None = None) -> Array:
    """Return a contiguous int64 vector, or say why the values are none."""
    array = np.asarray(values)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise ConfigError(place, f"must be a list of whole numbers, got {array.dtype}{list(array.shape)}")
    if length is not None and len(array) != length:
        raise ConfigError(place, f"must have {length} entries, got {len(array)}")
    return np.ascontiguousarray(array, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Packets:
    """Packets in the order in which each core sends its own.

    Attributes
    ----------
    source
        i64[packet], the sending core.
    destination
        i64[delivery], receiving cores, packet after packet.
    first
        i64[packet + 1]: packet p goes to ``destination[first[p] : first[p + 1]]``.
    """

    source: Array
    destination: Array
    first: Array

    def __post_init__(self) -> None:
        """Check that every packet goes somewhere."""
        for name in ("source", "destination", "first"):
            object.__setattr__(self, name, integers(f"packets.{name}", getattr(self, name)))
        if len(self.first) != len(self.source) + 1 or self.first[0] != 0:
            raise ConfigError("packets.first", "must have one entry more than there are packets, from 0 on")
        empty = np.flatnonzero(np.diff(self.first) < 1)
        if len(empty):
            raise ConfigError("packets.first", f"packet {empty[0]} goes to no core; it needs a destination")
        if self.first[-1] != len(self.destination):
            raise ConfigError(
                "packets.first", f"must end with {len(self.destination)} deliveries, got {self.first[-1]}"
            )

    @classmethod
    def unicast(cls, source: ArrayLike, destination: ArrayLike) -> Packets:
        """Return packets to one core each."""
        senders = integers("packets.source", source)
        receivers = integers("packets.destination", destination, length=len(senders))
        return cls(senders, receivers, np.arange(len(senders) + 1))

    @classmethod
    def multicast(cls, source: ArrayLike, destinations: Sequence[Sequence[int]]) -> Packets:
        """Return packets that fork, each with its list of receiving cores."""
        senders = integers("packets.source", source)
        if len(destinations) != len(senders):
            raise ConfigError(
                "packets.destination", f"must have {len(senders)} lists, got {len(destinations)}"
            )
        first = np.cumsum([0, *map(len, destinations)])
        receivers = integers("packets.destination", [core for cores in destinations for core in cores])
        return cls(senders, receivers, first)

    @property
    def packet(self) -> Array:
        """i64[delivery]: the packet of each delivery."""
        return np.repeat(np.arange(len(self.source)), np.diff(self.first))

    def check(self, mesh: MeshSpec) -> None:
        """Refuse cores that the mesh does not have, and packets that name one twice."""
        for name, cores in (("source", self.source), ("destination", self.destination)):
            wrong = np.flatnonzero((cores < 0) | (cores >= mesh.n_cores))
            if len(wrong):
                raise ConfigError(
                    f"packets.{name}",
                    f"core {cores[wrong[0]]} does not exist; the chip has cores 0 to {mesh.n_cores - 1}",
                )
        order = np.lexsort((self.destination, self.packet))
        cores, packet = self.destination[order], self.packet[order]
        twice = np.flatnonzero((cores[1:] == cores[:-1]) & (packet[1:] == packet[:-1]))
        if len(twice):
            at = twice[0]
            raise ConfigError("packets.destination", f"packet {packet[at]} names core {cores[at]} twice")
