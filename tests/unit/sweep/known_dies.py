"""Dies whose truth is known, and sweeps of them: through the same rounds and the same statistics as those of chips.

The limits of all dies but those of ``good`` and ``bad`` follow the same law: 0.2 · exp(0.15 z), z standard normal.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.sweep.adaptive import next_probes
from neurochip.sweep.limits import Found, Trials, found_of

Array = NDArray[np.float64]
Errors = Callable[[NDArray[np.int64], Array], Array]  # dies, values → errors above the true ideal

LEVELS = 65
VALUES = np.linspace(0, 0.4, LEVELS)
WITHIN = 0.01
WANTED = 0.95
REFERENCES = 8
_LAW = (math.log(0.2), 0.15)
QUANTILE = math.exp(_LAW[0] + NormalDist().inv_cdf(1 - WANTED) * _LAW[1])  # 0.1563


class Known(NamedTuple):
    """Dies: their errors, how much two ideal trainings differ, and how far 95 % of all such dies go."""

    errors: Errors
    spread: float
    truth: float


def known(kind: str, n: int, rng: np.random.Generator) -> Known:
    """Return ``n`` dies of a kind."""
    limits = np.exp(_LAW[0] + _LAW[1] * rng.standard_normal(n))
    jumps = rng.uniform(0.05, 0.1, n)

    def noise(sd: float, like: Array) -> Array:
        return sd * rng.standard_normal(len(like))

    def quadratic(dies: NDArray[np.int64], x: Array) -> Array:
        return WITHIN * (x / limits[dies]) ** 2

    def jumping(dies: NDArray[np.int64], x: Array) -> Array:
        return np.where(x < limits[dies], -0.0035, jumps[dies]) + noise(0.001, x)

    def windowed(dies: NDArray[np.int64], x: Array) -> Array:
        """A die gets better again for a while, just behind its limit."""
        ratio = x / limits[dies]
        return np.where((ratio < 1) | ((ratio > 1.08) & (ratio < 1.16)), -0.0035, 0.05) + noise(0.001, x)

    kinds: dict[str, Known] = {
        "smooth": Known(quadratic, 0.0, QUANTILE),
        "jumping": Known(jumping, 0.002, QUANTILE),
        "noisy": Known(lambda dies, x: quadratic(dies, x) + noise(0.004, x), 0.002, QUANTILE),
        "good": Known(lambda dies, x: noise(0.004, x), 0.002, math.inf),
        "bad": Known(lambda dies, x: 0.05 + noise(0.004, x), 0.002, -math.inf),
        "not monotone": Known(windowed, 0.002, _windowed_truth()),
    }
    return kinds[kind]


@functools.cache
def _windowed_truth() -> float:
    """Return where fewer than 95 % of the dies that get better again are good, as they are at that value."""
    law = NormalDist(*_LAW)

    def good(x: float) -> float:
        return 1 - law.cdf(math.log(x)) + law.cdf(math.log(x / 1.08)) - law.cdf(math.log(x / 1.16))

    grid = np.linspace(0.1, 0.2, 20_001)
    return float(grid[np.argmax([good(x) < WANTED for x in grid])])


def measured(known: Known, n: int, rng: np.random.Generator, first: tuple[int, ...]) -> tuple[Trials, Any]:
    """Return all trials of a sweep that seeks the limits of ``n`` dies, and what they are compared with."""
    ideal = known.spread * rng.standard_normal(REFERENCES)
    error = float(np.std(ideal, ddof=1)) / math.sqrt(REFERENCES) if known.spread else None
    columns: list[list[Any]] = [[], [], [], []]

    def trials() -> Trials:
        whole = [np.array(column, dtype=np.int64) for column in columns[:3]]
        return Trials(*whole, np.array(columns[3], dtype=np.float64), tuple(range(1, n + 1)))

    def measure(dies: list[int], levels: list[int]) -> None:
        above = known.errors(np.array(dies), VALUES[np.array(levels)]) - float(ideal.mean())
        seeds = range(len(columns[1]), len(columns[1]) + len(dies))
        for column, values in zip(columns, (dies, seeds, levels, above), strict=True):
            column.extend(values)

    for level in first:
        measure(list(range(n)), [level] * n)
    for _ in range(60):
        probes = next_probes(trials(), LEVELS, WANTED, WITHIN)
        if not probes:
            break
        measure([probe.die for probe in probes], [probe.level for probe in probes])
    return trials(), (error, REFERENCES)


def value(level: float) -> float:
    """Return what stands at a level; ±∞ stay."""
    return level * float(VALUES[1]) if math.isfinite(level) else level


def verdict(trials: Trials, compared: Any) -> Found:
    """Return what a sweep concludes."""
    return found_of(trials, LEVELS, WANTED, WITHIN, compared)
