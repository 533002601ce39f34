"""Whole numbers that never wrap: arrays of 64 bits while these hold them, of Python's integers from there on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["fits", "integers", "plus", "sums", "times", "total"]

Whole = NDArray[Any]  # i64, or Python's integers
_MOST = (1 << 63) - 1


def fits(value: int) -> bool:
    """Whether a whole number has room in 64 bits."""
    return abs(value) <= _MOST


def integers(values: ArrayLike) -> Whole:
    """Return whole numbers as an array, i64 where all of them fit."""
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return np.array(values, dtype=object)


def plus(first: Whole, second: Whole) -> Whole:
    """Return the sum, entry by entry."""
    if fits(_largest(first) + _largest(second)):
        return first + second
    return _narrow(first.astype(object) + second.astype(object))


def times(first: Whole, second: ArrayLike) -> Whole:
    """Return the product, entry by entry."""
    other = integers(second)
    if fits(_largest(first) * _largest(other)):
        return np.asarray(first * other)
    return _narrow(np.asarray(first.astype(object) * other.astype(object)))


def sums(values: Whole, axis: int = 0) -> Whole:
    """Return the sums along one axis."""
    if fits(_largest(values) * values.shape[axis]):
        return np.asarray(values.sum(axis=axis))
    return _narrow(values.astype(object).sum(axis=axis))


def total(values: Whole) -> int:
    """Return the sum of all entries."""
    return int(values.sum() if fits(_largest(values) * values.size) else values.astype(object).sum())


def _largest(values: Whole) -> int:
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0


def _narrow(values: Whole) -> Whole:
    return values.astype(np.int64) if fits(_largest(values)) else values
