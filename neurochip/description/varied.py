"""Keys of a run and the values that they may take: what `sweep` walks through, and `tune` searches.

A key is written ``KEY=VALUES``, with commas between values. A value may be a range of numbers, both ends included:
``START:STOP:COUNT`` is so many in equal steps, ``START:STOP:COUNTlog`` (or ``:COUNT:log``) in equal ratios. Without a
count, ``START:STOP`` is every number between, ``:log`` where a decade counts as much as any other. A key that takes
whole numbers gets whole ones; ``:int`` asks for them where it takes others too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neurochip.description.run_reader import key_type
from neurochip.errors import ConfigError

__all__ = ["Range", "VariedKey", "check_keys", "parse_varied", "parse_varied_keys"]

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER}):({_NUMBER})(?::(\d+)(log)?)?(?::(log))?(?::(int))?(?::(log))?")
_LONGEST = 10_000_000  # values of one range: more is a slip of the finger
_FORM = "must be START:STOP or START:STOP:COUNT, with :log or :int after it if wanted"


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, both included.

    Attributes
    ----------
    key
        Path in the run, e.g. ``coding.annealer.nu_bar``.
    log
        Whether a decade counts as much as any other, rather than a unit.
    whole
        Whether only whole numbers are taken.
    count
        How many; `None`: all of them.
    """

    key: str
    low: float
    high: float
    log: bool = False
    whole: bool = False
    count: int | None = None

    def __post_init__(self) -> None:
        """Check the ends."""
        place, ends = f"--vary {self.key}", f"{self.low:g}:{self.high:g}"
        if not (math.isfinite(self.low) and math.isfinite(self.high)) or self.low == self.high:
            raise ConfigError(place, f"must go from one number to another, got {ends}")
        if self.log and not (self.low > 0 and self.high > 0):
            raise ConfigError(place, f"must be positive at both ends of a log range, got {ends}")
        if self.whole and (self.low % 1 or self.high % 1):
            raise ConfigError(place, f"takes whole numbers, and {ends} does not begin and end at such")
        if self.count is not None and not 2 <= self.count <= _LONGEST:
            raise ConfigError(place, f"must have 2 to {_LONGEST} values in {ends}, got {self.count}")

    def words(self) -> str:
        """Return the range as it is written."""
        count = "" if self.count is None else f":{self.count}"
        return f"{self.key}={self.low!r}:{self.high!r}{count}{':log' * self.log}{':int' * self.whole}"

    def holds(self, value: object) -> bool:
        """Whether a value of a run lies in the range."""
        low, high = sorted((self.low, self.high))
        return isinstance(value, int | float) and low <= value <= high

    def listed(self) -> list[str]:
        """Return its values, as they are written in a run."""
        place = f"--vary {self.key}"
        if self.count is None:
            raise ConfigError(
                place, f"must say how many values: START:STOP:COUNT, got {self.low:g}:{self.high:g}"
            )
        values = []
        for k in range(self.count):
            share = k / (self.count - 1)
            if self.log:
                value = self.low * (self.high / self.low) ** share
            else:
                value = self.low + (self.high - self.low) * share
            value = float(f"{value:.12g}")  # 0.3 rather than 0.30000000000000004
            if self.whole and not value.is_integer():
                written = f"{self.low:g}:{self.high:g}:{self.count}"
                raise ConfigError(place, f"takes whole numbers, and {written} gives {value:g}")
            values.append(str(int(value)) if self.whole else f"{value:.12g}")
        return values


@dataclass(frozen=True, slots=True)
class VariedKey:
    """A key, and its values and ranges in the order in which they are written."""

    key: str
    pieces: tuple[str | Range, ...]

    def listed(self) -> tuple[str, ...]:
        """Return all values, as they are written in a run; each may come once."""
        values: list[str] = []
        for piece in self.pieces:
            values += piece.listed() if isinstance(piece, Range) else [piece]
        if len(set(values)) < len(values):
            twice = next(value for value in values if values.count(value) > 1)
            raise ConfigError(f"--vary {self.key}", f"has the value {twice} twice")
        return tuple(values)


def parse_varied_keys(texts: Sequence[str]) -> tuple[VariedKey, ...]:
    """Return what several ``KEY=VALUES`` describe; a key may come once."""
    varied = tuple(parse_varied(text) for text in texts)
    check_keys([one.key for one in varied])
    return varied


def check_keys(keys: Sequence[str]) -> None:
    """Refuse no key at all, and a key that comes twice."""
    if not keys:
        raise ConfigError("--vary", "is missing; name a key and its values, e.g. network.precision=int4,int8")
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"--vary {key}", "is given twice; list all its values in one")


def parse_varied(text: str) -> VariedKey:
    """Return what one ``KEY=VALUES`` describes.

    Raises
    ------
    ConfigError
        For another form, a key that no run has, and a range that cannot be.
    """
    key, equals, listed = (part.strip() for part in text.partition("="))
    if not equals or not key or not listed:
        raise ConfigError(f"--vary {text}", "must have the form key.path=values, e.g. learning.beta=0.1:1:10")
    try:
        hint = key_type(key)
    except ConfigError as error:
        raise ConfigError(error.place.replace("--set ", "--vary ", 1), error.problem) from None
    return VariedKey(key, tuple(_piece(key, hint, piece) for piece in _pieces(listed)))


def _piece(key: str, hint: object, piece: str) -> str | Range:
    place = f"--vary {key}"
    if not piece:
        raise ConfigError(place, "has an empty value between commas")
    match = _RANGE.fullmatch(piece)
    if match is None:
        if hint in (int, float) and ":" in piece:
            raise ConfigError(place, f"{_FORM}, got {piece}")
        return piece
    if hint not in (int, float, Any):
        raise ConfigError(place, "is not a number; list its values with commas instead of START:STOP:COUNT")
    low, high, count, *marks = match.groups()
    return Range(
        key,
        float(low),
        float(high),
        log="log" in marks,
        whole=hint is int or "int" in marks,
        count=None if count is None else int(count),
    )


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
