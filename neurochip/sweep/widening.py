"""What else an interval of a limit allows for: another reference, and other seeds that dies share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.sweep.limit import Reach
from neurochip.sweep.statistics import t_quantile

__all__ = ["Widened", "between", "centred", "own_seeds", "shared_seeds", "widened"]

_NORMAL = 1.96  # standard errors to either end of an interval


class Widened(NamedTuple):
    """A limit with its interval, and the standard errors of it by the reference and by seeds, in levels."""

    reach: Reach
    reference: float | None
    seeds: float | None


def widened(
    found: Reach,
    here: Reach,
    references: Sequence[float],
    trainings: int,
    seeds: Sequence[float],
    *,
    own: bool,
) -> Widened:
    """Widen the interval of a limit by what it moves with what dies share.

    Parameters
    ----------
    found
        The limit, with the interval by dies.
    here
        The same by one chance alone, from which the others move.
    references
        The limit where the reference is one standard error lower, and higher; none where there is no such error.
    trainings
        Of which the reference is the mean.
    seeds
        The limit with each seed in turn left out, or counted by half; none where dies share no seed.
    own
        Whether each die has one seed, and is left out with it.
    """
    by_reference = _half(*references) if references else None
    by_seeds = None
    if seeds and own:
        by_seeds = _excess(seeds, _half(here.low, here.high) / _NORMAL)
    elif seeds:
        by_seeds = _spread([2 * (at - here.at) for at in seeds])
    spread = 0.0
    for size, degrees in ((by_reference, trainings - 1), (by_seeds, len(seeds) - 1)):
        if size:
            spread = math.hypot(spread, t_quantile(0.975, degrees) * size)
    if spread:
        middle = found.at if math.isfinite(found.at) else None
        found = Reach(found.at, _wider(found.low, middle, -spread), _wider(found.high, middle, spread))
    return Widened(found, by_reference, by_seeds)


def between(found: Reach, low: float, high: float) -> Reach:
    """Widen an interval by where the limit lies with the reference at either end of its own interval.

    Where few trainings more or less move the limit far, it moves further one way than the other.
    """
    return Reach(
        found.at,
        _apart(found.at, found.low, min(low, found.at)),
        _apart(found.at, found.high, max(high, found.at)),
    )


def centred(found: Reach, moved: Sequence[float]) -> Reach:
    """Return a limit as the mean of it and of where it lies with other references, within its interval."""
    if not all(math.isfinite(at) for at in (found.at, *moved)):
        return found
    return found._replace(at=min(max(fmean((found.at, *moved)), found.low), found.high))


def _apart(at: float, end: float, moved: float) -> float:
    if not (math.isfinite(at) and math.isfinite(end) and math.isfinite(moved)):
        return end if math.isinf(end) or math.isinf(at) else moved
    return at + math.copysign(math.hypot(end - at, moved - at), end - at if end != at else moved - at)


def _half(a: float, b: float) -> float:
    return abs(b - a) / 2 if math.isfinite(a) and math.isfinite(b) else 0.0


def _spread(moves: Sequence[float]) -> float:
    """Return the standard error of an estimate, from how far it moves when one of the seeds counts less."""
    found = [move for move in moves if math.isfinite(move)]
    n = len(moves)
    return math.sqrt(n / (n - 1) * sum(move**2 for move in found)) if found else 0.0


def _excess(without: Sequence[float], by_dies: float) -> float:
    """Return the standard error that seeds add where each die has one of them.

    Estimates ``without`` the dies of one seed in turn give, by the jackknife of groups, the variance by dies and seeds
    together; what is more than that ``by_dies`` is by seeds.
    """
    found = [at for at in without if math.isfinite(at)]
    if len(found) < 2:
        return 0.0
    middle = fmean(found)
    whole = (len(found) - 1) / len(found) * sum((at - middle) ** 2 for at in found)
    return math.sqrt(max(whole - by_dies**2, 0.0))


def own_seeds(seeds: NDArray[np.int64], dies: NDArray[np.int64], n: int) -> NDArray[np.int64] | None:
    """Return the seed of each die; `None` where a die was measured with several. One that was not measured has −1."""
    own = np.full(n, -1, dtype=np.int64)
    own[dies] = seeds
    return own if np.array_equal(own[dies], seeds) else None


def shared_seeds(seeds: NDArray[np.int64], dies: NDArray[np.int64]) -> list[int]:
    """Return the seeds that several dies were measured with, if dies are what is measured."""
    pairs = {(int(seed), int(die)) for seed, die in zip(seeds, dies, strict=True)}
    dies_of: dict[int, int] = {}
    for seed, _ in pairs:
        dies_of[seed] = dies_of.get(seed, 0) + 1
    return sorted(seed for seed, count in dies_of.items() if count > 1)


def _wider(end: float, at: float | None, spread: float) -> float:
    if not math.isfinite(end):
        return end
    if at is None:
        return end + spread
    return at + math.copysign(math.hypot(end - at, spread), spread)
