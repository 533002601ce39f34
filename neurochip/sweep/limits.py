"""From the points of one mode to its limits: ways along the key, levels on them, and what their numbers mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from neurochip.report.sweeps.schema import CellTable, CrossingTable, LimitTable, OnceTable, PointTable
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.judging import SAME, Reference
from neurochip.sweep.limit import Reach, fewest, reach, share_interval
from neurochip.sweep.population import Evidence, Population, fit, plausible
from neurochip.sweep.singly import DROP, Singly, reach_once, singly
from neurochip.sweep.space import Axis
from neurochip.sweep.statistics import t_quantile
from neurochip.sweep.widening import Widened, between, centred, own_seeds, shared_seeds, widened

__all__ = ["Found", "Trials", "Way", "found_of", "limit_of", "trials_of", "ways_of"]

NO_CHANCE = 0.5  # levels: what reaches less far was not seen
_NO_LAPSES = 0.004


class Way(NamedTuple):
    """Values from where a chip is best to where it is not; ``down`` when they become smaller."""

    values: tuple[float, ...]
    down: bool
    logarithmic: bool

    def value(self, level: float) -> CrossingTable:
        """Return what stands at a level, between two of them as the way goes."""
        if level == -math.inf:
            return {"value": None, "beyond": False}
        last = len(self.values) - 1
        if level > last:
            return {"value": self.values[last], "beyond": True}
        k = min(max(int(level), 0), max(last - 1, 0))
        a, b = self.values[k], self.values[min(k + 1, last)]
        share = max(level, 0.0) - k
        found = a * (b / a) ** share if self.logarithmic and a > 0 and b > 0 else a + (b - a) * share
        return {"value": found, "beyond": False}


class Trials(NamedTuple):
    """Measurements of one mode on a way: who, with which seed, at which level, and how much above the ideal chip."""

    dies: NDArray[np.int64]  # positions among all dies
    seeds: NDArray[np.int64]
    levels: NDArray[np.int64]
    above: NDArray[np.float64]  # ∞ for one that failed
    names: tuple[int, ...]  # of dies, or of seeds where there are none


def ways_of(
    axis: Axis, nominal: str, cells: Sequence[Sequence[CellTable]], *, ideal_is_nominal: bool
) -> list[Way]:
    """Return ways along the values of a key, from where the chip is best; none where values have no order.

    From the nominal value up and down. Where that is not the ideal chip, as with the size of a transistor, from the end
    where more is good.
    """
    numbers = axis.numbers
    if numbers is None or not cells:
        return []
    up = tuple(sorted(numbers))
    log = axis.logarithmic
    try:
        start = float(nominal)
    except ValueError:
        start = up[0]
    if start <= up[0]:
        return [Way(up, False, log)]
    if start >= up[-1]:
        return [Way(up[::-1], True, log)]
    if ideal_is_nominal:
        above = tuple(x for x in up if x >= start)
        below = tuple(x for x in reversed(up) if x <= start)
        return [Way(above, False, log), Way(below, True, log)]
    by_value = [{cell["x"]: cell["good_share"] or 0.0 for cell in line} for line in cells]
    ends = [sum(line.get(x, 0.0) for line in by_value) for x in (up[0], up[-1])]
    return [Way(up, False, log) if ends[0] >= ends[1] else Way(up[::-1], True, log)]


def trials_of(points: Sequence[PointTable], way: Way, names: Sequence[int]) -> Trials:
    """Return the measurements that lie on a way; what was not measured yet, or not compared, is none."""
    level_of = {value: k for k, value in enumerate(way.values)}
    place = {name: k for k, name in enumerate(names)}
    rows = []
    for point in points:
        level = level_of.get(float(point["values"][0]))
        who = point["die"] or point["seed"]
        if level is None or point["good"] is None or who not in place:
            continue
        above = math.inf if point["above"] is None else point["above"]
        rows.append((place[who], point["seed"], level, above))
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    whole = [np.array(column, dtype=np.int64) for column in columns[:3]]
    return Trials(
        whole[0],
        whole[1],
        whole[2],
        np.array(columns[3], dtype=np.float64),
        tuple(names),
    )


class Found(NamedTuple):
    """A population, how far it goes, and by how much that moves with the reference and with shared seeds.

    ``once`` is how far one training of each die goes; `None` where two trainings of a die do not differ.
    """

    population: Population
    reach: Reach
    reference: float | None
    seeds: float | None
    once: Singly | None


def found_of(
    trials: Trials,
    levels: int,
    wanted: float,
    within: float,
    compared: tuple[float | None, int],
    *,
    differs: bool = True,
) -> Found:
    """Return what trials tell of the limits of their dies.

    Parameters
    ----------
    levels
        How many values may be measured.
    wanted, within
        Share of dies whose limit is sought; largest error above the ideal chip's that is good.
    compared
        Standard error of what all trials are compared with, and how many trainings it is the mean of; `None` where
        each is compared with the weights that it has itself.
    differs
        Whether two trainings of a die may differ: a network that is carried over does the same each time, and what
        looks like chance is the die.
    """
    shape = (len(trials.names), levels)
    allowed = within + SAME

    def evidence(shift: float = 0.0, weights: float | NDArray[np.float64] = 1.0) -> Evidence:
        good = trials.above <= allowed + shift
        return Evidence.of(trials.dies, trials.levels, good, shape, weights)

    seen = evidence()
    ways = plausible(seen)
    best = ways[0]
    reaches = [reach(one, wanted, seen) for one in ways]
    found = Reach(reaches[0].at, min(one.low for one in reaches), max(one.high for one in reaches))
    error, trainings = compared
    references = [] if error is None else [evidence(sign * error) for sign in (-1, 1)]
    shared, own = shared_seeds(trials.seeds, trials.dies), own_seeds(trials.seeds, trials.dies, shape[0])
    if len(shared) < 2:
        seeds = []
    elif own is None:
        seeds = [evidence(0.0, np.where(trials.seeds == seed, 0.5, 1.0)) for seed in shared]
    else:
        seeds = [seen.only(own != seed) for seed in shared]
    shifts = len(references)
    moved = [(other, fit(other, chance=best.chance)) for other in (seen, *references, *seeds)]

    def widened_by(
        found: Reach, of: Callable[[Evidence, Population], Reach], *, references: bool = True
    ) -> Widened:
        here, *others = (of(other, population) for other, population in moved)
        at = [one.at for one in others]
        return widened(
            found, here, at[:shifts] if references else [], trainings, at[shifts:], own=own is not None
        )

    often = widened_by(found, lambda other, population: reach(population, wanted, other))
    once = None
    if differs and _width(best, found.at) >= NO_CHANCE:
        single = singly(plausible(seen, drop=DROP), wanted)
        reached = widened_by(
            single.reach,
            lambda _, moved: single.reach._replace(at=reach_once(moved.once(), wanted)),
            references=False,
        ).reach
        if error is not None:  # what looks like chance moves with the reference, too

            def by_reference(size: float) -> list[float]:
                return [reach_once(fit(evidence(sign * size)).once(), wanted) for sign in (-1, 1)]

            reached = between(reached, *by_reference(t_quantile(0.975, trainings - 1) * error))
            reached = centred(reached, by_reference(error))
        once = single._replace(reach=reached)
    return Found(best, often.reach, often.reference, often.seeds, once)


def _width(population: Population, at: float) -> float:
    """Return how far chance reaches where the limit lies, in levels."""
    chance = population.chance
    return chance.width * max(at if math.isfinite(at) else 0.0, 1.0) if chance.relative else chance.width


def limit_of(
    definition: Definition,
    mode: Mode,
    way: Way,
    trials: Trials,
    reference: Reference,
) -> LimitTable | None:
    """Return how far enough dies are good on a way; `None` where nothing was measured."""
    if not len(trials.dies):
        return None
    compared = (reference.error if mode is Mode.IN_LOOP else None, len(reference.by_seed))
    # A network that is carried over unchanged does the same each time: what looks like chance is the die.
    found = found_of(
        trials,
        len(way.values),
        definition.wanted,
        definition.within,
        compared,
        differs=mode is not Mode.DEPLOY,
    )
    exact = definition.adaptive
    reached = found.reach
    cell = None
    if not exact:
        if math.isfinite(reached.at):
            k = math.floor(reached.at)
            if k + 1 < len(way.values):
                cell = list(way.values[k : k + 2])
            else:  # enough are good at the last value: the limit is beyond it
                reached = Reach(math.inf, reached.low, reached.high)
        # What a grid can say is between which of its values.
        reached = _of_cells(reached)
    population = found.population
    n = population.known(definition.wanted)
    shares = population.shares()
    low, high = share_interval(shares * n, n)
    # Nowhere more dies are good than before, nor fewer than behind.
    high = np.minimum.accumulate(high)
    low = np.maximum.accumulate(low[::-1])[::-1]
    place = found.reach.at if math.isfinite(found.reach.at) else 0.0
    step = _step(way, place)
    width = _width(population, found.reach.at)
    if found.once is not None:
        shares, low, high = np.minimum.accumulate(population.once()), found.once.low, found.once.high
    shown = way.value(reached.low)
    counts = np.bincount(trials.dies, minlength=len(trials.names))
    middles = [population.quantiles(share) for share in (0.05, 0.5, 0.95)]
    first = trials.levels == 0
    return {
        "direction": "down" if way.down else "up",
        "at": way.value(reached.at),
        "low": None if shown["value"] is None else shown,
        "high": way.value(reached.high),
        "cell": cell,
        "exact": exact,
        "n": len(trials.names),
        "fewest": fewest(definition.wanted),
        "known": float(np.interp(place, np.arange(len(n)), n)),
        "chance": width * step if width >= NO_CHANCE else 0.0,
        "once": None if found.once is None else _once(found.once.reach, way, exact=exact),
        "lapses": population.chance.lapses if population.chance.lapses > _NO_LAPSES else None,
        "reference": None if found.reference is None else found.reference * step,
        "seeds": None if found.seeds is None else found.seeds * step,
        "first": way.values[0],
        "first_good": float(np.mean(trials.above[first] <= definition.within + SAME)) if first.any() else 1.0,
        "dies": [
            {
                "die": name,
                "low": way.value(float(middles[0][k])),
                "at": way.value(float(middles[1][k])),
                "high": way.value(float(middles[2][k])),
                "trainings": int(counts[k]),
            }
            for k, name in enumerate(trials.names)
        ],
        "fit": cast(
            Any,
            [
                {"x": x, "share": float(a), "low": float(b), "high": float(c)}
                for x, a, b, c in zip(way.values, shares, low, high, strict=True)
            ],
        ),
    }


def _once(once: Reach, way: Way, *, exact: bool) -> OnceTable:
    """Return how far one training goes; from a grid the ends of its interval are values of the grid."""
    ends = once if exact else _of_cells(once)
    low = way.value(ends.low)
    return {
        "at": way.value(once.at),
        "low": None if low["value"] is None else low,
        "high": way.value(ends.high),
    }


def _of_cells(reached: Reach) -> Reach:
    """Return levels as a grid knows them: between which of its values they lie."""
    return Reach(
        _whole(reached.at, math.floor), _whole(reached.low, math.floor), _whole(reached.high, math.ceil)
    )


def _whole(level: float, to: Any) -> float:
    return float(to(level)) if math.isfinite(level) else level


def _step(way: Way, level: float) -> float:
    """Return how much the key changes over one level."""
    if len(way.values) < 2:
        return 0.0
    k = min(max(int(level), 0), len(way.values) - 2)
    return abs(way.values[k + 1] - way.values[k])
