"""Searches that are carried out in parts, and joined: what comes out is what one process would have found."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run

TINY = [
    *("--set", "network.layers=[784, 20, 10]", "--set", "data.train=60", "--set", "data.test=20"),
    *("--set", "evaluation.train=0", "--set", "learning.epochs=1", "--threads", "1"),
]
VARY = ["--vary", "phases.free=10:30:int", "--vary", "coding.decoder.lambda=0.1:0.9"]
ASKED = [*TINY, *VARY, "--objective", "error,bits", "--trials", "5", "--sampler", "random", "--confirm", "1"]


def found(folder: str) -> tuple[Any, dict[str, bytes]]:
    """Return tune.json without the seconds of trials, and the run files of the best ones."""
    table = json.loads(Path(folder, "tune.json").read_text(encoding="utf-8"))
    for trial in table["trials"]:
        del trial["seconds"]
    return json.dumps(table), {path.name: path.read_bytes() for path in Path(folder).glob("*.toml")}


def test_shards_are_joined_to_the_same_search(run: Run) -> None:
    pytest.importorskip("optuna")
    whole = run("tune", *ASKED, "--out", "whole")
    assert whole.exit_code == 0, whole.output
    for k in (1, 2, 3):
        result = run("tune", *ASKED, "--shard", f"{k}/3", "--out", f"part{k}", "--quiet")
        assert (result.exit_code, result.stdout) == (0, f"part{k}\n"), result.output
        assert sorted(os.listdir(f"part{k}")) == [".lock", "request.json", "run.toml", "trials.jsonl"]
    joined = run("tune", "merge", "part3", "part1", "part2", "--out", "joined")
    assert joined.exit_code == 0, joined.output
    assert found("joined") == found("whole")
    assert sorted(os.listdir("joined")) == sorted(os.listdir("whole"))
    # One that is missing is named, and nothing is made.
    gap = run("tune", "merge", "part1", "part3", "--out", "gap")
    assert gap.exit_code != 0 and "trial 1 and 1 more is missing; name shards 2/3, too" in gap.stderr
    assert not Path("gap").exists()
    # The joined search goes on like any other.
    more = run("tune", "--resume", "joined", "--trials", "6")
    assert more.exit_code == 0 and len(json.loads(found("joined")[0])["trials"]) == 6, more.output


def test_a_shard_that_is_unfinished_goes_on_as_that_shard(run: Run) -> None:
    pytest.importorskip("optuna")
    few = [*TINY, *VARY, "--sampler", "random", "--trials"]
    first = run("tune", *few, "2", "--shard", "2/2", "--out", "part")
    assert first.exit_code == 0, first.output
    assert "Shard 2/2; join all with: neurochip tune merge DIR... --out DIR" in first.stderr
    more = run("tune", "--resume", "part", "--trials", "4")
    assert more.exit_code == 0, more.output
    numbers = [
        json.loads(line)["entry"]["number"] for line in Path("part/trials.jsonl").read_text().splitlines()
    ]
    assert numbers == [1, 3]
    other = run("tune", *few, "4", "--seed", "2", "--shard", "1/2", "--out", "other")
    assert other.exit_code == 0, other.output
    result = run("tune", "merge", "part", "other", "--out", "joined")
    assert result.exit_code != 0 and "other: is of another search than part: seed differs" in result.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ["--shard", "1/2"],
            "--shard: needs trials that know nothing of one another, and tpe proposes each from those before it; use "
            "--sampler random, or share a live search among machines with --scheduler",
        ),
        (["--shard", "3/2", "--sampler", "random"], "--shard: must be 1/2 to 2/2, got 3/2"),
        (["--shard", "x", "--sampler", "random"], "--shard: must be K/N"),
        (["--resume", "x", "--shard", "1/2"], "leave out --shard"),
        (["--replay", "x.npz", "--shard", "1/2"], "--shard is for searches that train"),
    ],
)
def test_what_no_shard_can_do(run: Run, words: list[str], problem: str) -> None:
    pytest.importorskip("optuna")
    given = [] if "--resume" in words else VARY
    result = run("tune", *given, *words)
    assert result.exit_code != 0 and problem in result.stderr.replace("\n", " "), result.output
    assert not Path("runs").exists()
