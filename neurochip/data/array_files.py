"""Arrays of .npz, .npy and HDF5 files as samples: which of them are inputs, and which are targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.array_names import flattened, named_pairs, plain_array
from neurochip.data.event_arrays import has_events, read_events
from neurochip.data.events import event_table, unused_event_keys
from neurochip.data.heads import Kind
from neurochip.data.heidelberg import has_trains, read_trains
from neurochip.data.nir_data import read_nir_data
from neurochip.data.section import DataSpec
from neurochip.data.table import Rows, Table, numbers_of
from neurochip.data.target_arrays import labels_in, targets_of
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, read_array, read_arrays, read_hdf5
from neurochip.spikes import SpikeTrains

__all__ = [
    "kept_columns",
    "read_hdf5_samples",
    "read_nir_samples",
    "read_npy",
    "read_npz",
    "table_of",
    "table_of_arrays",
    "target_file",
]

Array = NDArray[Any]


def read_npz(file: Foreign, spec: DataSpec) -> Table:
    """Return the samples of an .npz; see `table_of`, and of events `event_table`."""
    return table_of_arrays(read_arrays(file, records=True), file, spec)


def read_hdf5_samples(file: Foreign, spec: DataSpec) -> Table:
    """Return the samples of an HDF5 file, whose arrays are called by their paths; see `table_of`."""
    group = read_hdf5(file, lists=True)
    if "nodes" in group.groups and not group.arrays:
        return read_nir_samples(file, spec)
    if has_trains(group):
        return read_trains(group, file.path, spec)
    return table_of_arrays(dict(flattened(group)), file, spec)


def read_nir_samples(file: Foreign, spec: DataSpec) -> Table:
    """Return the recorded spikes of a file of NIR's data, with the labels of an .npy beside it (`target_file`)."""
    if len(spec.inputs) > 1 or len(spec.target) > 1:
        raise ConfigError(
            "data.inputs", f"must name one observable of {file.path.name}, and data.target one file"
        )
    events = read_nir_data(file, spec.inputs[0] if spec.inputs else "")
    beside = Foreign(target_file(file.path, spec), "labels", "write them with numpy.save")
    labels = labels_in(read_array(beside), str(beside.path))
    return event_table(file.path.name, (events, labels), None, spec)


def target_file(path: Path, spec: DataSpec) -> Path:
    """Return the file that holds the targets of an .npy: that of ``data.target``, beside it, or y.npy, labels.npy.

    Raises
    ------
    DataError
        Where there is none.
    """
    if spec.target:
        return path.parent / spec.target[0]
    names = [path.name.replace("x", "y", 1), path.name.replace("X", "y", 1), "labels.npy", "y.npy"]
    for name in names:
        if name != path.name and (path.parent / name).is_file():
            return path.parent / name
    raise DataError(str(path), "has no targets beside it; name their file in data.target, e.g. y.npy")


def read_npy(file: Foreign, spec: DataSpec) -> Table:
    """Return the samples of an .npy, and their targets from another one beside it."""
    if len(spec.target) > 1:
        raise ConfigError("data.target", "must name one file beside an .npy")
    unused_event_keys(spec, file.path.name, but=("present",))
    if spec.inputs:
        raise ConfigError("data.inputs", "has no effect on an .npy, which is one array; leave it out")
    beside = Foreign(target_file(file.path, spec), "targets", "write them with numpy.save")
    return table_of(
        file.path.name,
        (read_array(file), read_array(beside)),
        None,
        spec,
        places=(str(file.path), str(beside.path)),
    )


def table_of_arrays(arrays: Mapping[str, Any], file: Foreign, spec: DataSpec) -> Table:
    """Return arrays by name as a table: inputs and targets, or events; see `table_of`."""
    arrays = {name: plain_array(array, file, name) for name, array in arrays.items()}
    if has_events(arrays):
        return read_events(arrays, file.path, spec)
    unused_event_keys(spec, file.path.name, but=("present",))
    pairs = named_pairs(arrays, file, spec)
    parts: list[tuple[Any, Any]] = []
    places: list[str] = []
    for x, targets in pairs:
        named = {_head_name(y, pairs): arrays[y] for y in targets}
        parts.append((arrays[x], arrays[targets[0]] if len(targets) == 1 else named))
        places += [f"{file.path}: {x}", f"{file.path}: {targets[0]}" if len(targets) == 1 else str(file.path)]
    return table_of(file.path.name, parts[0], parts[1] if len(parts) > 1 else None, spec, places=places)


def _head_name(target: str, pairs: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    """Return what an array of targets is called in both parts: ``colour`` of ``colour_train``."""
    if len(pairs) < 2:
        return target
    for word in ("train", "test"):
        for sign in ("_", "/"):
            target = target.removesuffix(f"{sign}{word}").removeprefix(f"{word}{sign}")
    return target


def table_of(
    name: str,
    training: tuple[Array | SpikeTrains, Array | Mapping[str, Array]],
    testing: tuple[Array | SpikeTrains, Array | Mapping[str, Array]] | None,
    spec: DataSpec,
    *,
    places: Sequence[str] = (),
) -> Table:
    """Return arrays as a table.

    Parameters
    ----------
    training, testing
        Inputs [sample, …], whose further dimensions are laid out in one; and targets: labels [sample], or [sample,
        target]; or several arrays of such by name.
    spec
        What targets are.
    places
        What each array is called in a sentence.

    Raises
    ------
    DataError
        For arrays that do not fit one another, with their sizes.
    """
    both = [training] if testing is None else [training, testing]
    at = list(places) or [f"{name}: {what}" for what in ("x", "y", "x_test", "y_test")]
    made: list[Rows] = []
    outputs: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    groups: tuple[str, ...] = ()
    for k, (x, y) in enumerate(both):
        at_x, at_y = at[2 * k], at[2 * k + 1]
        inputs: Any
        if isinstance(x, SpikeTrains):
            inputs = x
        elif spec.present == "spikes":
            inputs = SpikeTrains.from_array(x, at_x)
        else:
            inputs = numbers_of(np.asarray(x), at_x)
        if made and _are_bytes(inputs) != _are_bytes(made[0].inputs):
            raise DataError(
                at_x,
                f"holds {np.asarray(x).dtype}, and {at[0]} {np.asarray(made[0].inputs).dtype}: bytes are fractions "
                "of 255, other numbers are what they are; write both parts in one type",
            )
        found = targets_of(y, at_y, spec)
        if len(inputs) != len(found.values):
            raise DataError(at_y, f"has {len(found.values)} samples, and {at_x} has {len(inputs)}")
        if k and found.names != outputs:
            raise DataError(
                at_y, f"has the targets {', '.join(found.names)}, and {at[1]} {', '.join(outputs)}"
            )
        outputs, kinds, groups = found.names, found.kinds, found.groups
        made.append(Rows(inputs, found.values, _placing(at_x)))
    features = tuple(str(c) for c in range(1, made[0].inputs.shape[1] + 1))
    if spec.leave_out:
        made, features = _without(made, features, spec)
    return Table(
        name=name,
        whole=made[0],
        test=made[1] if len(made) > 1 else None,
        features=features,
        outputs=outputs,
        kinds=kinds,
        groups=groups,
        regression=spec.task == "regression",
        provenance=f"own data, {name}",
    )


def _are_bytes(inputs: Any) -> bool:
    return not isinstance(inputs, SpikeTrains) and bool(inputs.dtype == np.uint8)


def _placing(where: str) -> Callable[[int], str]:
    return lambda row: f"{where}: row {row + 1}"


def _without(
    made: list[Rows], features: tuple[str, ...], spec: DataSpec
) -> tuple[list[Rows], tuple[str, ...]]:
    if isinstance(made[0].inputs, SpikeTrains):
        raise ConfigError("data.leave_out", "has no effect on spikes; leave it out")
    kept = kept_columns(features, spec)
    return (
        [
            Rows(np.ascontiguousarray(np.asarray(rows.inputs)[:, kept]), rows.targets, rows.place)
            for rows in made
        ],
        tuple(features[k] for k in kept),
    )


def kept_columns(features: Sequence[str], spec: DataSpec) -> list[int]:
    """Return the numbers of the columns, from 0, that ``data.leave_out`` leaves.

    Raises
    ------
    ConfigError
        For a column that there is not, and where none is left.
    """
    for name in spec.leave_out:
        if name not in features:
            raise ConfigError(
                "data.leave_out", f"must be numbers of columns, 1 to {len(features)}, got '{name}'"
            )
    kept = [k for k, name in enumerate(features) if name not in spec.leave_out]
    if not kept:
        raise ConfigError("data.leave_out", "leaves no column to learn from")
    return kept
