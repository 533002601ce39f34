"""One table of a list, by its name: ``network.projections.input-hidden.gain`` is a key of that projection.

The class of a list's tables says in ``NAMED_BY`` which keys make a name, with a hyphen between. A name may have dots; a
number is that of the table in the list, from 1, where no table is called so.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args, get_origin

from neurochip.errors import ConfigError

__all__ = ["entry_of", "fields_in_files", "item_of", "keys_below", "written_as"]


def item_of(hint: object) -> Any:
    """Return the class of the tables of a list that have names; `None` for the type of anything else."""
    item = get_args(hint)[0] if get_origin(hint) is tuple else None
    return item if hasattr(item, "NAMED_BY") else None


def fields_in_files(item: Any) -> dict[str, str]:
    """Return key in the file → field of the class."""
    in_files = getattr(item, "IN_FILES", {})
    return {in_files.get(field.name, field.name): field.name for field in dataclasses.fields(item)}


def keys_below(item: Any, parts: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each way to part what stands behind the list's key into a name and the keys of its table."""
    keys = fields_in_files(item)
    for n in range(1, len(parts)):
        if parts[n] in keys:
            yield ".".join(parts[:n]), tuple(parts[n:])


def written_as(item: Any) -> str:
    """Return how its tables are named, for messages: ``FROM-TO``."""
    return "-".join(key.upper() for key in item.NAMED_BY)


def entry_of(
    item: Any, entries: Sequence[object], parts: Sequence[str], place: str
) -> tuple[int, tuple[str, ...]]:
    """Return which table of a list a path means, and the path within it.

    Parameters
    ----------
    item
        The class of the tables.
    entries
        The tables, or objects of the class.
    parts
        What stands behind the key of the list.
    place
        Of the path, for the error.

    Raises
    ------
    ConfigError
        Where no table has the name, or several have.
    """
    names = [_name(item, entry) for entry in entries]
    ways = list(keys_below(item, parts))
    for name, path in ways:
        found = [k for k, own in enumerate(names) if own == name]
        if len(found) > 1:
            numbers = " and ".join(str(k + 1) for k in found)
            raise ConfigError(place, f"{name} is the name of several; name one by its number, {numbers}")
        if found:
            return found[0], path
    for name, path in ways:
        if name.isascii() and name.isdigit() and 1 <= int(name) <= len(names):
            return int(name) - 1, path
    asked = ways[0][0] if ways else ".".join(parts)
    near = difflib.get_close_matches(asked, names, n=1, cutoff=0.6)
    listed = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(names)}"
    raise ConfigError(place, f"there is no {asked}; {listed}")


def _name(item: Any, entry: object) -> str:
    fields = fields_in_files(item)
    return "-".join(
        str(entry.get(key, "") if isinstance(entry, Mapping) else getattr(entry, fields[key]))
        for key in item.NAMED_BY
    )
