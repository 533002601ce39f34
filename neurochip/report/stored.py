"""A stored report as JSON: which kind it says it is, and its document in the format that this version reads."""

from __future__ import annotations

from typing import TypeVar

from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, converted, read_json

__all__ = ["is_of_kind", "read_formatted"]

T = TypeVar("T")


def is_of_kind(file: Foreign, kind: str) -> bool:
    """Return whether a file holds a report of a kind; of anything unreadable it does not."""
    try:
        table = read_json(file)
    except DataError:
        return False
    return isinstance(table, dict) and table.get("kind") == kind


def read_formatted(
    file: Foreign, type: type[T], number: int, *, cure: str = "use the version that wrote it"
) -> T:
    """Return the document of a file, each value of the type that it must have.

    Parameters
    ----------
    type
        A ``TypedDict`` of all of it.
    number
        The format that is read.
    cure
        What to do with another one.

    Raises
    ------
    DataError
        When the file is missing or damaged, or of another format.
    """
    raw = converted(read_json(file), file, dict[str, object])
    found = raw.get("format")
    if isinstance(found, bool) or found != number:
        said = briefly(str(found), 40)
        raise DataError(f"{file.path}: format", f"is {said}, and this version reads {number}; {cure}")
    document: T = converted(raw, file, type)
    return document
