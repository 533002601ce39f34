"""Results on disk: whole, at once, for one sweep and one process."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.description import read_run
from neurochip.errors import CheckpointError, OutputError
from neurochip.sweep.definition import Definition, define
from neurochip.sweep.space import parse_axes
from neurochip.sweep.store import FILE, Entry, Store


@pytest.fixture
def definition() -> Definition:
    return define(read_run("mnist-small"), parse_axes(["network.precision=int4"]), modes=None)


GOOD = Entry({"test_error": 0.1 + 0.2, "metrics": {}}, None, 1, 2.5, 2.25, "0.1.0")
BAD = Entry(None, "it went astray", 2, 0.5, 0.25, "0.1.0")


def test_what_goes_in_comes_out(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "a" / "sweep"
    with Store.create(folder, definition, {"neurochip": "0.1.0"}) as store:
        store.add("aa", "train", GOOD, b"weights")
        store.add("bb", "deploy", BAD)
        store.note("a worker died")
        store.add_session({"seconds": 1.5})
    with Store.open(folder) as store:
        assert store.get("aa") == GOOD and store.get("bb") == BAD and store.get("cc") is None
        assert dict(store.entries()) == {"aa": GOOD, "bb": BAD}
        assert (store.parameters("aa"), store.parameters("bb")) == (b"weights", None)
        assert (store.done(), store.done(failed=False)) == ({"aa", "bb"}, {"aa"})
        assert [what for _, what in store.events()] == ["a worker died"]
        assert store.sessions() == [{"seconds": 1.5}]
        assert store.definition() == definition
        assert store.versions() == {"neurochip": "0.1.0"}


def test_a_result_is_on_the_disk_when_add_returns(tmp_path: Path, definition: Definition) -> None:
    with Store.create(tmp_path / "s", definition, {}) as store:
        store.add("aa", "train", GOOD, b"weights")
        with sqlite3.connect(tmp_path / "s" / FILE) as reader:  # another process would see as much
            assert reader.execute("SELECT count(*) FROM results, trained").fetchone() == (1,)
        reader.close()


def test_two_sweeps_do_not_share_a_store(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "s"
    code = "from pathlib import Path; from neurochip.sweep.store import Store; Store.open(Path(input()))"
    with Store.create(folder, definition, {}):
        with pytest.raises(CheckpointError) as caught:
            Store.open(folder)
        assert (
            str(caught.value) == f"{folder}: is in use by another sweep; wait for it or choose another folder"
        )
        other = subprocess.run(
            [sys.executable, "-c", code], input=f"{folder}\n", capture_output=True, text=True, check=False
        )
        assert other.returncode == 1 and "is in use by another sweep" in other.stderr
    Store.open(folder).close()


def test_nothing_is_overwritten(tmp_path: Path, definition: Definition) -> None:
    (tmp_path / "s").mkdir()
    with pytest.raises(OutputError) as caught:
        Store.create(tmp_path / "s", definition, {})
    assert "exists already; choose another folder with --out, or go on there with --resume" in str(
        caught.value
    )


def test_what_is_no_store(tmp_path: Path, definition: Definition) -> None:
    with pytest.raises(CheckpointError) as caught:
        Store.open(tmp_path)
    assert str(caught.value) == f"{tmp_path}: has no {FILE}; name the folder of a sweep"
    (tmp_path / FILE).write_text(
        "this is no database, but it is long enough to look like the header of one" * 9
    )
    with pytest.raises(CheckpointError) as caught:
        Store.open(tmp_path)
    assert "is damaged or not a store of points" in str(caught.value)
    folder = tmp_path / "s"
    Store.create(folder, definition, {}).close()
    with sqlite3.connect(folder / FILE) as raw:
        raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(CheckpointError) as caught:
        Store.open(folder)
    assert (
        str(caught.value)
        == f"{folder / FILE}: has format 99, this version reads 1; use the one that wrote it"
    )
