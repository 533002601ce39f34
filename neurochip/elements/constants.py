"""Constants out of the array in which they travel, as the tuple that a step takes: a kernel for each number."""

from __future__ import annotations

from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.types import Float, Real, Vector

__all__ = ["LONGEST_PERIOD", "MOST_CONSTANTS", "MOST_TAKEN", "TAKE", "no_constants"]

LONGEST_PERIOD = 1000  # ticks from spike to spike: how fast a neuron fires is measured over many
MOST_CONSTANTS = 8  # of one element: more than any that is known has


@kernel
def _take0(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return ()


@kernel
def _take1(c: Vector[Float], at: int) -> tuple[Real]:
    return (c[at],)


@kernel
def _take2(c: Vector[Float], at: int) -> tuple[Real, Real]:
    return (c[at], c[at + 1])


@kernel
def _take3(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return (c[at], c[at + 1], c[at + 2])


@kernel
def _take4(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return (c[at], c[at + 1], c[at + 2], c[at + 3])


@kernel
def _take5(c: Vector[Float], at: int) -> tuple[Real, Real, Real, Real, Real]:
    return (c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4])


@kernel
def _take6(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return (c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4], c[at + 5])


@kernel
def _take7(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return (c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4], c[at + 5], c[at + 6])


@kernel
def _take8(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return (c[at], c[at + 1], c[at + 2], c[at + 3], c[at + 4], c[at + 5], c[at + 6], c[at + 7])


@kernel
def _take9(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return _take8(c, at) + _take1(c, at + 8)


@kernel
def _take10(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return _take8(c, at) + _take2(c, at + 8)


@kernel
def _take11(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return _take8(c, at) + _take3(c, at + 8)


@kernel
def _take12(c: Vector[Float], at: int) -> tuple[Real, ...]:
    return _take8(c, at) + _take4(c, at + 8)


def no_constants(c: Vector[Float], at: int) -> tuple[Real, ...]:
    """Stand, as a kernel for each element, where its constants are taken."""
    return ()


# Number of constants → the kernel that takes so many, from ``at`` on.
TAKE: tuple[Kernel[..., tuple[Real, ...]], ...] = (
    _take0,
    _take1,
    _take2,
    _take3,
    _take4,
    _take5,
    _take6,
    _take7,
    _take8,
    _take9,
    _take10,
    _take11,
    _take12,
)
MOST_TAKEN = len(TAKE) - 1
