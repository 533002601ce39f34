"""Random streams by name: one seed, and no draw that could be moved by another."""

from __future__ import annotations

import zlib

import numpy as np

__all__ = ["stream"]


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """Return the generator of a purpose, e.g. ``stream(1, "order", epoch)``."""
    words = [part if isinstance(part, int) else zlib.crc32(part.encode()) for part in path]
    return np.random.default_rng([seed, *words])
