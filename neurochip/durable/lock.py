"""Folders that one process uses at a time: a lock of the system, which ends with its process, and who holds it."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from neurochip.durable.atomic import replacing
from neurochip.errors import CheckpointError, OutputError
from neurochip.files import Foreign, briefly, decode_json, read_bytes

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["LOCK", "OWNER", "Held", "hold", "hold_file"]

LOCK, OWNER = ".lock", ".owner.json"


class Held:
    """A folder, or a file, that is this process's own until `release`, or its end."""

    def __init__(self, folder: Path, lock: BaseFileLock, owner: str, gone: str | None = None) -> None:
        self.folder = folder
        self._lock: BaseFileLock | None = lock
        self._names = [owner] if gone is None else [owner, gone]

    def release(self) -> None:
        """Let other processes in; doing so twice does no harm."""
        lock, self._lock = self._lock, None
        if lock is not None:
            for name in self._names:
                with contextlib.suppress(OSError):
                    (self.folder / name).unlink(missing_ok=True)
            lock.release(force=True)

    def become(self, other: Held) -> None:
        """Take the place of another that holds the same folder under its new name."""
        self.folder, self._lock, self._names = other.folder, other._lock, other._names

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
    lock = _acquire(folder, folder / LOCK, folder / OWNER, use, "folder")
    return Held(folder, lock, OWNER)


def hold_file(path: Path, use: str) -> Held:
    """Take a file for this process, as `hold` a folder; the lock stands beside it, and is gone when it is released."""
    lock, owner = f".{path.name}{LOCK}", f".{path.name}{OWNER}"
    return Held(
        path.parent, _acquire(path, path.with_name(lock), path.with_name(owner), use, "file"), owner, lock
    )


def _acquire(place: Path, path: Path, owner: Path, use: str, kind: str) -> BaseFileLock:
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(path, thread_local=False)
        lock.acquire(timeout=0)
    except Timeout:
        raise CheckpointError(
            str(place), f"is in use by another {use}{_owner(owner)}; wait for it or choose another {kind}"
        ) from None
    except (OSError, NotImplementedError) as error:
        said = error.strerror if isinstance(error, OSError) else None
        raise OutputError(str(place), f"cannot be locked: {said or error}") from error
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    table = {"use": use, "process": os.getpid(), "machine": socket.gethostname(), "since": since}
    with contextlib.suppress(OutputError), replacing(owner) as file:  # the lock does not need it
        file.write(json.dumps(table).encode())
    return lock


class _Owner(TypedDict):
    """What stands beside a lock."""

    process: int
    machine: str
    since: str


def _owner(path: Path) -> str:
    """Return who holds something, in brackets; nothing where that is not known."""
    file = Foreign(path, "the owner of a lock", "", error=CheckpointError)
    try:
        said: _Owner = decode_json(read_bytes(file, most=4096), file, _Owner)
    except CheckpointError:
        return ""
    return (
        f" (process {said['process']} on {briefly(said['machine'], 80)}, since {briefly(said['since'], 40)})"
    )
