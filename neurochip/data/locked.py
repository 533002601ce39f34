"""Folders that one process uses at a time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from neurochip.errors import CheckpointError

__all__ = ["locked"]

LOCK = "lock.sqlite"


def locked(folder: Path, use: str) -> sqlite3.Connection:
    """Hold a transaction open on a file that has no other use: the system ends it with the process.

    Raises
    ------
    CheckpointError
        When another process holds it; ``use`` is what that is, e.g. ``sweep``.
    """
    lock = sqlite3.connect(folder / LOCK, timeout=0.2, check_same_thread=False)
    try:
        lock.isolation_level = None
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        lock.close()
        raise CheckpointError(
            str(folder), f"is in use by another {use}; wait for it or choose another folder"
        ) from None
    return lock
