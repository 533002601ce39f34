"""Processes that a test stops in the middle: real ones, with real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def stopped(script: str, arguments: list[str], which: signal.Signals) -> tuple[int, str]:
    """Start a script that says ``here`` and waits, send it a signal then, and return its exit code and last words."""
    with subprocess.Popen(
        [sys.executable, script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            assert process.stdout.readline() == "here\n"
            process.send_signal(which)
            said, _ = process.communicate("\n" if which != signal.SIGKILL else None, timeout=300)
        finally:
            process.kill()
    return process.returncode, said.strip()
