"""Dies whose truth is known, and sweeps of them: through the same rounds and the same statistics as those of chips.

The limits of all dies but those of ``good`` and ``bad`` follow the same law: 0.2 · exp(0.15 z), z standard normal. Dies
with ``networks`` of their own, one of eight each, have limits that differ by exp(0.05 z) between networks, too. Each
training of *lucky* dies has a limit of its own, exp(0.3 z) times that of its die; of *lapsing* ones 2 % are bad
besides, wherever they are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.sweep.adaptive import Probe, last_probes, next_probes
from neurochip.sweep.limits import Found, Trials, found_of

Array = NDArray[np.float64]
Errors = Callable[[NDArray[np.int64], Array], Array]  # dies, values → errors above the true ideal

LEVELS = 65
VALUES = np.linspace(0, 0.4, LEVELS)
WITHIN = 0.01
WANTED = 0.95
REFERENCES = 8
FIRST = (16, 32, 48, 64)  # levels at which the first dies are measured
FIRST_DIES = 32
_LAW = (math.log(0.2), 0.15)
_LUCK = 0.3  # of trainings, in the logarithm of their limits
QUANTILE = math.exp(_LAW[0] + NormalDist().inv_cdf(1 - WANTED) * _LAW[1])  # 0.1563


class Known(NamedTuple):
    """Dies: their errors, how much two ideal trainings differ, and how far 95 % of all such dies go.

    ``once`` is how far 95 % of single trainings go, each of a die of its own; `None` where trainings do not differ.
    """

    errors: Errors
    spread: float
    truth: float
    networks: bool = (
        False  # whether each die has one of eight networks, and does the same whenever it is measured
    )
    once: float | None = None


def known(kind: str, n: int, rng: np.random.Generator, networks: float = 0.05) -> Known:
    """Return ``n`` dies of a kind; ``networks`` differ by so much, where dies have them."""
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

    def lucky(lapses: float) -> Errors:
        def errors(dies: NDArray[np.int64], x: Array) -> Array:
            bad = (x >= limits[dies] * np.exp(_LUCK * rng.standard_normal(len(x)))) | (
                rng.random(len(x)) < lapses
            )
            return np.where(bad, jumps[dies], -0.0035) + noise(0.001, x)

        return errors

    shifts = np.exp(networks * rng.standard_normal(REFERENCES))
    of_both = math.exp(_LAW[0] + NormalDist().inv_cdf(1 - WANTED) * math.hypot(_LAW[1], networks))

    def with_networks(dies: NDArray[np.int64], x: Array) -> Array:
        return WITHIN * (x / (limits * shifts[np.arange(n) % REFERENCES])[dies]) ** 2

    kinds: dict[str, Known] = {
        "smooth": Known(quadratic, 0.0, QUANTILE),
        "jumping": Known(jumping, 0.002, QUANTILE),
        "noisy": Known(
            lambda dies, x: quadratic(dies, x) + noise(0.004, x), 0.002, QUANTILE, once=_noisy_once()
        ),
        "lucky": Known(lucky(0.0), 0.002, QUANTILE, once=_lucky_once(0.0)),
        "lapsing": Known(lucky(0.02), 0.002, QUANTILE, once=_lucky_once(0.02)),
        "good": Known(lambda dies, x: noise(0.004, x), 0.002, math.inf),
        "bad": Known(lambda dies, x: 0.05 + noise(0.004, x), 0.002, -math.inf),
        "networks": Known(with_networks, 0.0, of_both, networks=True),
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


def _lucky_once(lapses: float) -> float:
    """Return where 95 % of single trainings are good: a limit has the variances of its die and of luck."""
    law = NormalDist(_LAW[0], math.hypot(_LAW[1], _LUCK))
    return math.exp(law.inv_cdf(1 - WANTED / (1 - lapses)))


@functools.cache
def _noisy_once() -> float:
    """Return where 95 % of single trainings are good, by the middles of 2000 equally likely dies."""
    limits = np.exp([NormalDist(*_LAW).inv_cdf((k + 0.5) / 2000) for k in range(2000)])
    low, high = 0.0, 0.4
    for _ in range(40):
        x = (low + high) / 2
        good = np.mean([NormalDist().cdf((1 - (x / limit) ** 2) * WITHIN / 0.004) for limit in limits])
        low, high = (x, high) if good > WANTED else (low, x)
    return low


def measured(known: Known, n: int, rng: np.random.Generator) -> tuple[Trials, Any]:
    """Return all trials of a sweep that seeks the limits of ``n`` dies, and what they are compared with."""
    ideal = known.spread * rng.standard_normal(REFERENCES)
    error = float(np.std(ideal, ddof=1)) / math.sqrt(REFERENCES) if known.spread else None
    columns: list[list[Any]] = [[], [], [], []]
    had: set[tuple[int, int]] = set()

    def trials() -> Trials:
        whole = [np.array(column, dtype=np.int64) for column in columns[:3]]
        return Trials(*whole, np.array(columns[3], dtype=np.float64), tuple(range(1, n + 1)))

    def measure(probes: Sequence[Probe]) -> bool:
        """Measure what is new: a die with a network of its own does the same each time."""
        new = [probe for probe in probes if not (known.networks and probe in had)]
        had.update(new)
        dies, levels = ([probe[k] for probe in new] for k in (0, 1))
        above = known.errors(np.array(dies, int), VALUES[np.array(levels, int)]) - float(ideal.mean())
        seeds = np.array(dies) % REFERENCES if known.networks else len(columns[1]) + np.arange(len(dies))
        for column, values in zip(columns, (dies, seeds, levels, above), strict=True):
            column.extend(values)
        return bool(new)

    for level in FIRST:
        measure([Probe(die, level) for die in range(min(n, FIRST_DIES))])
    for _ in range(60):
        if not any(
            measure(probes(trials(), LEVELS, WANTED, WITHIN))
            for probes in (functools.partial(next_probes, differs=not known.networks), last_probes)
        ):
            break
    return trials(), (error, REFERENCES)


def value(level: float) -> float:
    """Return what stands at a level; ±∞ stay."""
    return level * float(VALUES[1]) if math.isfinite(level) else level


def verdict(trials: Trials, compared: Any) -> Found:
    """Return what a sweep concludes."""
    return found_of(trials, LEVELS, WANTED, WITHIN, compared)
