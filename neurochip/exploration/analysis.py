"""Points of a grid → fronts of any two figures, how much each key moves each figure, and keys that move none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from neurochip.report.explorations.metrics import METRICS
from neurochip.report.explorations.schema import FrontOfTwo, PointTable, SensitivityTable
from neurochip.report.front import pareto_front
from neurochip.sweep.space import Axis

__all__ = ["differing", "fronts_of", "moves_nothing", "sensitivity_of"]

_SAME = 1e-12  # relative


def differing(points: Sequence[PointTable]) -> list[str]:
    """Return the figures in which points differ: only among these is there anything to choose."""
    found = []
    for name in METRICS:
        values = [point["metrics"][name] for point in points if name in point["metrics"]]
        if values and max(values) - min(values) > _SAME * max(map(abs, values)):
            found.append(name)
    return found


def fronts_of(points: Sequence[PointTable], names: Sequence[str]) -> list[FrontOfTwo]:
    """Return the front of every two of these figures."""
    fronts: list[FrontOfTwo] = []
    for one, other in itertools.combinations(names, 2):
        there = [
            (k, point["metrics"][one], point["metrics"][other])
            for k, point in enumerate(points)
            if one in point["metrics"] and other in point["metrics"]
        ]
        rows = pareto_front([(a, b) for _, a, b in there])
        fronts.append({"metrics": [one, other], "points": [there[row][0] for row in rows]})
    return fronts


def _lines(axis: Axis, points: Sequence[PointTable]) -> list[list[PointTable]]:
    """Return points that differ in one key alone, in the order of its values."""
    lines: dict[tuple[str, ...], list[PointTable]] = {}
    for point in points:
        others = tuple(value for key, value in point["values"].items() if key != axis.key)
        lines.setdefault(others, []).append(point)
    order = {value: k for k, value in enumerate(axis.values)}
    return [sorted(line, key=lambda p: order[p["values"][axis.key]]) for line in lines.values()]


def moves_nothing(axis: Axis, points: Sequence[PointTable]) -> bool:
    """Whether no figure of any point, nor whether it can be, depends on a key."""
    for line in _lines(axis, points):
        first = line[0]
        for point in line[1:]:
            if (point["failure"] is None) != (first["failure"] is None) or point["metrics"] != first[
                "metrics"
            ]:
                return False
    return True


def sensitivity_of(
    axes: Sequence[Axis], points: Sequence[PointTable], names: Sequence[str]
) -> list[SensitivityTable]:
    """Return how much each key moves each figure, everything else held."""
    return [_sensitivity(axis, points, name) for axis in axes for name in names]


def _sensitivity(axis: Axis, points: Sequence[PointTable], name: str) -> SensitivityTable:
    ratios, slopes = [], []
    numbers = dict(zip(axis.values, axis.numbers, strict=True)) if axis.numbers is not None else {}
    for line in _lines(axis, points):
        values = [
            (p["values"][axis.key], p["metrics"][name])
            for p in line
            if p["failure"] is None and name in p["metrics"]
        ]
        if len(values) < 2:
            continue
        figures = [figure for _, figure in values]
        if min(figures) > 0:
            ratios.append(max(figures) / min(figures))
            if numbers and all(numbers[value] > 0 for value, _ in values):
                slopes.append(_slope([numbers[value] for value, _ in values], figures))
    return {
        "key": axis.key,
        "metric": name,
        "ratio": math.exp(float(np.mean(np.log(ratios)))) if ratios else None,
        "slope": float(np.mean(slopes)) if slopes else None,
    }


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the slope of log y over log x by least squares."""
    across, along = np.log(x) - np.mean(np.log(x)), np.log(y) - np.mean(np.log(y))
    return float(across @ along / (across @ across))
