"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from neurochip.errors import OutputError

__all__ = ["is_writing", "remove_unfinished", "replacing", "writing"]

_open: list[Path] = []  # files that are being written, and folders with a result of several files


def is_writing() -> bool:
    """Return whether some thread is writing a file, or a result of several, at this moment."""
    return bool(_open)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say that a result of several files is put together in a folder: who is asked to stop is waited for so long."""
    _open.append(folder)
    try:
        yield
    finally:
        _open.remove(folder)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path``; it takes the place of ``path`` when the block ends well.

    When the block raises, or the disk is full, ``path`` stays as it was and the temporary file is gone.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise OutputError(str(path), f"cannot be written: {error.strerror or error}") from error
    temporary = Path(name)
    _open.append(temporary)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes the file private; a data set or result has the rights that any other new file gets.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        # An OutputError is an OSError too: one that comes from inside the block already says what it has to.
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            raise OutputError(str(path), f"cannot be written: {error.strerror or error}") from error
        raise
    finally:
        _open.remove(temporary)


def remove_unfinished(folder: Path) -> None:
    """Remove what a process that was killed had not finished writing; nobody else may be at work there."""
    for left in folder.glob(".*.part"):
        if left.is_file():
            with contextlib.suppress(OSError):
                left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
