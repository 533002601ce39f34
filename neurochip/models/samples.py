"""Samples for a model from a file: CSV, .npz, .npy or HDF5, with targets or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data import DataSpec
from neurochip.data.array_files import read_hdf5_samples, read_npz
from neurochip.data.csv_file import read_csv
from neurochip.data.table import Table
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, read_array, read_arrays, read_cells
from neurochip.models.model import Model

__all__ = ["Samples", "read_samples"]

Array = NDArray[Any]
_TEXT = (".csv", ".tsv", ".txt", ".data")
_INPUTS = ("x", "inputs", "x_test", "test_x", "data", "images", "features")


class Samples(NamedTuple):
    """Samples as they stand in a file.

    Attributes
    ----------
    x
        [sample, …]
    y
        Their labels or numbers; `None` where the file has none.
    """

    x: Array
    y: Array | None


def read_samples(path: Path, model: Model, *, with_targets: bool) -> Samples:
    """Return the samples of a file.

    A table may have just the inputs, in their order; or the columns of the data that the model learnt from, from which
    the run's own ``data.target``, ``data.inputs`` and ``data.leave_out`` choose.

    Raises
    ------
    DataError
        For a file that is not there, of another kind, damaged, or without what is needed.
    """
    file = Foreign(path, "a file of samples", "write it anew", absent="name a CSV, .npz, .npy or HDF5 file")
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        found = _table(file, model, with_targets)
    elif suffix == ".npy":
        found = Samples(np.asarray(read_array(file)), None)
    elif suffix == ".npz":
        found = _arrays(file, model, with_targets)
    elif suffix in (".h5", ".hdf5"):
        found = _both(read_hdf5_samples(file, _spec(path, model)))
    else:
        raise DataError(str(path), "is no kind of file that is read; give a CSV, .npz, .npy or HDF5 file")
    if with_targets and found.y is None:
        raise DataError(str(path), "has no targets to compare answers with; `neurochip predict` needs none")
    return found


def _spec(path: Path, model: Model) -> DataSpec:
    """Return which columns or arrays are what: as in the data that the run learnt from."""
    task = "regression" if not model.classes else "classification"
    asked = model.run.data
    if asked.file is None:
        return DataSpec(file=str(path), task=task)  # type: ignore[arg-type]
    return replace(asked, file=str(path), digest=None, train=None, test=None)


def _both(table: Table) -> Samples:
    rows = table.test or table.whole
    return Samples(rows.inputs, rows.targets)


def _arrays(file: Foreign, model: Model, with_targets: bool) -> Samples:
    arrays = {name: np.asarray(array) for name, array in read_arrays(file).items()}
    spec = _spec(file.path, model)
    if with_targets or (spec.inputs and all(name in arrays for name in (*spec.inputs, *spec.target))):
        return _both(read_npz(file, spec))
    folded = {name.casefold(): name for name in arrays}
    wanted = (*(name.casefold() for name in spec.inputs), *_INPUTS)
    name = next((folded[word] for word in wanted if word in folded), None)
    if name is None and len(arrays) == 1:
        [name] = arrays
    if name is None:
        have = ", ".join(briefly(n, 30) for n in list(arrays)[:5]) or "none"
        raise DataError(str(file.path), f"has the arrays {have}; call the one with the samples x")
    return Samples(arrays[name], None)


def _table(file: Foreign, model: Model, with_targets: bool) -> Samples:
    cells = read_cells(file)
    first: Sequence[str] = next((row for _, row in cells), ())
    if len(first) != model.n_inputs or with_targets:
        return _both(read_csv(file, _spec(file.path, model)))
    rows: list[list[float]] = []
    for line, row in read_cells(file):
        if len(row) != model.n_inputs:
            raise DataError(
                f"{file.path}: row {line}", f"has {len(row)} cells, and the first row has {len(first)}"
            )
        try:
            rows.append([float(cell) for cell in row])
        except ValueError:
            if not rows and not any(_is_number(cell) for cell in row):
                continue  # names of the columns
            bad = next(k for k, cell in enumerate(row) if not _is_number(cell))
            place = f"{file.path}: row {line}, column {bad + 1}"
            raise DataError(place, f"'{briefly(row[bad], 40)}' is no number") from None
    if not rows:
        raise DataError(str(file.path), "has no samples")
    return Samples(np.array(rows), None)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
