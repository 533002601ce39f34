"""Variants timed in turn, round after round, so that each meets the same machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

__all__ = ["Clock", "Times", "Work", "in_turn", "timed"]

Work = Callable[[], Any]
Clock = Literal["cpu", "wall"]


class Times(NamedTuple):
    """Seconds of one variant, one entry per round: CPU time of this process, all its threads, and of the wall."""

    cpu: list[float]
    wall: list[float]

    def of(self, clock: Clock) -> list[float]:
        """Return the seconds by one of the clocks."""
        return self.cpu if clock == "cpu" else self.wall


def timed(work: Work, calls: int = 1) -> tuple[float, float]:
    """Return the CPU and the wall seconds of one of so many calls in a row."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(calls):
        work()
    return (time.process_time() - cpu) / calls, (time.perf_counter() - wall) / calls


def in_turn(
    variants: Mapping[str, Work], rounds: int, *, calls: int | Mapping[str, int] = 1, warm: bool = False
) -> dict[str, Times]:
    """Time all variants in turn, so many rounds.

    Each is called once before the first round: to compile, and to touch its memory.

    Parameters
    ----------
    variants
        Name → work.
    rounds
        At least one.
    calls
        In a row per round; their mean counts. By name, where they differ.
    warm
        Whether each is called once more, untimed, before its turn: then the others have not taken its caches.
    """
    found = {name: Times([], []) for name in variants}
    for work in variants.values():
        work()
    for _ in range(rounds):
        for name, work in variants.items():
            if warm:
                work()
            cpu, wall = timed(work, calls if isinstance(calls, int) else calls[name])
            found[name].cpu.append(cpu)
            found[name].wall.append(wall)
    return found
