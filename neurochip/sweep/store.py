"""Where results are kept: one SQLite file, to which every finished task goes at once, in one transaction.

A process that is killed leaves the file whole, up to its last finished task. The folder is locked for as long as a
sweep runs, so that no other one uses it. Every row has a checksum of its own, so that a disk that lies is found out,
and rows beside a damaged one can be saved. A store that was closed has a checksum of the whole file beside it.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from neurochip.durable.folder import appearing, sync_folder
from neurochip.durable.lock import Held, hold
from neurochip.durable.seal import break_seal, seal_beside
from neurochip.errors import CheckpointError, OutputError
from neurochip.files import Foreign
from neurochip.files.sqlite import querying
from neurochip.sweep.definition import Definition
from neurochip.sweep.engine import EngineChoice
from neurochip.sweep.identity import Identity
from neurochip.sweep.rows import COLUMNS, Entry, Finished, checksum, entry_of, row_checksum, whole_weights
from neurochip.sweep.tables import (
    FILE,
    FORMAT,
    SCHEMA,
    check_store,
    definition_of,
    opened_store,
    read_meta,
    store_file,
)

__all__ = ["FILE", "FORMAT", "Store"]

_Command = tuple[str, tuple[object, ...]]
NOBODY = EngineChoice()


class Store:
    """The results of one sweep, open for writing; use it as a context."""

    def __init__(self, folder: Path, connection: sqlite3.Connection, lock: Held) -> None:
        self.folder = folder
        self._connection = connection
        self._lock = lock
        self._file = store_file(folder)
        self._is_sealed = True  # or there is no seal that would have to be broken

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
                with contextlib.closing(sqlite3.connect(building / FILE)) as connection, connection:
                    connection.executescript(f"BEGIN;\n{SCHEMA}\nPRAGMA user_version = {FORMAT};\nCOMMIT;")
                    for name, value in meta.items():
                        connection.execute(*_meta_row(name, value))
            return cls(folder, _open(store_file(folder)), lock)
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
        file = store_file(folder)
        if not file.path.is_file():
            raise CheckpointError(str(folder), f"has no {FILE}; name the folder of a sweep")
        lock = hold(folder, "sweep")
        try:
            connection = _open(file)
            try:
                check_store(connection, file)
            except BaseException:
                connection.close()
                raise
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
        """Close the files, with a checksum of the whole store beside it, and let go of the lock."""
        try:
            self._connection.close()
            seal_beside(self._file)
        finally:
            self._lock.release()

    def definition(self) -> Definition:
        """Return the sweep that the store belongs to."""
        return definition_of(self._connection, self._file)

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
            self._write([_meta_row("engine", engine._asdict())])

    def redefine(self, definition: Definition, identity: Identity) -> None:
        """Note that the sweep now asks for more, or for less; what was measured stays."""
        now = {"definition": definition.to_json(), "identity": {**self.identity(), **identity}}
        self._write([_meta_row(name, value) for name, value in now.items()])

    def done(self, *, failed: bool = True) -> set[str]:
        """Return the digests of finished tasks; without ``failed`` only those that succeeded."""
        where = "" if failed else " WHERE reason IS NULL"
        return {digest for (digest,) in self._connection.execute(f"SELECT digest FROM results{where}")}

    def add(self, digest: str, work: str, entry: Entry, parameters: bytes | None = None) -> None:
        """Write a finished task; it is on the disk when this returns."""
        self.take_over([Finished(digest, work, entry, _now(), parameters)])

    def take_over(self, finished: Iterable[Finished]) -> None:
        """Write finished tasks, as they are, in one transaction."""
        commands: list[_Command] = []
        for one in finished:
            measured = None if one.entry.measured is None else json.dumps(one.entry.measured, sort_keys=True)
            said = (one.digest, one.work, measured, *one.entry[1:], one.finished)
            row = (*said, row_checksum(*said))
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
        return whole_weights(self._connection, digest)

    def note(self, what: str) -> None:
        """Write down something that happened."""
        at = _now()
        row = (at, what, row_checksum(at, what))
        self._write([("INSERT INTO events (at, what, checksum) VALUES (?, ?, ?)", row)])

    def events(self) -> list[tuple[str, str]]:
        """Return what happened, with times."""
        return list(self._connection.execute("SELECT at, what FROM events ORDER BY number"))

    def add_session(self, session: dict[str, object]) -> None:
        """Note what a session did."""
        self._write([_meta_row("sessions", [*self.sessions(), session])])

    def sessions(self) -> list[dict[str, Any]]:
        """Return what earlier sessions did; one that was killed left nothing."""
        there = self._connection.execute("SELECT count(*) FROM meta WHERE name = 'sessions'").fetchone()[0]
        sessions: list[dict[str, Any]] = self._meta("sessions") if there else []
        return sessions

    def _meta(self, name: str) -> Any:
        return read_meta(self._connection, self._file, name)

    def _write(self, commands: list[_Command]) -> None:
        try:
            if self._is_sealed:
                break_seal(self._file)
                sync_folder(self.folder)
                self._is_sealed = False
            with self._connection:
                for command, values in commands:
                    self._connection.execute(command, values)
        except (sqlite3.Error, OSError) as error:
            raise OutputError(str(self.folder / FILE), f"cannot be written: {error}") from error


def _open(file: Foreign) -> sqlite3.Connection:
    connection = opened_store(file, writes=True)
    try:
        with querying(file):
            # The journal is a file of its own, gone after each transaction: unlike a write-ahead log this also works on
            # the network drives of a cluster. FULL: what was reported as finished survives a power cut.
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _meta_row(name: str, value: object) -> _Command:
    text = json.dumps(value)
    return "INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", (name, text, row_checksum(name, text))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
