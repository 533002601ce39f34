"""How far a sweep is while it goes on, and what was done when it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Listener", "SweepProgress", "Tally"]


class SweepProgress(NamedTuple):
    """How far a sweep is.

    Attributes
    ----------
    done, total
        Tasks; those that an earlier session finished count as done.
    planned
        Whether ``total`` is all of them; else more are being spelled out.
    failed
        Among those done.
    busy
        Share of the workers' time in which they worked, so far.
    note
        Something to tell: a worker that died, a task that failed.
    """

    done: int
    total: int
    failed: int
    workers: int
    busy: float | None
    seconds_left: float | None
    note: str | None = None
    planned: bool = True


class Tally(NamedTuple):
    """What a session did."""

    measured: int
    failed: int
    deaths: int
    seconds: float
    busy: float | None
    workers: int
    stopped: bool

    def and_then(self, other: Tally) -> Tally:
        """Return what both sessions did, one after the other."""
        busy = [(one.busy, one.seconds) for one in (self, other) if one.busy is not None and one.seconds]
        seconds = sum(lasted for _, lasted in busy)
        return Tally(
            self.measured + other.measured,
            self.failed + other.failed,
            self.deaths + other.deaths,
            self.seconds + other.seconds,
            sum(share * lasted for share, lasted in busy) / seconds if seconds else None,
            other.workers,
            other.stopped,
        )


Listener = Callable[[SweepProgress], None]
