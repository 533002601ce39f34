"""Targets of several kinds side by side: columns of one table → heads, and the targets of each sample as numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.heads import Head, Heads, Kind
from neurochip.data.section import DataSpec
from neurochip.data.table import MOST_CLASSES, Rows, Table, column_words
from neurochip.errors import ConfigError, DataError
from neurochip.files import briefly

__all__ = ["asked_kinds", "check_learnable", "combinations", "heads_of", "side_by_side", "yes_or_no"]

Array = NDArray[Any]
_WORDS = (("0", "1"), ("no", "yes"), ("false", "true"))


def asked_kinds(spec: DataSpec, names: Sequence[str]) -> tuple[Kind, ...]:
    """Return what each of the targets called ``names`` is, as a run says; empty of one class and of numbers alone.

    Raises
    ------
    ConfigError
        Where it does not say so of each, or labels or numbers are not beside one another.
    """
    if spec.task == "several":
        if len(spec.kinds) != len(names):
            raise ConfigError(
                "data.kinds", f"must say what each of the {len(names)} targets is, got {len(spec.kinds)}"
            )
        for kind in ("label", "number"):
            at = [k for k, each in enumerate(spec.kinds) if each == kind]
            if at and at[-1] - at[0] >= len(at):
                raise ConfigError(
                    "data.kinds",
                    f"must have all of the kind {kind} beside one another; name data.target in that order",
                )
        return spec.kinds
    if spec.task == "labels":
        return tuple[Kind, ...](["label"] * len(names))
    several = spec.task == "classification" and len(names) > 1
    return tuple[Kind, ...](["classes"] * len(names)) if several else ()


def side_by_side(columns: Sequence[Array]) -> Array:
    """Return columns [sample] as a structured array, with a field for each."""
    made = np.empty(len(columns[0]), dtype=[(str(k), column.dtype) for k, column in enumerate(columns)])
    for k, column in enumerate(columns):
        made[str(k)] = column
    return made


def heads_of(table: Table) -> tuple[Heads, list[Array]]:
    """Return what is learnt of a table with `Table.kinds`, numbers not fitted yet, and the targets of both parts.

    Labels are one head and numbers are one, called by the array that they stand in, or by what they are.

    Returns
    -------
    heads, targets
        Of each part f64[sample, column], in the order of the heads.

    Raises
    ------
    DataError
        For a class that there is only one of or that only test samples have, and for a cell of another kind, with its
        row and column.
    """
    names = table.outputs
    members: dict[tuple[str, Kind], list[int]] = {}
    for k, kind in enumerate(table.kinds):
        members.setdefault((names[k] if kind == "classes" else "", kind), []).append(k)
    heads: list[Head] = []
    columns: list[list[Array]] = []
    parts = [table.whole] if table.test is None else [table.whole, table.test]
    for (name, kind), found in members.items():
        of = tuple(names[k] for k in found)
        if kind == "classes":
            labels, coded = _classes(table, parts, found[0])
            heads.append(Head(name, "classes", labels))
        else:
            coded = [np.stack([_READ[kind](part, k, names[k]) for k in found], axis=1) for part in parts]
            together = {(table.groups or names)[k] for k in found}
            called = together.pop() if len(together) == 1 else f"{kind}s"
            heads.append(Head(called, "labels" if kind == "label" else "numbers", of))
        columns.append(coded)
    return Heads(tuple(heads)), [np.concatenate(part, axis=1) for part in zip(*columns, strict=True)]


def _classes(table: Table, parts: Sequence[Rows], k: int) -> tuple[tuple[str, ...], list[Array]]:
    """Return the labels that training samples have, and f64[sample, 1] of each part: which of them each sample has."""
    name, column = table.outputs[k], _column(parts[0], k)
    labels, codes = np.unique(column, return_inverse=True)
    place = f"{table.name}: {column_words(name)}"
    if len(labels) < 2:
        raise DataError(
            place, f"has one class only, {briefly(str(labels[0]), 40)}; there must be two at the least"
        )
    if len(labels) > min(MOST_CLASSES, max(2, len(codes) // 2)):
        raise DataError(
            place,
            f"has {len(labels)} labels in {len(codes)} samples; call it a number in data.kinds, or leave it out of "
            "data.target",
        )
    words = list(table.names.get(name, ())) or [str(label) for label in labels]
    found: list[Array] = [codes.reshape(-1, 1).astype(np.float64)]
    for part in parts[1:]:
        number = {str(label): code for code, label in enumerate(labels)}
        given = [_plain(value) for value in _column(part, k).tolist()]
        row = next((k for k, word in enumerate(given) if word not in number), None)
        if row is not None:
            raise DataError(
                f"{part.place(row)}, {column_words(name)}",
                f"has the label {briefly(given[row], 40)}, which no sample of the training part has",
            )
        found.append(np.array([[number[word]] for word in given], dtype=np.float64))
    return tuple(words), found


def _column(rows: Rows, k: int) -> Array:
    """Return a target [sample]."""
    names = rows.targets.dtype.names
    if names is None:
        raise DataError(rows.place(0), "must have a structured array of targets, a field for each")
    column: Array = rows.targets[names[k]]
    return column.astype(np.int64) if column.dtype.kind == "b" else column


def _labels(rows: Rows, k: int, name: str) -> Array:
    return yes_or_no(_column(rows, k).tolist(), lambda row: f"{rows.place(row)}, {column_words(name)}")


def yes_or_no(cells: Sequence[object], place: Callable[[int], str]) -> NDArray[np.float64]:
    """Return 1 for yes and 0 for no, f64[sample], of 0 or 1, no or yes, or false or true.

    Raises
    ------
    DataError
        For another word, and for two such pairs in one column, with the place of the cell.
    """
    words = [_plain(int(cell) if isinstance(cell, bool) else cell).casefold() for cell in cells]
    pair = next((pair for pair in _WORDS if words[0] in pair), _WORDS[0])
    wrong = next((k for k, word in enumerate(words) if word not in pair), None)
    if wrong is not None:
        said = f"'{briefly(words[wrong], 40)}' is neither {pair[0]} nor {pair[1]}"
        if any(words[wrong] in other for other in _WORDS):
            raise DataError(
                place(wrong), f"{said}, as the labels above it are; use one pair of words in a column"
            )
        raise DataError(place(wrong), f"{said}; a label says 0 or 1, no or yes, false or true")
    return np.array([word == pair[1] for word in words], dtype=np.float64)


def _plain(value: object) -> str:
    """Return a label as it is called: 1.0 as 1."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _numbers(rows: Rows, k: int, name: str) -> Array:
    column = _column(rows, k)
    if column.dtype.kind == "U":
        for row, cell in enumerate(column.tolist()):
            try:
                float(cell)
            except ValueError:
                raise DataError(
                    f"{rows.place(row)}, {column_words(name)}", f"'{briefly(cell, 40)}' is no number"
                ) from None
    values: Array = column.astype(np.float64)
    good = np.isfinite(values) & (np.abs(values) <= 1e150)
    if not good.all():
        row = int(np.argmin(good))
        place = f"{rows.place(row)}, {column_words(name)}"
        raise DataError(place, f"is {values[row]:g}; leave the sample out, or put a number there")
    return values


_READ = {"label": _labels, "number": _numbers}


def combinations(heads: Heads, targets: Array, share: float) -> Array:
    """Return the group of each sample, of which the same share tests: its classes and labels together.

    Combinations of so few samples that less than one of them would test are one group.
    """
    kept = [targets[:, at] for head, at in heads.by_columns() if head.kind != "numbers"]
    if not kept:
        return np.zeros(len(targets), dtype=np.int64)
    _, groups, counts = np.unique(
        np.concatenate(kept, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    groups = groups.reshape(-1)
    few = counts < math.ceil(1 / share)
    return np.where(few[groups], -1, groups).astype(np.int64)


def check_learnable(table: Table, heads: Heads, training: Array, testing: Array) -> None:
    """Refuse a target that never varies in the training part, and a class that only test samples have.

    Raises
    ------
    DataError
        With the column, and the class.
    """
    for head, at in heads.by_columns():
        held = training[:, at]
        still = np.flatnonzero(held.min(axis=0) == held.max(axis=0))
        if len(still):
            name = head.targets[int(still[0])]
            raise DataError(
                f"{table.name}: {column_words(name)}",
                "never varies in the training part: there is nothing to learn; leave it out of data.target",
            )
        if head.kind == "classes":
            alone = np.setdiff1d(testing[:, at], held)
            if len(alone):
                label = briefly(head.names[int(alone[0])], 40)
                raise DataError(
                    f"{table.name}: {column_words(head.name)}",
                    f"has the label {label} in test samples alone; set another data.split_seed, or leave it out",
                )
