"""Two interleaved classes that no output layer can tell apart: one of two vertical stripes, and one of two horizontal.

An image of 4 × 4 pixels has its left or its right half brighter, and its upper or its lower half. The class is whether
both choices are the same (XOR of two stripes), so that both classes have the same mean, each pixel on its own says
nothing, and a weighted sum of pixels hardly more. Pixels are noisy; a hidden layer has to find the two stripes.

The images are made by a hash, the same in every version of everything.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["PROVENANCE", "TEST", "TRAIN", "stripes"]

PROVENANCE = "made by neurochip: XOR of two stripes in noise"
TRAIN, TEST = 400, 400
_SIDE = 4
_STRIPE = 64  # grey levels by which a stripe is brighter or darker than 127.5
_NOISE = 0.75  # of the difference of two uniform numbers of 0 to 255: a standard deviation of 78 grey levels


def stripes(first: int, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return ``count`` images u8[sample, 16] from the ``first`` on, and their classes i64[sample]."""
    pixels = _SIDE * _SIDE
    digests = [
        hashlib.shake_256(f"stripes:{row}".encode()).digest(1 + 2 * pixels)
        for row in range(first, first + count)
    ]
    drawn = np.array([list(digest) for digest in digests], dtype=np.float64).reshape(count, 1 + 2 * pixels)
    choices = drawn[:, 0].astype(np.int64)
    vertical, horizontal = choices & 1, choices >> 1 & 1
    half = np.where(np.arange(_SIDE) < _SIDE // 2, 1.0, -1.0)
    bright = (2 * vertical - 1)[:, None, None] * half[None, None, :]
    bright = bright + (2 * horizontal - 1)[:, None, None] * half[None, :, None]
    noise = _NOISE * (drawn[:, 1 : 1 + pixels] - drawn[:, 1 + pixels :])
    grey = 127.5 + _STRIPE * bright.reshape(count, pixels) + noise
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8), vertical ^ horizontal
