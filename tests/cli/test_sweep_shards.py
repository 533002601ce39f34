"""Sweeps that are measured in parts, and joined."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
from pathlib import Path

from neurochip.description import read_run
from neurochip.report.sweeps import read_sweep
from neurochip.sweep.definition import define
from neurochip.sweep.rows import checksum
from neurochip.sweep.space import parse_axes
from neurochip.sweep.store import Store

from .conftest import Run, Workplace
from .sweeps import ASKED, FILES, TINY, results, rows, tables


def test_shards_are_joined_to_the_same_tables(swept: Path, run: Run, place: Workplace) -> None:
    tiny = place.write("tiny.toml", TINY)
    for k in (1, 2):  # four in test_sweep_engines.py
        result = run(
            "sweep", tiny, *ASKED, "--workers", "1", "--shard", f"{k}/2", "--out", f"part{k}", "--quiet"
        )
        assert (result.exit_code, result.stdout) == (0, f"part{k}\n"), result.output
        assert sorted(os.listdir(f"part{k}")) == [".lock", "points.sqlite"]
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
        2,
        f"Error: other: is of another sweep than {swept}: vary differs\n",
    )
    shutil.copytree(swept, "copy")
    with sqlite3.connect("copy/points.sqlite") as raw:  # a machine that computes otherwise
        [digest, work, measured] = raw.execute(
            "SELECT digest, work, measured FROM results LIMIT 1"
        ).fetchone()
        measured = json.dumps({**json.loads(measured), "test_error": 0.125}, sort_keys=True)
        check = checksum(json.dumps([digest, work, measured, None]).encode())
        raw.execute(
            "UPDATE results SET measured = ?, checksum = ? WHERE digest = ?", (measured, check, digest)
        )
    raw.close()
    result = run("sweep", "merge", str(swept), "copy", "--out", "whole")
    assert result.exit_code == 2 and "have different results for the same task (" in result.stderr
    assert not Path("whole").exists()
    result = run("sweep", "merge", "nothing", "--out", "whole")
    assert (result.exit_code, result.stderr) == (
        2,
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
    assert sorted(os.listdir("part-2")) == [".lock", "points.sqlite"]
    assert rows("part-2").keys() == rows("part").keys()


def test_a_shard_seeks_no_limits(run: Run, place: Workplace) -> None:
    run_of_dies = read_run("analog-mnist-small")
    definition = define(run_of_dies, parse_axes(["analog.mismatch.sigma=0:0.5:3"]), modes=None, dies=2)
    assert definition.adaptive
    Store.create(Path("whole"), definition, {}).close()
    asked = ("analog-mnist-small", "--vary", "analog.mismatch.sigma=0:0.5:3")
    for words in (asked, ("--resume", "whole")):
        result = run("sweep", *words, "--shard", "1/2", "--out", "part")
        assert (result.exit_code, result.stderr) == (
            2,
            "Error: --shard: measures the values of a grid; say --grid\n",
        )
        assert not Path("part").exists()
