"""Folders that one process uses at a time: a lock of the system, which ends with its process, and who holds it."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from neurochip.durable.atomic import replacing
from neurochip.errors import CheckpointError, OutputError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["LOCK", "OWNER", "Held", "hold"]

LOCK, OWNER = ".lock", ".owner.json"


class Held:
    """A folder that is this process's own until `release`, or its end."""

    def __init__(self, folder: Path, lock: BaseFileLock) -> None:
        self.folder = folder
        self._lock: BaseFileLock | None = lock

    def release(self) -> None:
        """Let other processes in; doing so twice does no harm."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with contextlib.suppress(OSError):
                (self.folder / OWNER).unlink(missing_ok=True)
            lock.release(force=True)

    def __enter__(self) -> Held:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let other processes in."""
        self.release()


def hold(folder: Path, use: str) -> Held:
    """Take a folder for this process.

    The lock is the system's, on a file of the folder that has no other use: nothing is left of it when the process is
    killed, or the machine stops. Beside it stands who holds it.

    Parameters
    ----------
    folder
        Has to exist.
    use
        What for, e.g. ``sweep``.

    Raises
    ------
    CheckpointError
        When another process holds it.
    OutputError
        When it cannot be locked.
    """
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(folder / LOCK, thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
        raise CheckpointError(
            str(folder), f"is in use by another {use}{_owner(folder)}; wait for it or choose another folder"
        ) from None
    except (OSError, NotImplementedError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise OutputError(str(folder), f"cannot be locked: {said or error}") from error
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    table = {"use": use, "process": os.getpid(), "machine": socket.gethostname(), "since": since}
    with contextlib.suppress(OutputError), replacing(folder / OWNER) as file:  # the lock does not need it
        file.write(json.dumps(table).encode())
    return Held(folder, lock)


def _owner(folder: Path) -> str:
    """Return who holds a folder, in brackets; nothing where that is not known."""
    try:
        table = json.loads((folder / OWNER).read_bytes()[:4096])
        return f" (process {int(table['process'])} on {table['machine']!s:.80}, since {table['since']!s:.40})"
    except (OSError, ValueError, LookupError, TypeError):
        return ""
