"""Which links a spike crosses: XY routes to every core that receives its spikes, one packet each or one that forks."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from neurochip.description.chip import MeshSpec

__all__ = ["Link", "links_crossed", "reached", "route", "snake"]

Link = tuple[tuple[int, int], tuple[int, int]]  # one way, from tile (x, y) to its neighbour


def snake(mesh: MeshSpec, n_cores: int) -> list[int]:
    """Return the sites of the first cores along a boustrophedon, so that consecutive cores are neighbours."""
    return list(itertools.islice(_along(mesh), n_cores))


def _along(mesh: MeshSpec) -> Iterator[int]:
    for x in range(mesh.width):
        rows = range(mesh.height) if x % 2 == 0 else range(mesh.height - 1, -1, -1)
        for y in rows:
            tile = x * mesh.height + y
            if tile < mesh.n_tiles:
                yield from (tile * mesh.cores_per_tile + k for k in range(mesh.cores_per_tile))


def route(mesh: MeshSpec, sender: int, receiver: int) -> list[Link]:
    """Return the links of the XY route from core to core: along the row first, then along the column."""
    (x0, y0), (x1, y1) = mesh.position(sender), mesh.position(receiver)
    east, south = (1 if x1 > x0 else -1), (1 if y1 > y0 else -1)
    along = [((x, y0), (x + east, y0)) for x in range(x0, x1, east)]
    return along + [((x1, y), (x1, y + south)) for y in range(y0, y1, south)]


def reached(mesh: MeshSpec, sender: int, receiver: int, down: Collection[Link]) -> list[Link]:
    """Return the links of a route that a packet crosses before it meets one that is ``down``."""
    return list(itertools.takewhile(lambda link: link not in down, route(mesh, sender, receiver)))


def links_crossed(
    mesh: MeshSpec,
    sender: int,
    receivers: Sequence[int],
    routing: Literal["unicast", "multicast"],
    down: Collection[Link] = (),
) -> tuple[int, int]:
    """Return the links, east–west and north–south, that one spike of a core crosses to all its receivers.

    Unicast counts the route of every packet; multicast counts each link of the tree of routes once. A packet
    that meets a link that is ``down`` goes no further.
    """
    if routing == "unicast" and not down:
        each = [mesh.hops(sender, receiver) for receiver in receivers]
        return sum(ew for ew, _ in each), sum(ns for _, ns in each)
    crossed = [link for receiver in receivers for link in reached(mesh, sender, receiver, down)]
    if routing == "multicast":
        crossed = list(set(crossed))
    east_west = sum(a[0] != b[0] for a, b in crossed)
    return east_west, len(crossed) - east_west
