"""A log: what was appended is read again; a line that was cut short is taken away; damage is refused by its line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from neurochip.durable.log import Log
from neurochip.errors import CheckpointError, OutputError
from neurochip.files import Foreign


def log(path: Path, type: object = dict[str, float]) -> Log:
    return Log(Foreign(path, "a log", "begin anew", error=CheckpointError), type)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = log(tmp_path / "log.jsonl")
    for k in range(4):
        made.append({"a": k / 3, "größe": float("nan") if k == 2 else 5e-324})
    return tmp_path / "log.jsonl"


def test_it_is_read_again(path: Path) -> None:
    found = log(path)
    assert [entry["a"] for entry in found.entries] == [0, 1 / 3, 2 / 3, 1]
    found.append({"a": 9.0})
    assert len(log(path).entries) == 5


def test_every_cut_leaves_the_lines_before_it(path: Path) -> None:
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        found = log(path)
        assert len(found.entries) == sum(end <= size for end in ends)
        found.append({"a": 1.0})
        assert len(log(path).entries) == len(found.entries)


def test_every_flipped_bit_is_found(path: Path) -> None:
    whole = path.read_bytes()
    for at in range(len(whole)):
        for bit in range(8):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
            with pytest.raises(CheckpointError, match=r"log.jsonl: line \d: is damaged.*begin anew"):
                log(path)


@pytest.mark.parametrize("gone", [0, 1, 2])
def test_a_line_that_is_gone_or_elsewhere_is_found(path: Path, gone: int) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:gone] + lines[gone + 1 :]))
    with pytest.raises(CheckpointError, match=f"line {gone + 1}: is damaged"):
        log(path)
    lines[gone], lines[gone + 1] = lines[gone + 1], lines[gone]
    path.write_bytes(b"".join(lines))
    with pytest.raises(CheckpointError, match=f"line {gone + 1}: is damaged"):
        log(path)


def test_a_full_disk_leaves_the_log_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, found = path.read_bytes(), log(path)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match="cannot be written: No space left"):
            found.append({"a": 1.0})
    assert path.read_bytes() == before
    found.append({"a": 2.0})
    assert [entry["a"] for entry in log(path).entries][-2:] == [1, 2]


def test_entries_have_a_type(path: Path) -> None:
    with pytest.raises(CheckpointError, match="log.jsonl: line 1"):
        log(path, dict[str, str])
