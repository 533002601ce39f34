"""How fast the workers of a sweep are, how busy, and how long it will take."""

from __future__ import annotations

import time

__all__ = ["Pace"]


class Pace:
    """The time of all workers together, and the work before and behind them, each kind by itself.

    Costs are relative; what a unit of them takes is known from the work that was done.
    """

    def __init__(self) -> None:
        self._worked = self._offered = 0.0  # seconds of all workers: at work, and there
        self._done: dict[str, tuple[float, float]] = {}  # work → seconds and cost so far
        self._left: dict[str, float] = {}  # work → cost
        self._began = self._looked = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Time since the session began."""
        return time.perf_counter() - self._began

    def add(self, work: str, cost: float) -> None:
        """Count a task that is to be done."""
        self._left[work] = self._left.get(work, 0.0) + cost

    def take_off(self, work: str, cost: float) -> None:
        """Count a task that is over, however it ended."""
        self._left[work] -= cost

    def learn(self, work: str, cost: float, seconds: float) -> None:
        """Note how long a worker took for a task."""
        self._worked += seconds
        before, costs = self._done.get(work, (0.0, 0.0))
        self._done[work] = (before + seconds, costs + cost)

    def busy(self, workers: int) -> float | None:
        """Return the share of the workers' time in which they worked; there may be more of them now, or fewer."""
        now = time.perf_counter()
        self._offered += (now - self._looked) * workers
        self._looked = now
        return min(self._worked / self._offered, 1.0) if self._worked and self._offered else None

    def seconds_left(self, workers: int) -> float | None:
        """From the pace of each kind of work so far; of a kind not yet seen, from all others."""
        seconds = sum(s for s, _ in self._done.values())
        cost = sum(c for _, c in self._done.values())
        if not cost:
            return None
        ahead = 0.0
        for work, left in self._left.items():
            s, c = self._done.get(work, (seconds, cost))
            ahead += left * s / c if c else 0.0
        return max(ahead, 0.0) / workers
