"""The Pareto front: what nothing else beats in everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["pareto_front"]


def pareto_front(points: ArrayLike) -> list[int]:
    """Return the rows of f64[point, objective] that no other row dominates, smaller being better.

    A row dominates another when it is nowhere larger and somewhere smaller. Of equal rows all are kept.
    The rows come in the order of their first objective.
    """
    values = np.asarray(points, dtype=np.float64)
    if values.size == 0:
        return []
    kept = []
    for row in range(len(values)):
        no_worse = (values <= values[row]).all(axis=1)
        better = (values < values[row]).any(axis=1)
        if not (no_worse & better).any():
            kept.append(row)
    return sorted(kept, key=lambda row: tuple(values[row]))
