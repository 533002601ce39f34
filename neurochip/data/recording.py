"""What one file of events holds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Recording"]


class Recording(NamedTuple):
    """Events in the order of their file.

    Attributes
    ----------
    x, y, t, p
        Column and row, time, polarity [event].
    record
        i64[event], the number of its record in the file, from 1: records that are no events are left out.
    size
        Width and height of the sensor, where the file says them.
    """

    x: NDArray[np.int64]
    y: NDArray[np.int64]
    t: NDArray[np.float64]
    p: NDArray[np.int64]
    record: NDArray[np.int64]
    size: tuple[int, int] | None = None

    def between(self, first: float, last: float) -> Recording:
        """Return the events at times ``first`` ≤ t < ``last``."""
        kept = (self.t >= first) & (self.t < last)
        return Recording(self.x[kept], self.y[kept], self.t[kept], self.p[kept], self.record[kept], self.size)
