"""What reports hold of the load of links and cores."""

from __future__ import annotations

from typing import NotRequired, TypedDict

__all__ = ["LinkTable", "MappingTable", "MeshCore", "MeshLink", "MeshTable", "Meshed", "QueueTable"]


class LinkTable(TypedDict):
    """Flits that left place (x, y) in a direction, and per cycle of the ticks that were timed."""

    x: int
    y: int
    direction: str
    flits: int
    load: float


class QueueTable(TypedDict):
    """Flits waiting in the router of place (x, y): most in one FIFO, and all of its FIFOs on average."""

    x: int
    y: int
    max: int
    mean: float


class MeshLink(TypedDict):
    """A link: from place (x, y) in a direction; ``load`` in flits per cycle, or per tick where cycles are not known."""

    x: int
    y: int
    direction: str
    flits: int
    load: float


class MeshCore(TypedDict):
    """A core in use; ``share`` of all synaptic operations."""

    site: int
    x: int
    y: int
    spikes_sent: int
    packets_sent: int
    packets_received: int
    sops: int
    share: float


class MeshTable(TypedDict):
    """All links that flits crossed, and all cores in use; ``per`` is ``cycle`` or ``tick``."""

    per: str
    links: list[MeshLink]
    cores: list[MeshCore]


class MappingTable(TypedDict):
    """Where a placement came from, a file or an objective, and its costs (`compile.placement_costs`) by name.

    ``samples`` of a run that trains: how many were shown to its first weights.
    """

    file: str | None
    objective: str | None
    method: str
    samples: NotRequired[int]
    before: NotRequired[dict[str, int]]
    after: NotRequired[dict[str, int]]


class Meshed(TypedDict):
    """A document that may say how the mesh was loaded; where it is not known, nothing."""

    mesh: NotRequired[MeshTable | None]
    mapping: NotRequired[MappingTable]
