"""Number formats of weights: two widths of floating point, and integers of 2 to 16 bits with a scale."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["FLOATS", "PRECISIONS", "Precision", "integer_bits", "integer_range", "word_bits", "word_of"]

Precision = Literal[
    "float64", "float32",
    "int2", "int3", "int4", "int5", "int6", "int7", "int8", "int9",
    "int10", "int11", "int12", "int13", "int14", "int15", "int16",
]  # fmt: skip

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
FLOATS = ("float64", "float32")


def integer_bits(precision: Precision) -> int | None:
    """Return the width of an integer format in bits, `None` for a floating-point one."""
    return int(precision[3:]) if precision.startswith("int") else None


def integer_range(bits: int) -> tuple[int, int]:
    """Return the smallest and the largest integer of so many bits, two's complement."""
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def word_of(low: int, high: int) -> int:
    """Return the fewest bits, at least 2, whose two's complement holds ``low`` and ``high``."""
    return max(2, (~low if low < 0 else low).bit_length() + 1, high.bit_length() + 1 if high > 0 else 2)


def word_bits(precision: Precision) -> int:
    """Return the bits that one weight takes in synapse memory."""
    return int(precision.removeprefix("float").removeprefix("int"))
