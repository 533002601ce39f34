"""What is varied: keys of a run with their values, and the grid that they span.

A key is written ``KEY=VALUES``; values are listed with commas, and each may be a range: ``a:b:n`` is n values from
a to b in equal steps, both ends included, ``a:b:nlog`` the same in equal ratios.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from neurochip.description.run_reader import key_type
from neurochip.errors import ConfigError

__all__ = ["Axis", "grid", "grid_size", "parse_axes", "parse_axis"]

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER}):(\d+)(log)?")
_LONGEST = 10_000_000  # values of one range: more is a slip of the finger


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


def parse_axes(texts: Sequence[str]) -> tuple[Axis, ...]:
    """Return the axes of several ``KEY=VALUES``; a key may come once."""
    axes = tuple(parse_axis(text) for text in texts)
    if not axes:
        raise ConfigError("--vary", "is missing; name a key and its values, e.g. network.precision=int4,int8")
    keys = [axis.key for axis in axes]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"--vary {key}", "is given twice; list all its values in one")
    return axes


def parse_axis(text: str) -> Axis:
    """Return the axis that ``KEY=VALUES`` describes."""
    key, equals, listed = (part.strip() for part in text.partition("="))
    if not equals or not key or not listed:
        raise ConfigError(f"--vary {text}", "must have the form key.path=values, e.g. learning.beta=0.1:1:10")
    place = f"--vary {key}"
    try:
        hint = key_type(key)
    except ConfigError as error:
        raise ConfigError(error.place.replace("--set ", "--vary ", 1), error.problem) from None
    values: list[str] = []
    logarithmic = False
    for piece in _pieces(listed):
        match = _RANGE.fullmatch(piece)
        if match is None:
            if hint in (int, float) and piece.count(":") == 2:
                raise ConfigError(
                    place, f'must be START:STOP:COUNT, with "log" after it if wanted, got {piece}'
                )
            if not piece:
                raise ConfigError(place, "has an empty value between commas")
            values.append(piece)
            continue
        if hint not in (int, float, Any):
            raise ConfigError(
                place, "is not a number; list its values with commas instead of START:STOP:COUNT"
            )
        values += _range(place, *match.groups(), whole=hint is int)
        logarithmic = logarithmic or match[4] is not None
    if len(set(values)) < len(values):
        twice = next(value for value in values if values.count(value) > 1)
        raise ConfigError(place, f"has the value {twice} twice")
    return Axis(key, tuple(values), logarithmic)


def grid_size(axes: Sequence[Axis]) -> int:
    """Return the number of settings."""
    return math.prod(len(axis.values) for axis in axes)


def grid(axes: Sequence[Axis]) -> Iterator[tuple[str, ...]]:
    """Yield every combination of values, the last key changing fastest."""
    return itertools.product(*(axis.values for axis in axes))


def _pieces(text: str) -> list[str]:
    """Split at commas that no bracket, brace or quotation mark encloses."""
    pieces, depth, quote, piece = [], 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter in "[{":
            depth += 1
        elif letter in "]}":
            depth -= 1
        if letter == "," and depth == 0 and not quote:
            pieces.append(piece.strip())
            piece = ""
        else:
            piece += letter
    return [*pieces, piece.strip()]


def _range(place: str, start: str, stop: str, count: str, log: str | None, *, whole: bool) -> list[str]:
    first, last, n = float(start), float(stop), int(count)
    if not 2 <= n <= _LONGEST:
        raise ConfigError(place, f"must have 2 to {_LONGEST} values in {start}:{stop}, got {count}")
    if first == last:
        raise ConfigError(place, f"must go from one value to another, got {start}:{stop}")
    if log and not (first > 0 and last > 0):
        raise ConfigError(place, f"must be positive at both ends of a log range, got {start}:{stop}")
    values = []
    for k in range(n):
        share = k / (n - 1)
        value = first * (last / first) ** share if log else first + (last - first) * share
        value = float(f"{value:.12g}")  # 0.3 rather than 0.30000000000000004
        if whole and not value.is_integer():
            raise ConfigError(place, f"takes whole numbers, and {start}:{stop}:{count} gives {value:g}")
        values.append(str(int(value)) if whole else f"{value:.12g}")
    return values
