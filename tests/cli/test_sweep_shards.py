"""Sweeps that are measured in parts, and joined."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

import pytest

from neurochip.report.sweeps import read_sweep
from neurochip.sweep.rows import row_checksum

from .conftest import Run, Workplace
from .sweeps import ANALOG, ASKED, FILES, TINY, results, rows, tables

pytestmark = pytest.mark.usefixtures("kept_workers")


def test_shards_are_joined_to_the_same_tables(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    for k in (1, 2):  # four in test_sweep_engines.py
        result = run(
            "sweep", tiny, *ASKED, "--workers", "1", "--shard", f"{k}/2", "--out", f"part{k}", "--quiet"
        )
        assert (result.exit_code, result.stdout) == (0, f"part{k}\n"), result.output
        assert sorted(os.listdir(f"part{k}")) == [".lock", "points.sqlite", "points.sqlite.checksum"]
    result = run("sweep", "merge", "part1", "part2", "--out", "whole")
    assert result.exit_code == 0, result.output
    assert tables("whole") == tables(swept) and results(Path("whole")) == results(swept)
    assert read_sweep(Path("whole"))["complete"] and sorted(os.listdir("whole")) == FILES
    # Each of the two has the tasks of one seed, with its ideal training; in the slow tests more need the same one.
    assert re.search(r"^10 of 10 tasks, 0 of them measured twice and alike$", result.stderr, re.M)
    # A gap is said, and closed by going on.
    result = run("sweep", "merge", "part1", "--out", "gap", "--quiet")
    assert result.exit_code == 0
    assert re.search(
        r"^\d tasks are missing; shards 2/2 were not given; measure them with: neurochip sweep --resume gap$",
        result.stderr,
        re.M,
    )
    assert not read_sweep(Path("gap"))["complete"]
    before = rows("gap")
    assert run("sweep", "--resume", "gap", "--workers", "1", "--quiet").exit_code == 0
    assert tables("gap") == tables(swept) and before.items() < rows("gap").items()


def test_what_is_not_joined(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    other = (
        "sweep",
        tiny,
        "--vary",
        "phases.free=3,20",
        "--seeds",
        "1",
        "--modes",
        "deploy",
        "--workers",
        "1",
    )
    assert run(*other, "--shard", "1/2", "--out", "other", "--quiet").exit_code == 0
    result = run("sweep", "merge", str(swept), "other", "--out", "whole")
    assert (result.exit_code, result.stderr) == (
        3,
        f"Error: other: is of another sweep than {swept}: vary differs\n",
    )
    shutil.copytree(swept, "copy")
    with sqlite3.connect("copy/points.sqlite") as raw:  # a machine that computes otherwise
        row = list(raw.execute("SELECT * FROM results LIMIT 1").fetchone())
        row[2] = json.dumps({**json.loads(row[2]), "test_error": 0.125}, sort_keys=True)
        raw.execute(
            "UPDATE results SET measured = ?, checksum = ? WHERE digest = ?",
            (row[2], row_checksum(*row[:-1]), row[0]),
        )
    raw.close()
    result = run("sweep", "merge", str(swept), "copy", "--out", "whole")
    assert result.exit_code == 3 and "have different results for the same task (" in result.stderr
    assert not Path("whole").exists()
    result = run("sweep", "merge", "nothing", "--out", "whole")
    assert (result.exit_code, result.stderr) == (
        3,
        "Error: nothing: has no points.sqlite; name the folder of a sweep\n",
    )
    for shard, why in (
        ("0/4", "must be 1/4 to 4/4, got 0/4"),
        ("4", "must be K/N, e.g. 3/40 for the third of forty"),
    ):
        result = run("sweep", tiny, *ASKED, "--shard", shard, "--out", "nowhere")
        assert result.exit_code == 2 and f"Error: --shard: {why}" in result.stderr


def test_a_shard_that_is_begun_anew_stays_one(run: Run, place: Workplace) -> None:
    asked = (place.write("tiny.toml", TINY), *ASKED, "--modes", "deploy", "--workers", "1")
    assert run("sweep", *asked, "--shard", "2/2", "--out", "part", "--quiet").exit_code == 0
    result = run("sweep", "--resume", "part", "--out", "part-2", "--workers", "1", "--quiet")
    assert (result.exit_code, result.stdout) == (0, "part-2\n"), result.output
    assert sorted(os.listdir("part-2")) == [".lock", "points.sqlite", "points.sqlite.checksum"]
    assert rows("part-2").keys() == rows("part").keys()


def test_where_limits_are_sought_a_shard_measures_its_part_of_what_is_known(
    run: Run, place: Workplace
) -> None:
    """Round by round in test_adaptive.py, and with real trainings in test_sweep_engines.py."""
    asked = ("analog-mnist-small", *ANALOG, "--vary", "analog.mismatch.sigma=0:0.5:3", "--dies", "4")
    asked += ("--references", "1", "--modes", "deploy", "--workers", "1", "--quiet")
    for k in (1, 2):
        assert run("sweep", *asked, "--shard", f"{k}/2", "--out", f"part{k}").exit_code == 0
    result = run("sweep", "merge", "part1", "part2", "--out", "whole", "--quiet")
    assert result.exit_code == 0, result.output
    n = re.search(r"^(\d+) of (\d+) tasks, 1 of them measured twice and alike$", result.stderr, re.M)
    assert n is not None and int(n[1]) == 1 + 2 * 4 < int(n[2])  # the ideal chip, and four dies at two values
    assert "measure them with: neurochip sweep --resume whole" in result.stderr
    assert not read_sweep(Path("whole"))["complete"]
    result = run("sweep", "--resume", "whole", "--shard", "1/2")
    assert (result.exit_code, result.stderr) == (
        3,
        "Error: whole: is for the whole sweep, not shard 1/2; leave --shard out, or name a folder for it with --out\n",
    )
    result = run("sweep", "--resume", "whole", "--shard", "1/2", "--out", "next1", "--quiet")
    assert result.exit_code == 0, result.output
    assert len(rows("whole")) < len(rows("next1")) < int(n[2])
