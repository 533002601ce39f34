"""How the limits of dies are distributed, from which trainings were good and which were not.

Every die has a limit on the way from the best value of a key to the worst. Below it a training of the die is good,
above it bad, but for chance: two trainings of one die differ. So a die whose limit is *t* is good at *x* with
probability λ + (1 − 2λ) Φ((t − x) / w), the psychometric function of threshold measurements: *w* is how far chance
reaches in the values of the key, or in their logarithm, whichever is more likely; λ is the share of trainings that
fail, or succeed, far from the limit. Both are the same for all dies; the limits themselves follow any law at all. All
of it is found by maximum likelihood, the law by expectation maximisation (Laird 1978; without chance this is Turnbull's
estimate for intervals, 1976).

Positions on the way are counted in levels: level *k* is the *k*-th value that may be measured. Cell *c* is the stretch
from level *c* to the next one; cells before the first level and behind the last stand for limits outside.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.extras import needed

__all__ = ["Chance", "Evidence", "Population", "fit", "plausible"]

Array = NDArray[np.float64]

_WIDTHS = (0.05, 0.5, 1.0, 2.0, 4.0, 7.0, 12.0)  # levels
_RATIOS = (0.05, 0.1, 0.17, 0.25, 0.4)
_LAPSES = (0.003, 0.02)
_NONE = 0.5  # levels: chance that reaches no further than to the next one is none
_OUTSIDE = 16  # cells on either side, for limits a little outside, which chance may still reach
_ROUGH, _FINE = 15, 100  # steps of expectation maximisation, to choose by and to report
_REDRAWN = 25  # of a sample of dies that were drawn again
_LEAST = 1e-12


class Chance(NamedTuple):
    """What two trainings of one die may differ by.

    ``width`` is in levels or, where chance is ``relative``, the logarithm of a ratio of levels: what disturbs less by
    half leaves half as much to chance. ``lapses`` is a share of trainings.
    """

    width: float
    lapses: float
    relative: bool = False

    @property
    def is_none(self) -> bool:
        """Whether a die does at a level what it did there before."""
        return not self.relative and self.width <= _NONE


_TRIED = tuple(
    Chance(width, lapses, relative)
    for widths, relative in ((_WIDTHS, False), (_RATIOS, True))
    for width in widths
    for lapses in _LAPSES
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often each die was good and bad at each level, as arrays [die, level]."""

    good: Array
    bad: Array

    @classmethod
    def of(
        cls,
        dies: Sequence[int] | NDArray[np.int64],
        levels: Sequence[int] | NDArray[np.int64],
        is_good: Sequence[bool] | NDArray[np.bool_],
        shape: tuple[int, int],
        weights: Array | float = 1.0,
    ) -> Evidence:
        """Count trainings, each by its die, level and whether it was good; ``shape`` is how many there are of both."""
        at = (np.asarray(dies, dtype=np.int64), np.asarray(levels, dtype=np.int64))
        right = np.asarray(is_good, dtype=bool)
        good, bad = np.zeros(shape), np.zeros(shape)
        np.add.at(good, at, np.where(right, weights, 0.0))
        np.add.at(bad, at, np.where(right, 0.0, weights))
        return cls(good, bad)

    def only(self, dies: NDArray[np.bool_]) -> Evidence:
        """Return what was seen of some of the dies."""
        return Evidence(self.good[dies], self.bad[dies])

    @property
    def levels(self) -> int:
        """How many values may be measured."""
        return int(self.good.shape[1])

    @property
    def dies(self) -> int:
        """How many dies there are, measured or not."""
        return int(self.good.shape[0])

    def lost(self) -> Array:
        """Return how many dies are bad at each level, most times that they were measured; 0 where not all were."""
        measured = self.good + self.bad
        bad = (self.bad > self.good).sum(axis=0)
        return np.where((measured > 0).all(axis=0), bad, 0).astype(np.float64)

    def patterns(self) -> tuple[Evidence, NDArray[np.int64], Array]:
        """Return the different rows, which of them each die has, and how many dies have each."""
        place: dict[bytes, int] = {}
        first: list[int] = []
        which = np.empty(self.dies, np.int64)
        for die, row in enumerate(np.concatenate([self.good, self.bad], axis=1)):
            which[die] = place.setdefault(row.tobytes(), len(place))
            if which[die] == len(first):
                first.append(die)
        count = np.bincount(which, minlength=len(first)).astype(np.float64)
        return Evidence(self.good[first], self.bad[first]), which, count


@dataclass(frozen=True, slots=True)
class Population:
    """What is known of a population of dies.

    Attributes
    ----------
    chance
        Between two trainings of one die.
    law
        Share of limits in each cell.
    fits
        Likelihood of what was seen of a die if its limit is in a cell, [pattern, cell], its largest being 1.
    tops
        Logarithm of that largest likelihood, of each pattern.
    which
        Pattern of each die.
    count
        Dies of each pattern.
    levels
        How many values may be measured.
    """

    chance: Chance
    law: Array
    fits: Array
    tops: Array
    which: NDArray[np.int64]
    count: Array
    levels: int

    @property
    def dies(self) -> float:
        """How many dies there are."""
        return float(self.count.sum())

    def shares(self) -> Array:
        """Return the share of dies whose limit lies beyond each level: what P(good) would be without chance."""
        return _beyond(self.law)[_OUTSIDE + 1 : _OUTSIDE + 1 + self.levels]

    def once(self) -> Array:
        """Return P(good) of one training of a die at each level: over dies, and over what chance makes of it."""
        found: Array = self.once_of(self.law[None])[0]
        return found

    def once_of(self, laws: Array) -> Array:
        """Return P(good) of one training at each level under other laws of limits, [law, level] from [law, cell]."""
        found: Array = laws @ np.exp(_log_response(self.levels, self.chance)[0]).T
        return found

    def redrawn(self, drawn: Array) -> tuple[Array, Array]:
        """Return the laws of samples of these dies, [sample, cell], and their log-likelihoods.

        ``drawn`` is how many dies of each pattern a sample has, [sample, pattern]; chance stays as it is.
        """
        part = drawn / drawn.sum(axis=1, keepdims=True)
        # From the law that fits all dies, with every cell possible again: a few steps go the rest of the way.
        laws = np.tile(0.9 * self.law + 0.1 / len(self.law), (len(drawn), 1))
        for _ in range(_REDRAWN):
            laws *= (part / (laws @ self.fits.T)) @ self.fits
        log = np.log(laws @ self.fits.T) + self.tops
        return laws, np.einsum("sp,sp->s", drawn, log)

    def beyond(self) -> Array:
        """Return, for each die, the probability that its limit lies beyond each level, [die, level]."""
        after = self.fits * self.law
        after /= after.sum(axis=1, keepdims=True)
        return _beyond(after)[self.which, _OUTSIDE + 1 : _OUTSIDE + 1 + self.levels]

    def known(self, share: float) -> Array:
        """Return how many dies that are known for certain would tell as much, of each level.

        The question is whether a ``share`` of dies lies beyond a level; see `unknown`.
        """
        known: Array = np.maximum(self.dies - self.count @ self._unknown(share), 1e-6)
        return known

    def unknown(self, share: float) -> Array:
        """Return what is not known of each die, 0 to 1, [die, level].

        It is the part that an observer of its limit would learn in addition (Louis 1982), for the question whether a
        ``share`` of dies lies beyond a level.
        """
        return self._unknown(share)[self.which]

    def _unknown(self, share: float) -> Array:
        law = 0.98 * self.law + 0.02 / len(self.law)  # either side of a level stays possible
        cut = slice(_OUTSIDE + 1, _OUTSIDE + 1 + self.levels)
        seen = self.fits * law
        above = _beyond(seen)[:, cut]
        part = _beyond(law)[cut]
        if_above = share * above / part
        if_below = (1 - share) * (seen.sum(axis=1, keepdims=True) - above) / (1 - part)
        known = if_above / np.maximum(if_above + if_below, 1e-300)
        unknown: Array = known * (1 - known) / (share * (1 - share))
        return unknown

    def quantiles(self, share: float) -> Array:
        """Return the level below which each die's limit lies with a probability, in levels; ±∞ outside."""
        after = self.fits * self.law
        total = np.cumsum(after / after.sum(axis=1, keepdims=True), axis=1)
        cell = (total < share - 1e-9).sum(axis=1)
        before = np.concatenate([np.zeros((len(total), 1)), total], axis=1)
        row = np.arange(len(total))
        here, until = total[row, cell], before[row, cell]
        place = cell - _OUTSIDE - 1 + (share - until) / np.maximum(here - until, _LEAST)
        place[cell <= _OUTSIDE] = -np.inf
        place[cell > _OUTSIDE + self.levels - 1] = np.inf
        found: Array = place[self.which]
        return found


def fit(evidence: Evidence, *, chance: Chance | None = None) -> Population:
    """Return the most likely population; ``chance`` says what is known of it, and is else found out."""
    if chance is not None:
        return plausible(evidence, (chance,), drop=0.0)[0]
    # First how far chance reaches, then how many trainings lapse: half of all combinations, nearly always the best one.
    least = tuple(one for one in _TRIED if one.lapses == _LAPSES[0])
    width = plausible(evidence, least, drop=0.0)[0].chance
    return plausible(evidence, [width._replace(lapses=lapses) for lapses in _LAPSES], drop=0.0)[0]


def plausible(
    evidence: Evidence, tried: Sequence[Chance] | None = None, *, drop: float = 1.92
) -> list[Population]:
    """Return the most likely population, and those with other chance whose log-likelihood is at most ``drop`` less.

    1.92 is half the 95 % quantile of χ² with one degree of freedom: the interval of a profile likelihood.
    """
    rows, which, count = evidence.patterns()
    cells = rows.levels + 2 * _OUTSIDE + 1
    flat = np.full(cells, 1 / cells)
    found: list[tuple[float, Population]] = []
    for chance in tried or _TRIED:
        log = _log_likelihood(rows, chance)
        top = log.max(axis=1, keepdims=True)
        fits = np.exp(log - top)
        law, likelihood = _maximised(fits, count, flat, _ROUGH)
        likelihood += float(count @ top[:, 0])
        found.append((likelihood, Population(chance, law, fits, top[:, 0], which, count, rows.levels)))
    found.sort(key=lambda one: -one[0])
    chosen = [one for likelihood, one in found if likelihood >= found[0][0] - drop]
    return [replace(one, law=_maximised(one.fits, count, one.law, _FINE)[0]) for one in chosen]


def _log_likelihood(rows: Evidence, chance: Chance) -> Array:
    good, bad = _log_response(rows.levels, chance)
    log: Array = rows.good @ good + rows.bad @ bad
    return log


@functools.lru_cache(maxsize=256)
def _log_response(levels: int, chance: Chance) -> tuple[Array, Array]:
    """Return the logarithms of the probabilities to be good and to be bad, [level, cell]."""
    ndtr = needed("scipy.special", "sweep", "intervals").ndtr
    cells = np.arange(-_OUTSIDE - 1, levels + _OUTSIDE)
    distance = cells[:, None] + 0.5 - np.arange(levels)
    if chance.relative:
        places = np.maximum(np.arange(levels), 1e-6)
        distance = np.log(np.maximum(cells + 0.5, 1e-12))[:, None] - np.log(places)
    distance[0], distance[-1] = -1e6, 1e6  # the outermost cells are everything that is further out
    good = chance.lapses + (1 - 2 * chance.lapses) * ndtr(distance / chance.width)
    return np.ascontiguousarray(np.log(good).T), np.ascontiguousarray(np.log1p(-good).T)


def _maximised(fits: Array, count: Array, law: Array, steps: int) -> tuple[Array, float]:
    """Return the law after so many steps of expectation maximisation, and its log-likelihood."""
    part = count / count.sum()
    for _ in range(steps):
        law = law * ((part / (fits @ law)) @ fits)
    return law, float(count @ np.log(fits @ law))


def _beyond(shares: Array) -> Array:
    """Return the sum from each cell to the last."""
    summed: Array = np.cumsum(shares[..., ::-1], axis=-1)[..., ::-1]
    return summed
