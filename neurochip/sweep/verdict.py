"""How far one can go: the largest value of a key at which enough dies are still good, and how sure that is.

Between two values of the grid the share of good dies is taken to change linearly. The interval comes from the same
interpolation of Wilson's bounds: below its lower end the share is surely enough, above its upper end surely not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Crossing", "Limit", "Ratio", "Share", "limit", "ratio"]


class Share(NamedTuple):
    """Share of good dies at one value, with Wilson's interval."""

    value: float
    share: float
    low: float
    high: float
    good: int
    n: int


class Crossing(NamedTuple):
    """Where a curve falls below the wanted share; `None` before the first value, ``beyond`` after the last."""

    value: float | None
    beyond: bool = False


class Limit(NamedTuple):
    """σ* and its interval.

    Attributes
    ----------
    at
        The interpolated crossing.
    low, high
        Crossings of the lower and of the upper bound.
    last
        The last value of the grid up to which all are good enough; `None` when already the first is not.
    """

    at: Crossing
    low: Crossing
    high: Crossing
    last: Share | None


class Ratio(NamedTuple):
    """Of two limits; ``more`` when the first lies beyond the grid, so that the true ratio is larger."""

    value: float
    more: bool


def limit(shares: Sequence[Share], wanted: float) -> Limit:
    """Return how far one can go along ``shares``, which begin at the nominal end of the grid."""
    last = None
    for share in shares:
        if share.share < wanted:
            break
        last = share
    values = [share.value for share in shares]
    return Limit(
        _crossing(values, [share.share for share in shares], wanted),
        _crossing(values, [share.low for share in shares], wanted),
        _crossing(values, [share.high for share in shares], wanted),
        last,
    )


def _crossing(values: Sequence[float], shares: Sequence[float], wanted: float) -> Crossing:
    if not values or shares[0] < wanted:
        return Crossing(None)
    pairs = zip(zip(values, shares, strict=True), zip(values[1:], shares[1:], strict=True), strict=False)
    for (before, enough), (after, share) in pairs:
        if share < wanted:
            return Crossing(before + (after - before) * (enough - wanted) / (enough - share))
    return Crossing(values[-1], beyond=True)


def ratio(first: Limit, second: Limit) -> Ratio | None:
    """Return how much further the first goes than the second; `None` where that cannot be said."""
    a, b = first.at, second.at
    if a.value is None or not b.value or b.beyond:
        return None
    return Ratio(a.value / b.value, a.beyond)
