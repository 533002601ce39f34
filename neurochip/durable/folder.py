"""Folders that appear whole: with all of their first files, or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from neurochip.durable.lock import LOCK, Held, hold
from neurochip.errors import CheckpointError, OutputError

__all__ = ["appearing", "new_folder"]

_SUFFIX = ".new"
_YOUNG_S = 60.0  # so long a folder without a lock may be one that is just being made


def new_folder(folder: Path, files: Mapping[str, bytes], use: str) -> Held:
    """Make a folder with its first files, and hold it.

    Raises
    ------
    OutputError
        When it is there already or cannot be made; nothing is left of it then.
    """
    with appearing(folder, use) as (building, held):
        for name, content in files.items():
            write_synced(building / name, content)
    return held


@contextmanager
def appearing(folder: Path, use: str) -> Iterator[tuple[Path, Held]]:
    """Build a folder under another name beside its place; at the end of the block it gets its own, and is held.

    What a process that was killed left of an earlier try is removed.

    Raises
    ------
    OutputError
        When it is there already or cannot be made.
    """
    if os.path.lexists(folder):
        raise _exists(folder)
    held: Held | None = None
    building: Path | None = None
    try:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)) from None
        _remove_left(folder)
        building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=_SUFFIX, dir=folder.parent))
        held = hold(building, use)
        yield building, held
        building.chmod(0o777 & ~_umask())
        sync_folder(building)
        if os.path.lexists(folder):
            raise _exists(folder)
        _rename(building, folder, held, use)
        sync_folder(folder.parent)
    except BaseException as error:
        if held is not None:
            held.release()
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
        raise


def _rename(building: Path, folder: Path, held: Held, use: str) -> None:
    try:
        building.rename(folder)
        held.folder = folder
    except PermissionError:  # Windows renames no folder in which a file is open, as the lock is
        held.release()
        building.rename(folder)
        held.become(hold(folder, use))


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file, and see to it that it is on the disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """See to it that the names in a folder are on the disk; not every file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _exists(folder: Path) -> OutputError:
    return OutputError(
        str(folder),
        "exists already; choose another folder with --out, or go on there with --resume",
    )


def _remove_left(folder: Path) -> None:
    for left in folder.parent.glob(f".{_escaped(folder.name)}.*{_SUFFIX}"):
        with contextlib.suppress(CheckpointError, OutputError, FileNotFoundError):
            if not (left / LOCK).exists() and time.time() - left.stat().st_mtime < _YOUNG_S:
                continue
            hold(left, "command").release()
            shutil.rmtree(left, ignore_errors=True)


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
