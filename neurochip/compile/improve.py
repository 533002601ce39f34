"""A placement improved for the spikes that a network sent: nearer, evener, or with less between cores.

``hops`` leaves neurons together and moves cores over the mesh (`compile.moving`). ``balance`` parts neurons, in their
order, so that the largest number of synaptic operations of a core is as small as it can be. ``cut`` parts the graph of
neurons by METIS (Karypis & Kumar, SIAM J. Sci. Comput. 20(1), 1998), and then places its parts as ``hops`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.links import core_traffic
from neurochip.compile.moving import moved, sites_near
from neurochip.compile.placement import PlacedNetwork, place
from neurochip.compile.placement_costs import Costs, Objective, costs
from neurochip.errors import CapabilityError, MappingError
from neurochip.extras import needed

__all__ = ["Improved", "improved"]

Counts = NDArray[np.int64]
_MOST_EDGES = 20_000_000  # of the graph that METIS gets


class Improved(NamedTuple):
    """A placement, what it costs, what the one before cost, and how it was found."""

    cores: list[Counts]
    before: Costs
    after: Costs
    method: str


def improved(
    placed: PlacedNetwork,
    fired: Sequence[Counts],
    objective: Objective,
    *,
    weight_bits: int,
    state_bits: int,
    seed: int = 1,
) -> Improved:
    """Return the best placement that was found; that of ``placed`` where none is better.

    Parameters
    ----------
    fired
        Spikes of each neuron, list over layers of i64[unit].
    weight_bits, state_bits
        As in `neurochip.compile.placement.place`.
    seed
        Of the starts of ``hops`` and of METIS.

    Raises
    ------
    CapabilityError
        When SciPy or METIS is not installed.
    """
    before = costs(placed.sending, fired)
    best, found, method = before, placed.pieces.placement, "the placement before was not beaten"

    def laid(cores: Sequence[Counts]) -> PlacedNetwork | None:
        try:
            return place(
                placed.sizes,
                placed.projections,
                cores,
                placed.chip,
                weight_bits=weight_bits,
                state_bits=state_bits,
                connections=placed.connections,
            )
        except MappingError:  # a core would be too full
            return None

    for cores, words in _TRIED[objective](placed, fired, laid, seed):
        there = laid(cores)
        if there is None:
            continue
        after = costs(there.sending, fired)
        if (after.of(objective), after.hops) < (best.of(objective), best.hops):
            best, found, method = after, cores, words
    return Improved(found, before, best, method)


Laid = Callable[[Sequence[Counts]], PlacedNetwork | None]
Tried = Iterator[tuple[list[Counts], str]]


def _nearer(placed: PlacedNetwork, fired: Sequence[Counts], laid: Laid, seed: int) -> Tried:
    """Yield placements of the same cores elsewhere on the mesh."""
    traffic = core_traffic(placed.sending, placed.ways.spikes(fired))
    for to in moved(traffic, placed.cores, placed.chip.mesh, seed):
        yield [to[placed.sending.core[pieces]] for pieces in placed.pieces.of], "FAQ, SciPy"


def _evener(placed: PlacedNetwork, fired: Sequence[Counts], laid: Laid, seed: int) -> Tried:
    """Yield placements with neurons in their order on as many cores, none of which does more than it must."""
    work = _operations(placed, fired)
    inputs, *others = placed.pieces.placement
    held = np.unique(np.concatenate(others)).tolist()
    limit = placed.chip.core.neurons
    room = {site: (limit or 1 << 60) - int(np.sum(inputs == site)) for site in held}
    loads = np.concatenate(work[1:])
    low, high = int(loads.max(initial=0)), int(loads.sum())
    while low < high:  # the least load that these cores can share
        middle = (low + high) // 2
        if _filled(loads, held, room, middle) is None:
            low = middle + 1
        else:
            high = middle
    for least in (high, high + high // 50, high + high // 10):
        on = _filled(loads, held, room, least)
        if on is not None:
            ends = np.cumsum([len(w) for w in work[1:]])[:-1]
            yield [inputs, *np.split(on, ends)], "the least load that so many cores can share"


def _filled(loads: Counts, sites: Sequence[int], room: dict[int, int], most: int) -> Counts | None:
    """Return the core of each neuron, filled one after the other up to a load; `None` where they do not suffice."""
    on, at = np.empty(loads.size, dtype=np.int64), 0
    sums = np.concatenate([[0], np.cumsum(loads)])
    for site in sites:
        last = int(np.searchsorted(sums, sums[at] + most, side="right")) - 1
        last = min(max(last, at), at + room[site], loads.size)
        on[at:last] = site
        at = last
        if at == loads.size:
            return on
    return None


def _operations(placed: PlacedNetwork, fired: Sequence[Counts]) -> list[Counts]:
    """Return synaptic operations of each neuron, list over layers of i64[unit]."""
    work = [np.zeros(size, dtype=np.int64) for size in placed.sizes]
    for (source, target), connection in zip(placed.projections, placed.connections, strict=True):
        if connection.kind == "dense":
            work[target] += int(fired[source].sum())
            continue
        edges = connection.edges()
        np.add.at(work[target], edges.target, fired[source][edges.source])
    return work


def _together(placed: PlacedNetwork, fired: Sequence[Counts], laid: Laid, seed: int) -> Tried:
    """Yield placements in which neurons that send to one another share cores."""
    pymetis = needed("pymetis", "map", 'placement: "cut"', 'choose "hops" or "balance"')
    first = np.concatenate([[0], np.cumsum(placed.sizes)])
    if sum(connection.synapses for connection in placed.connections) > _MOST_EDGES:
        raise CapabilityError(
            "placement", f'"cut" is for at most {_MOST_EDGES} synapses; choose "hops" or "balance"'
        )
    ends: list[Counts] = []
    for (source, target), connection in zip(placed.projections, placed.connections, strict=True):
        edges = connection.edges()
        weight = fired[source][edges.source]
        there = (weight > 0) & ((source != target) | (edges.source != edges.target))
        ends.append(np.stack([edges.source + first[source], edges.target + first[target], weight])[:, there])
    both = np.concatenate([*ends, *(e[[1, 0, 2]] for e in ends)], axis=1)
    n = int(first[-1])
    pair, which = np.unique(both[0] * n + both[1], return_inverse=True)
    weights = np.zeros(pair.size, dtype=np.int64)
    np.add.at(weights, which, both[2])
    begins = np.searchsorted(pair // n, np.arange(n + 1))
    sites = np.concatenate(
        [placed.cores, np.setdiff1d(sites_near(placed.cores, placed.chip.mesh), placed.cores)]
    )
    least = placed.cores.size
    for parts in dict.fromkeys((least, least + 1, least + max(2, least // 4))):
        if not 1 < parts <= sites.size:
            continue
        _, on = pymetis.part_graph(
            parts,
            pymetis.CSRAdjacency(begins.tolist(), (pair % n).tolist()),
            eweights=np.minimum(weights, (1 << 31) // max(pair.size, 1) + 1).tolist(),
            options=pymetis.Options(seed=seed),
        )
        cores = np.split(sites[np.asarray(on, dtype=np.int64)], first[1:-1])
        yield cores, f"METIS, {parts} parts"
        there = laid(cores)
        if there is not None:
            for nearer, words in _nearer(there, fired, laid, seed):
                yield nearer, f"METIS, {parts} parts, placed by {words}"


_TRIED: dict[Objective, Callable[[PlacedNetwork, Sequence[Counts], Laid, int], Tried]] = {
    "hops": _nearer,
    "balance": _evener,
    "cut": _together,
}
