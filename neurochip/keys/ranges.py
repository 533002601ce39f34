"""Ranges of keys: checked by msgspec, and put into words."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from neurochip.errors import ConfigError

__all__ = ["MOST_COUNTED", "check_range", "range_words"]

_LARGEST = 2**63 - 1


MOST_COUNTED = 2**48  # of anything: sums of such numbers are 64-bit integers


def check_range(value: object, meta: Meta, unit: str, place: str) -> None:
    """Refuse a number, text or list that a range does not hold."""
    try:
        msgspec.convert(value, Annotated[type(value), meta])
    except msgspec.ValidationError:
        # Who asks for too few need not be told how many more the counters could hold.
        counts = meta.le == MOST_COUNTED and isinstance(value, int) and value <= MOST_COUNTED
        words = range_words(Meta(ge=meta.ge) if counts else meta, whole=isinstance(value, int))
        got = f"{value:g}" if isinstance(value, float) else f'"{value}"' if isinstance(value, str) else value
        unit = unit.removesuffix("s") if words.endswith(" 1") else unit
        unit = f" {unit}" if unit and " " not in unit else ""  # a phrase would not be read as one
        raise ConfigError(place, f"must {words}{unit}, got {got}") from None


def range_words(meta: Meta, *, whole: bool) -> str:
    """Return a range as the end of a sentence with "must": ``be > 0``, ``lie in (0, 1]``."""
    low, high = _first(meta.ge, meta.gt), _first(meta.le, meta.lt)
    if meta.pattern is not None:
        return f"be written as {meta.pattern}"
    if low is None and high is None:
        return "not be empty"
    if high is None:
        least = "be at least" if whole else "be ≥"
        return f"be > {_number(low)}" if meta.gt is not None else f"{least} {_number(low)}"
    if low is None:
        most = "be at most" if whole else "be ≤"
        return f"be < {_number(high)}" if meta.lt is not None else f"{most} {_number(high)}"
    if meta.gt is None and meta.lt is None:
        return f"be {_number(low)} {'or' if whole and high - low == 1 else 'to'} {_number(high)}"
    left, right = "(" if meta.gt is not None else "[", ")" if meta.lt is not None else "]"
    return f"lie in {left}{_number(low)}, {_number(high)}{right}"


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one


def _number(value: float | None) -> str:
    if value == _LARGEST:
        return "2**63 - 1"
    return (str(value) if isinstance(value, int) else f"{value:g}").replace("-", "−")
