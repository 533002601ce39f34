"""Placements as CSV files: which neurons of which group stand on which core."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.durable.atomic import replacing
from neurochip.errors import MappingError
from neurochip.files import Foreign, briefly, read_rows
from neurochip.keys.reading import did_you_mean

__all__ = ["placement_text", "read_placement", "write_placement"]

COLUMNS = ("group", "neurons", "core")
_RANGE = re.compile(r"(\d{1,9})(?:\s*-\s*(\d{1,9}))?")
_NOWHERE = -1


def read_placement(path: Path | str, names: Sequence[str], sizes: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the core of each neuron, list over groups of i64[unit].

    Every row is a group, its neurons (``12``, or ``0-127`` with both ends included) and their core.

    Parameters
    ----------
    names, sizes
        Of the groups; every neuron of each must be in the file once.

    Raises
    ------
    DataError
        For a file that is no such table.
    MappingError
        For a group or neuron that there is not, one that is there twice, and one that is left out.
    """
    file = Foreign(Path(path), "a placement", "begin it with the line group,neurons,core")
    cores = [np.full(size, _NOWHERE, dtype=np.int64) for size in sizes]
    line_of = [np.zeros(size, dtype=np.int64) for size in sizes]
    for line, row in read_rows(file, COLUMNS):
        place = f"{path}: line {line}"
        if row["group"] not in names:
            known = did_you_mean(row["group"], names) or f"; the groups are {', '.join(names)}"
            raise MappingError(place, f"there is no group {briefly(row['group'])!r}{known}")
        k = list(names).index(row["group"])
        match = _RANGE.fullmatch(row["neurons"])
        if match is None or not row["core"].isdecimal() or len(row["core"]) > 9:
            raise MappingError(
                place, "must give neurons, such as 12 or 0-127, and the number of a core; see docs/replay.md"
            )
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last < sizes[k]:
            raise MappingError(
                place, f"{names[k]} has neurons 0 to {sizes[k] - 1}, not {briefly(row['neurons'])}"
            )
        part = slice(first, last + 1)
        twice = np.flatnonzero(cores[k][part] != _NOWHERE)
        if twice.size:
            unit = first + int(twice[0])
            raise MappingError(
                place,
                f"puts neuron {unit} of {names[k]} on a core, and line {line_of[k][unit]} did so already; "
                "name each neuron once",
            )
        cores[k][part], line_of[k][part] = int(row["core"]), line
    for name, on in zip(names, cores, strict=True):
        left = np.flatnonzero(on == _NOWHERE)
        if left.size:
            more = f" and {left.size - 1} more" if left.size > 1 else ""
            raise MappingError(
                str(path), f"leaves out neuron {left[0]} of {name}{more}; give every neuron a core"
            )
    return cores


def placement_text(names: Sequence[str], cores: Sequence[NDArray[np.int64]]) -> str:
    """Return the file of a placement, neighbours on one core in one row."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(COLUMNS)
    for name, on in zip(names, cores, strict=True):
        ends = np.flatnonzero(np.diff(on, append=_NOWHERE)) + 1
        first = 0
        for last in ends.tolist():
            out.writerow((name, first if last == first + 1 else f"{first}-{last - 1}", int(on[first])))
            first = last
    return text.getvalue()


def write_placement(path: Path, names: Sequence[str], cores: Sequence[NDArray[np.int64]]) -> None:
    """Write a placement as `read_placement` reads it."""
    with replacing(path) as file:
        file.write(placement_text(names, cores).encode())
