"""The Pareto front: what nothing else beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Front", "pareto_front"]


def pareto_front(points: ArrayLike) -> list[int]:
    """Return the rows of f64[point, objective] that no other row dominates, smaller being better.

    A row dominates another when it is nowhere larger and somewhere smaller. Of equal rows all are kept.
    The rows come in the order of their first objective.
    """
    values = np.asarray(points, dtype=np.float64)
    if values.size == 0:
        return []
    # In this order nothing is dominated by what comes later.
    kept: list[int] = []
    front = values[:0]
    for row in np.lexsort(values.T[::-1]).tolist():
        if not ((front <= values[row]).all(axis=1) & (front < values[row]).any(axis=1)).any():
            kept.append(row)
            front = values[kept]
    return kept


class Front:
    """The Pareto front of points that come one after the other; of equal points with one objective only the first."""

    def __init__(self) -> None:
        self._points: list[tuple[float, ...]] = []

    def add(self, point: Sequence[float]) -> bool:
        """Take a point in, and return whether it is on the front now."""
        new = tuple(point)
        if len(new) == 1 and self._points and self._points[0] <= new:
            return False
        if any(all(a <= b for a, b in zip(old, new, strict=True)) and old != new for old in self._points):
            return False
        self._points = [
            old
            for old in self._points
            if old == new or not all(a <= b for a, b in zip(new, old, strict=True))
        ]
        self._points.append(new)
        return True
