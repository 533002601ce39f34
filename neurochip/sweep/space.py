"""The grid that varied keys span."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from neurochip.description.run_reader import key_type
from neurochip.description.varied import Range, VariedKey, parse_varied, parse_varied_keys

__all__ = ["Axis", "grid", "grid_size", "parse_axes", "parse_axis"]


_BETWEEN = 5  # values of a range that does not say how many


@dataclass(frozen=True, slots=True)
class Axis:
    """One varied key.

    Attributes
    ----------
    key
        Dotted path in a run.
    values
        As they would be written after ``--set KEY=``.
    logarithmic
        Whether they are best drawn on a logarithmic axis.
    """

    key: str
    values: tuple[str, ...]
    logarithmic: bool = False

    @property
    def numbers(self) -> tuple[float, ...] | None:
        """The values as numbers; `None` when one of them is none."""
        try:
            found = tuple(float(value) for value in self.values)
        except ValueError:
            return None
        return found if all(map(math.isfinite, found)) else None

    @property
    def is_continuous(self) -> bool:
        """Whether the values are a range of a key that takes any number: between two of them there is another."""
        return key_type(self.key) is float and len(set(self.numbers or ())) > 1


def parse_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """Return the axes of several ``KEY=VALUES``; a key may come once."""
    return tuple(map(_axis, parse_varied_keys(texts)))


def parse_axis(text: str) -> Axis:
    """Return the axis that ``KEY=VALUES`` describes."""
    return _axis(parse_varied(text))


def _axis(varied: VariedKey) -> Axis:
    is_logarithmic = any(isinstance(piece, Range) and piece.log for piece in varied.pieces)
    pieces = tuple(
        replace(piece, count=_BETWEEN)
        if isinstance(piece, Range) and piece.count is None and not piece.whole
        else piece
        for piece in varied.pieces
    )
    return Axis(varied.key, VariedKey(varied.key, pieces).listed(), is_logarithmic)


def grid_size(axes: Sequence[Axis]) -> int:
    """Return the number of settings."""
    return math.prod(len(axis.values) for axis in axes)


def grid(axes: Sequence[Axis]) -> Iterator[tuple[str, ...]]:
    """Yield every combination of values, the last key changing fastest."""
    return itertools.product(*(axis.values for axis in axes))
