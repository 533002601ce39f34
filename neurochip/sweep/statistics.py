"""Means with their 95 % bands, shares with Wilson's interval, differences of pairs: closed forms, no random draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

__all__ = ["Band", "mean_band", "quantile", "t_quantile", "wilson"]

CONFIDENCE = 0.95


class Band(NamedTuple):
    """A mean and its confidence interval, which one value alone does not have."""

    mean: float
    low: float | None
    high: float | None
    n: int


def mean_band(values: Sequence[float], confidence: float = CONFIDENCE) -> Band:
    """Return the mean with Student's interval: mean ± t · s / √n with n − 1 degrees of freedom."""
    n = len(values)
    if n == 0:
        raise ValueError("no values have no mean")
    mean = fmean(values)
    if n == 1:
        return Band(mean, None, None, 1)
    half = t_quantile((1 + confidence) / 2, n - 1) * stdev(values, mean) / math.sqrt(n)
    return Band(mean, mean - half, mean + half, n)


def wilson(good: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a share ``good`` of ``n`` (Wilson 1927)."""
    if not 0 <= good <= n or n == 0:
        raise ValueError(f"{good} of {n} is no share")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = good / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # At the ends the closed form is exact, and rounding must not move it.
    low = 0.0 if good == 0 else (middle - half) / whole
    high = 1.0 if good == n else (middle + half) / whole
    return low, high


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, linear between neighbouring values (as NumPy's default)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def t_quantile(share: float, degrees: int) -> float:
    """Return the value that Student's t with whole ``degrees`` of freedom stays below with probability ``share``.

    Found by bisection of the finite sums of Abramowitz & Stegun (1964), 26.7.3 and 26.7.4.
    """
    if not 0.5 <= share < 1 or degrees < 1:
        raise ValueError(f"no quantile {share} of {degrees} degrees")
    low, high = 0.0, 1.0
    while 0.5 + _within(high, degrees) / 2 < share:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        if 0.5 + _within(middle, degrees) / 2 < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _within(t: float, degrees: int) -> float:
    """Return the probability that |T| < t."""
    angle = math.atan(t / math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    if degrees == 1:
        return 2 * angle / math.pi
    odd = degrees % 2
    term = total = cosine if odd else 1.0
    for k in range(3 if odd else 2, degrees - 1, 2):
        term *= cosine * cosine * (k - 1) / k
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
