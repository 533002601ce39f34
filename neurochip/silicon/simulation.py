"""The authors' Verilog in Verilator: built from a folder that the user names, driven by our bench, read back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, briefly, read_bytes
from neurochip.rtl.room import call
from neurochip.rtl.templates import template
from neurochip.rtl.verify import check_verilator
from neurochip.silicon.controller import Events
from neurochip.silicon.records import Records

__all__ = ["TOPS", "Built", "build", "simulate"]

# Chip → the name of its top module, in a file of the same name.
TOPS = {"tinyodin": "tinyODIN", "odin": "ODIN"}
_NAME = re.compile(r"[A-Za-z0-9_]+\.v")
_MOST_FILES = 200
_BUILD_LIMIT_S = 1800.0
_MOST_RECORDED = 1 << 32
_DONE = re.compile(r"DONE events (\d+) cycles (\d+)")


class Built(NamedTuple):
    """A bench that is ready to run, in a temporary room, on behalf of a folder of Verilog."""

    program: Path
    room: Path
    folder: Path


def _sources(chip: str, folder: Path) -> list[Path]:
    """Return the Verilog files of a chip: all below the folder in which its top module stands."""
    top = f"{TOPS[chip]}.v"
    if not folder.is_dir():
        raise ConfigError("rtl", f"{briefly(str(folder))} is no folder; name one with the authors' {top}")
    found = sorted(path for depth in ("", "*/", "*/*/") for path in folder.glob(depth + top))
    if not found:
        raise DataError(
            str(folder), f"has no {top}; clone github.com/ChFrenkel/{TOPS[chip]} and name its folder"
        )
    files = sorted(path for path in found[0].parent.rglob("*.v") if _NAME.fullmatch(path.name))
    if len(files) > _MOST_FILES or len({path.name for path in files}) < len(files):
        raise DataError(
            str(found[0].parent), f"must hold the authors' files alone, got {len(files)} of Verilog"
        )
    return files


def build(chip: str, folder: Path, room: Path) -> Built:
    """Build the bench of a chip with the authors' Verilog; nothing is written outside the room.

    Raises
    ------
    ConfigError
        When Verilator is missing or too old, or the folder is none.
    DataError
        When the folder has no such chip, or its Verilog cannot be built.
    """
    sources = _sources(chip, folder)
    check_verilator(room, folder)
    for name in ("bench.cpp", f"{chip}.vlt"):
        (room / name).write_text(template(name, "neurochip.silicon", "bench"), encoding="utf-8")
    for path in sources:
        kind = Foreign(path, "Verilog of the authors", "clone their repository again")
        (room / path.name).write_bytes(read_bytes(kind))
    command = [
        "verilator", "--cc", "--exe", "--build", "-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert",
        "--language", "1364-2005", "-CFLAGS", f"-D{TOPS[chip].upper()}", "-MAKEFLAGS", "OPT_FAST=-O2",
        "--top-module", TOPS[chip], "--Mdir", "made", "-o", "bench", f"{chip}.vlt", "bench.cpp",
        *(path.name for path in sources),
    ]  # fmt: skip
    made = call(command, room, of=folder, limit_s=_BUILD_LIMIT_S)
    if made.returncode:
        lines = [line.strip() for line in (made.stderr + made.stdout).splitlines() if line.strip()]
        telling = next(
            (line for line in lines if "error" in line.lower()), lines[0] if lines else "no reason given"
        )
        raise DataError(str(folder), f"cannot be built by verilator: {briefly(telling, 300)}")
    return Built(room / "made" / "bench", room, folder)


def simulate(
    built: Built,
    transfers: Sequence[tuple[int, int]],
    events: Events,
    reads: Sequence[int],
    cycles: int,
    *,
    limit_s: float,
) -> tuple[Records, NDArray[np.uint8]]:
    """Load a chip over SPI, send it events, and return what happened in so many cycles and the bytes read back then.

    Raises
    ------
    DataError
        When the bench does not come to its end in ``limit_s`` seconds.
    """
    head = [len(transfers), events.address.size, len(reads), events.hold, cycles & 0xFFFFFFFF, cycles >> 32]
    sent = np.stack([events.address, events.gap], axis=1)
    parts = (head, transfers, sent, reads)
    words = np.concatenate([np.asarray(part, np.int64).reshape(-1) for part in parts])
    words.astype("<u4").tofile(built.room / "program")
    made = call(
        [str(built.program), "program", "records", "read"], built.room, of=built.folder, limit_s=limit_s
    )
    if made.returncode or _DONE.search(made.stdout) is None:
        said = briefly((made.stderr + made.stdout).strip() or "nothing", 200)
        raise DataError(str(built.folder), f'the bench did not come to its end; it said: "{said}"')
    pairs = np.frombuffer(_made(built, "records"), "<i8").reshape(-1, 2)
    return Records(pairs[:, 0].copy(), pairs[:, 1].copy()), np.frombuffer(_made(built, "read"), np.uint8)


def _made(built: Built, name: str) -> bytes:
    """Return what the bench wrote."""
    return read_bytes(Foreign(built.room / name, "what the bench wrote", "run it again"), most=_MOST_RECORDED)
