"""Cores of a compiled network moved over the mesh, so that given spikes cross fewer links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import ChipImage
from neurochip.compile.links import core_traffic
from neurochip.compile.moving import moved
from neurochip.compile.placement_costs import Costs, costs
from neurochip.compile.sending import Sending

__all__ = ["moved_to", "nearer_sites"]

Counts = NDArray[np.int64]


def moved_to(sending: Sending, sites: Counts) -> Sending:
    """Return what is sent with each piece at another site, i64[piece]."""
    return replace(sending, pieces=sending.pieces._replace(site=sites))


def nearer_sites(image: ChipImage, fired: Sequence[Counts], seed: int = 1) -> tuple[Counts, Costs, Costs]:
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
    given = image.sending
    traffic, core = core_traffic(given, given.ways.spikes(fired)), given.core
    best = before = costs(given, fired)
    found = given.pieces.site
    for to in moved(traffic, given.cores, image.chip.mesh, seed):
        there = costs(moved_to(given, to[core]), fired)
        if there.hops < best.hops:
            best, found = there, to[core]
    return found, before, best
