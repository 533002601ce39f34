"""A folder appears with all of its first files, held, or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from neurochip.durable import folder as module
from neurochip.durable.folder import appearing, new_folder
from neurochip.durable.lock import LOCK, OWNER, hold
from neurochip.errors import CheckpointError, OutputError


def test_it_appears_whole_and_held(tmp_path: Path) -> None:
    at = tmp_path / "above" / "run"
    held = new_folder(at, {"a": b"1", "b": b"2"}, "run")
    assert sorted(os.listdir(at)) == sorted(["a", "b", LOCK, OWNER])
    assert os.listdir(at.parent) == ["run"]
    with pytest.raises(CheckpointError, match="in use by another run"):
        hold(at, "run")
    held.release()
    assert sorted(os.listdir(at)) == sorted(["a", "b", LOCK])
    with pytest.raises(OutputError, match="exists already"):
        new_folder(at, {}, "run")


def test_an_error_inside_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), appearing(tmp_path / "run", "run") as (building, _):
        (building / "a").write_bytes(b"1")
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "write_synced", full)
    with pytest.raises(OutputError, match="run: cannot be made: No space left"):
        new_folder(tmp_path / "run", {"a": b"1"}, "run")
    assert os.listdir(tmp_path) == []


def test_what_a_killed_process_left_is_removed_but_not_what_one_is_building(tmp_path: Path) -> None:
    left = tmp_path / ".run[1].abc.new"
    left.mkdir()
    os.utime(left, (0, 0))  # a folder of this minute may be one whose maker has not locked it yet
    other = tmp_path / ".run[1]x.abc.new"
    other.mkdir()
    with appearing(tmp_path / "run[1]", "run") as (building, _):
        assert not left.exists() and other.exists()
        with pytest.raises(OutputError, match="exists already"):
            with appearing(tmp_path / "run[1]", "run") as (second, _):
                assert building.exists()
                (tmp_path / "run[1]").mkdir()
        (tmp_path / "run[1]").rmdir()
        assert not second.exists()
    assert sorted(os.listdir(tmp_path)) == [other.name, "run[1]"]
