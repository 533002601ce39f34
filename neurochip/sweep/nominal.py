"""What keys of a sweep are where nothing is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from neurochip.description import RunSpec
from neurochip.description.chip_changes import PREFIX, present
from neurochip.errors import ConfigError
from neurochip.keys.reading import describe
from neurochip.keys.tree import value_at
from neurochip.sweep.dies import DIE_FILE, is_imperfection
from neurochip.sweep.space import Axis

__all__ = ["nominal_values"]


def nominal_values(run: RunSpec, axes: tuple[Axis, ...], given: Sequence[str]) -> tuple[str, ...]:
    """Return the value of each axis on a chip as it was drawn up; ``given`` are those of ``--nominal``."""
    said = {}
    for text in given:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not value:
            raise ConfigError(f"--nominal {text}", "must have the form key.path=value")
        if key not in [axis.key for axis in axes]:
            raise ConfigError(f"--nominal {key}", "is not varied; name a key of --vary")
        said[key] = value
    return tuple(said.get(axis.key) or _nominal_value(run, axis) for axis in axes)


def _nominal_value(run: RunSpec, axis: Axis) -> str:
    """What goes wrong on a chip is nominally 0; anything else is nominally as the run has it."""
    if is_imperfection(axis.key) and axis.numbers is not None:
        return "0"
    if axis.key == DIE_FILE:
        return ""  # devices that are all as they were drawn up
    if axis.key.startswith(PREFIX):
        found = present(run.specification, axis.key.removeprefix(PREFIX))
        return str(found) if isinstance(found, int | float | str) else ""  # as the chip has it
    value = value_at(RunSpec, run.to_dict(), axis.key)
    if isinstance(value, dict) and "kind" in value:  # an element: its inline table
        return "{ " + ", ".join(f"{name} = {describe(entry)}" for name, entry in value.items()) + " }"
    if value is None or isinstance(value, dict) or dataclasses.is_dataclass(value):
        raise ConfigError(
            f"--vary {axis.key}",
            "has no value in the run itself; say which is nominal with --nominal KEY=VALUE",
        )
    return value if isinstance(value, str) else describe(value)
