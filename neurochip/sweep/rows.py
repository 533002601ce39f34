"""Rows of a store: a finished task with a checksum of its own."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

__all__ = ["COLUMNS", "Entry", "Finished", "checksum", "entry_of", "finished_row", "row_checksum"]

COLUMNS = "measured, reason, attempts, seconds, cpu_seconds, version, kind"


class Entry(NamedTuple):
    """One finished task: what it measured, or the reason why it failed and the kind of failure that is."""

    measured: dict[str, Any] | None
    reason: str | None
    attempts: int
    seconds: float
    cpu_seconds: float
    version: str
    kind: str | None = None


class Finished(NamedTuple):
    """A finished task as it stands in a store, to be carried to another one."""

    digest: str
    work: str
    entry: Entry
    finished: str
    parameters: bytes | None


def entry_of(row: Any) -> Entry:
    """Return what stands in the columns `COLUMNS` of a row."""
    measured, *rest = row
    return Entry(None if measured is None else json.loads(measured), *rest)


def finished_row(row: Any) -> Finished | None:
    """Return what stands in a row of ``results`` without its weights; `None` for one that is damaged."""
    digest, work, measured, reason, *_, kind, finished, checksum = row
    try:
        if row_checksum(digest, work, measured, reason, kind) != checksum:
            return None
        entry = entry_of(row[2:9])
        if entry.measured is not None:
            float(entry.measured["test_error"])
    except (ValueError, TypeError, LookupError, AttributeError):
        return None
    return Finished(digest, work, entry, finished, None)


def row_checksum(*said: str | None) -> str:
    """Return the checksum of what a row says."""
    return checksum(json.dumps(said).encode())


def checksum(content: bytes) -> str:
    """Return a digest of bytes, to find damage."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()
