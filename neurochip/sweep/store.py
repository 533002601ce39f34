"""Where results are kept: one SQLite file, to which every finished task goes at once, in one transaction.

A process that is killed leaves the file whole, up to its last finished task. A second file is locked for as long as a
sweep runs, so that no other one uses the same folder; the lock goes with the process that holds it.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from neurochip.data.locked import locked
from neurochip.errors import CheckpointError, OutputError
from neurochip.sweep.definition import Definition

__all__ = ["FILE", "Entry", "Store"]

FILE = "points.sqlite"
FORMAT = 1
_CURE = "restore it from a copy, or begin a new sweep"

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE results (
    digest TEXT PRIMARY KEY,   -- of everything that decides the result
    work TEXT NOT NULL,        -- train, deploy, fine-tune
    measured TEXT,             -- JSON; NULL for a task that failed
    reason TEXT,               -- why it failed
    attempts INTEGER NOT NULL,
    seconds REAL NOT NULL,     -- of one worker, on the wall
    cpu_seconds REAL NOT NULL,
    version TEXT NOT NULL,     -- of neurochip
    finished TEXT NOT NULL
);
CREATE TABLE trained (digest TEXT PRIMARY KEY, parameters BLOB NOT NULL);
CREATE TABLE events (number INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL);
"""


class Entry(NamedTuple):
    """One finished task: what it measured, or the reason why it failed."""

    measured: dict[str, Any] | None
    reason: str | None
    attempts: int
    seconds: float
    cpu_seconds: float
    version: str


class Store:
    """The results of one sweep, open for writing; use it as a context."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock

    @classmethod
    def create(cls, folder: Path, definition: Definition, versions: dict[str, str]) -> Store:
        """Make the folder and an empty store in it.

        Raises
        ------
        OutputError
            When the folder exists already or cannot be made.
        """
        if folder.exists():
            raise OutputError(
                str(folder), "exists already; choose another folder with --out, or go on there with --resume"
            )
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
        lock = locked(folder, "sweep")
        connection = _connected(folder / FILE)
        with connection:
            connection.executescript(f"BEGIN;\n{_SCHEMA}\nPRAGMA user_version = {FORMAT};\nCOMMIT;")
            connection.executemany(
                "INSERT INTO meta VALUES (?, ?)",
                [("definition", json.dumps(definition.to_json())), ("versions", json.dumps(versions))],
            )
        return cls(folder, connection, lock)

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Open the store of a sweep that was stopped, or is over.

        Raises
        ------
        CheckpointError
            When there is none, it is damaged or of another format, or another process is using it.
        """
        path = folder / FILE
        if not path.is_file():
            raise CheckpointError(str(folder), f"has no {FILE}; name the folder of a sweep")
        lock = locked(folder, "sweep")
        try:
            connection = _connected(path)
            [found] = connection.execute("PRAGMA user_version").fetchone()
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        except sqlite3.DatabaseError as error:
            lock.close()
            raise CheckpointError(
                str(path), f"is damaged or not a store of points ({error}); {_CURE}"
            ) from None
        if found != FORMAT or not {"meta", "results", "trained", "events"} <= tables:
            connection.close()
            lock.close()
            raise CheckpointError(
                str(path), f"has format {found}, this version reads {FORMAT}; use the one that wrote it"
            )
        return cls(folder, connection, lock)

    def __enter__(self) -> Store:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files and let go of the lock."""
        self.close()

    def close(self) -> None:
        """Close the files and let go of the lock."""
        self._connection.close()
        self._lock.close()

    def definition(self) -> Definition:
        """Return the sweep that the store belongs to."""
        return Definition.from_json(json.loads(self._meta("definition")))

    def versions(self) -> dict[str, str]:
        """Return the versions that began it."""
        versions: dict[str, str] = json.loads(self._meta("versions"))
        return versions

    def redefine(self, definition: Definition) -> None:
        """Note that the sweep now asks for more, or for less; what was measured stays."""
        text = json.dumps(definition.to_json())
        self._write([("UPDATE meta SET value = ? WHERE name = 'definition'", (text,))])

    def done(self, *, failed: bool = True) -> set[str]:
        """Return the digests of finished tasks; without ``failed`` only those that succeeded."""
        where = "" if failed else " WHERE reason IS NULL"
        return {digest for (digest,) in self._connection.execute(f"SELECT digest FROM results{where}")}

    def add(self, digest: str, work: str, entry: Entry, parameters: bytes | None = None) -> None:
        """Write a finished task; it is on the disk when this returns."""
        measured = None if entry.measured is None else json.dumps(entry.measured, sort_keys=True)
        row = (digest, work, measured, *entry[1:], _now())
        commands: list[tuple[str, tuple[Any, ...]]] = [
            (f"INSERT OR REPLACE INTO results VALUES ({', '.join('?' * len(row))})", row)
        ]
        if parameters is not None:
            commands.append(("INSERT OR REPLACE INTO trained VALUES (?, ?)", (digest, parameters)))
        self._write(commands)

    def get(self, digest: str) -> Entry | None:
        """Return a finished task."""
        row = self._connection.execute(
            f"SELECT {_COLUMNS} FROM results WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else _entry(row)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every finished task."""
        for digest, *row in self._connection.execute(f"SELECT digest, {_COLUMNS} FROM results"):
            yield digest, _entry(row)

    def parameters(self, digest: str) -> bytes | None:
        """Return the weights that a task left."""
        row = self._connection.execute(
            "SELECT parameters FROM trained WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else row[0]

    def note(self, what: str) -> None:
        """Write down something that happened."""
        self._write([("INSERT INTO events (at, what) VALUES (?, ?)", (_now(), what))])

    def events(self) -> list[tuple[str, str]]:
        """Return what happened, with times."""
        return list(self._connection.execute("SELECT at, what FROM events ORDER BY number"))

    def add_session(self, session: dict[str, Any]) -> None:
        """Note what a session did."""
        text = json.dumps([*self.sessions(), session])
        self._write([("INSERT OR REPLACE INTO meta VALUES ('sessions', ?)", (text,))])

    def sessions(self) -> list[dict[str, Any]]:
        """Return what earlier sessions did; one that was killed left nothing."""
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'sessions'").fetchone()
        sessions: list[dict[str, Any]] = [] if row is None else json.loads(row[0])
        return sessions

    def _meta(self, name: str) -> str:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise CheckpointError(str(self.folder / FILE), f"is damaged: it has no {name}; {_CURE}")
        return str(row[0])

    def _write(self, commands: list[tuple[str, tuple[Any, ...]]]) -> None:
        try:
            with self._connection:
                for command, values in commands:
                    self._connection.execute(command, values)
        except sqlite3.Error as error:
            raise OutputError(str(self.folder / FILE), f"cannot be written: {error}") from error


_COLUMNS = "measured, reason, attempts, seconds, cpu_seconds, version"


def _entry(row: Any) -> Entry:
    measured, *rest = row
    return Entry(None if measured is None else json.loads(measured), *rest)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    # The journal is a file of its own, gone after each transaction: unlike a write-ahead log this also works on the
    # network drives of a cluster. FULL: what was reported as finished survives a power cut.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
