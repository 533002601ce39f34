"""How far enough dies are good, and how sure that is: from a population of limits to one limit with its interval.

At every level the share of dies that go beyond it has an interval (mid-p, of as many dies as what is known of them is
worth). The limit is where the share falls below what is wanted; its interval ends where the interval of the share does.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from neurochip.extras import needed
from neurochip.sweep.population import Array, Evidence, Population

__all__ = ["CONFIDENCE", "Reach", "fewest", "rank_of", "reach", "share_interval"]

CONFIDENCE = 0.95
_HALVINGS = 20  # of the ranks between which one lies, before it is interpolated


class Reach(NamedTuple):
    """How far a share of dies goes, in levels: -∞ when not even to the first, +∞ when beyond the last."""

    at: float
    low: float
    high: float


def reach(population: Population, wanted: float, evidence: Evidence | None = None) -> Reach:
    """Return how far a share ``wanted`` of a population goes, with the 95 % interval of that.

    With the ``evidence`` also dies that get better again are lost where they were seen to be bad.
    """
    n = population.known(wanted)
    lost = n * (1 - population.shares())
    if evidence is not None and population.chance.is_none:
        lost = np.maximum(lost, evidence.lost())
    rank = _ranks(lost)
    # Type 8 of Hyndman & Fan (1996): the median of what the order statistic says, whatever the law.
    middle = (1 - wanted) * (n + 1 / 3) + 1 / 3
    tail = (1 - CONFIDENCE) / 2
    low, high = (_reached(rank, rank_of(n, wanted, chance)) for chance in (tail, 1 - tail))
    # Where next to nothing is known the closed form of the median is none, and may lie far outside.
    return Reach(min(max(_reached(rank, middle), low), high), low, high)


def rank_of(n: Array, wanted: float, chance: float) -> Array:
    """Return the rank whose order statistic, of ``n`` limits, lies beyond the true one with a ``chance``.

    Ranks between whole ones interpolate, as of order statistics (Beran & Hall 1993); 0 where not even the first is
    enough.
    """
    betainc = needed("scipy.special", "sweep", "intervals").betainc
    n, which = np.unique(np.round(n, 2), return_inverse=True)
    low, high = np.full_like(n, 1e-9), n + 1 - 1e-9
    below, above = (betainc(n - end + 1, end, wanted) for end in (low, high))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        there = betainc(n - middle + 1, middle, wanted)
        less = there < chance
        low, below = np.where(less, middle, low), np.where(less, there, below)
        high, above = np.where(less, high, middle), np.where(less, above, there)
    rank = low + (high - low) * (chance - below) / np.maximum(above - below, 1e-300)
    found: Array = np.where(rank < 1, 0.0, rank)[which]
    return found


def share_interval(good: Array, n: Array, confidence: float = CONFIDENCE) -> tuple[Array, Array]:
    """Return the interval of shares ``good`` of ``n``, neither of which need be whole (Clopper & Pearson 1934)."""
    betaincinv = needed("scipy.special", "sweep", "intervals").betaincinv
    tail = (1 - confidence) / 2
    bad = np.maximum(n - good, 0.0)
    low = np.where(good < 1e-9, 0.0, betaincinv(np.maximum(good, 1e-9), bad + 1, tail))
    high = np.where(bad < 1e-9, 1.0, betaincinv(good + 1, np.maximum(bad, 1e-9), 1 - tail))
    return low, high


def fewest(wanted: float, confidence: float = CONFIDENCE) -> int:
    """Return how many dies, all of them good, are the fewest that show a share of good ones."""
    return math.ceil(math.log((1 - confidence) / 2) / math.log(wanted) - 1e-9)


def _ranks(lost: Array) -> Array:
    """Return the rank of the limit that lies at each level: whole where a die is lost, linear in between."""
    lost = np.maximum.accumulate(lost)
    levels = np.arange(len(lost), dtype=np.float64)
    whole = np.arange(1, math.floor(lost[-1] + 0.5) + 1)
    if not len(whole):
        return np.zeros_like(lost)
    rises = lost + 1e-9 * levels
    at = np.interp(whole - 0.5, rises, levels, left=-0.5)
    rank = np.interp(levels, at, whole, left=0.0)
    last = levels > at[-1]
    # After the last die that was lost, as far as the next one is known to be on its way.
    rank[last] = np.maximum(whole[-1], np.minimum(lost[last] + 0.5, whole[-1] + 1 - 1e-6))
    return rank


def _reached(rank: Array, wanted: Array) -> float:
    """Return the first level whose rank is as large as wanted, linear between levels; ±∞ outside."""
    short = rank - wanted
    beyond = np.flatnonzero(short >= 0)
    if not len(beyond):
        return math.inf
    k = int(beyond[0])
    if k == 0:
        return -math.inf
    return float(k - 1 + short[k - 1] / (short[k - 1] - short[k]))
