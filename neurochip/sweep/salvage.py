"""Finished work out of a store, whole or damaged: row by row, whatever can still be read and has its checksum."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from neurochip.errors import CheckpointError
from neurochip.files import Foreign, read_json
from neurochip.files.sqlite import querying
from neurochip.sweep.definition import Definition
from neurochip.sweep.engine import EngineChoice
from neurochip.sweep.identity import Identity
from neurochip.sweep.rows import Finished, finished_row, whole_weights
from neurochip.sweep.tables import FILE, definition_of, opened_store, read_meta, store_file

__all__ = ["Salvaged", "salvage"]

_MOST_NUMBER = 2**63 - 1  # of a row
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
    file = replace(
        store_file(folder), cure="nothing of it can be saved: restore it from a copy, or begin a new sweep"
    )
    if not file.path.is_file():
        raise CheckpointError(str(folder), f"has no {FILE}; name the folder of a sweep")
    connection = opened_store(file, writes=False)
    try:
        finished, lost = _finished(connection, file)
        identity, shard = _meta(connection, file, "identity"), _meta(connection, file, "shard")
        with file.guarded("engine"):
            engine = EngineChoice(**(_meta(connection, file, "engine") or {}))
        return Salvaged(_definition(connection, file), finished, lost, identity or {}, shard, engine)
    finally:
        connection.close()


def _finished(connection: sqlite3.Connection, file: Foreign) -> tuple[list[Finished], int]:
    found: list[Finished] = []
    lost = gaps = number = 0
    while number < _MOST_NUMBER:
        number += 1
        try:
            with querying(file):
                row = connection.execute(
                    "SELECT rowid, * FROM results WHERE rowid >= ? ORDER BY rowid LIMIT 1", (number,)
                ).fetchone()
        except CheckpointError:  # the page with this row, or one on the way to it
            lost, gaps = lost + 1, gaps + 1
            if gaps >= _MOST_GAPS:
                return found, lost - gaps + 1
            continue
        if row is None:
            return found, lost
        number, gaps = row[0], 0
        one = finished_row(row[1:])
        if one is None:
            lost += 1
        else:
            found.append(one._replace(parameters=_parameters(connection, file, one.digest)))
    return found, lost


def _parameters(connection: sqlite3.Connection, file: Foreign, digest: str) -> bytes | None:
    """Return the weights that a task left; those that are damaged are trained again."""
    with contextlib.suppress(CheckpointError), querying(file):
        return whole_weights(connection, digest)
    return None


def _definition(connection: sqlite3.Connection, file: Foreign) -> Definition | None:
    """Return the definition from the store, or else from the report beside it."""
    with contextlib.suppress(CheckpointError):
        return definition_of(connection, file)
    report = Foreign(file.path.with_name("sweep.json"), "a sweep", "", error=CheckpointError)
    with contextlib.suppress(CheckpointError), report.guarded():
        return Definition.from_json(read_json(report, dict[str, Any])["definition"])
    return None


def _meta(connection: sqlite3.Connection, file: Foreign, name: str) -> Any:
    try:
        return read_meta(connection, file, name)
    except CheckpointError:
        return None
