"""Folders for results that nobody gave a name."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import TypeVar

from neurochip.errors import OutputError

__all__ = ["dated", "made", "make_dated", "refuse_existing"]

T = TypeVar("T")


def dated(parent: str, name: str) -> Path:
    """Return ``parent/name-time``, which is not there yet: a second one of the same second has a number behind it."""
    return next(folder for folder in _names(parent, name) if not os.path.lexists(folder))


def make_dated(parent: str, name: str, make: Callable[[Path], T]) -> T:
    """Make ``parent/name-time``, or the next that nobody else has made; return what ``make`` of its path does.

    Between a look and the making of a folder another process may make one of the same name; then the next is tried.

    Parameters
    ----------
    make
        Makes the folder, or raises `OutputError` where it is there already.
    """
    for folder in _names(parent, name):
        if os.path.lexists(folder):
            continue
        try:
            return make(folder)
        except OutputError:
            if not os.path.lexists(folder):
                raise
    raise RuntimeError("numbers never end")


def refuse_existing(folder: Path) -> None:
    """Refuse to make a folder that is there."""
    if os.path.lexists(folder):
        raise _exists(folder)


def made(folder: Path) -> Path:
    """Make a folder that is not there yet."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise _exists(folder) from None
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
    return folder


def _exists(folder: Path) -> OutputError:
    return OutputError(str(folder), "exists already; choose another folder with --out or remove it")


def _names(parent: str, name: str) -> Iterator[Path]:
    first = Path(parent) / f"{name}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    return chain([first], (first.with_name(f"{first.name}-{n}") for n in count(2)))
