"""CSV: a row for each sample, under names or without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.columns import TARGETS, chosen_columns
from neurochip.data.events import unused_event_keys
from neurochip.data.heads import Kind
from neurochip.data.section import DataSpec
from neurochip.data.several import asked_kinds, side_by_side
from neurochip.data.table import Rows, Table, column_words
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, read_cells

__all__ = ["numbers_in", "read_csv"]

_TRUTH = {"false": 0.0, "true": 1.0}
_MISSING = {"", "?", "na", "n/a", "nan", "null", "none", "-"}


def read_csv(file: Foreign, spec: DataSpec) -> Table:
    """Return the samples of a CSV; cells are parted as `files.read_cells` says.

    A first row without any number is that of the names, as is one whose last cell is the name of a target. Lines above
    it that begin with # are comments, but for one with as many cells, which has the names.

    Raises
    ------
    DataError
        With row (the line of the file) and column, for a row of another length, a cell that is missing, text where a
        number is needed.
    """
    unused_event_keys(spec, file.path.name)
    rows, lines = _cells(file)
    names, has_names = _names(rows[0])
    if has_names:
        rows, lines = rows[1:], lines[1:]
        twice = next((k for k, name in enumerate(names) if name in names[:k]), None)
        if twice is not None:
            first = names.index(names[twice]) + 1
            raise DataError(
                f"{file.path}: row 1, {column_words(names[twice])}",
                f"is there twice, as the columns {first} and {twice + 1}; give each its own name",
            )
    if not rows:
        raise DataError(str(file.path), "has names of columns and no samples below them")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(names):
            raise DataError(
                f"{file.path}: row {line}", f"has {len(row)} cells, and the first row has {len(names)}"
            )

    def place(row: int) -> str:
        return f"{file.path}: row {lines[row]}"

    chosen = chosen_columns(names, spec, str(file.path))
    inputs = numbers_in(rows, lines, chosen.inputs, names, file)
    outputs = tuple(names[k] for k in chosen.targets)
    kinds = asked_kinds(spec, outputs)
    if spec.task == "regression":
        targets = numbers_in(rows, lines, chosen.targets, names, file)
    else:
        read = [_column(rows, lines, k, kind, names, file)
                for k, kind in zip(chosen.targets, kinds or ("classes",), strict=True)]  # fmt: skip
        targets = side_by_side(read) if kinds else read[0]
    return Table(
        name=file.path.name,
        whole=Rows(inputs, targets, place),
        features=tuple(names[k] for k in chosen.inputs),
        outputs=outputs,
        kinds=kinds,
        regression=spec.task == "regression",
        provenance=f"own data, {file.path.name}",
    )


def _cells(file: Foreign) -> tuple[list[list[str]], list[int]]:
    """Return all rows that are not empty, and the line of each."""
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, cells in read_cells(file):
        rows.append(cells)
        lines.append(line)
    if not rows:
        raise DataError(str(file.path), "is empty; a row for each sample is needed")
    if len(rows[0]) < 2:
        raise DataError(
            str(file.path),
            "has one column; at least one input and a target are needed, parted by commas, semicolons, tabs or blanks",
        )
    return rows, lines


def _names(first: Sequence[str]) -> tuple[list[str], bool]:
    """Return the names of the columns, and whether the first row is made of them."""
    if not any(_is_number(cell) for cell in first) or first[-1].casefold() in TARGETS:
        return list(first), True
    return [str(k) for k in range(1, len(first) + 1)], False


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def numbers_in(
    rows: list[list[str]], lines: list[int], columns: Sequence[int], names: Sequence[str], file: Foreign
) -> NDArray[np.float64]:
    """Return the cells of some columns, f64[row, column]; columns of true and false alone are 1 and 0.

    Raises
    ------
    DataError
        For a cell that is no number, with its row (of the file) and column.
    """
    found = np.empty((len(rows), len(columns)))
    of_truth: set[int] | None = None  # columns of true and false, looked for where a cell is no number
    for k, row in enumerate(rows):
        try:
            found[k] = [float(row[c]) for c in columns]
        except ValueError:
            wrong = [c for c in columns if not _is_number(row[c])]
            if of_truth is None:
                of_truth = {c for c in columns if all(cells[c].casefold() in _TRUTH for cells in rows)}
            bad = next((c for c in wrong if c not in of_truth), None)
            if bad is not None:
                raise _no_number(row[bad], names[bad], lines[k], file) from None
            found[k] = [_TRUTH[row[c].casefold()] if c in wrong else float(row[c]) for c in columns]
    return found


def _no_number(cell: str, name: str, line: int, file: Foreign) -> DataError:
    place = f"{file.path}: row {line}, {column_words(name)}"
    if cell.casefold() in _MISSING:
        return DataError(place, "has no value; leave the row out, or put a number there")
    said = f"'{briefly(cell, 40)}' is no number"
    if _is_number(cell.replace(",", ".", 1)):
        return DataError(place, f"{said}; write it with a point, as {cell.replace(',', '.', 1)}")
    return DataError(place, f"{said}; leave the column out with data.leave_out, or code it")


def _column(
    rows: list[list[str]], lines: list[int], column: int, kind: Kind, names: Sequence[str], file: Foreign
) -> NDArray[Any]:
    """Return the targets of a column: numbers, or labels as `labels_of` returns them."""
    if kind == "number":
        return numbers_in(rows, lines, [column], names, file)[:, 0]
    cells = [row[column] for row in rows]
    for cell, line in zip(cells, lines, strict=True):
        if cell.casefold() in _MISSING:
            place = f"{file.path}: row {line}, {column_words(names[column])}"
            raise DataError(place, "has no label; leave the row out, or put one there")
    if kind == "label":
        return np.array(cells)
    twice = _twice_written(cells)
    if twice is not None:
        row = cells.index(twice[1])
        place = f"{file.path}: row {lines[row]}, {column_words(names[column])}"
        raise DataError(place, f"'{twice[1]}' is '{twice[0]}' of an earlier row; write a label in one way")
    return labels_of(cells)


def _twice_written(cells: Sequence[str]) -> tuple[str, str] | None:
    """Return two different texts of digits that are the same number, 01 and 1, where there are such."""
    first: dict[str, str] = {}
    for cell in dict.fromkeys(cells):
        if cell.isascii() and cell.isdigit() and first.setdefault(cell.lstrip("0"), cell) != cell:
            return first[cell.lstrip("0")], cell
    return None


def labels_of(cells: Sequence[str]) -> NDArray[Any]:
    """Return labels as whole numbers where all are such, so that 10 comes after 9; else, or with 01 and 1, as texts."""
    try:
        numbers = [float(cell) for cell in cells]
    except ValueError:
        return np.array(cells)
    if _twice_written(cells) is not None:
        return np.array(cells)
    if all(number.is_integer() and abs(number) < 2**53 for number in numbers):
        return np.array([int(number) for number in numbers], dtype=np.int64)
    return np.array(cells)
