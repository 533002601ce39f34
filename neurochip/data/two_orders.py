"""Sequences of twelve symbols that differ in their order alone; two of its facts together make the class.

Each sequence holds the same symbols: A, B, C and D once, and E, F, G and H twice. It is of the class ``same`` where A
comes before B and C before D, or neither: a bag of symbols is the same in all samples. Which of two symbols comes first
is a weighted sum of places; that two such answers agree (XOR) is none, so that a hidden layer has to find both.

The sequences are made by a hash, the same in every version of everything.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["LENGTH", "PROVENANCE", "SYMBOLS", "laid_out", "two_orders"]

PROVENANCE = "made by neurochip: XOR of two orders in permuted symbols"
SYMBOLS = "ABCDEFGH"
_BAG = np.array([SYMBOLS.index(symbol) for symbol in "ABCDEEFFGGHH"])
LENGTH = len(_BAG)


def two_orders(first: int, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return ``count`` sequences i64[sample, place] of numbers of symbols from the ``first`` on, and their classes."""
    digests = [
        hashlib.shake_256(f"two-orders:{row}".encode()).digest(8 * LENGTH)
        for row in range(first, first + count)
    ]
    keys = np.array([np.frombuffer(digest, dtype=">u8") for digest in digests])
    sequences = _BAG[np.argsort(keys, axis=1, kind="stable")]
    at = np.stack([np.argmax(sequences == symbol, axis=1) for symbol in range(4)], axis=1)
    return sequences, ((at[:, 0] < at[:, 1]) ^ (at[:, 2] < at[:, 3])).astype(np.int64)


def laid_out(sequences: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return sequences place by place, one input for each symbol there, u8[sample, place × symbol]."""
    one_hot = np.arange(len(SYMBOLS)) == sequences[:, :, None]
    values: NDArray[np.uint8] = (255 * one_hot).astype(np.uint8)
    return values.reshape(len(sequences), -1)
