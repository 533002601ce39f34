"""Which links a spike crosses: XY routes to every core that hears it, one packet each or one that forks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from neurochip.description.chip import MeshSpec

__all__ = ["links_crossed", "snake"]


def snake(mesh: MeshSpec, n_cores: int) -> list[int]:
    """Return the sites of the first cores along a boustrophedon, so that consecutive cores are neighbours."""
    sites: list[int] = []
    for x in range(mesh.width):
        rows = range(mesh.height) if x % 2 == 0 else range(mesh.height - 1, -1, -1)
        for y in rows:
            tile = x * mesh.height + y
            if tile < mesh.n_tiles:
                sites.extend(tile * mesh.cores_per_tile + k for k in range(mesh.cores_per_tile))
    return sites[:n_cores]


def links_crossed(
    mesh: MeshSpec, sender: int, receivers: Sequence[int], routing: Literal["unicast", "multicast"]
) -> tuple[int, int]:
    """Return the links, east–west and north–south, that one spike of a core crosses to all its receivers.

    Unicast counts the route of every packet; multicast counts each link of the tree of routes once.
    """
    if routing == "unicast":
        each = [mesh.hops(sender, receiver) for receiver in receivers]
        return sum(ew for ew, _ in each), sum(ns for _, ns in each)
    east_west: set[tuple[int, int, int]] = set()
    north_south: set[tuple[int, int, int]] = set()
    x0, y0 = mesh.position(sender)
    for receiver in receivers:
        x1, y1 = mesh.position(receiver)
        step = 1 if x1 > x0 else -1
        east_west.update((x, y0, step) for x in range(x0, x1, step))
        step = 1 if y1 > y0 else -1
        north_south.update((x1, y, step) for y in range(y0, y1, step))
    return len(east_west), len(north_south)
