"""Samples for a model from a file: CSV, .npz, .npy or HDF5, with targets or without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data import DataSpec
from neurochip.data.array_files import kept_columns, read_hdf5_samples, read_npz
from neurochip.data.csv_file import numbers_in, read_csv
from neurochip.data.event_arrays import events_of_arrays, has_events
from neurochip.data.event_folder import events_of_recordings
from neurochip.data.events import presented_events
from neurochip.data.recordings import RECORDINGS, read_recording
from neurochip.data.table import Table
from neurochip.data.unlabelled import unlabelled_arrays, unlabelled_hdf5
from neurochip.errors import DataError
from neurochip.files import Foreign, briefly, read_array, read_arrays, read_cells
from neurochip.models.model import Model
from neurochip.spikes import SpikeTrains

__all__ = ["Samples", "read_samples"]

Array = NDArray[np.generic]
_TEXT = (".csv", ".tsv", ".txt", ".data")
_OF_EVENTS = ("present", "tick", "frames", "window", "polarity", "sensor")


class Samples(NamedTuple):
    """Samples as they stand in a file.

    Attributes
    ----------
    x
        [sample, …]
    y
        Their labels or numbers; `None` where the file has none.
    """

    x: Array | SpikeTrains
    y: Array | None


def read_samples(path: Path, model: Model, *, with_targets: bool) -> Samples:
    """Return the samples of a file.

    Columns of a table are found by the names of the data that the model learnt from, in whatever order they stand.
    Without names a table has just the inputs, in their order, or the columns of that data, from which the run's own
    ``data.target``, ``data.inputs`` and ``data.leave_out`` choose.

    Raises
    ------
    DataError
        For a file that is not there, of another kind, damaged, or without what is needed.
    """
    file = Foreign(path, "a file of samples", "write it anew", absent="name a CSV, .npz, .npy or HDF5 file")
    suffix = path.suffix.lower()
    if suffix in _TEXT:
        found = _table(file, model, with_targets)
    elif suffix in RECORDINGS and _learnt_events(model):
        found = _recorded(file, path, model, with_targets)
    elif suffix == ".npy":
        found = Samples(_learnt_columns(np.asarray(read_array(file)), _spec(path, model), model), None)
    elif suffix == ".npz":
        found = _arrays(file, model, with_targets)
    elif suffix in (".h5", ".hdf5"):
        found = _hdf5(file, model, with_targets)
    else:
        raise DataError(
            str(path), "is no kind of file that is read; give a CSV, .npz, .npy, HDF5 or event file"
        )
    if with_targets and found.y is None:
        raise DataError(str(path), "has no targets to compare answers with; `neurochip predict` needs none")
    return found


def _spec(path: Path, model: Model) -> DataSpec:
    """Return which columns or arrays are what: as in the data that the run learnt from."""
    asked, heads = model.run.data, model.coding.heads
    if asked.file is None:
        shown = {key: getattr(asked, key) for key in _OF_EVENTS} if _learnt_events(model) else {}
        kinds = heads.kinds if heads.task == "several" else ()
        target = () if heads.is_classes or heads.is_numbers else heads.targets
        named = path.suffix.lower() in _TEXT
        return DataSpec(file=str(path), task=heads.task, kinds=kinds, target=target if named else (), **shown)
    kinds = asked.kinds or (heads.kinds if asked.task == "several" else ())
    return replace(asked, file=str(path), digest=None, train=None, test=None, kinds=kinds)


def _learnt_events(model: Model) -> bool:
    """Whether a model learnt from events: counted, or shown in their ticks."""
    return model.coding.scaling.kind in ("counts", "spikes")


def _recorded(file: Foreign, path: Path, model: Model, with_targets: bool) -> Samples:
    """Return the samples of events: those of an .npz with their starts, or one recording."""
    spec = _spec(path, model)
    if path.suffix.lower() == ".npz":
        arrays = {name: np.asarray(array) for name, array in read_arrays(file, records=True).items()}
        if "starts" not in arrays:
            if not has_events(arrays):
                return _arrays(file, model, with_targets)
        elif with_targets:
            return _both(read_npz(file, spec))
        else:
            return Samples(presented_events(events_of_arrays(arrays, str(path)), spec), None)
    return Samples(presented_events(events_of_recordings([read_recording(file)], [path]), spec), None)


def _both(table: Table) -> Samples:
    rows = table.test or table.whole
    return Samples(rows.inputs, rows.targets)


def _arrays(file: Foreign, model: Model, with_targets: bool) -> Samples:
    spec = _spec(file.path, model)
    if with_targets:
        return _both(read_npz(file, spec))
    return Samples(_learnt_columns(unlabelled_arrays(read_arrays(file), file, spec), spec, model), None)


def _hdf5(file: Foreign, model: Model, with_targets: bool) -> Samples:
    spec = _spec(file.path, model)
    if with_targets:
        return _both(read_hdf5_samples(file, spec))
    return Samples(_learnt_columns(unlabelled_hdf5(file, spec), spec, model), None)


def _learnt_columns(x: Array | SpikeTrains, spec: DataSpec, model: Model) -> Array | SpikeTrains:
    """Return the inputs without the columns that the run left out, where they stand among them."""
    if not spec.leave_out or isinstance(x, SpikeTrains) or x.ndim < 2:
        return x
    flat = x.reshape(len(x), -1)
    if flat.shape[1] == model.n_inputs:
        return x
    return flat[:, kept_columns([str(k) for k in range(1, flat.shape[1] + 1)], spec)]


def _table(file: Foreign, model: Model, with_targets: bool) -> Samples:
    cells = read_cells(file)
    first: Sequence[str] = next((row for _, row in cells), ())
    named = _named(first, model, file)
    if with_targets or (named is None and len(first) != model.n_inputs):
        spec = _spec(file.path, model)
        return _both(read_csv(file, spec if named is None else _with_names(spec, first, model)))
    columns = range(len(first)) if named is None else named
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, row in read_cells(file):
        if len(row) != len(first):
            raise DataError(
                f"{file.path}: row {line}", f"has {len(row)} cells, and the first row has {len(first)}"
            )
        if rows or any(_is_number(cell) for cell in row):  # and no names of the columns
            rows.append(row)
            lines.append(line)
    if not rows:
        raise DataError(str(file.path), "has no samples")
    names = [str(k) for k in range(1, len(first) + 1)]
    numbers = numbers_in(rows, lines, columns, names, file)
    if not np.isfinite(numbers).all():
        row_at, at = (int(k) for k in np.argwhere(~np.isfinite(numbers))[0])
        place = f"{file.path}: row {lines[row_at]}, column {columns[at] + 1}"
        raise DataError(place, f"{rows[row_at][columns[at]]} is not finite")
    return Samples(numbers, None)


def _named(first: Sequence[str], model: Model, file: Foreign) -> list[int] | None:
    """Return which columns of a table are the inputs, by name; `None` where names say nothing.

    They do where the run learnt from a table of one's own whose columns had names, and this one's have, too.
    """
    learnt = model.coding.features
    if model.run.data.file is None or len(set(learnt)) < len(learnt) or all(f.isdigit() for f in learnt):
        return None
    if any(_is_number(cell) for cell in first):
        return None
    lacking = [name for name in learnt if name not in first]
    if lacking:
        raise DataError(
            str(file.path),
            f"has no column '{briefly(lacking[0], 40)}', which the network learnt from; name columns as they were, or "
            "give numbers alone, in their order",
        )
    return [list(first).index(name) for name in learnt]


def _with_names(spec: DataSpec, first: Sequence[str], model: Model) -> DataSpec:
    """Return which columns are what in a table that has the names of the one that was learnt from, in any order."""
    learnt = model.coding.features
    heads = model.coding.heads
    target = spec.target or (() if heads.is_classes else heads.targets)
    left = [name for name in first if name not in learnt]
    if not target and len(left) == 1:
        target = tuple(left)
    return replace(spec, inputs=learnt, leave_out=(), target=target)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
