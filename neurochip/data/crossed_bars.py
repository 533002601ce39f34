"""A horizontal and a vertical bar in noise, each brighter or darker than the ground: four targets of one image.

An image of 8 × 8 pixels has a bar in one of four pairs of rows, and one in one of four pairs of columns. Two heads of
classes say where they lie, and two labels whether each is bright. Either sign is equally likely, so that all rows and
all columns have the same mean, and a weighted sum of pixels says nothing of where a bar lies; of its sign a sum of all
pixels says what both bars have in common. A hidden layer has to find the bars.

The images are made by a hash, the same in every version of everything.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from neurochip.data.heads import Kind

__all__ = ["BANDS", "KINDS", "NAMES", "PROVENANCE", "TARGETS", "TEST", "TRAIN", "crossed_bars"]

PROVENANCE = "made by neurochip: a horizontal and a vertical bar in noise"
TRAIN, TEST = 2000, 1000
TARGETS = ("row", "column", "horizontal bright", "vertical bright")
KINDS: tuple[Kind, ...] = ("classes", "classes", "label", "label")
BANDS = 4
NAMES = {"row": ("first", "second", "third", "fourth"), "column": ("first", "second", "third", "fourth")}
_SIDE = 8
_BAR = 60  # grey levels by which a bar is brighter or darker than 127.5
_NOISE = 0.5  # of the difference of two uniform numbers of 0 to 255: a standard deviation of 52 grey levels


def crossed_bars(first: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return ``count`` images u8[sample, 64] from the ``first`` on, and their targets i64[sample, `TARGETS`]."""
    pixels = _SIDE * _SIDE
    digests = [
        hashlib.shake_256(f"crossed-bars:{row}".encode()).digest(1 + 2 * pixels)
        for row in range(first, first + count)
    ]
    drawn = np.array([list(digest) for digest in digests], dtype=np.float64).reshape(count, 1 + 2 * pixels)
    choices = drawn[:, 0].astype(np.int64)
    row, column, across, down = choices & 3, choices >> 2 & 3, choices >> 4 & 1, choices >> 5 & 1
    at = np.arange(_SIDE) // (_SIDE // BANDS)
    horizontal = (2 * across - 1)[:, None, None] * (at[None, :, None] == row[:, None, None])
    vertical = (2 * down - 1)[:, None, None] * (at[None, None, :] == column[:, None, None])
    noise = _NOISE * (drawn[:, 1 : 1 + pixels] - drawn[:, 1 + pixels :])
    grey = 127.5 + _BAR * (horizontal + vertical).reshape(count, pixels) + noise
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8), np.stack([row, column, across, down], axis=1)
