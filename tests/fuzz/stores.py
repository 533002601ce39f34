"""What long commands and devices write and read again, fuzzed behind renewed checksums."""

from __future__ import annotations

import contextlib
import io
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

from neurochip.errors import CheckpointError
from neurochip.files import Foreign
from tests.fuzz.mutations import VALUES, damaged_bytes, damaged_json
from tests.fuzz.written import made_in_folder

__all__ = [
    "damaged_log",
    "damaged_npy",
    "damaged_request",
    "damaged_store",
]


# Sweeps.


def sweep_folder(folder: Path) -> None:
    from neurochip.report.sweeps import write_sweep
    from neurochip.sweep.store import Store
    from tests.unit.sweep.test_document import document_of, of_sigma

    table = document_of(
        folder, "analog.mismatch.sigma=0.1,0.5", dies=2, seeds=1, modes="deploy", measured=of_sigma
    )
    write_sweep(table, folder)
    with Store.open(folder) as store:
        store.note("a worker died")
        store.add_session({"seconds": 1.5})


def read_sweep(path: Path) -> Any:
    from neurochip.report.sweeps import read_sweep
    from neurochip.report.sweeps.page import sweep_page
    from neurochip.report.sweeps.write import drawing_stored_sweep, points_csv, summary_csv

    with drawing_stored_sweep(path):
        table = read_sweep(path)
        return sweep_page(table), points_csv(table), summary_csv(table)


def read_store(path: Path) -> Any:
    """Save what can be saved, and open it; what is opened is read to its end."""
    from neurochip.sweep.salvage import salvage
    from neurochip.sweep.store import Store

    with contextlib.suppress(CheckpointError):
        salvage(path.parent)
    path.with_name(path.name + ".checksum").unlink(missing_ok=True)
    with Store.open(path.parent) as store:
        told = store.definition(), store.versions(), store.identity(), store.shard(), store.engine()
        return told, store.events(), store.sessions(), list(store.entries())


def damaged_store(content: bytes, rng: random.Random) -> bytes:
    """Change any byte, or a value of a row behind a renewed checksum."""
    if rng.random() < 0.6:
        return damaged_bytes(content, rng)
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(content)
        _change_row(connection, rng)
        connection.commit()
        return connection.serialize()
    except (sqlite3.Error, OverflowError, UnicodeError):
        return damaged_bytes(content, rng)  # it is damaged already, or takes no such thing
    finally:
        connection.close()


def _change_row(connection: sqlite3.Connection, rng: random.Random) -> None:
    from neurochip.sweep.rows import row_checksum

    table = rng.choice(("meta", "meta", "results", "events"))
    rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
    if not rows:
        raise sqlite3.DataError("it has lost them")
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    number, *values = rng.choice(rows)
    at = rng.randrange(len(values) - 1)
    old = values[at]
    if isinstance(old, str) and old[:1] in "[{" and rng.random() < 0.8:
        values[at] = damaged_json(old, rng).decode("utf-8", "replace")
    else:
        values[at] = rng.choice([value for value in VALUES if not isinstance(value, list | dict)] + [b"\xff"])
    counted = values[1:-1] if table == "events" else values[:-1]
    with contextlib.suppress(TypeError):
        values[-1] = row_checksum(*counted)
    said = ", ".join(f'"{name}" = ?' for name in columns)
    connection.execute(f"UPDATE {table} SET {said} WHERE rowid = ?", (*values, number))


# Searches and requests.


def _run() -> bytes:
    from neurochip.description import read_run, run_to_toml

    return run_to_toml(read_run("mnist-small")).encode()


def request() -> list[bytes]:
    def make(folder: Path) -> None:
        from neurochip.description import read_run
        from neurochip.search.settings import Settings, begin

        asked = Settings(("phases.free=8:14:int",), "error", "tpe", 1, 1, 100, 14, 2, None)
        begin(folder, read_run("mnist-small"), asked).release()

    return made_in_folder(make, "request.json")


def read_request(path: Path) -> Any:
    from neurochip.search.settings import go_on

    path.with_name("run.toml").write_bytes(_run())
    *found, held = go_on(path.parent)
    held.release()
    return found


def damaged_request(content: bytes, rng: random.Random) -> bytes:
    """Change a value of sealed JSON, and seal it again."""
    from neurochip.durable.seal import sealed_json

    if rng.random() < 0.2:
        return damaged_json(content, rng)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return sealed_json(json.loads(damaged_json(json.dumps(json.loads(content)["content"]), rng)))
    return damaged_bytes(content, rng)


def _log(path: Path) -> Any:
    from neurochip.durable.log import Log
    from neurochip.search.study import TrialEntry

    return Log(Foreign(path, "the log of a search", "begin a new search", error=CheckpointError), TrialEntry)


def log() -> list[bytes]:
    def make(folder: Path) -> None:
        folder.mkdir()
        made = _log(folder / "log.jsonl")
        for number in range(5):
            made.append(
                {
                    "number": number, "values": {"phases.free": 8 + number, "learning.beta": 0.5}, "seconds": 1.5,
                    "objectives": [0.25] if number else [], "measured": {"error": 0.25}, "failure": "",
                }
            )  # fmt: skip

    return made_in_folder(make, "log.jsonl")


def read_log(path: Path) -> Any:
    return _log(path).entries


def damaged_log(content: bytes, rng: random.Random) -> bytes:
    """Change an entry and renew all checksums, or any byte."""
    from neurochip.durable.log import _line

    if rng.random() < 0.3:
        return damaged_bytes(content, rng)
    try:
        entries = [json.loads(line)["entry"] for line in content.splitlines()]
        changed = json.loads(damaged_json(json.dumps(entries), rng))
        out, last = b"", ""
        for entry in changed if isinstance(changed, list) else [changed]:
            line, last = _line(last, json.dumps(entry, sort_keys=True))
            out += line
        return out
    except (ValueError, KeyError, TypeError):
        return damaged_bytes(content, rng)


# Benchmarks and parts of experiments.


def bench() -> list[bytes]:
    from neurochip.bench.document import FORMAT, as_json

    row: dict[str, Any] = {
        "name": "settle", "family": "settle", "about": "x", "unit": "1/s", "against": "",
        "value": {"median": 2.0, "low": 1.0, "high": 3.0, "rounds": [1.0, 2.0, 3.0]}, "ratio": None,
        "note": "", "missing": None, "extra": {"a": 1.0},
    }  # fmt: skip
    document: Any = {
        "format": FORMAT, "checksum": "", "asked_for": {"names": ["settle"], "rounds": 3}, "started": "now",
        "seconds": 1.0, "complete": False, "form": "tiny", "machine": {"cores": 2}, "tools": {"python": "3"},
        "others_share": None, "warnings": [], "rows": [row],
    }  # fmt: skip
    return [as_json(document).encode()]


def damaged_bench(content: bytes, rng: random.Random) -> bytes:
    from neurochip.bench.document import as_json

    changed = damaged_json(content, rng)
    with contextlib.suppress(ValueError, TypeError, KeyError):
        table = json.loads(changed)
        if isinstance(table, dict) and rng.random() < 0.8:
            return as_json(table).encode()  # type: ignore[arg-type]
    return changed


def read_bench(path: Path) -> Any:
    from neurochip.bench.document import read_document

    return read_document(path)


def part() -> list[bytes]:
    from neurochip.durable.seal import sealed
    from neurochip.papers.packing import packed

    value = {"curve": np.arange(4.0), "seeds": [1, 2], "both": (1.5, None)}
    content = packed(value, {"part": "a", "of": "digest", "seconds": 1.0})
    return [content + sealed(content)]


def read_part(path: Path) -> Any:
    from neurochip.durable.seal import unsealed
    from neurochip.files import read_bytes
    from neurochip.papers.packing import unpacked

    file = Foreign(path, "a part of an experiment", "remove it", error=CheckpointError)
    content = unsealed(read_bytes(file), file)
    with file.guarded():
        return unpacked(content)


# Arrays, spikes, states of devices.


def npy() -> list[bytes]:
    found = []
    for array in (
        np.arange(6.0).reshape(2, 3),
        np.array(["a", "bc"]),
        np.ones(3, "?"),
        np.asfortranarray(np.eye(2)),
    ):
        memory = io.BytesIO()
        np.save(memory, array)
        found.append(memory.getvalue())
    return found


def damaged_npy(content: bytes, rng: random.Random) -> bytes:
    from tests.fuzz.mutations import damaged_text

    return (
        damaged_bytes(content, rng)
        if rng.random() < 0.5
        else damaged_text(content[:128], rng) + content[128:]
    )


def read_npy(path: Path) -> Any:
    from neurochip.files import read_array

    return read_array(Foreign(path, "an array", "write it anew"))


def packed_spikes() -> list[bytes]:
    from neurochip.spikes import Spikes, npz_of

    rng = np.random.default_rng(3)
    first = Spikes.from_array(rng.integers(0, 2, (5, 7), dtype=np.uint8))
    second = Spikes.from_array(rng.integers(0, 2, (5, 2, 3), dtype=np.uint8))
    return [npz_of({"input": first, "output": second})]


def read_packed_spikes(path: Path) -> Any:
    from neurochip.spikes import read_spikes

    return [raster.array() for raster in read_spikes(path).values()]
