"""Finished work out of a store, whole or damaged: row by row, whatever can still be read and has its checksum."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from neurochip.errors import CheckpointError
from neurochip.sweep.definition import Definition
from neurochip.sweep.engine import EngineChoice
from neurochip.sweep.identity import Identity
from neurochip.sweep.rows import Finished, checksum, finished_row
from neurochip.sweep.store import FILE, FORMAT

__all__ = ["Salvaged", "salvage"]

_MOST_GAPS = 1000  # rows in a row that cannot be read: the end, where nothing else tells


class Salvaged(NamedTuple):
    """What is left of a store; ``definition`` is `None` where even that is lost, ``lost`` counts unreadable rows.

    ``identity``, ``shard`` and ``engine`` are as in `Store.create`, empty and `None` where they are lost.
    """

    definition: Definition | None
    finished: list[Finished]
    lost: int
    identity: Identity
    shard: str | None
    engine: EngineChoice


def salvage(folder: Path) -> Salvaged:
    """Read a store that may be damaged, and change nothing in it.

    Raises
    ------
    CheckpointError
        When there is no store, or nothing of it can be read.
    """
    path = folder / FILE
    if not path.is_file():
        raise CheckpointError(str(folder), f"has no {FILE}; name the folder of a sweep")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        [found] = connection.execute("PRAGMA user_version").fetchone()
        if found != FORMAT:
            raise CheckpointError(
                str(path), f"has format {found}, this version reads {FORMAT}; use the one that wrote it"
            )
        finished, lost = _finished(connection)
        identity, shard = _meta(connection, "identity"), _meta(connection, "shard")
        engine = EngineChoice(**(_meta(connection, "engine") or {}))
        return Salvaged(_definition(connection, folder), finished, lost, identity or {}, shard, engine)
    except sqlite3.DatabaseError as error:
        raise CheckpointError(
            str(path), f"is damaged beyond saving ({error}); restore it from a copy, or begin a new sweep"
        ) from None
    finally:
        connection.close()


def _finished(connection: sqlite3.Connection) -> tuple[list[Finished], int]:
    found: list[Finished] = []
    lost = gaps = number = 0
    last = _last_row(connection)
    while number < last if last is not None else gaps < _MOST_GAPS:
        number += 1
        try:
            row = connection.execute("SELECT * FROM results WHERE rowid = ?", (number,)).fetchone()
        except sqlite3.DatabaseError:
            lost, gaps = lost + 1, gaps + 1
            continue
        if row is None:
            gaps += 1
            continue
        gaps = 0
        one = finished_row(row)
        if one is None:
            lost += 1
        else:
            found.append(one._replace(parameters=_parameters(connection, one.digest)))
    return found, lost if last is not None else max(lost - _MOST_GAPS, 0)


def _last_row(connection: sqlite3.Connection) -> int | None:
    try:
        [last] = connection.execute("SELECT max(rowid) FROM results").fetchone()
        return int(last or 0)
    except sqlite3.DatabaseError:
        return None


def _parameters(connection: sqlite3.Connection, digest: str) -> bytes | None:
    """Return the weights that a task left; those that are damaged are trained again."""
    try:
        row = connection.execute(
            "SELECT parameters, checksum FROM trained WHERE digest = ?", (digest,)
        ).fetchone()
    except sqlite3.DatabaseError:
        return None
    return None if row is None or checksum(row[0]) != row[1] else bytes(row[0])


def _definition(connection: sqlite3.Connection, folder: Path) -> Definition | None:
    """Return the definition from the store, or else from the report beside it."""
    try:
        return Definition.from_json(_meta(connection, "definition"))
    except (TypeError, ValueError, LookupError):
        pass
    try:
        document: Any = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
        return Definition.from_json(document["definition"])
    except (OSError, TypeError, ValueError, LookupError):
        return None


def _meta(connection: sqlite3.Connection, name: str) -> Any:
    try:
        [text] = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(text)
    except (sqlite3.DatabaseError, TypeError, ValueError):
        return None
