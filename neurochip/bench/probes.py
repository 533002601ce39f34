"""What the machine itself can do: arithmetic on two threads, bytes read and copied per second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from neurochip.bench.rounds import Work
from neurochip.kernels._jit import entry
from neurochip.kernels.types import Index, Vector

__all__ = ["copying", "passes", "spinning"]


@entry
def _spin(turns: Index) -> Index:
    word = np.uint64(88172645463325252)
    for _ in range(
        turns
    ):  # Marsaglia 2003; each turn needs the one before, so nothing but arithmetic limits it
        word ^= word << np.uint64(13)
        word ^= word >> np.uint64(7)
        word ^= word << np.uint64(17)
    return word


@entry
def _read(words: Vector[np.uint64]) -> Index:
    total = np.uint64(0)
    for i in range(words.size):
        total ^= words[i]
    return total


def spinning(pool: ThreadPoolExecutor, threads: int, turns: int) -> Work:
    """Return work that makes so many turns on each thread, touching no memory."""
    return lambda: list(pool.map(_spin, [turns] * threads))


def passes(array: NDArray[np.generic]) -> tuple[int, list[Work]]:
    """Return two plain passes over the bytes of an array, by NumPy and by a compiled loop, and the bytes of each.

    A small array is passed over until 16 MB are read, or it would be too short for the clock.
    """
    words = _words(array)
    many = max(1, (1 << 24) // words.nbytes)

    def by_numpy() -> None:
        for _ in range(many):
            np.bitwise_xor.reduce(words)

    def by_loop() -> None:
        for _ in range(many):
            _read(words)

    return many * words.nbytes, [by_numpy, by_loop]


def copying(array: NDArray[np.generic]) -> tuple[int, Work]:
    """Return a copy of an array to another place, and the bytes that it reads (as many are written)."""
    words = _words(array)
    target, many = np.empty_like(words), max(1, (1 << 24) // words.nbytes)

    def work() -> None:
        for _ in range(many):
            np.copyto(target, words)

    return many * words.nbytes, work


def _words(array: NDArray[np.generic]) -> NDArray[np.uint64]:
    return array.reshape(-1).view(np.uint8)[: array.nbytes // 8 * 8].view(np.uint64)
