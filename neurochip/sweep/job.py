"""What goes to a worker, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from neurochip.keys.reading import Table
from neurochip.sweep.identity import Identity

__all__ = ["DiesWorker", "Done", "Job", "Worker"]


class Job(TypedDict):
    """What a worker is given.

    Attributes
    ----------
    work, run, epochs, keep
        Of the task.
    weights
        Those to take over, packed.
    environment, files
        What the result depends on besides: a worker that has another source, or finds other contents in a file, raises
        one of our errors, and the sweep ends with its sentence.
    """

    work: str
    run: Table
    epochs: int
    weights: bytes | None
    keep: bool
    environment: Identity
    files: Identity


class Done(TypedDict):
    """What a worker returns: measurements or why there are none, and the trained weights if asked.

    ``kind`` is one of `neurochip.sweep.failure.Failure`, where there is a reason.
    """

    measured: dict[str, Any] | None
    reason: str | None
    kind: str | None
    seconds: float
    cpu_seconds: float
    parameters: bytes | None


Worker = Callable[[Job], Done]
DiesWorker = Callable[[Job, list[int]], list[Done]]
