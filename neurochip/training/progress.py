"""What a run tells while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, NamedTuple

__all__ = ["Progress", "Reporter"]

Stage = Literal["compiling", "training", "evaluating", "convergence"]


class Progress(NamedTuple):
    """How far a run is.

    Attributes
    ----------
    epoch, epochs
        Epoch under way, from 1, and how many there are.
    done, total
        Samples of this stage.
    error
        Share wrong so far in this stage.
    test_error
        The last one measured.
    samples_per_s
        In this stage.
    seconds_left
        Of the whole run, from the pace so far.
    validation_error
        The last one measured; `None` without a part that is held out.
    """

    stage: Stage
    epoch: int
    epochs: int
    done: int
    total: int
    error: float | None
    test_error: float | None
    samples_per_s: float
    seconds_left: float | None
    validation_error: float | None = None


class Reporter:
    """Passes progress on, at most ten times a second, with the pace and the time left.

    Parameters
    ----------
    listener
        Receives every `Progress`; `None` listens to nothing.
    work
        Ticks of the whole run.
    """

    def __init__(self, listener: Callable[[Progress], None] | None, work: int) -> None:
        self._listener = listener
        self._work = work
        self._worked = 0
        self._began = time.perf_counter()
        self._stage_began = self._began
        self._told = 0.0
        self.test_error: float | None = None
        self.validation_error: float | None = None

    def begin_stage(self) -> None:
        """Start the clock of a stage."""
        self._stage_began = time.perf_counter()
        self._told = 0.0

    def skip(self, work: int) -> None:
        """Leave out work that was done in an earlier session."""
        self._work -= work

    def tell(
        self, stage: Stage, epoch: int, epochs: int, done: int, total: int, error: float | None, work: int
    ) -> None:
        """Report ``work`` more ticks done."""
        self._worked += work
        now = time.perf_counter()
        if self._listener is None or (now - self._told < 0.1 and done < total):
            return
        self._told = now
        pace = self._worked / max(now - self._began, 1e-9)
        left = max(self._work - self._worked, 0) / pace if self._worked else None
        in_stage = max(now - self._stage_began, 1e-9)
        speed, held = done / in_stage, self.validation_error
        self._listener(Progress(stage, epoch, epochs, done, total, error, self.test_error, speed, left, held))
