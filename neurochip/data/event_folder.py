"""A folder of recordings: a folder for each class, or the trials of DVS128 Gesture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.data.csv_file import labels_of
from neurochip.data.events import Events, event_table, joined
from neurochip.data.recording import Recording
from neurochip.data.recordings import RECORDINGS, read_recording
from neurochip.data.section import DataSpec
from neurochip.data.table import Table
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, file_limit, read_rows, read_text
from neurochip.files.limits import LIMIT_VARIABLE, in_bytes

__all__ = ["event_files", "events_of_recordings", "is_event_folder", "read_event_folder"]

_PARTS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
}
_TRIALS = {"train": "trials_to_train.txt", "test": "trials_to_test.txt"}
_COLUMNS = ("class", "startTime_usec", "endTime_usec")
_MOST_FILES = 200_000
_BYTES = 40  # of memory that an event takes


def is_event_folder(folder: Path) -> bool:
    """Whether a folder has folders in it, one for each class or part, or the lists of trials of DVS128 Gesture."""
    if (folder / _TRIALS["train"]).is_file():
        return True
    return any(entry.is_dir() for entry in _entries(folder))


def event_files(folder: Path) -> list[Path]:
    """Return all files that are read of such a folder."""
    if (folder / _TRIALS["train"]).is_file():
        found = []
        for part in _trial_lists(folder):
            found += [part, *(file for name in _listed(part) for file in (name, _labels_beside(name)))]
        return found
    parts = _class_folders(folder)
    return [path for classes in parts.values() for paths in classes.values() for path in paths]


def read_event_folder(folder: Path, spec: DataSpec) -> Table:
    """Return the recordings of a folder as samples.

    ``FOLDER/CLASS/FILE``, or ``FOLDER/train/CLASS/FILE`` and ``FOLDER/test/CLASS/FILE``; the name of its folder is the
    label of a recording. Or DVS128 Gesture as it is shipped: ``trials_to_train.txt`` and ``trials_to_test.txt`` name
    recordings, and ``NAME_labels.csv`` cuts each into samples.

    Raises
    ------
    DataError
        For a folder without recordings, and for a recording that cannot be read, with its file and record.
    """
    for name in ("inputs", "target", "leave_out"):
        if getattr(spec, name):
            raise ConfigError(f"data.{name}", "has no effect on a folder of recordings; leave it out")
    if spec.task != "classification":
        raise ConfigError("data.task", "must be classification: a folder of recordings has labels")
    if (folder / _TRIALS["train"]).is_file():
        parts = [_trials(path) for path in _trial_lists(folder)]
    else:
        parts = [_of_classes(classes) for classes in _class_folders(folder).values()]
    return event_table(folder.name, parts[0], parts[1] if len(parts) > 1 else None, spec)


def _entries(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except OSError as error:
        raise DataError(str(folder), f"cannot be read: {error.strerror or error}") from None
    if len(names) > _MOST_FILES:
        raise DataError(str(folder), f"holds {len(names)} files, and at most {_MOST_FILES} are read")
    return [folder / name for name in names]


def _class_folders(folder: Path) -> dict[str, dict[str, list[Path]]]:
    """Return part → class → recordings; one part, ``train``, where the folder has no such parts."""
    inside = {path.name.casefold(): path for path in _entries(folder) if path.is_dir()}
    parts = {
        part: next((inside[name] for name in names if name in inside), None) for part, names in _PARTS.items()
    }
    whole, tests = parts["train"], parts["test"]
    if whole is None and tests is not None:
        raise DataError(str(folder), "has a folder of the test part and none called train")
    found = {"train": _classes(folder if whole is None else whole)}
    if tests is not None:
        found["test"] = _classes(tests)
    return found


def _classes(folder: Path) -> dict[str, list[Path]]:
    found = {}
    for inner in _entries(folder):
        if not inner.is_dir():
            continue
        paths = [path for path in _entries(inner) if path.suffix.lower() in RECORDINGS]
        if not paths:
            raise DataError(str(inner), f"holds no recording; they end in {', '.join(RECORDINGS)}")
        found[inner.name] = paths
    if not found:
        raise DataError(str(folder), "holds neither IDX files nor a folder of recordings for each class")
    return found


def _foreign(path: Path) -> Foreign:
    return Foreign(path, "a recording of events", "write it anew")


def _of_classes(classes: Mapping[str, Sequence[Path]]) -> tuple[Events, NDArray[np.generic]]:
    found, paths, labels = [], [], []
    left = file_limit()
    for name, files in classes.items():
        for path in files:
            one = read_recording(_foreign(path))
            left -= _BYTES * len(one.t)
            if left < 0:
                raise _too_many(path)
            found.append(one)
            paths.append(path)
            labels.append(name)
    return events_of_recordings(found, paths), labels_of(labels)


def _too_many(path: Path) -> DataError:
    return DataError(
        str(path),
        f"and the recordings before it take more than the {in_bytes(file_limit())} that are read; set "
        f"{LIMIT_VARIABLE} to read more",
    )


def events_of_recordings(found: Sequence[Recording], paths: Sequence[Path]) -> Events:
    """Return recordings as samples, each with its file."""
    x, y, t, p, edges = joined([one[:4] for one in found])
    sizes = [one.size for one in found]
    known = [size for size in sizes if size is not None]
    size = (max(w for w, _ in known), max(h for _, h in known)) if len(known) == len(sizes) else None
    return Events(
        x, y, t, p, edges, size, str(paths[0].parent.parent),
        where=lambda sample, event: f"{paths[sample]}: record {found[sample].record[event]}",
        sample=lambda sample: str(paths[sample]),
    )  # fmt: skip


def _trial_lists(folder: Path) -> list[Path]:
    return [folder / name for name in _TRIALS.values() if (folder / name).is_file()]


def _listed(path: Path) -> list[Path]:
    """Return the recordings that a list of trials names."""
    text = read_text(Foreign(path, "a list of recordings", "name a file a line"))
    names = [line.strip() for line in text.splitlines() if line.strip()]
    odd = next((name for name in names if Path(name).name != name), None)
    if odd is not None:
        raise DataError(str(path), f"names {odd!r}, and files beside it are read")
    return [path.parent / name for name in names]


def _labels_beside(path: Path) -> Path:
    return path.with_name(f"{path.stem}_labels.csv")


def _trials(path: Path) -> tuple[Events, NDArray[np.generic]]:
    """Return the samples of a list of trials."""
    found, paths, labels = [], [], []
    left = file_limit()
    for name in _listed(path):
        whole = read_recording(_foreign(name))
        file = Foreign(_labels_beside(name), "a table of trials", "write it anew")
        for line, row in read_rows(file, _COLUMNS):
            try:
                label, first, last = (int(row[column]) for column in _COLUMNS)
                np.array([label, first, last], dtype=np.int64)
            except (ValueError, OverflowError):
                raise DataError(f"{file.path}: line {line}", "must hold whole numbers of 64 bits") from None
            trial = whole.between(first, last)
            if not len(trial.t):
                raise DataError(
                    f"{file.path}: line {line}", f"{name.name} has no event from {first} to {last} µs"
                )
            left -= _BYTES * len(trial.t)
            if left < 0:
                raise _too_many(name)
            found.append(trial)
            paths.append(name)
            labels.append(label)
    if not found:
        raise DataError(str(path), "names no recording")
    return events_of_recordings(found, paths), np.array(labels, dtype=np.int64)
