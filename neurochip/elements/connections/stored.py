"""Weights as a connection takes them: of its shape, in the format of the memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from neurochip.errors import ConfigError

__all__ = ["laid_out"]


def laid_out(weights: NDArray[Any] | None, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return weights in order in memory, as ``dtype``, a copy where they are not so already.

    Raises
    ------
    ConfigError
        For another shape, or values that an integer format does not hold.
    """
    if weights is None:
        raise ConfigError("weights", f"must have shape {shape}, got none")
    given = np.asarray(weights)
    if given.shape != shape:
        raise ConfigError("weights", f"must have shape {shape}, got {given.shape}")
    held = np.ascontiguousarray(given, dtype=dtype)
    if held.dtype.kind == "i" and given.dtype != held.dtype and not np.array_equal(held, given):
        at = tuple(int(i) for i in np.argwhere(held != given)[0])
        raise ConfigError(f"weights[{', '.join(map(str, at))}]", f"must fit {held.dtype}, got {given[at]}")
    return held
