"""TOML text → nested tables → frozen checked objects; every error names its dotted path.

The schema is the dataclass itself: field names are the keys, annotations the types. `convert` checks one
value against one annotation, `build` a table against a dataclass, and `conform` lets an object that was made
in Python check itself by the same rules.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from msgspec import Meta

from neurochip.errors import ConfigError
from neurochip.keys.key import Alone, Key, Listed
from neurochip.keys.ranges import check_range
from neurochip.keys.tree import field_types
from neurochip.keys.units import DIMENSIONS, parse_bits, parse_quantity

__all__ = [
    "Quantity",
    "Reader",
    "Table",
    "build",
    "choice",
    "conform",
    "convert",
    "describe",
    "did_you_mean",
    "field_types",
    "refuse_missing",
    "refuse_unknown",
    "renamed_keys",
    "unknown_key",
]

Table = dict[str, Any]
Reader = Callable[[Any, str], Any]  # (value, place) → object
_MOST_LISTED = 40  # missing keys that are named

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Quantity:
    """Marks an annotation, ``Annotated[float, Quantity("energy")]``: in a file it must carry a unit."""

    dimension: str

    def __post_init__(self) -> None:
        """Refuse a misspelt dimension when the schema is imported, not when a user's file is read."""
        if self.dimension not in DIMENSIONS:
            raise ValueError(f"no dimension {self.dimension!r}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def describe(value: object) -> str:
    """Return a value as the user wrote it, cut short when long."""
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, Mapping):
        return "a table"
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(describe(item) for item in value)}]"
    else:
        text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def refuse_unknown(
    table: Mapping[str, object], known: Iterable[str], place: str, renamed: Mapping[str, str] | None = None
) -> None:
    """Refuse the first key that is not known, with the nearest that is, or with what it is now."""
    known = list(known)
    for key in table:
        if key not in known:
            raise ConfigError(_join(place, key), unknown_key(key, known, renamed))


def refuse_missing(keys: Sequence[str], more: str = "") -> None:
    """Refuse several keys that are missing, all at once; of a single one whoever needs it says more."""
    if len(keys) > 1:
        shown = ", ".join(keys[1:_MOST_LISTED])
        left = f" and {len(keys) - _MOST_LISTED} more" if len(keys) > _MOST_LISTED else ""
        raise ConfigError(keys[0], f"is missing, and so are {shown}{left}{more}")


def renamed_keys(cls: type) -> Mapping[str, str]:
    """Return the former keys of a section and what each is now: its class variable ``RENAMED``."""
    return getattr(cls, "RENAMED", {})


def unknown_key(key: str, known: Iterable[str], renamed: Mapping[str, str] | None = None) -> str:
    """Return the complaint about a key, with what it is now, the nearest known one or, failing that, all of them."""
    if renamed and key in renamed:
        return f"is now {renamed[key]}"
    known = list(known)
    return f"unknown key{did_you_mean(key, known) or '; the keys here are ' + ', '.join(known)}"


def _join(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _expected(problem: str, value: object, place: str) -> ConfigError:
    return ConfigError(place, f"expected {problem}, got {describe(value)}")


def _number(value: object, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _expected("a number", value, place)
    try:
        number = float(value)
    except OverflowError:
        raise ConfigError(place, f"must be finite, got {describe(value)}") from None
    if not math.isfinite(number):
        raise ConfigError(place, f"must be finite, got {number}")
    return number


def _listed(value: Any, item: Any) -> Any:
    """Return one value as the list that it stands for; a column may be called by its number."""
    if isinstance(value, list | tuple) and item is str:
        return [str(one) if isinstance(one, int) and not isinstance(one, bool) else one for one in value]
    return Alone((str(value) if item is str else value,)) if isinstance(value, str | int | float) else value


def choice(value: object, choices: Sequence[Any], place: str) -> Any:
    """Return ``value``, one of several strings, or refuse it with the nearest that there is."""
    if isinstance(value, str) and value in choices:
        return value
    listed = [f'"{choice}"' for choice in choices]
    if len(listed) > 6:  # the integer widths would fill a line
        listed = [*listed[:3], "…", listed[-1]]
    allowed = " or ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    raise ConfigError(place, f"expected {allowed}, got {describe(value)}{hint}")


def _quantity(value: object, dimension: str, place: str, from_file: bool) -> float | int:
    if from_file or isinstance(value, str):
        return parse_bits(value, place) if dimension == "memory" else parse_quantity(value, dimension, place)
    # Made in Python: already in SI units, as the field's documentation says.
    if dimension == "memory":
        if isinstance(value, bool) or not isinstance(value, int):
            raise _expected("a whole number of bits", value, place)
        return value
    return _number(value, place)


def convert(
    value: object,
    hint: object,
    place: str,
    *,
    from_file: bool = True,
    readers: Mapping[Any, Reader] | None = None,
) -> Any:
    """Return ``value`` as the annotation ``hint`` wants it, or refuse it at ``place``.

    Parameters
    ----------
    from_file
        True for a TOML value (a quantity needs its unit, a dataclass is a table); False for a Python value.
    readers
        Annotation → function, for types that are not plain dataclasses.
    """
    readers = readers or {}
    if hint in readers:
        return readers[hint](value, place)
    if hint is Any:  # what it may be depends on another key: its section looks after it
        return value
    origin = get_origin(hint)
    if origin is Annotated:
        base, *marks = get_args(hint)
        if any(isinstance(mark, Listed) for mark in marks):
            value = _listed(value, get_args(base)[0])
        dimension = next((mark.dimension for mark in marks if isinstance(mark, Quantity)), None)
        if dimension is not None:
            found: Any = _quantity(value, dimension, place, from_file)
        else:
            found = convert(value, base, place, from_file=from_file, readers=readers)
            found = Alone(found) if isinstance(value, Alone) else found
        unit = next((mark.unit for mark in marks if isinstance(mark, Key)), "")
        for mark in marks:
            if isinstance(mark, Meta):
                check_range(found, mark, unit, place)
        return found
    if origin in (types.UnionType, typing.Union):
        if value is None and types.NoneType in get_args(hint):
            return None
        [inner] = [arg for arg in get_args(hint) if arg is not types.NoneType]
        return convert(value, inner, place, from_file=from_file, readers=readers)
    if origin is Literal:
        return choice(value, get_args(hint), place)
    if origin is tuple:
        item = get_args(hint)[0]
        if not isinstance(value, list | tuple):
            names = {int: "integers", float: "numbers", str: "strings"}
            bare = get_args(item)[0] if get_origin(item) is Annotated else item
            raise _expected(f"a list of {names.get(bare, 'values')}", value, place)
        return tuple(
            convert(entry, item, f"{place}[{position}]", from_file=from_file, readers=readers)
            for position, entry in enumerate(value)
        )
    if hint is bool:
        if not isinstance(value, bool):
            raise _expected("true or false", value, place)
        return value
    if hint is int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _expected("an integer", value, place)
        return value
    if hint is float:
        return _number(value, place)
    if hint is str:
        if not isinstance(value, str):
            raise _expected("a string", value, place)
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if isinstance(value, hint):
            return value
        if not from_file:
            raise _expected(f"a {hint.__name__}", value, place)
        return build(hint, value, place, readers=readers)
    raise TypeError(f"{place}: no rule for annotation {hint!r}")


def build(cls: type[T], table: object, place: str, *, readers: Mapping[Any, Reader] | None = None) -> T:
    """Return the dataclass ``cls`` made from a table: no unknown key, none missing, every type right."""
    if not isinstance(table, dict):
        raise _expected("a table", table, place)
    hints = field_types(cls)
    refuse_unknown(table, hints, place, renamed_keys(cls))
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        if field.name in table:
            values[field.name] = convert(
                table[field.name], hints[field.name], _join(place, field.name), readers=readers
            )
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ConfigError(_join(place, field.name), "is missing")
    return cls(**values)


def conform(instance: object, place: str, *, readers: Mapping[Any, Reader] | None = None) -> None:
    """Check every field of a frozen dataclass by its annotation; call it first in ``__post_init__``.

    An integer where a number is wanted becomes a float, a list a tuple.
    """
    for name, hint in field_types(type(instance)).items():
        value = convert(getattr(instance, name), hint, _join(place, name), from_file=False, readers=readers)
        object.__setattr__(instance, name, value)
