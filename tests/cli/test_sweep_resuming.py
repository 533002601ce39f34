"""Sweeps that go on: stopped, killed, damaged, or of another source."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
from pathlib import Path

import pytest

from neurochip.report.sweeps import read_sweep
from neurochip.sweep.engine import EngineChoice
from neurochip.sweep.failure import Failure
from neurochip.sweep.rows import Entry
from neurochip.sweep.store import Store

from .conftest import Run, Workplace
from .sweeps import ASKED, TINY, other_source, results, rows, started, tables, wait_until

pytestmark = pytest.mark.usefixtures("kept_workers")


def test_resuming_repeats_nothing(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "again")
    before = rows("again")
    done = run("sweep", "--resume", "again", "--quiet")
    assert (done.exit_code, done.stderr) == (0, "again is finished; nothing was left to do\n")
    assert rows("again") == before
    assert results(Path("again")) == results(swept)
    Path("again/sweep.html").unlink()  # as when it was killed before its report was written
    late = run("sweep", "--resume", "again", "--quiet")
    assert (late.exit_code, late.stderr) == (0, "") and Path("again/sweep.html").is_file()
    # More is only what is new.
    assert run("sweep", "--resume", "again", "--seeds", "3", "--workers", "1", "--quiet").exit_code == 0
    assert before.items() < rows("again").items()
    # With another reference, what was trained on the chip is compared with another mean.
    errors = [
        [(p["task"], p["error"]) for p in points if p["seed"] < 3]
        for points in (results(Path("again")), results(swept))
    ]
    assert errors[0] == errors[1]
    assert read_sweep(Path("again"))["definition"]["seeds"] == 3


def test_the_store_of_another_run_is_refused(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "here")
    tiny = place.write("tiny.toml", TINY)
    result = run("sweep", tiny, "--set", "learning.epochs=3", "--resume", "here")
    assert result.exit_code == 3
    assert result.stderr == (
        "Error: here: holds the points of another run (tiny, or with other values); leave RUN, --set and --seed out "
        "to go on with it\n"
    )
    assert results(Path("here")) == results(swept)
    assert run("sweep", tiny, "--resume", "here", "--quiet").exit_code == 0  # the same run is no other


def test_a_store_of_another_source_is_not_gone_on_with(
    swept: Path, run: Run, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(swept, "again")
    before = rows("again")
    with monkeypatch.context() as edited:
        other_source(edited)
        result = run("sweep", "--resume", "again", "--seeds", "3", "--quiet")
    assert result.exit_code == 3
    assert re.fullmatch(
        r"Error: again: holds results that would not come out the same here \(source of neurochip \w{16} there, "
        r"0123456789abcdef here\); begin anew in another folder: neurochip sweep --resume again --out again-2\n",
        result.stderr,
    )
    assert rows("again") == before
    # With the same source, a new folder takes over what is there, and says so.
    result = run("sweep", "--resume", "again", "--out", "again-2", "--quiet")
    assert result.exit_code == 0, result.output
    assert [row[1:] for row in rows("again-2")] == [row[1:] for row in before]
    assert any(
        "10 of 10 results of again are taken over" in event for event in read_sweep(Path("again-2"))["events"]
    )


def test_what_is_left_of_a_damaged_store_is_saved(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "hurt")
    with sqlite3.connect("hurt/points.sqlite") as raw:
        raw.execute("UPDATE results SET measured = 'nonsense' WHERE rowid = 7")
    raw.close()
    result = run("sweep", "--resume", "hurt")
    assert (result.exit_code, result.stderr) == (
        3,
        "Error: hurt/points.sqlite: is damaged: 1 of its 10 results cannot be read; save what can be saved with "
        "`neurochip sweep --resume hurt --out hurt-saved`, or restore it from a copy\n",
    )
    result = run("sweep", "--resume", "hurt", "--out", "hurt-saved", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "9 of 10 results of hurt are taken over; 1 could not be read" in result.stderr
    assert tables("hurt-saved") == tables(swept)


def test_a_sweep_that_is_killed_goes_on(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    with started(tiny, *ASKED, "--workers", "1", "--out", "cut") as process:
        wait_until(lambda: len(rows("cut")) >= 2, 60)
        process.kill()  # SIGKILL: nothing can be tidied up
    assert process.returncode == -signal.SIGKILL
    before = rows("cut")
    assert 2 <= len(before) < 10
    assert not Path("cut/sweep.json").exists()
    result = run("sweep", "--resume", "cut", "--workers", "1", "--quiet")
    assert result.exit_code == 0, result.output
    assert before.items() < rows("cut").items() and len(rows("cut")) == 10
    assert results(Path("cut")) == results(swept)


def test_ctrl_c_keeps_and_reports_what_is_done(place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    process = started(tiny, *ASKED, "--seeds", "40", "--workers", "1", "--out", "cut")
    wait_until(lambda: len(rows("cut")) >= 2, 60)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.splitlines()[-1] == "Stopped; go on with: neurochip sweep --resume cut"
    assert "Traceback" not in told
    document = read_sweep(Path("cut"))
    assert not document["complete"]
    assert sum(point["error"] is not None for point in document["points"]) >= 2


def test_what_the_machine_failed_at_is_tried_again(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "again")
    with Store.open(Path("again")) as store:
        [digest, *_] = (digest for digest, _ in store.entries() if store.parameters(digest) is None)
        store.add(digest, "deploy", Entry(None, "its worker died", 3, 0.0, 0.0, "0", Failure.WORKER_DIED))
    result = run("sweep", "--resume", "again", "--workers", "1")
    assert result.exit_code == 0 and "1 tasks that the machine failed at, or" in result.stderr
    assert tables("again") == tables(swept)


def test_who_did_the_work_does_it_again(swept: Path, run: Run, place: Workplace) -> None:
    shutil.copytree(swept, "again")
    with Store.open(Path("again")) as store:
        store.choose_engine(EngineChoice(3))
    assert run("sweep", "--resume", "again", "--seeds", "3", "--quiet").exit_code == 0
    assert run("sweep", "--resume", "again", "--seeds", "4", "--workers", "1", "--quiet").exit_code == 0
    assert [one["workers"] for one in read_sweep(Path("again"))["sessions"][-2:]] == [3, 1]
    with Store.open(Path("again")) as store:
        assert store.engine() == EngineChoice(1)
