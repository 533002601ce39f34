"""Which links a spike crosses: XY routes to every core that receives its spikes, one packet each or one that forks."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.ways import same_rows
from neurochip.description.chip import ChipSpec, MeshSpec

__all__ = ["Crossed", "Link", "crossed", "links_crossed", "reached", "route", "snake"]

Counts = NDArray[np.int64]
_FEW = 4096  # pairs of cores, looked at one by one

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


class Crossed(NamedTuple):
    """What a spike of each sender crosses on its way to all that receive it."""

    links: Counts  # i64[sender, 2]  east–west and north–south
    bits: Counts  # i64[sender]  of all its packets
    bit_links: Counts  # i64[sender]  each times the links that it crosses


def crossed(
    chip: ChipSpec, cores: Counts, senders: Counts, bits: Counts, down: Collection[Link] = ()
) -> Crossed:
    """Return what one packet to each receiver crosses, or one that forks, up to a link that is ``down``.

    Parameters
    ----------
    cores
        Indices of cores on the chip.
    senders
        i64[sender], places among ``cores``.
    bits
        i64[sender, core] of its packet to each of them, 0 where it sends none.
    """
    x, y = np.divmod(cores // chip.mesh.cores_per_tile, chip.mesh.height)
    n, forks = senders.size, chip.packet.routing == "multicast"
    found = Crossed(np.zeros((n, 2), np.int64), np.zeros(n, np.int64), np.zeros(n, np.int64))
    audiences, audience = same_rows(bits)
    for a, sender in enumerate(audiences):
        to, here = np.flatnonzero(bits[sender]), np.flatnonzero(audience == a)
        if not to.size:
            continue
        words, at, there = bits[sender][to], senders[here], (x[to], y[to])
        found.bits[here] = words.max() if forks else words.sum()
        if down:
            which, again = np.unique(at, return_inverse=True)
            links, weighted = zip(
                *(_cut(chip, int(cores[one]), cores[to].tolist(), words, down) for one in which.tolist()),
                strict=True,
            )
            found.links[here], found.bit_links[here] = np.array(links)[again], np.array(weighted)[again]
        elif forks:
            found.links[here] = np.column_stack(_tree(x[at], y[at], *there))
            found.bit_links[here] = found.bits[here] * found.links[here].sum(axis=1)
        else:
            found.links[here] = np.column_stack([_distance(x[at], there[0]), _distance(y[at], there[1])])
            found.bit_links[here] = _distance(x[at], there[0], words) + _distance(y[at], there[1], words)
    return found


def _cut(
    chip: ChipSpec, sender: int, receivers: Sequence[int], words: Counts, down: Collection[Link]
) -> tuple[tuple[int, int], int]:
    """Return the links that one spike crosses where some are down, and bits times links, to receivers of such words."""
    links = links_crossed(chip.mesh, sender, receivers, chip.packet.routing, down)
    if chip.packet.routing == "multicast":
        return links, int(words.max()) * sum(links)
    far = [len(reached(chip.mesh, sender, receiver, down)) for receiver in receivers]
    return links, int(words @ np.array(far, dtype=np.int64))


def _distance(start: Counts, end: Counts, weights: Counts | None = None) -> Counts:
    """Return Σ_end weight · |end − start| along one axis, i64[start]; weights are 1 if not given."""
    if start.size * end.size < _FEW:
        far = np.abs(start[:, None] - end)
        near: Counts = far.sum(axis=1) if weights is None else far @ weights
        return near
    places, which = np.unique(end, return_inverse=True)
    heap = np.zeros(places.size, dtype=np.int64)
    np.add.at(heap, which, 1 if weights is None else weights)
    total: Counts = np.abs(start[:, None] - places) @ heap
    return total


def _tree(x: Counts, y: Counts, to_x: Counts, to_y: Counts) -> tuple[Counts, Counts]:
    """Return the links east–west and north–south of the tree of XY routes to all receivers, from each (x, y)."""
    east_west = np.maximum(to_x.max() - x, 0) + np.maximum(x - to_x.min(), 0)
    columns, which = np.unique(to_x, return_inverse=True)
    south, north = np.full(columns.size, -1), np.full(columns.size, np.iinfo(np.int64).max)
    np.maximum.at(south, which, to_y)
    np.minimum.at(north, which, to_y)
    down = np.maximum(south - y[:, None], 0).sum(axis=1)
    up = np.maximum(y[:, None] - north, 0).sum(axis=1)
    return east_west, down + up
