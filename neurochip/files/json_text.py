"""JSON of a file, or of a place within one: limited, and decoded into types."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from neurochip.files.door import Foreign, briefly, read_bytes
from neurochip.files.limits import MOST_JSON, MOST_VALUES

__all__ = ["decode_json", "read_json"]

T = TypeVar("T")


def read_json(file: Foreign, type: type[T] | Any = Any, *, nan: bool = False) -> Any:
    """Return what a JSON file holds; see `decode_json`."""
    return decode_json(read_bytes(file, most=MOST_JSON), file, type, nan=nan)


def decode_json(
    text: bytes | str, file: Foreign, type: type[T] | Any = Any, within: str = "", *, nan: bool = False
) -> Any:
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
            if nan:
                return msgspec.convert(json.loads(text), type)
            return msgspec.json.decode(text, type=type)
        except msgspec.ValidationError as error:
            raise located(file, str(error), within) from None
        except (ValueError, UnicodeDecodeError) as error:
            raise file.fault(f"is not valid JSON: {briefly(str(error))}", within) from None


def located(file: Foreign, said: str, within: str = "") -> Exception:
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
