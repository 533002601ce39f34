"""What crosses the mesh between the cores of a compiled network, for given spikes, and how cores move for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import ChipImage
from neurochip.compile.links import load_of_packets, load_of_tree
from neurochip.compile.moving import moved
from neurochip.compile.reach import reaches

__all__ = ["Crossing", "crossing", "nearer_sites"]

Counts = NDArray[np.int64]


class Crossing(NamedTuple):
    """What spikes cost on the mesh: links crossed, packets to other cores, flits over the busiest link, cores."""

    hops: int
    cut: int
    busiest_link: int
    cores: int


class _Way(NamedTuple):
    """Spikes of a core that all go to the same cores."""

    core: int
    receivers: Counts
    spikes: int


def _ways(image: ChipImage, fired: Sequence[Counts]) -> Iterator[_Way]:
    """Give what is sent, for the spikes of each neuron, list over populations of i64[unit]."""
    network = image.network
    if not network.is_listed:
        for c, (core, receivers) in enumerate(zip(image.cores, image.receivers, strict=True)):
            yield _Way(
                c, np.array(receivers, np.int64), int(fired[core.population][core.first : core.last].sum())
            )
        return
    pieces = [(core.population, (core.first, core.last)) for core in image.cores]
    meets = [reaches(network, p, pieces) for p in range(len(network.sizes))]
    for c, core in enumerate(image.cores):
        here = slice(core.first, core.last)
        rows, which = np.unique(meets[core.population][here], axis=0, return_inverse=True)
        spikes = np.bincount(which.ravel(), weights=fired[core.population][here], minlength=len(rows))
        for row, sent in zip(rows, spikes, strict=True):
            yield _Way(c, np.flatnonzero(row), int(sent))


def crossing(image: ChipImage, fired: Sequence[Counts], sites: Counts) -> Crossing:
    """Return what spikes cost with cores at ``sites``, for those of each neuron, list over populations of i64[unit]."""
    mesh = image.chip.mesh
    load = np.zeros((mesh.width, mesh.height, 4), dtype=np.int64)
    cut = 0
    for core, receivers, spikes in _ways(image, fired):
        if not spikes or not receivers.size:
            continue
        to = sites[receivers]
        cut += spikes * int((receivers != core).sum())
        if image.chip.packet.routing == "multicast":
            load += load_of_tree(mesh, int(sites[core]), to, spikes)
        else:
            load += load_of_packets(mesh, np.full_like(to, sites[core]), to, np.full_like(to, spikes))
    return Crossing(int(load.sum()), cut, int(load.max(initial=0)), len(image.cores))


def nearer_sites(
    image: ChipImage, fired: Sequence[Counts], seed: int = 1
) -> tuple[Counts, Crossing, Crossing]:
    """Return sites of the cores of an image that spikes reach over fewer links, and what they cost before and there.

    Parameters
    ----------
    fired
        Spikes of each neuron, list over populations of i64[unit].
    seed
        Of the starts of the search.

    Raises
    ------
    CapabilityError
        When SciPy is not installed.
    """
    given = np.array([core.site for core in image.cores], np.int64)
    traffic = np.zeros((given.size, given.size), dtype=np.int64)
    for core, receivers, spikes in _ways(image, fired):
        traffic[core, receivers] += spikes
    order = np.argsort(given)
    best, before = given, crossing(image, fired, given)
    after = before
    for found in moved(traffic[np.ix_(order, order)], given[order], image.chip.mesh, seed):
        sites = np.empty_like(given)
        sites[order] = found
        there = crossing(image, fired, sites)
        if there.hops < after.hops:
            best, after = sites, there
    return best, before, after
