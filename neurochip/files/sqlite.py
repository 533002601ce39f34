"""SQLite: a regular file that is a database, and in it the tables that it should have and nothing else."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from neurochip.errors import NeurochipError
from neurochip.files.door import Foreign, briefly, opened
from neurochip.files.limits import file_limit

__all__ = ["check_tables", "open_database", "querying"]

_BEGINS = b"SQLite format 3\0"
_MOST_INT = 2**31 - 1


def open_database(file: Foreign, *, writes: bool = False) -> sqlite3.Connection:
    """Return a connection to a database; nothing of it has been looked at but its beginning.

    Functions that its tables might call are not trusted, no row may be larger than `file_limit`, and no other file is
    attached.

    Raises
    ------
    NeurochipError
        Of the file's kind: it is not there, is no regular file, or does not begin as a database does.
    """
    with opened(file, most=sys.maxsize) as stream:  # it is read page by page, so it may be of any size
        if stream.read(len(_BEGINS)) != _BEGINS:
            raise file.damaged("does not begin as SQLite does")
    mode = "rw" if writes else "ro"
    with querying(file):
        connection = sqlite3.connect(f"{file.path.absolute().as_uri()}?mode={mode}", uri=True)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(file_limit(), _MOST_INT))
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
        except BaseException:
            connection.close()
            raise
        return connection


def check_tables(connection: sqlite3.Connection, file: Foreign, schema: str) -> None:
    """Refuse a database with other tables than those of a schema, or with anything besides tables.

    Triggers, views and virtual tables would have SQLite do more than it is asked for.

    Parameters
    ----------
    schema
        The commands that make the tables.
    """
    with querying(file):
        if _parts(connection) != _made_by(schema):
            raise file.damaged("has other tables than it should")


def _made_by(schema: str) -> set[tuple[str, ...]]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema)
        return _parts(connection)
    finally:
        connection.close()


def _parts(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    query = "SELECT type, name, tbl_name, ifnull(sql, '') FROM sqlite_master"
    return {tuple(map(str, row)) for row in connection.execute(query)}


@contextmanager
def querying(file: Foreign) -> Iterator[None]:
    """Turn whatever SQLite answers, or a row that is not what it should be, into one sentence about the file."""
    with file.guarded():
        try:
            yield
        except NeurochipError:
            raise
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise file.fault("is in use by another process", cure="wait for it, and then go on") from None
            raise file.fault(f"is damaged ({briefly(str(error))})") from None
