"""A temporary room for programs that know no quoting: sources under plain names, links to what is large."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from neurochip.errors import DataError
from neurochip.files import read_bytes
from neurochip.rtl.manifest import exported_file

__all__ = ["call", "fill"]


def fill(room: Path, folder: Path, sources: Sequence[str], *, links: Sequence[str] = ("images",)) -> None:
    """Copy sources of an exported chip into a room, and link what its simulation reads.

    Scripts of yosys, makefiles of Verilator and the shell below Icarus take blanks and marks in a path for something
    else: names in them are those of the room.
    """
    for name in sources:
        (room / name).write_bytes(read_bytes(exported_file(folder / name)))
    for name in links:
        if not (folder / name).exists():
            raise exported_file(folder / name).fault("no such file or folder")
        if not (room / name).is_symlink():
            (room / name).symlink_to((folder / name).resolve())


def call(command: Sequence[str], room: Path, *, of: Path, limit_s: float) -> subprocess.CompletedProcess[str]:
    """Run a program in a room, on behalf of a folder.

    Raises
    ------
    DataError
        When it takes longer than ``limit_s``.
    """
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False, cwd=room, timeout=limit_s
        )
    except subprocess.TimeoutExpired:
        raise DataError(str(of), f"{command[0]} was not through after {limit_s:g} s") from None
