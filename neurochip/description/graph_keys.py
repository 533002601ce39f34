"""Keys of one population or projection of a run: ``network.projections.input-hidden.gain``, in its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neurochip.description.connectivity import KINDS
from neurochip.description.network_sections import NetworkSpec
from neurochip.elements.neurons.table import NEURONS
from neurochip.errors import ConfigError
from neurochip.keys.entries import entry_of, fields_in_files, item_of, keys_below, written_as
from neurochip.keys.reading import unknown_key
from neurochip.keys.tree import bare_type, field_types

__all__ = ["entry_hint", "is_of_entry", "place_in_file", "table_of"]

_LISTS = {f"network.{name}": bare_type(hint) for name, hint in field_types(NetworkSpec).items()}


def _item(keys: Sequence[str]) -> Any:
    return item_of(_LISTS.get(".".join(keys[:2])))


def is_of_entry(keys: Sequence[str]) -> bool:
    """Whether a path goes on behind the list of populations or of projections."""
    return len(keys) > 2 and _item(keys) is not None


def entry_hint(keys: Sequence[str]) -> Any:
    """Return the type of a key of one table, and what its further keys are to be looked up in; refuse others.

    Raises
    ------
    ConfigError
        At ``--set KEY``.
    """
    item = _item(keys)
    place, listed = f"--set {'.'.join(keys)}", ".".join(keys[:2])
    ways = list(keys_below(item, keys[2:]))
    known = list(fields_in_files(item))
    if not ways:
        if len(keys) == 3:
            example = f"{listed}.{written_as(item)}"
            key = keys[2] if keys[2] in known else "KEY"
            raise ConfigError(place, f"names none of them; write {example}.{key}")
        raise ConfigError(place, unknown_key(keys[-1], known))
    for _, (key, *below) in ways:
        hint = bare_type(field_types(item)[fields_in_files(item)[key]])
        if not below:
            return hint
        if key == "connectivity" and len(below) == 1:
            return _of_connectivity(below[0], place)
        if key == "neuron" and len(below) == 1:
            return NEURONS, below[0]
    raise ConfigError(place, f"unknown key; {ways[-1][1][0]} is a value, not a table")


def _of_connectivity(key: str, place: str) -> Any:
    if key == "kind":
        return str
    types = {name: hint for cls in KINDS.values() for name, hint in field_types(cls).items()}
    if key not in types:
        raise ConfigError(place, unknown_key(key, ["kind", *types]))
    return bare_type(types[key])


def table_of(table: dict[str, object], keys: Sequence[str]) -> tuple[dict[str, object], list[str]]:
    """Return the table of one population or projection of a run, and the path within it.

    A constant of the neurons of a population that names none begins with those of ``[neuron]``.

    Raises
    ------
    ConfigError
        At ``--set KEY``, where the run has none of that name.
    """
    place = f"--set {'.'.join(keys)}"
    section = table.get("network")
    entries = section.get(keys[1]) if isinstance(section, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(
            place,
            "is of one table of a graph, and this run has none; of a chain there are network.gains, network.biases and "
            "[neuron]",
        )
    k, path = entry_of(_item(keys), entries, keys[2:], place)
    found: dict[str, object] = entries[k]
    if path[0] == "neuron" and len(path) > 1 and "neuron" not in found and path[1] != "kind":
        found["neuron"] = table.get("neuron", {})
    return found, list(path)


def place_in_file(table: dict[str, Any], path: str) -> str:
    """Return where errors of reading say that a key of one table stands: ``network.projections[0].gain``."""
    keys = path.split(".")
    if not is_of_entry(keys):
        return path
    try:
        k, below = entry_of(_item(keys), table["network"][keys[1]], keys[2:], path)
    except (ConfigError, KeyError, TypeError, AttributeError):
        return path
    return f"{'.'.join(keys[:2])}[{k}].{'.'.join(below)}"
