"""How far one can go: the largest value of a key at which enough dies are still good, and how sure that is.

Every die has a limit of its own: where its error, taken to change linearly between two values of the grid, first rises
above what is allowed. The limit of all is an order statistic of these. Its interval follows from Wilson's for the share
of good dies: up to its lower end enough dies are surely good, beyond its upper end surely not enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from neurochip.sweep.statistics import wilson

__all__ = ["Crossing", "Limit", "Ratio", "crossing", "limit", "ratio"]

Trace = Sequence[tuple[float, float | None]]


class Crossing(NamedTuple):
    """How far: `None` when already the first value is too much, ``beyond`` when the last is not."""

    value: float | None
    beyond: bool = False


class Limit(NamedTuple):
    """How far enough dies are good, and the interval of that; ``low`` is `None` where so few dies show nothing."""

    at: Crossing
    low: Crossing | None
    high: Crossing


class Ratio(NamedTuple):
    """Of two limits; ``more`` when the first lies beyond the grid, so that the true ratio is larger."""

    value: float
    more: bool


def crossing(trace: Trace, within: float) -> Crossing:
    """Return how far one die goes.

    Parameters
    ----------
    trace
        (value, error above ideal) in the order of the way; `None` where the die could not be measured, which is then
        as far as it is known to go.
    within
        Largest error above ideal that is good.
    """
    reached: tuple[float, float] | None = None
    for value, above in trace:
        if above is None:
            return Crossing(None if reached is None else reached[0])
        if above > within:
            if reached is None:
                return Crossing(None)
            before, enough = reached
            return Crossing(before + (value - before) * (within - enough) / (above - enough))
        reached = (value, above)
    return Crossing(None if reached is None else reached[0], beyond=reached is not None)


def limit(crossings: Sequence[Crossing], wanted: float, *, down: bool = False) -> Limit:
    """Return how far a share ``wanted`` of dies goes; ``down`` when the way leads to smaller values."""
    n = len(crossings)
    if n == 0:
        raise ValueError("no dies have no limit")
    sign = -1.0 if down else 1.0

    def distance(found: Crossing) -> tuple[float, bool]:
        return (-math.inf if found.value is None else sign * found.value, found.beyond)

    ordered = sorted(crossings, key=distance)

    def reached_by(good: int) -> Crossing:
        """Return how far at least so many dies go."""
        return ordered[n - good]

    enough = next(good for good in range(1, n + 1) if good / n >= wanted - 1e-12)
    surely = next((good for good in range(1, n + 1) if wilson(good, n)[0] >= wanted), None)
    possibly = next(good for good in range(n + 1) if wilson(good, n)[1] >= wanted)
    return Limit(
        reached_by(enough),
        None if surely is None else reached_by(surely),
        # So few dies that even none of them good would not tell.
        Crossing(ordered[-1].value, beyond=True) if possibly == 0 else reached_by(possibly),
    )


def ratio(first: Limit, second: Limit) -> Ratio | None:
    """Return how much further the first goes than the second; `None` where that cannot be said."""
    a, b = first.at, second.at
    if a.value is None or not b.value or b.beyond:
        return None
    return Ratio(a.value / b.value, a.beyond)
