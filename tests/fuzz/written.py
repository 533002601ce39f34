"""Files to begin from: written by what writes them, or found to be damaged once in a way that mattered."""

from __future__ import annotations

import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["CASES", "cases", "made_in_folder", "written"]

CASES = Path(__file__).parents[1] / "cases" / "hardening"


def cases(pattern: str) -> list[bytes]:
    """Return the cases of hardening whose names fit, unpacked."""
    found = []
    for path in sorted(CASES.glob(pattern)):
        found.append(lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes())
    return found


def written(write: Callable[[Path], Any]) -> bytes:
    """Return the file that a function writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed"
        write(path)
        return path.read_bytes()


def made_in_folder(make: Callable[[Path], Any], *names: str) -> list[bytes]:
    """Return files of a folder that is made and removed."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder) / "made")
        return [(Path(folder) / "made" / name).read_bytes() for name in names]
