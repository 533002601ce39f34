"""What workers are told to do in tests: functions that a process can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from neurochip.errors import ConfigError
from neurochip.sweep.failure import Failure
from neurochip.sweep.job import Done, Job


def done(measured: dict[str, Any] | None, reason: str | None = None, parameters: bytes | None = None) -> Done:
    return {
        "measured": measured,
        "reason": reason,
        "kind": None if reason is None else Failure.DIVERGED,
        "seconds": 0.01,
        "cpu_seconds": 0.01,
        "parameters": parameters,
    }


def arithmetic(job: Job) -> Done:
    """A result that tells what it was made from."""
    run, weights = job["run"], job["weights"]
    carried = 0 if weights is None else int(weights.decode())
    error = (run["seed"] * 100 + carried + job["epochs"]) / 1000
    parameters = str(run["seed"]).encode() if job["keep"] else None
    return done({"test_error": error, "metrics": {}}, parameters=parameters)


def fails_for_seed_2(job: Job) -> Done:
    if job["run"]["seed"] == 2:
        return done(None, "learning: went astray")
    return arithmetic(job)


def dies_once(job: Job) -> Done:
    """The first worker that meets seed 2 is killed; the file remembers that it was."""
    mark = Path(job["run"]["about"])
    if job["run"]["seed"] == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return arithmetic(job)


def always_dies_for_seed_2(job: Job) -> Done:
    if job["run"]["seed"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return arithmetic(job)


def slow(job: Job) -> Done:
    time.sleep(0.2)
    return arithmetic(job)


def threads(job: Job) -> Done:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    found = [os.environ.get(name) for name in names]
    return done(
        {"test_error": 0.0, "metrics": {}, "threads": found}, parameters=b"none" if job["keep"] else None
    )


def has_other_source(job: Job) -> Done:
    """A worker that was installed anew in the middle of a sweep."""
    if job["run"]["seed"] == 2:
        raise ConfigError(
            "worker", "has source of neurochip abc there, def here; install the same everywhere"
        )
    return arithmetic(job)


def on_dies(job: Job, dies: list[int]) -> list[Done]:
    """The same for each die, and how many there were; as one process, it dies with the third."""
    if 3 in dies and len(dies) > 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return [done({"test_error": die / 100, "metrics": {"together": len(dies)}}) for die in dies]


def on_a_die(job: Job) -> Done:
    """A die by itself; the third kills its worker even then."""
    die = job["run"]["analog"]["die"] if job["weights"] is not None else 0
    if die == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return done(
        {"test_error": die / 100, "metrics": {"together": 1}}, parameters=b"weights" if job["keep"] else None
    )
