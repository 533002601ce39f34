"""Means with their 95 % bands, shares with Wilson's interval, over dies and seeds: closed forms, no random draw."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from neurochip.extras import needed

__all__ = ["Band", "mean_band", "mean_of_dies", "quantile", "share_of_dies", "t_quantile", "wilson"]

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


def wilson(good: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the score interval of a share ``good`` of ``n`` (Wilson 1927)."""
    if not 0 <= good <= n * (1 + 1e-12) or n == 0:
        raise ValueError(f"{good} of {n} is no share")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = good / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # At the ends the closed form is exact, and rounding must not move it.
    low = 0.0 if share < 1e-12 else (middle - half) / whole
    high = 1.0 if share > 1 - 1e-12 else (middle + half) / whole
    return low, high


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, linear between neighbouring values (as NumPy's default)."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def t_quantile(share: float, degrees: float) -> float:
    """Return the value that Student's t with so many degrees of freedom stays below with probability ``share``."""
    stdtrit = needed("scipy.special", "sweep", "intervals").stdtrit
    if not 0.5 <= share < 1 or not degrees > 0:
        raise ValueError(f"no quantile {share} of {degrees} degrees")
    return float(stdtrit(degrees, share))


def mean_of_dies(values: Mapping[tuple[int, int], float], confidence: float = CONFIDENCE) -> Band:
    """Return the mean of measurements by (die, seed) with its interval over both.

    Dies and seeds are random effects that cross: the variance of the mean is what analysis of variance makes of the
    mean squares of dies, of seeds and of the rest, with Satterthwaite's degrees of freedom (1946). With one seed it is
    Student's interval over dies, with one die over seeds. Where dies were measured with seeds of their own, each
    counts with its mean.
    """
    dies, seeds = (sorted({key[k] for key in values}) for k in (0, 1))
    if len(dies) == 1 or len(seeds) == 1:
        return mean_band(list(values.values()), confidence)
    if len(values) < len(dies) * len(seeds):
        by_die = [fmean(v for (d, _), v in values.items() if d == die) for die in dies]
        return mean_band(by_die, confidence)
    n, m = len(dies), len(seeds)
    mean = fmean(values.values())
    of_die = {d: fmean(values[d, s] for s in seeds) for d in dies}
    of_seed = {s: fmean(values[d, s] for d in dies) for s in seeds}
    by_dies = m * sum((v - mean) ** 2 for v in of_die.values()) / (n - 1)
    by_seeds = n * sum((v - mean) ** 2 for v in of_seed.values()) / (m - 1)
    rest = sum((values[d, s] - of_die[d] - of_seed[s] + mean) ** 2 for d in dies for s in seeds)
    rest /= (n - 1) * (m - 1)
    # Less than the rest alone would be, it cannot be.
    whole = max(by_dies + by_seeds - rest, by_dies, by_seeds)
    parts = by_dies**2 / (n - 1) + by_seeds**2 / (m - 1) + rest**2 / ((n - 1) * (m - 1))
    if not whole:
        return Band(mean, mean, mean, n * m)
    degrees = min(max(whole**2 / parts, min(n, m) - 1), n * m - 1)
    half = t_quantile((1 + confidence) / 2, degrees) * math.sqrt(whole / (n * m))
    return Band(mean, mean - half, mean + half, n * m)


def share_of_dies(good: Mapping[tuple[int, int], bool]) -> tuple[float, float]:
    """Return the interval of a share of good measurements by (die, seed): Wilson's, of as many as are independent.

    How alike the measurements of one die are is the correlation within dies (Kish 1965): between as many as there are
    dies, where each die is always good or always bad, and as many as there are measurements.
    """
    by_die: dict[int, list[bool]] = {}
    for (die, _), is_good in good.items():
        by_die.setdefault(die, []).append(is_good)
    n, total = len(by_die), len(good)
    share = sum(good.values()) / total
    each = total / n
    alike = 1.0
    if n > 1 and 0 < share < 1 and each > 1:
        between = sum(len(v) * (sum(v) / len(v) - share) ** 2 for v in by_die.values()) / (n - 1)
        within = sum(len(v) * (sum(v) / len(v)) * (1 - sum(v) / len(v)) for v in by_die.values())
        within /= max(total - n, 1)
        alike = min(max((between - within) / max(between + (each - 1) * within, 1e-12), 0.0), 1.0)
    known = total / (1 + (each - 1) * alike)
    return wilson(share * known, known)
