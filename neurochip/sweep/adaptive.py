"""Which measurements come next, where the limit of each die is sought.

The first dies are measured at the values of the first key. Then rounds follow: each asks for one training of every
die of which it is not yet known well enough whether its limit lies beyond the limit of all, at the level where its own
is as likely to be as not, but no further than the limit of all may lie. Without chance this is bisection, and a die
whose limit is surely far away is left alone. When these dies are known as many others follow, until all are: they are
measured first where the limit of all may lie at most, so that most are known at once. Where two trainings of a die
differ, every other one is made where one training of enough dies is good, and no more: that is a share of trainings,
and is counted there. At the end every die is measured once where the limit of all was found; if one is bad there that
was good further out, then all are where its interval begins, too. A round follows from the results of those before,
whoever measured them and when.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.report.sweeps.schema import PointTable
from neurochip.sweep.cells import cell_of
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.judging import SAME, judged
from neurochip.sweep.limit import Reach, reach
from neurochip.sweep.limits import Trials, Way, trials_of, ways_of
from neurochip.sweep.plan import Plan, Request, seed_of
from neurochip.sweep.population import Chance, Evidence, Population, fit
from neurochip.sweep.route import lattice, written
from neurochip.sweep.singly import reach_once
from neurochip.sweep.store import Store

__all__ = ["MOST", "Probe", "last_probes", "next_probes", "next_requests"]

MOST = 9  # trainings of a die, on average, beyond which another die tells more
_UNKNOWN = 0.1  # of what is to be known of a die: less is left alone
_TOGETHER, _SEVERAL = 24, 4  # trainings that a round has, if that takes no more than so many of one die
_FIRST = Chance(2.0, 0.02)  # what chance may do, as long as nothing is known of it
_EARLY = 2  # trainings of a die, on average, that do not tell yet what chance does


class Probe(NamedTuple):
    """A training that is wanted: of which die, at which level."""

    die: int
    level: int


def next_probes(
    trials: Trials, levels: int, wanted: float, within: float, most: float = MOST, *, differs: bool = True
) -> list[Probe]:
    """Return the next round; nothing when no die can tell much more.

    Parameters
    ----------
    trials
        What was measured so far.
    levels
        How many values may be measured.
    wanted
        Share of dies whose limit is sought.
    within
        Largest error above that of the ideal chip that is good.
    most
        Trainings of a die, on average, after which only the last check is still made.
    differs
        Whether two trainings of a die may differ.
    """
    evidence, population, reached = _known(trials, levels, wanted, within)
    n = evidence.dies
    first, last = _window(reached, levels)
    unknown = population.unknown(wanted)[:, first : last + 1].mean(axis=1)
    open_dies = np.flatnonzero(unknown > _UNKNOWN)
    if len(trials.dies) >= most * n or not len(open_dies):
        return last_probes(trials, levels, wanted, within, most)
    made = np.bincount(trials.dies, minlength=n)
    open_dies = _in_turn(open_dies, made)
    # A round of few dies asks for several trainings of each, so that workers have something to do.
    several = min(max(_TOGETHER // len(open_dies), 1), _SEVERAL)
    once = _once(evidence, population, wanted) if differs else None
    probes = []
    for k in range(several):
        places = np.clip(population.quantiles((k + 0.5) / several)[open_dies], 0, levels)
        # Below and above in turn.
        turn = made[open_dies] + k
        at = np.clip(np.floor(places) + (open_dies + turn) % 2, 0, last)
        if once is not None:  # every other training where one training of enough dies is good, and no more
            at = np.where(turn % 2, np.clip(once + (open_dies + turn // 2) % 2, 0, levels - 1), at)
        at = at.astype(int)
        probes += [Probe(int(die), int(level)) for die, level in zip(open_dies, at, strict=True)]
    return probes


def _once(evidence: Evidence, population: Population, wanted: float) -> int | None:
    """Return the level before the one at which too few single trainings are good; `None` where they do not differ."""
    if population.chance.is_none or population.chance is _FIRST:
        return None
    return _level(reach_once(population.once(), wanted), evidence.levels)


def _in_turn(dies: NDArray[np.intp], made: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return those of some dies that come next: ones that were measured before, and new ones when these are few.

    With nothing else to do as many new ones as there were before.
    """
    before, new = dies[made[dies] > 0], dies[made[dies] == 0]
    had = int(np.count_nonzero(made))
    most = max(max(_TOGETHER, had // 2) - len(before), 0) if len(before) else max(_TOGETHER, had)
    return np.sort(np.concatenate([before, new[:most]]))


def last_probes(trials: Trials, levels: int, wanted: float, within: float, most: float = MOST) -> list[Probe]:
    """Return the dies that were not yet measured where the limit of all was found.

    Where one of them is bad that was good further out, chance had a part or dies get better again: then all are
    measured where enough are surely good, too.
    """
    evidence, _, reached = _known(trials, levels, wanted, within)
    if len(trials.dies) >= (most + 2) * evidence.dies:
        return []
    measured = evidence.good + evidence.bad
    checked = {_level(reached.at, levels)}
    if _better_again(evidence) and math.isfinite(reached.low):
        checked.add(_level(reached.low, levels))
    return [
        Probe(int(die), level) for level in sorted(checked) for die in np.flatnonzero(measured[:, level] == 0)
    ]


def _better_again(evidence: Evidence) -> bool:
    """Whether any die is good at a level behind one where it is bad."""
    good, bad = evidence.good > 0, evidence.bad > 0
    was_bad = np.cumsum(bad, axis=1) > 0
    return bool((good[:, 1:] & was_bad[:, :-1]).any())


def _known(trials: Trials, levels: int, wanted: float, within: float) -> tuple[Evidence, Population, Reach]:
    n = len(trials.names)
    evidence = Evidence.of(trials.dies, trials.levels, trials.above <= within + SAME, (n, levels))
    few = len(trials.dies) < _EARLY * len(np.unique(trials.dies))
    population = fit(evidence, chance=_FIRST if few else None)
    return evidence, population, reach(population, wanted, evidence)


def _window(reached: Reach, levels: int) -> tuple[int, int]:
    """Return the levels between which the limit of all may lie."""
    last = math.ceil(reached.high) if math.isfinite(reached.high) else reached.high
    return _level(reached.low, levels), _level(last, levels)


def _level(place: float, levels: int) -> int:
    """Return the level before a place, or the nearest that there is."""
    return math.floor(min(max(place, 0.0), levels - 1.0))


def next_requests(definition: Definition, plan: Plan, store: Store) -> list[Request]:
    """Return the measurements of the next round; nothing when limits are as well known as these dies let them be."""
    points, reference = judged(definition, plan, store)
    if reference.mean is None:
        return []
    axis = definition.axes[0]
    names = range(1, definition.dies + 1)
    of: dict[tuple[str, tuple[str, ...]], list[PointTable]] = {}
    for point in points:
        of.setdefault((point["mode"], tuple(point["values"][1:])), []).append(point)
    requests: list[Request] = []
    modes = [mode for mode in definition.modes if mode is not Mode.IDEAL]
    for others in itertools.product(*(other.values for other in definition.axes[1:])):
        lines = [
            [cell_of(axis, k, _at(of.get((mode, others), []), value)) for k, value in enumerate(axis.values)]
            for mode in modes
        ]
        ways = ways_of(axis, definition.nominal[0], lines, ideal_is_nominal=plan.ideal_is_nominal)
        for mode, way in itertools.product(modes, ways):
            finer = lattice(way, definition.precision)
            mine = of.get((mode, others), [])
            requests += _of_way(definition, mode, others, finer, trials_of(mine, finer, names), mine)
    return requests


def _at(points: Sequence[PointTable], value: str) -> list[PointTable]:
    return [point for point in points if point["values"][0] == value]


def _of_way(
    definition: Definition,
    mode: Mode,
    others: tuple[str, ...],
    way: Way,
    trials: Trials,
    points: Sequence[PointTable],
) -> Iterator[Request]:
    if not len(trials.dies):
        return
    text = {float(value): value for value in definition.axes[0].values}
    done = _counts(points, len(trials.names))
    had = {(point["die"], point["values"][0], point["seed"]) for point in points}
    levels, wanted, within = len(way.values), definition.wanted, definition.within
    for probes in (functools.partial(next_probes, differs=mode is not Mode.DEPLOY), last_probes):
        found = False
        for die, level in probes(trials, levels, wanted, within):
            value = text.get(way.values[level], written(way.values[level]))
            seed = _fresh(definition, mode, die + 1, int(done[die]), value, had)
            if seed is not None:
                found = True
                done[die] += 1
                had.add((die + 1, value, seed))
                yield Request((value, *others), mode, die + 1, seed)
        if found:
            return


def _fresh(
    definition: Definition, mode: Mode, die: int, trial: int, value: str, had: set[tuple[int, str, int]]
) -> int | None:
    """Return the next seed that a die has not had at a value; `None` when it has had all that there are."""
    for further in range(definition.references):
        seed = seed_of(definition, mode, die, trial + further)
        if (die, value, seed) not in had:
            return seed
    return None


def _counts(points: Sequence[PointTable], dies: int) -> NDArray[np.int64]:
    """Return how many trainings of each die there are, at all values: the next has the next seed."""
    return np.bincount([point["die"] - 1 for point in points if point["die"]], minlength=dies)
