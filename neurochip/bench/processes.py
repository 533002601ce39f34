"""Programs of their own: how long one takes, and the most memory that it held."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.errors import CapabilityError

__all__ = ["Ran", "peak_bytes", "peak_of", "run_python"]


class Ran(NamedTuple):
    """What a program took and said."""

    seconds: float
    stdout: str


def run_python(words: Sequence[str], *, environment: Mapping[str, str | None] | None = None) -> Ran:
    """Run this Python with arguments, in a folder of its own that is gone afterwards.

    Parameters
    ----------
    words
        After ``python``.
    environment
        Variables that differ from ours; `None` takes one away.

    Raises
    ------
    CapabilityError
        When the program fails, with the last line of what it said.
    """
    changes = environment or {}
    kept = {name: value for name, value in os.environ.items() if name not in changes}
    kept |= {name: value for name, value in changes.items() if value is not None}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            errors="replace",
            cwd=folder,
            env=kept,
            check=False,
        )
        seconds = time.perf_counter() - began
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise CapabilityError(f"python {words[0]}", f"ended badly: {last}")
    return Ran(seconds, done.stdout)


def peak_of(code: str) -> int:
    """Return the most bytes that a Python of its own held while it ran this code, its modules included."""
    asked = f"{code}\nfrom neurochip.bench.processes import peak_bytes\nprint(peak_bytes())"
    return int(run_python(["-c", asked]).stdout.split()[-1])


def peak_bytes() -> int:
    """Return the most bytes that this process has held.

    Linux counts in ``getrusage`` the size of the program that started a process, too; VmHWM is the process's own.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        try:
            import resource
        except ModuleNotFoundError:
            raise CapabilityError("memory", "this system does not say how much a process has held") from None
        factor = 1 if sys.platform == "darwin" else 1024
        return factor * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
