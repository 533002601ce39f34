"""The tables of a store: how they are made, and that all in them is as it was written."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any, TypedDict

from neurochip.durable.seal import check_seal_beside
from neurochip.errors import CheckpointError
from neurochip.files import Foreign, decode_json
from neurochip.files.sqlite import check_tables, open_database, querying
from neurochip.sweep.definition import Definition
from neurochip.sweep.rows import finished_row, row_checksum

__all__ = [
    "FILE",
    "FORMAT",
    "SCHEMA",
    "check_store",
    "definition_of",
    "opened_store",
    "read_meta",
    "store_file",
]

FILE = "points.sqlite"
FORMAT = 4

SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum TEXT NOT NULL);
CREATE TABLE results (
    digest TEXT PRIMARY KEY,   -- of everything that decides the result
    work TEXT NOT NULL,        -- train, deploy, fine-tune
    measured TEXT,             -- JSON; NULL for a task that failed
    reason TEXT,               -- why it failed
    attempts INTEGER NOT NULL,
    seconds REAL NOT NULL,     -- of one worker, on the wall
    cpu_seconds REAL NOT NULL,
    version TEXT NOT NULL,     -- of neurochip
    kind TEXT,                 -- of failure
    finished TEXT NOT NULL,
    checksum TEXT NOT NULL     -- of all that stands before it
);
CREATE TABLE trained (digest TEXT PRIMARY KEY, parameters BLOB NOT NULL, checksum TEXT NOT NULL);
CREATE TABLE events (number INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL, checksum TEXT NOT NULL);
"""


class _Engine(TypedDict):
    """Who was chosen to do the work."""

    workers: int | None
    scheduler: str | None


_NEEDED = ("definition", "versions", "identity", "shard", "engine")
_TYPES: dict[str, object] = {
    "definition": dict[str, object],
    "versions": dict[str, str],
    "identity": dict[str, str],
    "shard": str | None,
    "engine": _Engine,
    "sessions": list[dict[str, object]],
}


def store_file(folder: Path) -> Foreign:
    """Return the store of a sweep as a file that may be damaged."""
    return Foreign(
        folder / FILE,
        "a store of points",
        f"save what can be saved with `neurochip sweep --resume {folder} --out {folder}-saved`, or restore it from a "
        "copy",
        absent="name the folder of a sweep",
        error=CheckpointError,
    )


def opened_store(file: Foreign, *, writes: bool) -> sqlite3.Connection:
    """Return a connection to a store of this version; its rows were not looked at.

    Raises
    ------
    CheckpointError
        When it is none, or of another format.
    """
    connection = open_database(file, writes=writes)
    try:
        with querying(file):
            [found] = connection.execute("PRAGMA user_version").fetchone()
            if found != FORMAT:
                raise file.fault(
                    f"has format {found}, this version reads {FORMAT}", cure="use the one that wrote it"
                )
    except BaseException:
        connection.close()
        raise
    return connection


def check_store(connection: sqlite3.Connection, file: Foreign) -> None:
    """Refuse a store in which anything is damaged.

    Weights that are damaged are no weights, unless the store was closed as it should be: they are trained again.

    Raises
    ------
    CheckpointError
        Naming what cannot be read.
    """
    with querying(file):
        for (said,) in connection.execute("PRAGMA integrity_check(1)"):
            if said != "ok":
                raise file.fault(f"is damaged ({said.splitlines()[-1]})")
        check_tables(connection, file, SCHEMA)
        rows = connection.execute("SELECT * FROM results")
        good = [finished_row(row) is not None for row in rows]
        if not all(good):
            raise file.fault(f"is damaged: {good.count(False)} of its {len(good)} results cannot be read")
        lost = [name for name in (*_NEEDED, *_others(connection)) if not _is_whole(connection, file, name)]
        if lost:
            raise file.fault(f"is damaged: its {', '.join(sorted(set(lost)))} cannot be read")
        for _, at, what, check in connection.execute("SELECT * FROM events"):
            if row_checksum(at, what) != check:
                raise file.fault("is damaged: its events cannot be read")
    check_seal_beside(file)


def _others(connection: sqlite3.Connection) -> list[str]:
    return [str(name) for (name,) in connection.execute("SELECT name FROM meta")]


def _is_whole(connection: sqlite3.Connection, file: Foreign, name: str) -> bool:
    with contextlib.suppress(CheckpointError):
        (definition_of if name == "definition" else read_meta)(connection, file, name)
        return True
    return False


def definition_of(connection: sqlite3.Connection, file: Foreign, name: str = "definition") -> Definition:
    """Return the sweep that a store belongs to."""
    table = read_meta(connection, file, name)
    with file.guarded(name):
        return Definition.from_json(table)


def read_meta(connection: sqlite3.Connection, file: Foreign, name: str) -> Any:
    """Return what stands under a name.

    Raises
    ------
    CheckpointError
        When that is not there or is damaged.
    """
    with querying(file):
        row = connection.execute("SELECT value, checksum FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise file.fault("is missing", name)
        if row_checksum(name, row[0]) != row[1]:
            raise file.fault("is damaged: it does not have the checksum that it was written with", name)
        return decode_json(row[0], file, _TYPES.get(name, Any), name)
