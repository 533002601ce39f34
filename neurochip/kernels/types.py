"""What kernels are handed: words for their annotations, which hold where kernels run as Python (`contract`).

numba finds the types of compiled kernels by itself; these say what a kernel was written for. Formats of state and
weights are chosen in a run, so that several can stand in one place: `Float` is what state is kept in, `Number` what
weights and their sums are, in floats or in whole numbers.
"""

from __future__ import annotations

from typing import TypeAlias, TypeVar

import numpy as np

__all__ = ["Cube", "Flag", "Float", "Index", "Matrix", "Number", "Real", "Scalar", "Tesseract", "Vector"]

S = TypeVar("S", bound=np.generic)

Float: TypeAlias = np.float32 | np.float64
Number: TypeAlias = np.floating | np.integer

Vector: TypeAlias = np.ndarray[tuple[int], np.dtype[S]]
Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[S]]
Cube: TypeAlias = np.ndarray[tuple[int, int, int], np.dtype[S]]
Tesseract: TypeAlias = np.ndarray[tuple[int, int, int, int], np.dtype[S]]

Index: TypeAlias = int | np.integer  # of a slot, tick, sample, core; a count; a hash. Compiled: u64 or i64
Real: TypeAlias = float | np.floating
Scalar: TypeAlias = Index | Real
Flag: TypeAlias = bool | np.bool_
