"""How much a foreign file may hold; what is more is refused before it is read."""

from __future__ import annotations

import os
import re

from neurochip.errors import ConfigError

__all__ = [
    "LIMIT_VARIABLE",
    "MOST_JSON",
    "MOST_MEMBERS",
    "MOST_ROWS_TEXT",
    "MOST_TEXT",
    "MOST_VALUES",
    "file_limit",
    "in_bytes",
]

LIMIT_VARIABLE = "NEUROCHIP_FILE_LIMIT"

MOST_TEXT = 1 << 20  # bytes of a run, a chip specification, an energy table, a program
MOST_JSON = 128 << 20  # bytes of a report; one of 10⁵ points of a sweep has some 40 MB
MOST_VALUES = 5_000_000  # of a JSON text: each takes up to 100 bytes once it is decoded
MOST_ROWS_TEXT = 256 << 20  # bytes of a CSV, which is read row by row
MOST_MEMBERS = 20_000  # arrays of an .npz, groups and data sets of an HDF5 file
_MOST_ARRAYS = 512 << 20  # bytes of a file of arrays, and of all arrays in it

_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_AMOUNT = re.compile(r"(\d{1,15})\s*([A-Za-z]*)")


def file_limit() -> int:
    """Return the most bytes that a file of arrays may have, and its arrays together.

    512 MiB, unless the environment variable ``NEUROCHIP_FILE_LIMIT`` says otherwise, e.g. ``4 GiB``.

    Raises
    ------
    ConfigError
        When the variable holds no such amount.
    """
    text = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return _MOST_ARRAYS
    match = _AMOUNT.fullmatch(text)
    if match is None or match[2] not in _UNITS or int(match[1]) == 0:
        raise ConfigError(LIMIT_VARIABLE, f'must be an amount of memory such as "4 GiB", got "{text[:40]}"')
    return int(match[1]) * _UNITS[match[2]]


def in_bytes(count: int) -> str:
    """Return a number of bytes in words, e.g. ``512 MiB``."""
    if count >= 1 << 60:
        return f"{count:.3g} bytes" if count < 1 << 1000 else "endlessly many bytes"
    for unit in ("GiB", "MiB", "KiB"):
        if count >= _UNITS[unit]:
            return f"{count / _UNITS[unit]:.4g} {unit}"
    return f"{count} bytes"
