"""A sweep that takes a moment, and what tests ask of the folders that sweeps leave."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILES = [
    ".lock",
    "points.csv",
    "points.sqlite",
    "points.sqlite.checksum",
    "summary.csv",
    "sweep.html",
    "sweep.json",
]

TINY = """
about = "real numbers, few digits: takes a moment"
substrate = "ideal"
[network]
layers = [784, 20, 10]
[coding]
annealer = { kind = "constant", value = 0.5 }
[data]
train = 300
test = 100
[phases]
free = 20
nudged = 5
[learning]
rates = [0.2, 0.1]
epochs = 4
"""
# Two steps are too few for an image to reach the output; the run has twenty.
ASKED = ("--vary", "phases.free=2,20", "--seeds", "2")
# A die that is trained in no time.
ANALOG = ("--set", "network.layers=[784, 8, 10]", "--set", "data.train=100", "--set", "data.test=50")
ANALOG += ("--set", "learning.epochs=1", "--set", "analog.diagnosed=0", "--set", "analog.mismatch.sigma=0")


def results(folder: Path) -> list[dict[str, Any]]:
    """Everything that a sweep measured, in order."""
    points: list[dict[str, Any]] = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))["points"]
    assert points
    return points


def tables(folder: Path | str) -> tuple[bytes, bytes]:
    return (Path(folder) / "points.csv").read_bytes(), (Path(folder) / "summary.csv").read_bytes()


def rows(folder: Path | str) -> dict[str, tuple[int, str]]:
    """Digest → number and time of its row: a row that is written again has others. The store may be in the making."""
    store = Path(folder) / "points.sqlite"
    if not store.is_file():
        return {}
    connection = sqlite3.connect(store, timeout=30)
    try:
        if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'results'").fetchone()[0]:
            return {}
        found = connection.execute("SELECT digest, rowid, finished FROM results").fetchall()
        return {digest: (row, finished) for digest, row, finished in found}
    finally:
        connection.close()


def started(*words: str | Path) -> subprocess.Popen[str]:
    """A sweep in a process of its own, which can be killed, with a group of its own."""
    command = [sys.executable, "-m", "neurochip", "sweep", *map(str, words)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def other_source(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process take itself for one whose source was edited."""
    monkeypatch.setattr(
        "neurochip.sweep.identity.package_digest", lambda package="neurochip": "0123456789abcdef"
    )
