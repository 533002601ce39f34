"""A file appears whole or not at all."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from neurochip.durable.atomic import replacing
from neurochip.errors import OutputError


def test_block_that_ends_well_replaces(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_new_file_has_ordinary_rights(tmp_path: Path) -> None:
    ordinary, replaced = tmp_path / "ordinary", tmp_path / "replaced"
    ordinary.touch()
    with replacing(replaced) as file:
        file.write(b"new")
    assert stat.S_IMODE(replaced.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


def test_block_that_raises_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(OutputError) as caught, replacing(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert list(tmp_path.iterdir()) == []
