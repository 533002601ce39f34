"""Samples of a user's own: from a file by its kind, or from arrays of Python."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.data.array_files import (
    read_hdf5_samples,
    read_nir_samples,
    read_npy,
    read_npz,
    table_of,
    table_of_arrays,
    target_file,
)
from neurochip.data.csv_file import read_csv
from neurochip.data.dataset import Dataset
from neurochip.data.event_folder import event_files, is_event_folder, read_event_folder
from neurochip.data.heads import Kind, Task
from neurochip.data.heidelberg import read_trains_folder, train_files
from neurochip.data.idx_folder import idx_files, read_idx_folder
from neurochip.data.preparing import SPLIT_SEED, TEST_SHARE, limited, prepared
from neurochip.data.recordings import RECORDINGS
from neurochip.data.section import DataSpec
from neurochip.data.stored import is_stored, stored_samples, write_samples
from neurochip.data.table import Table
from neurochip.errors import DataError
from neurochip.files import Foreign, opened, read_arrays
from neurochip.spikes import SpikeTrains

__all__ = ["from_arrays", "kept_beside", "read_own"]

_READERS = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".data": read_csv,
    ".npz": read_npz,
    ".npy": read_npy,
    ".h5": read_hdf5_samples,
    ".hdf5": read_hdf5_samples,
    ".nir": read_nir_samples,
}
_PIECE = 1 << 20
_KIND_OF: dict[str, Kind] = {"b": "label", "f": "number"}


def read_own(spec: DataSpec) -> Dataset:
    """Return the samples of ``data.file``, which are read once as long as the file stays what it is.

    Raises
    ------
    DataError
        For a file that is not there, damaged, of no kind that is read, or another one than ``data.digest`` says.
    ConfigError
        For what the run asks of it and it cannot give.
    """
    if spec.file is None:
        raise DataError("data.file", "is missing")
    path = Path(spec.file)
    return _read(spec, _state(_files(path, spec)))


@functools.lru_cache(maxsize=2)
def _read(spec: DataSpec, state: tuple[tuple[str, int, int], ...]) -> Dataset:
    path = Path(str(spec.file))
    found = _digest([Path(name) for name, _, _ in state])
    if spec.digest is not None and found != spec.digest:
        raise DataError(
            str(path),
            f"has changed: its digest is {found}, and the run was made with {spec.digest}; restore it",
        )
    if path.suffix.lower() == ".npz":
        arrays = read_arrays(_foreign(path), records=True)
        if is_stored(arrays):
            stored = stored_samples(arrays, _foreign(path), spec)
            section = replace(
                spec, digest=found, task=stored.heads.task, present="spikes" if stored.ticks else "values"
            )
            return replace(limited(stored, spec), source=section)
        table = table_of_arrays(arrays, _foreign(path), spec)
    elif path.is_dir():
        table = _read_folder(path, spec)
    else:
        table = _READERS[path.suffix.lower()](_foreign(path), spec)
    samples = prepared(table, spec)
    kind = {"bytes": "none", "spikes": None}.get(samples.scaling.kind, samples.scaling.kind)
    told: dict[str, Any] = {"scaling": kind, **table.found}
    if table.test is None:
        told |= {
            "test_share": TEST_SHARE if spec.test_share is None else spec.test_share,
            "split_seed": SPLIT_SEED if spec.split_seed is None else spec.split_seed,
        }
    return replace(samples, source=replace(spec, digest=found, **told))


def _read_folder(path: Path, spec: DataSpec) -> Table:
    if is_event_folder(path):
        return read_event_folder(path, spec)
    trains = train_files(path)
    return read_trains_folder(trains, spec) if trains else read_idx_folder(path, spec)


def _foreign(path: Path) -> Foreign:
    return Foreign(path, "a data file", "write it anew", absent="data.file names a file or a folder")


def _files(path: Path, spec: DataSpec) -> list[Path]:
    """Return all files that are read."""
    if path.is_dir():
        if is_event_folder(path):
            return event_files(path)
        return list((train_files(path) or idx_files(path, spec)).values())
    if not path.exists():
        raise DataError(str(path), "no such file; data.file names a file or a folder")
    if path.suffix.lower() not in _READERS:
        if path.suffix.lower() in RECORDINGS:
            raise DataError(
                str(path), "is one recording; give a folder of them, with a folder for each class"
            )
        kinds = ", ".join(_READERS)
        raise DataError(
            str(path),
            f"is no kind of file that is read; give {kinds}, a folder of IDX files, or one with a folder of recordings "
            "for each class",
        )
    return [path, target_file(path, spec)] if path.suffix.lower() in (".npy", ".nir") else [path]


def _state(files: Sequence[Path]) -> tuple[tuple[str, int, int], ...]:
    found = []
    for file in files:
        try:
            stat = file.stat()
            found.append((str(file), stat.st_size, stat.st_mtime_ns))
        except (OSError, ValueError):
            found.append((str(file), 0, 0))  # opening it will say why
    return tuple(found)


def _digest(files: Sequence[Path]) -> str:
    """Return the SHA-256 of a file; of several, that of their sums, in the order of their names."""
    sums = []
    for path in sorted(files):
        digest = hashlib.sha256()
        with opened(_foreign(path)) as stream, _foreign(path).guarded():
            while piece := stream.read(_PIECE):
                digest.update(piece)
        sums.append(digest.hexdigest())
    return sums[0] if len(sums) == 1 else hashlib.sha256("\n".join(sums).encode()).hexdigest()


def _given(x: ArrayLike | SpikeTrains) -> NDArray[Any] | SpikeTrains:
    return x if isinstance(x, SpikeTrains) else np.asarray(x)


def from_arrays(
    x: ArrayLike | SpikeTrains,
    y: ArrayLike | Mapping[str, ArrayLike],
    *,
    test: tuple[ArrayLike | SpikeTrains, ArrayLike | Mapping[str, ArrayLike]] | None = None,
    name: str = "arrays",
    task: str | None = None,
    kinds: Sequence[str] = (),
    scaling: str | None = None,
    test_share: float | None = None,
    split_seed: int | None = None,
    validation: float = 0.0,
) -> Dataset:
    """Return samples that stand in arrays of Python.

    Parameters
    ----------
    x
        Inputs [sample, …]: bytes, which are fractions of 255, or real numbers; or `neurochip.SpikeTrains`, which are
        shown in their ticks.
    y
        Labels [sample]: whole numbers or texts; numbers [sample] or [sample, output]; or several targets, as columns
        [sample, target] or as arrays by name.
    test
        Inputs and targets of the test part; `None` parts the samples by ``test_share`` and ``split_seed``.
    name
        What they are called in reports.
    task
        ``"classification"``, ``"labels"``, ``"regression"`` or ``"several"``; `None`: ``regression`` where y is
        floating-point, ``labels`` where it is bool [sample, label], ``several`` where it is arrays by name.
    kinds
        Of several targets, what each is: ``"classes"``, ``"label"`` or ``"number"``; left out, bool are labels and
        floating-point ones numbers, and those of a kind stand beside one another.
    scaling, test_share, split_seed, validation
        As the keys of ``[data]`` (docs/keys.md).

    Raises
    ------
    DataError
        For numbers that are not finite, labels of the test part that the training part has not, and their like.
    """
    targets = _given_targets(y)
    asked: dict[str, Any] = {"scaling": scaling, "test_share": test_share, "split_seed": split_seed}
    asked |= {"task": task or _task(targets), "kinds": tuple(kinds)}
    if asked["task"] not in get_args(Task):
        raise DataError("task", f"must be one of {', '.join(get_args(Task))}, got {task!r}")
    if asked["task"] == "several" and not kinds and isinstance(targets, dict):
        found = {key: _KIND_OF.get(array.dtype.kind, "classes") for key, array in targets.items()}
        order = sorted(targets, key=lambda key: list(found.values()).index(found[key]))
        targets = {key: targets[key] for key in order}
        asked["kinds"] = tuple(found[key] for key in order)
    spec = DataSpec(given=name, validation=validation, **asked)
    pair = None
    if test is not None:
        tested = _given_targets(test[1])
        if isinstance(tested, dict) and isinstance(targets, dict):
            if set(tested) != set(targets):
                has = f"has the targets {', '.join(tested)}, and y has {', '.join(targets)}"
                raise DataError(f"{name}: y_test", has)
            tested = {key: tested[key] for key in targets}
        pair = _given(test[0]), tested
    table: Table = table_of(name, (_given(x), targets), pair, spec)
    return prepared(replace(table, provenance="given from Python"), spec)


def _given_targets(y: ArrayLike | Mapping[str, ArrayLike]) -> NDArray[Any] | dict[str, NDArray[Any]]:
    named: Any = (
        y if isinstance(y, Mapping) or hasattr(y, "columns") else None
    )  # a table of pandas has columns
    return np.asarray(y) if named is None else {str(key): np.asarray(named[key]) for key in named}


def _task(targets: NDArray[Any] | dict[str, NDArray[Any]]) -> Task:
    if isinstance(targets, dict):
        return "several"
    if targets.dtype.kind == "b" and targets.ndim == 2 and targets.shape[1] > 1:
        return "labels"
    return "regression" if targets.dtype.kind == "f" else "classification"


def kept_beside(samples: Dataset, folder: Path) -> Dataset:
    """Return samples that can be read again: those of Python are written to ``folder``, under their digest.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    if samples.source is not None:
        return samples
    path = (folder / f"samples-{samples.digest[:16]}.npz").absolute()
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_samples(samples, path)
    return read_own(DataSpec(file=str(path)))
