"""Rows of a store: a finished task with a checksum of its own."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from neurochip.errors import CheckpointError, NeurochipError
from neurochip.files import Foreign, decode_json

__all__ = [
    "COLUMNS",
    "Entry",
    "Finished",
    "checksum",
    "entry_of",
    "finished_row",
    "row_checksum",
    "whole_weights",
]

_ROW = Foreign(Path("row"), "a finished task", "", error=CheckpointError)
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
    return Entry(None if measured is None else decode_json(measured, _ROW, dict[str, Any], nan=True), *rest)


def finished_row(row: Any) -> Finished | None:
    """Return what stands in a row of ``results`` without its weights; `None` for one that is damaged."""
    try:
        *said, check = row
        if row_checksum(*said) != check:
            return None
        digest, work, *told, finished = said
        entry = entry_of(told)
        if entry.measured is not None:
            float(entry.measured["test_error"])
        return msgspec.convert((digest, work, tuple(entry), finished, None), Finished)
    except (NeurochipError, ValueError, TypeError, LookupError, AttributeError):
        return None


def whole_weights(connection: sqlite3.Connection, digest: str) -> bytes | None:
    """Return the weights that a task left; `None` where there are none, or they are damaged."""
    query = "SELECT parameters, checksum FROM trained WHERE digest = ?"
    row = connection.execute(query, (digest,)).fetchone()
    if row is None or not isinstance(row[0], bytes) or checksum(row[0]) != row[1]:
        return None
    return row[0]


def row_checksum(*said: str | float | None) -> str:
    """Return the checksum of all that a row says."""
    return checksum(json.dumps(said).encode())


def checksum(content: bytes) -> str:
    """Return a digest of bytes, to find damage."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()
