"""Number formats of weights: two widths of floating point, and integers of 2 to 16 bits with a scale."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["FLOATS", "PRECISIONS", "Precision", "integer_bits", "word_bits"]

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


def word_bits(precision: Precision) -> int:
    """Return the bits that one weight takes in synapse memory."""
    return int(precision.removeprefix("float").removeprefix("int"))
