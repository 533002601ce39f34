"""Which columns of a table are inputs, and which are targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from neurochip.data.section import DataSpec
from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["TARGETS", "Chosen", "chosen_columns"]

TARGETS = ("label", "labels", "class", "target", "y")


class Chosen(NamedTuple):
    """Numbers of columns, from 0."""

    inputs: list[int]
    targets: list[int]


def chosen_columns(names: Sequence[str], spec: DataSpec, place: str) -> Chosen:
    """Return the columns of a table that a run asks for.

    Raises
    ------
    ConfigError
        For a name that there is not, and for a column that is asked for twice.
    """
    folded = [name.casefold() for name in names]
    if spec.target:
        targets = [_column(name, names, "data.target", place) for name in spec.target]
    else:
        known = [k for k, name in enumerate(folded) if name in TARGETS]
        targets = [known[0] if known else len(names) - 1]
    twice = next((k for n, k in enumerate(targets) if k in targets[:n]), None)
    if twice is not None:
        raise ConfigError("data.target", f"names {names[twice]} twice")
    left = [_column(name, names, "data.leave_out", place) for name in spec.leave_out]
    if spec.inputs:
        inputs = [_column(name, names, "data.inputs", place) for name in spec.inputs]
    else:
        inputs = [k for k in range(len(names)) if k not in {*targets, *left}]
    for k in inputs:
        if k in targets or k in left:
            key = "data.target" if k in targets else "data.leave_out"
            raise ConfigError("data.inputs", f"names {names[k]}, which is in {key} too")
    if not inputs:
        raise ConfigError("data.inputs", f"leave no column of {place} to learn from")
    return Chosen(inputs, targets)


def _column(name: str, names: Sequence[str], key: str, place: str) -> int:
    if name in names:
        return list(names).index(name)
    if name.isdigit() and 1 <= int(name) <= len(names):
        return int(name) - 1
    hint = did_you_mean(name, names) or f"; it has {len(names)}, from {names[0]} to {names[-1]}"
    raise ConfigError(key, f"there is no column '{name}' in {place}{hint}")
