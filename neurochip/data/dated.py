"""Folders for results that nobody gave a name."""

from __future__ import annotations

import datetime
from itertools import count
from pathlib import Path

__all__ = ["dated"]


def dated(parent: str, name: str) -> Path:
    """Return ``parent/name-time``, which is not there yet: a second one of the same second has a number behind it."""
    first = Path(parent) / f"{name}-{datetime.datetime.now():%Y%m%d-%H%M%S}"
    if not first.exists():
        return first
    return next(path for n in count(2) if not (path := first.with_name(f"{first.name}-{n}")).exists())
