"""Cores moved over the mesh, so that what crosses it crosses fewer links.

A quadratic assignment of traffic to distances, by SciPy (FAQ: Vogelstein et al., PLoS ONE 10(4), 2015; then exchanges
of two).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from neurochip.description.chip import MeshSpec
from neurochip.extras import needed

__all__ = ["moved", "sites_near"]

Counts = NDArray[np.int64]
_MOST_SITES = 200  # of the mesh, that cores are moved over
_STARTS = 4


def moved(traffic: Counts, cores: Counts, mesh: MeshSpec, seed: int) -> Iterator[Counts]:
    """Yield other sites of cores, i64[core]: of several starts, none of which need be better.

    Parameters
    ----------
    traffic
        i64[core, core], packets from one core to another.
    cores
        i64[core], where they stand, in rising order.
    seed
        Of the starts.

    Raises
    ------
    CapabilityError
        When SciPy is not installed.
    """
    quadratic_assignment = needed("scipy.optimize", "map", "placement", "give a file").quadratic_assignment
    sites = sites_near(cores, mesh)
    n = sites.size
    x, y = np.divmod(sites // mesh.cores_per_tile, mesh.height)
    apart = np.abs(x[:, None] - x) + np.abs(y[:, None] - y)
    flow = np.zeros((n, n))
    here = np.searchsorted(sites, cores)
    flow[np.ix_(here, here)] = traffic
    rng = np.random.default_rng(seed)
    for start in range(_STARTS):
        first = "barycenter" if start == 0 else "randomized"
        near = quadratic_assignment(flow, apart, options={"P0": first, "rng": rng})
        guess = np.column_stack([np.arange(n), near.col_ind])
        if n <= _MOST_SITES // 2:
            near = quadratic_assignment(
                flow, apart, method="2opt", options={"partial_guess": guess, "rng": rng}
            )
        yield sites[near.col_ind][here]


def sites_near(cores: Counts, mesh: MeshSpec) -> Counts:
    """Return the sites that cores are moved over: all, or those in use and the nearest to them."""
    every = np.arange(mesh.n_cores)
    if every.size <= _MOST_SITES:
        return every
    x, y = np.divmod(every // mesh.cores_per_tile, mesh.height)
    centre = x[cores].mean(), y[cores].mean()
    order = np.argsort(np.abs(x - centre[0]) + np.abs(y - centre[1]), kind="stable")
    order = order[~np.isin(order, cores)]
    more = order[: max(0, _MOST_SITES - cores.size)]
    return np.sort(np.concatenate([cores, more]))
