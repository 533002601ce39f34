"""JSON of a file, or of a place within one: limited, and decoded into types."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar, overload

import msgspec

from neurochip.errors import NeurochipError
from neurochip.files.door import Foreign, briefly, read_bytes
from neurochip.files.limits import MOST_JSON, MOST_VALUES

__all__ = ["converted", "decode_json", "read_json"]

_MANY_DIGITS = re.compile(rb"\d{19}")

T = TypeVar("T")


@overload
def read_json(file: Foreign, type: type[T], *, nan: bool = False) -> T: ...
@overload
def read_json(file: Foreign, type: object = object, *, nan: bool = False) -> Any: ...
def read_json(file: Foreign, type: object = object, *, nan: bool = False) -> object:
    """Return what a JSON file holds; see `decode_json`."""
    return decode_json(read_bytes(file, most=MOST_JSON), file, type, nan=nan)


@overload
def decode_json(
    text: bytes | str, file: Foreign, type: type[T], within: str = "", *, nan: bool = False
) -> T: ...
@overload
def decode_json(
    text: bytes | str, file: Foreign, type: object = object, within: str = "", *, nan: bool = False
) -> Any: ...
def decode_json(
    text: bytes | str, file: Foreign, type: object = object, within: str = "", *, nan: bool = False
) -> object:
    """Return the value of a JSON text.

    Parameters
    ----------
    file
        Whose text it is.
    type
        What it must be: anything that msgspec checks, e.g. ``dict[str, int]`` or a dataclass.
    within
        Where in the file the text stands.
    nan
        Whether NaN and infinities, which JSON does not have but Python writes, may be in it.

    Raises
    ------
    NeurochipError
        Of the file's kind: it is no JSON, too large, nested too deeply, or of another type.
    """
    _check_values(text, file, within)
    with file.guarded(within):
        try:
            raw = json.loads(text) if nan else msgspec.json.decode(text)
        except (ValueError, UnicodeDecodeError) as error:
            raise file.fault(f"is not valid JSON: {briefly(str(error))}", within) from None
        if _MANY_DIGITS.search(text.encode() if isinstance(text, str) else text):
            _check_integers(raw, file, within)
    return converted(raw, file, type, within)


@overload
def converted(raw: object, file: Foreign, type: type[T], within: str = "") -> T: ...
@overload
def converted(raw: object, file: Foreign, type: object, within: str = "") -> Any: ...
def converted(raw: object, file: Foreign, type: object, within: str = "") -> object:
    """Return a decoded value as the type that it must be; a complaint names its place."""
    if type is object:
        return raw
    with file.guarded(within):
        try:
            return msgspec.convert(raw, type)
        except msgspec.ValidationError as error:
            raise _located(file, str(error), within) from None


def _check_integers(raw: object, file: Foreign, within: str) -> None:
    """Refuse integers that no register holds and no float: what is computed from them would fail elsewhere."""
    todo = [raw]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
        elif isinstance(value, int) and not -(2**63) <= value < 2**64:
            raise file.damaged("has an integer of more than 64 bits", within)


def _located(file: Foreign, said: str, within: str = "") -> NeurochipError:
    """Return the error for a complaint of msgspec: ``Expected `int` - at `$.seed``` names place and problem."""
    problem, _, where = said.partition(" - at `$")
    place = where.rstrip("`").lstrip(".")
    problem = problem[:1].lower() + problem[1:]
    joint = "" if place.startswith("[") or not within or not place else "."
    return file.fault(briefly(problem.replace("`", "'")), f"{within}{joint}{place}")


def _check_values(text: bytes | str, file: Foreign, within: str) -> None:
    """Refuse what would take very much more memory once it is decoded than it takes as text."""
    if isinstance(text, str):
        count = 1 + sum(text.count(mark) for mark in ",[{")
    else:
        count = 1 + sum(text.count(mark) for mark in (b",", b"[", b"{"))
    if count > MOST_VALUES:
        raise file.fault(f"holds more than the {MOST_VALUES} values that are read", within, cure="")
