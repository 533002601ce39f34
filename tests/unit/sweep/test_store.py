"""Results on disk: whole, at once, for one sweep and one process."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from neurochip.description import read_run
from neurochip.errors import CheckpointError, OutputError
from neurochip.sweep.definition import Definition, define
from neurochip.sweep.engine import EngineChoice
from neurochip.sweep.failure import Failure
from neurochip.sweep.resuming import try_again
from neurochip.sweep.rows import Entry
from neurochip.sweep.salvage import salvage
from neurochip.sweep.space import parse_axes
from neurochip.sweep.store import FILE, Store


@pytest.fixture
def definition() -> Definition:
    return define(read_run("mnist-small"), parse_axes(["network.precision=int4"]), modes=None)


GOOD = Entry({"test_error": 0.1 + 0.2, "metrics": {}}, None, 1, 2.5, 2.25, "0.1.0")
BAD = Entry(None, "it went astray", 2, 0.5, 0.25, "0.1.0", Failure.DIVERGED)


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


def test_what_the_machine_failed_at_can_be_forgotten(tmp_path: Path, definition: Definition) -> None:
    with Store.create(tmp_path / "s", definition, {}) as store:
        store.add("aa", "train", GOOD)
        store.add("bb", "deploy", BAD)
        store.add("cc", "deploy", BAD._replace(kind=Failure.WORKER_DIED))
        store.add("dd", "deploy", BAD._replace(kind=Failure.NO_WEIGHTS))
        assert try_again(store) == (
            "2 tasks that the machine failed at, or that waited for one of these, are tried again"
        )
        assert store.done() == {"aa", "bb"}
        # What waited for a training that diverged would wait for it again.
        store.add("dd", "deploy", BAD._replace(kind=Failure.NO_WEIGHTS))
        assert try_again(store) is None and store.done() == {"aa", "bb", "dd"}


def test_who_does_the_work_is_remembered(tmp_path: Path, definition: Definition) -> None:
    with Store.create(tmp_path / "s", definition, {}, engine=EngineChoice(3)) as store:
        assert store.engine() == EngineChoice(3)
        store.choose_engine(EngineChoice(None, "tcp://there:8786"))
    assert salvage(tmp_path / "s").engine == EngineChoice(None, "tcp://there:8786")
    said = EngineChoice(2)
    assert said.or_else(EngineChoice(3)) == said and EngineChoice().or_else(said) == said


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
        assert str(caught.value).startswith(
            f"{folder}: is in use by another sweep (process {os.getpid()} on "
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
        == f"{folder / FILE}: has format 99, this version reads 4; use the one that wrote it"
    )


def damaged(folder: Path, definition: Definition, *commands: str) -> str:
    """Return what is said of a store of three results after something was done to its file."""
    with Store.create(folder, definition, {}, {"source": "abc"}) as store:
        for digest in ("aa", "bb", "cc"):
            store.add(digest, "train", GOOD, b"weights of " + digest.encode())
    with sqlite3.connect(folder / FILE) as raw:
        for command in commands:
            raw.execute(command)
    raw.close()
    with pytest.raises(CheckpointError) as caught:
        Store.open(folder)
    said = str(caught.value)
    assert said.startswith(f"{folder / FILE}: is damaged") and "\n" not in said
    assert f"neurochip sweep --resume {folder} --out {folder}-saved" in said
    return said


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE results SET measured = '{\"test_error\": 0.' WHERE digest = 'bb'",  # no JSON
        "UPDATE results SET measured = '[]' WHERE digest = 'bb'",
        "UPDATE results SET measured = replace(measured, '0.3', '0.2') WHERE digest = 'bb'",  # a number that lies
    ],
)
def test_a_damaged_result_is_found_and_the_others_are_saved(
    tmp_path: Path, definition: Definition, command: str
) -> None:
    folder = tmp_path / "s"
    assert "1 of its 3 results cannot be read" in damaged(folder, definition, command)
    saved = salvage(folder)
    assert saved.definition == definition and saved.lost == 1 and saved.identity == {"source": "abc"}
    assert [(one.digest, one.entry, one.parameters) for one in saved.finished] == [
        ("aa", GOOD, b"weights of aa"),
        ("cc", GOOD, b"weights of cc"),
    ]


def test_a_lost_definition_is_read_from_the_report(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "s"
    said = damaged(folder, definition, "DELETE FROM meta WHERE name = 'definition'")
    assert "its definition cannot be read" in said
    assert salvage(folder).definition is None and len(salvage(folder).finished) == 3
    (folder / "sweep.json").write_text(json.dumps({"definition": definition.to_json()}))
    assert salvage(folder).definition == definition


def test_damaged_weights_are_none_where_no_seal_was_left(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "s"
    with Store.create(folder, definition, {}) as store:
        store.add("aa", "train", GOOD, b"weights")
    with sqlite3.connect(folder / FILE) as raw:
        raw.execute("UPDATE trained SET parameters = CAST('wEights' AS BLOB)")
    raw.close()
    with pytest.raises(CheckpointError) as caught:
        Store.open(folder)
    assert f"is damaged, or was edited: {FILE}.checksum beside it has another checksum" in str(caught.value)
    (folder / f"{FILE}.checksum").unlink()  # as where its process was killed
    with Store.open(folder) as store:  # they can be trained again
        assert store.get("aa") == GOOD and store.parameters("aa") is None
    assert salvage(folder).finished[0].parameters is None


def contents(store: Store) -> tuple[object, ...]:
    digests = sorted(store.done())
    return (
        store.definition(), store.versions(), store.identity(), store.shard(), store.engine(), store.events(),
        store.sessions(), [(digest, store.get(digest), store.parameters(digest)) for digest in digests],
    )  # fmt: skip


def test_a_flipped_bit_is_refused_by_name(tmp_path: Path, definition: Definition) -> None:
    """Anywhere, in a store that was closed; in one whose process was killed, wherever something stands."""
    folder = tmp_path / "s"
    with Store.create(folder, definition, {"neurochip": "1"}, {"source": "abc"}, shard="1/2") as store:
        for digest in ("aa", "bb", "cc"):
            store.add(digest, "train", GOOD, b"weights of " + digest.encode())
        store.note("a worker died")
        store.add_session({"seconds": 1.5})
        whole = contents(store)
    path, seal = folder / FILE, folder / f"{FILE}.checksum"
    content, sum_of_it = path.read_bytes(), seal.read_bytes()
    rng = random.Random(3)
    places = [rng.randrange(8 * len(content)) for _ in range(120)] + [8 * k + k % 8 for k in range(100)]
    refused = 0
    for bit in places:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        seal.write_bytes(sum_of_it)
        with pytest.raises(CheckpointError) as caught:
            Store.open(folder)
        assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)
        seal.unlink()
        try:
            with Store.open(folder) as store:
                found = contents(store)
            # Weights that are damaged are no weights.
            assert [a[:2] for a in found[-1]] == [b[:2] for b in whole[-1]] and found[:-1] == whole[:-1]  # type: ignore[attr-defined]
            assert all(a[2] in (b[2], None) for a, b in zip(found[-1], whole[-1], strict=True))  # type: ignore[call-overload]
        except CheckpointError as error:
            refused += 1
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
    assert 20 < refused < len(places)
    path.write_bytes(content)
    for at in range(len(sum_of_it)):
        seal.write_bytes(bytes(b ^ (at == k) for k, b in enumerate(sum_of_it)))
        with pytest.raises(CheckpointError):
            Store.open(folder)
    seal.write_bytes(sum_of_it)
    with Store.open(folder) as store:
        assert contents(store) == whole


def test_a_seal_is_broken_before_anything_is_written(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "s"
    Store.create(folder, definition, {}).close()
    seal = folder / f"{FILE}.checksum"
    assert seal.is_file()
    with Store.open(folder) as store:
        assert seal.is_file()  # nothing was written yet
        store.add("aa", "train", GOOD)
        assert not seal.exists()  # a process that is killed now leaves none
    assert seal.is_file()


@pytest.mark.parametrize(
    "command",
    [
        "CREATE TRIGGER t AFTER INSERT ON results BEGIN DELETE FROM meta; END",
        "CREATE VIEW v AS SELECT * FROM results",
        "CREATE TABLE more (a)",
        "ALTER TABLE results ADD COLUMN more TEXT",
    ],
)
def test_a_store_with_more_than_its_tables_is_refused(
    tmp_path: Path, definition: Definition, command: str
) -> None:
    folder = tmp_path / "s"
    Store.create(folder, definition, {}).close()
    with sqlite3.connect(folder / FILE) as raw:
        raw.execute(command)
    raw.close()
    with pytest.raises(CheckpointError) as caught:
        Store.open(folder)
    assert "has other tables than it should" in str(caught.value)


def test_a_store_of_any_name_is_saved(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "a?b#c%20d"
    with Store.create(folder, definition, {}) as store:
        store.add("aa", "train", GOOD)
    assert [one.digest for one in salvage(folder).finished] == ["aa"]


def test_a_row_of_the_largest_number_ends_the_saving(tmp_path: Path, definition: Definition) -> None:
    folder = tmp_path / "s"
    with Store.create(folder, definition, {}) as store:
        store.add("aa", "train", GOOD)
        store.add("bb", "train", GOOD)
    with sqlite3.connect(folder / FILE) as raw:
        raw.execute("UPDATE results SET rowid = 9223372036854775807 WHERE digest = 'bb'")
    raw.close()
    assert [one.digest for one in salvage(folder).finished] == ["aa", "bb"]


def test_tables_whose_own_description_is_damaged_cost_the_store(
    tmp_path: Path, definition: Definition
) -> None:
    """What SQLite says of them is then no UTF-8, and Python cannot even make its error of that."""
    folder = tmp_path / "s"
    with Store.create(folder, definition, {}) as store:
        store.add("aa", "train", GOOD)
    content = (folder / FILE).read_bytes()
    named = b"tableresultsresults"
    assert named in content
    broken = content.replace(named, b"table\xd6esultsresults").replace(
        b"CREATE TABLE results", b"CREATE TABLE )esults"
    )
    (folder / FILE).write_bytes(broken)
    with sqlite3.connect(folder / FILE) as raw, pytest.raises(UnicodeDecodeError):
        raw.execute("SELECT * FROM results")
    raw.close()
    with pytest.raises(CheckpointError, match="is damaged"):
        Store.open(folder)
    saved = salvage(folder)
    assert (saved.definition, saved.finished, saved.identity) == (None, [], {})


@pytest.mark.parametrize(
    "command",
    ["parameters = 5", "parameters = 'weights'", "checksum = 7", "checksum = x'ff'"],
)
def test_weights_of_another_type_are_none(tmp_path: Path, definition: Definition, command: str) -> None:
    folder = tmp_path / "s"
    with Store.create(folder, definition, {}) as store:
        store.add("aa", "train", GOOD, b"weights")
        assert store.parameters("aa") == b"weights"
    with sqlite3.connect(folder / FILE) as raw:
        raw.execute(f"UPDATE trained SET {command}")
    raw.close()
    (folder / f"{FILE}.checksum").unlink()
    with Store.open(folder) as store:
        assert store.parameters("aa") is None
    assert [one.parameters for one in salvage(folder).finished] == [None]


@pytest.mark.parametrize("column", ["attempts", "seconds", "kind", "version", "finished"])
def test_a_value_of_another_type_is_damage_behind_any_checksum(
    tmp_path: Path, definition: Definition, column: str
) -> None:
    from neurochip.sweep.rows import finished_row, row_checksum

    folder = tmp_path / "s"
    with Store.create(folder, definition, {}) as store:
        store.add("aa", "train", GOOD)
    with sqlite3.connect(folder / FILE) as raw:
        names = [each[1] for each in raw.execute("PRAGMA table_info(results)")]
        [row] = raw.execute("SELECT * FROM results").fetchall()
    raw.close()
    assert finished_row(row) is not None
    said = dict(zip(names, row, strict=True)) | {column: "x" if column in ("attempts", "seconds") else 5}
    values = [said[name] for name in names[:-1]]
    assert finished_row((*values, row_checksum(*values))) is None


def test_a_page_that_a_disk_lost_costs_what_stood_on_it(tmp_path: Path, definition: Definition) -> None:
    folder, wide = (
        tmp_path / "s",
        Entry({"test_error": 0.5, "metrics": {"m" * 1500: 1.0}}, None, 1, 1.0, 1.0, "0"),
    )
    with Store.create(folder, definition, {}) as store:
        for number in range(60):
            store.add(f"{number:032x}", "train", wide)
    content = bytearray((folder / FILE).read_bytes())
    page, at = 4096, len(content) // 2 // 4096 * 4096
    content[at : at + page] = bytes(page)
    (folder / FILE).write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        Store.open(folder)
    assert str(caught.value).startswith(f"{folder / FILE}: is damaged")
    saved = salvage(folder)
    assert saved.definition == definition
    assert 40 < len(saved.finished) < 60 and len(saved.finished) + saved.lost <= 60
    for damaged in (b"\0" * 100, bytes(content[:16]) + b"\0" * 84):
        (folder / FILE).write_bytes(damaged + bytes(content[100:]))
        with pytest.raises(CheckpointError) as caught:
            salvage(folder)
        assert "is damaged" in str(caught.value)
        assert str(caught.value).endswith(
            "nothing of it can be saved: restore it from a copy, or begin a new sweep"
        )
