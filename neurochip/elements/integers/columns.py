"""Variables of an integer neuron, columns of its constants, and the counting of values that met their limit."""

from __future__ import annotations

import numpy as np

from neurochip.elements.integers.formats import FixedPoint
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.types import Index, Vector

__all__ = ["LIMITED", "constants_of", "hold"]

# Variables; the value is the first, as for every neuron.
VALUE, MEMBRANE, CODED, RESIDUE, ESTIMATE, DRIFT, NOISE, SHARE, MET = range(9)
# What can meet its limit: one variable each, from `MET` on, counts how often that happened in this presentation.
LIMITED = ("inputs", "membranes", "nets", "residues", "errors")
INPUT, SUM, NET_INPUT, REMAINDER, ERROR = range(len(LIMITED))
VARIABLES = MET + len(LIMITED)
# Columns of the constants.
(
    DRIVE_LEFT,
    DRIVE_RIGHT,
    TOP_STATE,
    MEMBRANE_GUARD,
    DECAY,
    TOP_MEMBRANE,
    BIAS_LEFT,
    BIAS_RIGHT,
    ONE,
    RESIDUE_LEFT,
    RESIDUE_RIGHT,
    TOP_RESIDUE,
    ONE_RESIDUE,
    ROUNDING,
    ERROR_LEFT,
    ERROR_RIGHT,
    TOP_ERROR,
    ERROR_FRACTION,
    TRACE_ONE,
    TOP_TRACE,
    RECIPROCALS,
) = range(21)
FLOOR, NEAREST, STOCHASTIC = range(3)
RECIPROCAL_BITS = 5  # of the mantissa of D that choose an entry
SHARES = RECIPROCALS + (1 << RECIPROCAL_BITS)
SHARE_BITS = 8  # of Λ that choose an entry


def constants_of(numbers: FixedPoint, sum_fraction: int) -> tuple[float, ...]:
    """Return the columns for formats and for weighted sums of so many fraction bits (K of docs/fixed-point.md)."""
    fraction = numbers.state.fraction
    columns = [0] * (SHARES + (1 << SHARE_BITS))
    columns[DRIVE_LEFT], columns[DRIVE_RIGHT] = _shifts(fraction - sum_fraction)
    columns[TOP_STATE] = numbers.state.top
    columns[MEMBRANE_GUARD] = numbers.membrane.fraction - fraction
    columns[DECAY], columns[TOP_MEMBRANE] = numbers.decay, numbers.membrane.top
    columns[BIAS_LEFT], columns[BIAS_RIGHT] = _shifts(fraction - numbers.bias.fraction)
    columns[ONE] = numbers.state.one
    columns[RESIDUE_LEFT], columns[RESIDUE_RIGHT] = _shifts(numbers.residue.fraction - fraction)
    columns[TOP_RESIDUE], columns[ONE_RESIDUE] = numbers.residue.top, numbers.residue.one
    columns[ROUNDING] = ("floor", "nearest", "stochastic").index(numbers.rounding)
    columns[ERROR_LEFT], columns[ERROR_RIGHT] = _shifts(numbers.annealer.fraction - fraction)
    columns[TOP_ERROR], columns[ERROR_FRACTION] = numbers.annealer.top, numbers.annealer.fraction
    columns[TRACE_ONE], columns[TOP_TRACE] = numbers.trace.one, numbers.trace.top
    columns[RECIPROCALS:SHARES] = reciprocals()
    columns[SHARES:] = shares()
    return tuple(float(column) for column in columns)


def _shifts(places: int) -> tuple[int, int]:
    """Return a shift to the left as one to the left and one to the right."""
    return max(places, 0), max(-places, 0)


def reciprocals() -> list[int]:
    """Return 2¹² / m for the middle of each 32nd of 1 ≤ m < 2, rounded to nearest."""
    return [(2 * (4096 * 64) // (65 + 2 * i) + 1) // 2 for i in range(32)]


def shares() -> list[int]:
    """Return 2¹² / (1 + Λ) for the lower end of each 256th of 0 ≤ Λ < 1, rounded to nearest."""
    return [(2 * (4096 * 256) // (256 + i) + 1) // 2 for i in range(256)]


@separate_kernel
def _hold(first: Index, last: Index, top: Index, row: Vector[np.int32], met: Vector[np.int32]) -> None:
    for j in range(first, last):
        if row[j] > top:
            row[j] = top
            met[j] += 1
        elif row[j] < -top:
            row[j] = -top
            met[j] += 1


@kernel
def hold(
    first: Index,
    last: Index,
    top: Index,
    least: Index,
    most: Index,
    row: Vector[np.int32],
    met: Vector[np.int32],
) -> None:
    """Hold a row, whose ``least`` and ``most`` are known, in ±``top``, and count in ``met`` what exceeded that."""
    if most > top or least < -top:
        _hold(first, last, np.int32(top), row, met)
