"""Shards of an experiment: the jobs of each are kept, and joined they are the whole experiment."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from neurochip._cli.main import neurochip

from neurochip.durable.shard import Shard
from neurochip.errors import CheckpointError, ConfigError, OutputError
from neurochip.papers import reproduce
from neurochip.papers.sharing import merge_reproductions, reproduce_shard, shard_of
from neurochip.papers.side_by_side import Job, ShardDone, side_by_side
from neurochip.papers.table import experiments, find
from tests.unit.papers.small_forms import SMALL

NAME = "oconnor2019-fig3"


def results(folder: Path) -> tuple[dict[str, Any], bytes]:
    document = json.loads((folder / "result.json").read_text())
    for key in ("seconds", "started"):
        del document[key]
    return document, (folder / "figure.svg").read_bytes()


def test_each_job_is_done_by_one_shard() -> None:
    done: list[int] = []
    jobs = [Job(str(k), float(k % 4), lambda turn, k=k: done.append(k)) for k in range(10)]  # type: ignore[misc]
    for number in (1, 2, 3):
        before = len(done)
        with pytest.raises(ShardDone):
            side_by_side(jobs, 2, lambda share, doing: None, Shard(number, 3))
        lengths = sorted(k % 4 for k in done[before:])
        assert lengths[-1] >= 2  # none has all of the longest
    assert sorted(done) == list(range(10))
    with pytest.raises(ShardDone):  # more shards than jobs
        side_by_side(jobs, 1, lambda share, doing: None, Shard(12, 12))
    assert len(done) == 10


def test_shards_are_joined_to_the_same_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SMALL[NAME](monkeypatch.setattr)
    folders = []
    for k in (1, 2, 3):
        folder = reproduce_shard(NAME, f"{k}/3", quick=True, out=tmp_path / f"part{k}", threads=1)
        assert folder == tmp_path / f"part{k}" and shard_of(folder) == f"{k}/3"
        assert {path.suffix for path in folder.iterdir()} == {".json", ".npz"}
        folders.append(folder)
    assert len({path.name for folder in folders for path in folder.glob("*.npz")}) == sum(
        len(list(folder.glob("*.npz"))) for folder in folders
    )
    with pytest.raises(CheckpointError, match=r"merge: lacks shards 2/3; name them, too"):
        merge_reproductions([folders[0], folders[2]], tmp_path / "joined")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part1", "part2", "part3"]
    merge_reproductions(folders, tmp_path / "joined", threads=1)
    reproduce(NAME, quick=True, out=tmp_path / "whole", threads=2)
    assert results(tmp_path / "joined") == results(tmp_path / "whole")
    other = reproduce_shard(NAME, "2/3", quick=True, seed=2, out=tmp_path / "other", threads=1)
    with pytest.raises(CheckpointError, match="is of another experiment than"):
        merge_reproductions([folders[0], other, folders[2]], tmp_path / "mixed")
    part = next(folders[0].glob("*.npz"))
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    with pytest.raises(CheckpointError, match="part"):
        merge_reproductions(folders, tmp_path / "damaged")
    assert not [path for path in tmp_path.iterdir() if "damaged" in path.name]


def test_a_shard_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SMALL[NAME](monkeypatch.setattr)
    folder = reproduce_shard(NAME, "1/2", quick=True, out=tmp_path / "part", threads=1)
    whole = {path.name for path in folder.iterdir()}
    stopped = folder.with_name(".part.parts")
    folder.rename(stopped)
    lost = next(stopped.glob("*.npz"))
    lost.unlink()
    with pytest.raises(CheckpointError, match=r"part: is an unfinished shard; go on there with --resume"):
        merge_reproductions([folder], tmp_path / "joined")
    with pytest.raises(CheckpointError, match="is shard 1/2 of a reproduction"):
        reproduce(resume=folder, threads=1)
    run = CliRunner().invoke(neurochip, ["reproduce", "--resume", str(folder)])
    assert (run.exit_code, run.stdout) == (0, f"{folder}\n"), run.output
    assert "Shard 1/2; join all with: neurochip reproduce merge DIR... --out DIR" in run.stderr
    assert {path.name for path in folder.iterdir()} == whole
    again = CliRunner().invoke(neurochip, ["reproduce", "--resume", str(folder)])
    assert again.exit_code == 0 and "is finished; nothing was left to do" in again.stderr


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--shard: mesnard2016-rate is one piece of work"):
        reproduce_shard("mesnard2016-rate", "1/2", quick=True, out=tmp_path / "x")
    with pytest.raises(ConfigError, match="--shard: must be 1/2 to 2/2"):
        reproduce_shard(NAME, "3/2", quick=True, out=tmp_path / "x")
    (tmp_path / "there").mkdir()
    with pytest.raises(OutputError, match="exists already"):
        reproduce_shard(NAME, "1/2", quick=True, out=tmp_path / "there")
    with pytest.raises(CheckpointError, match="is no shard; name the folders that --shard made"):
        merge_reproductions([tmp_path / "there"], tmp_path / "y")
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
    for words, problem in (
        (["--all", "--shard", "1/2"], "leave out --all"),
        ([NAME, "--shard", "1/2", "--workers", "2"], "leave out --workers"),
    ):
        run = CliRunner().invoke(neurochip, ["reproduce", *words])
        assert run.exit_code == 2 and problem in run.stderr
    shutil.rmtree(tmp_path / "there")


def test_which_experiments_have_jobs() -> None:
    with_jobs = {name for name in experiments() if find(name).in_jobs}
    assert {"oconnor2019-fig3", "oconnor2019-search", "scellier2018-mnist", "scellier2018-conv"} <= with_jobs
