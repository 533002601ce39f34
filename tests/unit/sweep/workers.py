"""What workers are told to do in tests: functions that a process can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from neurochip.sweep.runner import Done


def done(measured: dict[str, Any] | None, reason: str | None = None, parameters: bytes | None = None) -> Done:
    return {
        "measured": measured,
        "reason": reason,
        "seconds": 0.01,
        "cpu_seconds": 0.01,
        "parameters": parameters,
    }


def arithmetic(work: str, run: dict[str, Any], epochs: int, weights: bytes | None, keep: bool) -> Done:
    """A result that tells what it was made from."""
    carried = 0 if weights is None else int(weights.decode())
    error = (run["seed"] * 100 + carried + epochs) / 1000
    return done({"test_error": error, "metrics": {}}, parameters=str(run["seed"]).encode() if keep else None)


def fails_for_seed_2(work: str, run: dict[str, Any], epochs: int, weights: bytes | None, keep: bool) -> Done:
    if run["seed"] == 2:
        return done(None, "learning: went astray")
    return arithmetic(work, run, epochs, weights, keep)


def dies_once(work: str, run: dict[str, Any], epochs: int, weights: bytes | None, keep: bool) -> Done:
    """The first worker that meets seed 2 is killed; the file remembers that it was."""
    mark = Path(run["about"])
    if run["seed"] == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return arithmetic(work, run, epochs, weights, keep)


def always_dies_for_seed_2(
    work: str, run: dict[str, Any], epochs: int, weights: bytes | None, keep: bool
) -> Done:
    if run["seed"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return arithmetic(work, run, epochs, weights, keep)


def slow(work: str, run: dict[str, Any], epochs: int, weights: bytes | None, keep: bool) -> Done:
    time.sleep(0.2)
    return arithmetic(work, run, epochs, weights, keep)


def threads(work: str, run: dict[str, Any], epochs: int, weights: bytes | None, keep: bool) -> Done:
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
    found = [os.environ.get(name) for name in names]
    return done({"test_error": 0.0, "metrics": {}, "threads": found}, parameters=b"none" if keep else None)
