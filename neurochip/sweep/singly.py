"""How far one training of each die goes where two trainings of a die differ, and how sure that is.

P(good) of one training falls below what is wanted at some level: over the law of the limits of dies, and over what
chance makes of a training. How much that level moves with the dies is what it does over samples of them, drawn with
replacement, each with all its trainings (a bootstrap over dies): what a die was measured at depends on what it did, and
the likelihood of a die allows for that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from neurochip.sweep.limit import CONFIDENCE, Reach, fewest
from neurochip.sweep.population import Array, Population

__all__ = ["DROP", "Singly", "reach_once", "singly"]

SAMPLES = 200
DROP = 4.0  # of the log-likelihood: chance that is less likely than that is hardly ever the best of a sample


class Singly(NamedTuple):
    """How far single trainings go, and the interval of the share of them that is good at each level."""

    reach: Reach
    low: Array
    high: Array


def reach_once(shares: Array, wanted: float) -> float:
    """Return the level at which P(good) of one training falls below ``wanted``; -∞ at the first, +∞ nowhere."""
    shares = np.minimum.accumulate(shares)
    below = np.flatnonzero(shares < wanted)
    if not len(below):
        return math.inf
    k = int(below[0])
    if k == 0:
        return -math.inf
    return k - 1 + float((shares[k - 1] - wanted) / (shares[k - 1] - shares[k]))


def singly(ways: Sequence[Population], wanted: float) -> Singly:
    """Return how far a share ``wanted`` of single trainings is good, with the 95 % interval of that.

    Each sample of dies has one of the chances of ``ways``, drawn by how likely they are of it: what chance does is not
    known either. The first of them is the most likely one of all dies. So few dies that they could not show it if all
    were good give the interval no lower end.
    """
    best = ways[0]
    n = round(best.dies)
    rng = np.random.default_rng(20_150_131)  # the same trainings always give the same interval
    drawn = rng.multinomial(n, best.count / best.count.sum(), SAMPLES).astype(np.float64)
    shares, likelihoods = [], []
    for one in ways:
        laws, likelihood = one.redrawn(drawn)
        shares.append(one.once_of(laws))
        likelihoods.append(likelihood)
    # The largest of log-likelihoods with Gumbel's noise is a draw by the likelihoods.
    which = np.argmax(np.array(likelihoods) + rng.gumbel(size=(len(ways), SAMPLES)), axis=0)
    chosen = np.minimum.accumulate(np.array(shares)[which, np.arange(SAMPLES)], axis=1)
    found = np.sort([reach_once(row, wanted) for row in chosen])
    tail = (1 - CONFIDENCE) / 2
    # Whole ranks: between a level and an infinity there is nothing.
    low, high = float(found[math.floor(tail * SAMPLES)]), float(found[math.ceil((1 - tail) * SAMPLES) - 1])
    if n < fewest(wanted):
        low = -math.inf
    at = reach_once(best.once(), wanted)
    band = np.quantile(chosen, (tail, 1 - tail), axis=0)
    return Singly(Reach(at, min(low, at), max(high, at)), band[0], band[1])
