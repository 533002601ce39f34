"""Attributes as SANA-FE writes them: a mapping, or a list of mappings; every value a text until it is asked for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from neurochip.errors import DataError
from neurochip.files import briefly

__all__ = [
    "Attributes",
    "attributes_of",
    "entries",
    "flag",
    "mapping",
    "named_range",
    "number",
    "one_of",
    "span",
    "texts",
    "whole",
]

Attributes = dict[str, Any]
_RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})")
_NAMED = re.compile(r"(.*)\[(\d{1,9})(?:\.\.(\d{1,9}))?\]")
_MOST_NEURONS = 1 << 24


def attributes_of(tree: object, place: str, units: tuple[str, ...]) -> Attributes:
    """Return attributes as one table; those of a hardware unit (``soma: {…}``) of ``units`` stand with the others."""
    found: Attributes = {}
    for part in tree if isinstance(tree, list) else [tree]:
        if part == "":
            continue
        for key, value in mapping(part, place).items():
            if key in ("soma", "dendrite", "synapse") and isinstance(value, dict | list):
                if key in units:
                    found |= attributes_of(value, f"{place}.{key}", ())
            else:
                found[key] = value
    return found


def mapping(tree: object, place: str) -> Mapping[str, object]:
    """Return a mapping, or refuse what is none."""
    if not isinstance(tree, dict):
        raise DataError(place, f"must be a mapping, got {_words(tree)}")
    return tree


def entries(tree: object, place: str) -> Iterator[tuple[str, object, str]]:
    """Yield key, value and place of a list of mappings of one key each."""
    if not isinstance(tree, list):
        raise DataError(place, f"must be a list, got {_words(tree)}")
    for k, entry in enumerate(tree):
        if isinstance(entry, str):
            yield entry, "", f"{place}[{k}]"
            continue
        for key, value in mapping(entry, f"{place}[{k}]").items():
            yield key, value, f"{place}[{k}].{briefly(key, 40)}"


def number(given: Attributes, key: str, default: float, place: str) -> float:
    """Return a finite number, ``default`` where it is not given."""
    value = given.get(key)
    if value is None:
        return default
    if value in ("true", "false"):
        return float(value == "true")
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise DataError(f"{place}.{key}", f"must be a finite number, got {_words(value)}")
    return found


def whole(given: Attributes, key: str, default: int, place: str, *, least: int = 0) -> int:
    """Return a whole number of at least ``least``, ``default`` where it is not given."""
    found = number(given, key, default, place)
    if found != int(found) or found < least:
        raise DataError(f"{place}.{key}", f"must be a whole number from {least}, got {_words(given[key])}")
    return int(found)


def flag(given: Attributes, key: str, place: str) -> bool:
    """Return a truth value, false where it is not given."""
    return number(given, key, 0.0, place) != 0


def texts(value: object, place: str) -> list[str]:
    """Return a list of values."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise DataError(place, f"must be a list of values, got {_words(value)}")
    return value


def span(text: str, place: str) -> range:
    """Return the numbers of ``3`` or ``0..7``, the last of which is meant too."""
    match = _RANGE.fullmatch(text.strip())
    if match is not None:
        first, last = int(match[1]), int(match[2])
    elif text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 10:
        first = last = int(text)
    else:
        raise DataError(place, f"must be a number or a range such as 0..7, got {_words(text)}")
    if not first <= last < _MOST_NEURONS:
        raise DataError(place, f"must be a range below {_MOST_NEURONS}, got {_words(text)}")
    return range(first, last + 1)


def one_of(text: str, place: str) -> int:
    """Return the one number of a text; where one is meant, a range would stand for its first."""
    found = span(text, place)
    if len(found) > 1:
        raise DataError(place, f"must be one number, got {_words(text)}; write one for each")
    return found[0]


def named_range(text: str, place: str) -> tuple[str, int]:
    """Return the name before ``[0..31]`` and how many it stands for; 1 without."""
    match = _NAMED.fullmatch(text)
    if match is None:
        return text, 1
    first, last = int(match[2]), int(match[3] or match[2])
    if not first <= last < _MOST_NEURONS:
        raise DataError(place, f"must end in a range such as [0..31], got {_words(text)}")
    return match[1], last - first + 1


def _words(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else briefly(repr(value), 40)
