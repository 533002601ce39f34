"""Shifts that round, limits and the generator of integer cores, on scalars and rows."""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import kernel
from neurochip.kernels.types import Index

__all__ = ["first_word", "limited", "next_word", "shifted"]

_GOLDEN = np.uint64(0x9E3779B9)
_WORD = np.uint64(0xFFFFFFFF)
_S5, _S13, _S17 = np.uint64(5), np.uint64(13), np.uint64(17)


@kernel
def shifted(x: Index, places: Index) -> Index:
    """Return x / 2^places rounded to nearest, halves up; i64, 0 ≤ places."""
    return (x + ((np.int64(1) << places) >> np.int64(1))) >> places


@kernel
def limited(x: Index, top: Index) -> Index:
    """Return x held in ±top."""
    return min(max(x, -top), top)


@kernel
def next_word(x: Index) -> Index:
    """Return the word after a u64 < 2³² of the 32-bit xorshift generator (13, 17, 5; Marsaglia 2003)."""
    x ^= (x << _S13) & _WORD
    x ^= x >> _S17
    x ^= (x << _S5) & _WORD
    return x


@kernel
def first_word(key: Index, number: Index) -> Index:
    """Return the state of the generator before row ``number`` u64 of a ``key`` u64 < 2³²: never 0."""
    x = (key + number * _GOLDEN) & _WORD
    if x == np.uint64(0):
        x = _GOLDEN
    return next_word(next_word(x))
