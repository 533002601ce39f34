"""The predictive decoder in integers: λ is a power of two, a share of a sum a shift (O'Connor 2019, eq. 14)."""

from __future__ import annotations

import numpy as np

from neurochip.elements.integers.arithmetic import shifted
from neurochip.elements.integers.columns import (
    DECAY,
    DRIVE_LEFT,
    DRIVE_RIGHT,
    INPUT,
    MEMBRANE_GUARD,
    SUM,
    TOP_MEMBRANE,
    TOP_STATE,
    TOP_TRACE,
    TRACE_ONE,
    hold,
)
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.types import Index, Matrix, Vector

__all__ = ["decode", "trace"]


@separate_kernel
def _align(
    first: Index, last: Index, left: Index, right: Index, drive: Vector[np.int32]
) -> tuple[Index, Index]:
    least: Index = np.int64(0)
    most: Index = np.int64(0)
    for j in range(first, last):
        u = shifted(np.int64(drive[j]) << left, right)
        drive[j] = u
        least, most = min(least, u), max(most, u)
    return least, most


@separate_kernel
def _integrate(
    first: Index, last: Index, guard: Index, decay: Index, drive: Vector[np.int32], membrane: Vector[np.int32]
) -> tuple[Index, Index]:
    least: Index = np.int64(0)
    most: Index = np.int64(0)
    for j in range(first, last):
        before = np.int64(membrane[j])
        v = before + shifted((np.int64(drive[j]) << guard) - before, decay)
        membrane[j] = v
        least, most = min(least, v), max(most, v)
    return least, most


@kernel
def decode(
    first: Index,
    last: Index,
    c: Vector[np.int32],
    drive: Vector[np.int32],
    membrane: Vector[np.int32],
    met: Matrix[np.int32],
) -> None:
    """Let the weighted sums of a tick, i32[slot] ``drive``, move the membranes: v ← v + ⌊(u − v) 2^−g⌉."""
    top = np.int64(c[TOP_STATE])
    least, most = _align(first, last, np.int64(c[DRIVE_LEFT]), np.int64(c[DRIVE_RIGHT]), drive)
    hold(first, last, top, least, most, drive, met[INPUT])
    guard, decay = np.int64(c[MEMBRANE_GUARD]), np.int64(c[DECAY])
    least, most = _integrate(first, last, guard, decay, drive, membrane)
    hold(first, last, np.int64(c[TOP_MEMBRANE]), least, most, membrane, met[SUM])


@kernel
def trace(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    schedule: Vector[np.int32],
    c: Vector[np.int32],
    row: Vector[np.int32],
) -> None:
    """Let the bits of a tick move the traces of their axons, as sums move a membrane."""
    one, decay, top = np.int64(c[TRACE_ONE]), np.int64(c[DECAY]), np.int64(c[TOP_TRACE])
    for j in range(first, last):
        before = np.int64(row[j])
        row[j] = min(before + shifted(np.int64(bits[j]) * one - before, decay), top)
