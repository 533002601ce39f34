"""Targets in arrays: one of labels or numbers, several side by side, or several by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data.csv_file import labels_of
from neurochip.data.heads import Kind
from neurochip.data.section import DataSpec
from neurochip.data.several import asked_kinds, side_by_side
from neurochip.errors import DataError

__all__ = ["Targets", "column_names", "is_one_hot", "labels_in", "targets_of", "whole_labels"]

Array = NDArray[Any]
_LARGEST = int(np.iinfo(np.int64).max)


class Targets(NamedTuple):
    """What samples are to be learnt to.

    Attributes
    ----------
    values
        As `Rows.targets`.
    names
        Of each target; empty of one class.
    kinds, groups
        As of `Table`.
    """

    values: Array
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    groups: tuple[str, ...] = ()


def targets_of(given: Array | Mapping[str, Array], place: str, spec: DataSpec) -> Targets:
    """Return the targets of an array [sample] or [sample, target], or of several such by name.

    One-hot classes [sample, class], a 1 in each row and 0 elsewhere, are the numbers of the classes.

    Raises
    ------
    DataError
        For arrays of another shape or type, with their place.
    ConfigError
        Where a run does not say what each of several is.
    """
    if isinstance(given, Mapping):
        return _by_name(given, place, spec)
    values = np.asarray(given)
    if spec.task == "regression":
        numbers = _numbers(values, place)
        n = numbers.shape[1]
        return Targets(numbers, ("target",) if n == 1 else tuple(f"target {c}" for c in range(1, n + 1)), ())
    if spec.task == "classification" and (values.ndim < 2 or values.shape[1:] == (1,)):
        return Targets(labels_in(values, place), (), ())
    if spec.task == "classification" and is_one_hot(values):
        return Targets(values.argmax(axis=1), (), ())
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or not values.size:
        raise DataError(place, f"must hold targets [sample, target], got an array {values.shape}")
    names = tuple(f"target {c}" for c in range(1, values.shape[1] + 1))
    kinds = asked_kinds(spec, names)
    columns = [_column(values[:, k], kind, place) for k, kind in enumerate(kinds)]
    return Targets(
        side_by_side(columns), names, kinds, ("labels",) * len(names) if spec.task == "labels" else ()
    )


def is_one_hot(values: Array) -> bool:
    """Whether an array [sample, class] has one 1 in each row, and 0 elsewhere."""
    if values.ndim != 2 or values.shape[1] < 2 or not values.size or values.dtype.kind not in "buif":
        return False
    return bool(((values == 0) | (values == 1)).all() and ((values == 1).sum(axis=1) == 1).all())


def _by_name(given: Mapping[str, Array], place: str, spec: DataSpec) -> Targets:
    if not given:
        raise DataError(place, "holds no targets")
    if spec.task == "regression":
        parts = {name: _numbers(np.asarray(array), f"{place}: {name}") for name, array in given.items()}
        _check_lengths(parts, place)
        return Targets(np.concatenate(list(parts.values()), axis=1), tuple(column_names(parts)), ())
    asked = asked_kinds(spec, tuple(given)) or ("classes",)
    arrays: dict[str, Array] = {}
    for name, array in given.items():
        values = np.asarray(array)
        if values.ndim not in (1, 2) or not values.size:
            raise DataError(
                f"{place}: {name}", f"must hold targets [sample] or [sample, target], got {values.shape}"
            )
        arrays[name] = values.reshape(len(values), -1)
    _check_lengths(arrays, place)
    kinds = tuple(
        kind for kind, array in zip(asked, arrays.values(), strict=True) for _ in range(array.shape[1])
    )
    names = tuple(column_names(arrays))
    groups = tuple(name for name, array in arrays.items() for _ in range(array.shape[1]))
    each = [
        (array[:, k], f"{place}: {name}") for name, array in arrays.items() for k in range(array.shape[1])
    ]
    columns = [_column(values, kind, at) for (values, at), kind in zip(each, kinds, strict=True)]
    return Targets(side_by_side(columns), names, kinds, groups)


def column_names(arrays: Mapping[str, Array]) -> list[str]:
    """Return what the columns of arrays [sample, target] are called."""
    return [
        name if array.shape[1] == 1 else f"{name} {k}"
        for name, array in arrays.items()
        for k in range(1, array.shape[1] + 1)
    ]


def _check_lengths(arrays: Mapping[str, Array], place: str) -> None:
    first, *others = arrays
    for name in others:
        if len(arrays[name]) != len(arrays[first]):
            n, m = len(arrays[name]), len(arrays[first])
            raise DataError(f"{place}: {name}", f"has {n} samples, and {first} has {m}")


def _column(values: Array, kind: Kind, place: str) -> Array:
    """Return one target [sample] of the kind that is asked for; numbers and labels are looked at cell by cell later."""
    if kind == "classes":
        return labels_in(values, place)
    if values.dtype.kind not in "buifU":
        raise DataError(place, f"must hold numbers or texts, got {values.dtype}")
    return values.astype(np.float64) if values.dtype.kind in "iuf" else values


def _numbers(values: Array, place: str) -> Array:
    if values.dtype.kind not in "buif" or values.ndim not in (1, 2):
        raise DataError(
            place, f"must hold numbers [sample] or [sample, output], got {values.dtype} {values.shape}"
        )
    return values.astype(np.float64).reshape(len(values), -1)


def labels_in(values: Array, place: str) -> Array:
    """Return labels [sample] as whole numbers, or as texts.

    Raises
    ------
    DataError
        For what is no label, with its row.
    """
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(place, f"must hold a label for each sample, got an array {values.shape}")
    if values.dtype.kind in "biu":
        return whole_labels(values, place)
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
        whole = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < 2**53)
        if not whole.all():
            row = int(np.argmin(whole))
            cure = (
                'set data.task = "regression" to learn numbers'
                if np.isfinite(values[row])
                else "leave the sample out, or put a label there"
            )
            raise DataError(f"{place}: row {row + 1}", f"{values[row]:g} is no label; {cure}")
        return values.astype(np.int64)
    if values.dtype.kind == "U":
        return labels_of(list(values)) if len(values) else values
    raise DataError(place, f"must hold labels, got {values.dtype}")


def whole_labels(values: Array, place: str) -> NDArray[np.int64]:
    """Return labels [sample] that are whole numbers, of any type and order of bytes, as i64.

    Raises
    ------
    DataError
        For one beyond 63 bits, with its row: it would become a negative number.
    """
    beyond = values > _LARGEST if values.dtype.kind == "u" else np.zeros(1, dtype=bool)
    if beyond.any():
        row = int(np.argmax(beyond))
        raise DataError(
            f"{place}: row {row + 1}",
            f"{values[row]} is larger than {_LARGEST}, the largest label that is a number; write labels as texts",
        )
    return values.astype(np.int64)
