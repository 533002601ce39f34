"""The threads that share the work of one chip."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["Threads"]


class Threads:
    """``count`` threads; the caller's is the first of them.

    Kernels release the interpreter's lock, so that shares run side by side.
    """

    def __init__(self, count: int) -> None:
        self.count = max(1, count)
        self._pool = ThreadPoolExecutor(self.count - 1) if self.count > 1 else None

    def each(self, work: Callable[[int], None]) -> None:
        """Call ``work(k)`` for each thread k; this one takes the first share and wakes only the others."""
        others = [] if self._pool is None else [self._pool.submit(work, k) for k in range(1, self.count)]
        work(0)
        for other in others:
            other.result()
