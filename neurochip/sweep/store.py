"""Where results are kept: one SQLite file, to which every finished task goes at once, in one transaction.

A process that is killed leaves the file whole, up to its last finished task. The folder is locked for as long as a
sweep runs, so that no other one uses it. Every row has a checksum of its own, so that a disk that lies is found out,
and rows beside a damaged one can be saved.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from neurochip.durable.folder import appearing
from neurochip.durable.lock import Held, hold
from neurochip.errors import CheckpointError, OutputError
from neurochip.sweep.definition import Definition
from neurochip.sweep.engine import EngineChoice
from neurochip.sweep.identity import Identity
from neurochip.sweep.rows import COLUMNS, Entry, Finished, checksum, entry_of, finished_row, row_checksum

__all__ = ["FILE", "FORMAT", "Store"]

FILE = "points.sqlite"
FORMAT = 3
NOBODY = EngineChoice()
_TABLES = {"meta", "results", "trained", "events"}

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
    kind TEXT,                 -- of failure
    finished TEXT NOT NULL,
    checksum TEXT NOT NULL     -- of digest, work, measured, reason, kind
);
CREATE TABLE trained (digest TEXT PRIMARY KEY, parameters BLOB NOT NULL, checksum TEXT NOT NULL);
CREATE TABLE events (number INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL);
"""


class Store:
    """The results of one sweep, open for writing; use it as a context."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: Held) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock

    @classmethod
    def create(
        cls,
        folder: Path,
        definition: Definition,
        versions: dict[str, str],
        identity: Identity | None = None,
        *,
        shard: str | None = None,
        engine: EngineChoice = NOBODY,
    ) -> Store:
        """Make the folder and an empty store in it.

        Parameters
        ----------
        identity
            What every result in it depends on besides its run: source, libraries, contents of files.
        shard
            Which part of the sweep it is for, e.g. ``3/40``.
        engine
            Who was chosen to do the work.

        Raises
        ------
        OutputError
            When the folder exists already or cannot be made.
        """
        meta = {
            "definition": definition.to_json(),
            "versions": versions,
            "identity": identity or {},
            "shard": shard,
            "engine": engine._asdict(),
        }
        try:
            with appearing(folder, "sweep") as (building, lock):
                with contextlib.closing(_connected(building / FILE)) as connection, connection:
                    connection.executescript(f"BEGIN;\n{_SCHEMA}\nPRAGMA user_version = {FORMAT};\nCOMMIT;")
                    connection.executemany(
                        "INSERT INTO meta VALUES (?, ?)",
                        [(name, json.dumps(value)) for name, value in meta.items()],
                    )
            return cls(folder, _connected(folder / FILE), lock)
        except sqlite3.Error as error:
            raise OutputError(str(folder / FILE), f"cannot be written: {error}") from error

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
        lock = hold(folder, "sweep")
        try:
            connection = _connected(path)
            _check(path, connection)
        except sqlite3.DatabaseError as error:
            lock.release()
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise CheckpointError(
                    str(path), f"is damaged or not a store of points ({error}); restore it from a copy"
                ) from None
            raise CheckpointError(str(path), f"is damaged ({error}); {_cure(folder)}") from None
        except BaseException:
            lock.release()
            raise
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
        self._lock.release()

    def definition(self) -> Definition:
        """Return the sweep that the store belongs to."""
        return Definition.from_json(self._meta("definition"))

    def versions(self) -> dict[str, str]:
        """Return the versions that began it."""
        versions: dict[str, str] = self._meta("versions")
        return versions

    def identity(self) -> Identity:
        """Return what its results depend on besides their runs."""
        identity: Identity = self._meta("identity")
        return identity

    def shard(self) -> str | None:
        """Return which part of the sweep it is for; `None`: all of it."""
        shard: str | None = self._meta("shard")
        return shard

    def engine(self) -> EngineChoice:
        """Return who was chosen to do the work."""
        return EngineChoice(**self._meta("engine"))

    def choose_engine(self, engine: EngineChoice) -> None:
        """Note who does the work from now on."""
        if engine != self.engine():
            self._write(
                [("UPDATE meta SET value = ? WHERE name = 'engine'", (json.dumps(engine._asdict()),))]
            )

    def redefine(self, definition: Definition, identity: Identity) -> None:
        """Note that the sweep now asks for more, or for less; what was measured stays."""
        now = {"definition": definition.to_json(), "identity": {**self.identity(), **identity}}
        self._write(
            [
                ("UPDATE meta SET value = ? WHERE name = ?", (json.dumps(value), name))
                for name, value in now.items()
            ]
        )

    def done(self, *, failed: bool = True) -> set[str]:
        """Return the digests of finished tasks; without ``failed`` only those that succeeded."""
        where = "" if failed else " WHERE reason IS NULL"
        return {digest for (digest,) in self._connection.execute(f"SELECT digest FROM results{where}")}

    def add(self, digest: str, work: str, entry: Entry, parameters: bytes | None = None) -> None:
        """Write a finished task; it is on the disk when this returns."""
        self.take_over([Finished(digest, work, entry, _now(), parameters)])

    def take_over(self, finished: Iterable[Finished]) -> None:
        """Write finished tasks, as they are, in one transaction."""
        commands: list[tuple[str, tuple[Any, ...]]] = []
        for one in finished:
            measured = None if one.entry.measured is None else json.dumps(one.entry.measured, sort_keys=True)
            check = row_checksum(one.digest, one.work, measured, one.entry.reason, one.entry.kind)
            row = (one.digest, one.work, measured, *one.entry[1:], one.finished, check)
            commands.append((f"INSERT OR REPLACE INTO results VALUES ({', '.join('?' * len(row))})", row))
            if one.parameters is not None:
                trained = (one.digest, one.parameters, checksum(one.parameters))
                commands.append(("INSERT OR REPLACE INTO trained VALUES (?, ?, ?)", trained))
        self._write(commands)

    def forget(self, kinds: Iterable[str]) -> int:
        """Remove the tasks that failed in one of these ways, so that they are tried again; return how many."""
        rows = self._connection.execute("SELECT digest, kind FROM results WHERE kind IS NOT NULL").fetchall()
        gone = [digest for digest, kind in rows if kind in set(kinds)]
        self._write([("DELETE FROM results WHERE digest = ?", (digest,)) for digest in gone])
        return len(gone)

    def get(self, digest: str) -> Entry | None:
        """Return a finished task."""
        row = self._connection.execute(
            f"SELECT {COLUMNS} FROM results WHERE digest = ?", (digest,)
        ).fetchone()
        return None if row is None else entry_of(row)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Yield every finished task."""
        for digest, *row in self._connection.execute(f"SELECT digest, {COLUMNS} FROM results"):
            yield digest, entry_of(row)

    def parameters(self, digest: str) -> bytes | None:
        """Return the weights that a task left; `None` where there are none, or they are damaged."""
        row = self._connection.execute(
            "SELECT parameters, checksum FROM trained WHERE digest = ?", (digest,)
        ).fetchone()
        if row is None or checksum(row[0]) != row[1]:
            return None
        return bytes(row[0])

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

    def _meta(self, name: str) -> Any:
        row = self._connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0])  # it is there: `_check` has seen to that

    def _write(self, commands: list[tuple[str, tuple[Any, ...]]]) -> None:
        try:
            with self._connection:
                for command, values in commands:
                    self._connection.execute(command, values)
        except sqlite3.Error as error:
            raise OutputError(str(self.folder / FILE), f"cannot be written: {error}") from error


def _check(path: Path, connection: sqlite3.Connection) -> None:
    """Refuse a store of another format, and one in which anything is damaged."""
    [found] = connection.execute("PRAGMA user_version").fetchone()
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if found != FORMAT or not _TABLES <= tables:
        connection.close()
        raise CheckpointError(
            str(path), f"has format {found}, this version reads {FORMAT}; use the one that wrote it"
        )
    for (said,) in connection.execute("PRAGMA integrity_check(1)"):
        if said != "ok":
            connection.close()
            raise CheckpointError(str(path), f"is damaged ({said.splitlines()[-1]}); {_cure(path.parent)}")
    rows = list(connection.execute("SELECT * FROM results"))
    bad = sum(finished_row(row) is None for row in rows)
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    missing = {"definition", "versions", "identity", "shard", "engine"} - meta.keys()
    try:
        Definition.from_json(json.loads(meta.get("definition", "")))
    except (ValueError, LookupError, TypeError):
        missing.add("definition")
    if bad or missing:
        connection.close()
        what = f"{bad} of its {len(rows)} results" if bad else f"its {', '.join(sorted(missing))}"
        raise CheckpointError(str(path), f"is damaged: {what} cannot be read; {_cure(path.parent)}")


def _cure(folder: Path) -> str:
    return (
        f"save what can be saved with `neurochip sweep --resume {folder} --out {folder}-saved`, "
        "or restore it from a copy"
    )


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    # The journal is a file of its own, gone after each transaction: unlike a write-ahead log this also works on the
    # network drives of a cluster. FULL: what was reported as finished survives a power cut.
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
