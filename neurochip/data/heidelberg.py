"""Spikes of an artificial cochlea, as the Spiking Heidelberg Digits and Speech Commands are shipped.

Cramer, Stradmann, Schemmel, Zenke: The Heidelberg Spiking Data Sets for the Systematic Evaluation of Spiking Neural
Networks, 2020, section II-D: HDF5 with ``spikes/times`` and ``spikes/units``, a list of numbers for each sample, and
``labels``. Times are seconds, and there are 700 units. The two parts are files of their own, ``shd_train.h5`` and
``shd_test.h5``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.data.events import Events, event_table, joined
from neurochip.data.section import DataSpec
from neurochip.data.table import Table
from neurochip.data.target_arrays import whole_labels
from neurochip.errors import ConfigError, DataError
from neurochip.files import Foreign, Hdf5Group, read_hdf5

__all__ = ["events_of_trains", "has_trains", "read_trains", "read_trains_folder", "train_files"]

Array = NDArray[np.number]

_CHANNELS = 700  # of the cochlea of both data sets; more where the file has more
_HDF5 = (".h5", ".hdf5")


def has_trains(group: Hdf5Group) -> bool:
    """Whether a file holds the times and units of spikes, a list for each sample."""
    inner = group.groups.get("spikes")
    return inner is not None and {"times", "units"} <= set(inner.arrays)


def train_files(folder: Path) -> dict[str, Path]:
    """Return the files of the training and test part of a folder, by part; empty where it does not have just these."""
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _HDF5)
    except OSError:
        return {}
    found = {
        part: [path for path in files if path.stem.casefold().endswith(part)] for part in ("train", "test")
    }
    if any(len(paths) != 1 for paths in found.values()):
        return {}
    return {part: paths[0] for part, paths in found.items()}


def read_trains_folder(files: Mapping[str, Path], spec: DataSpec) -> Table:
    """Return both parts (`train_files`) as a run presents them.

    Raises
    ------
    DataError
        For a file that holds no spikes of samples, or spikes that cannot be.
    """
    parts = []
    for path in files.values():
        file = Foreign(path, "a data file", "write it anew")
        group = read_hdf5(file, lists=True)
        if not has_trains(group):
            raise DataError(str(path), "has no spikes/times and spikes/units; docs/data.md says what is read")
        parts.append(_part(group, path))
    return event_table(files["train"].parent.name, parts[0], parts[1], _checked(spec))


def read_trains(group: Hdf5Group, path: Path, spec: DataSpec) -> Table:
    """Return the samples of one file, of which a share is kept for testing."""
    return event_table(path.name, _part(group, path), None, _checked(spec))


def _checked(spec: DataSpec) -> DataSpec:
    for name in ("inputs", "target", "leave_out"):
        if getattr(spec, name):
            raise ConfigError(f"data.{name}", "has no effect on spikes/times and labels; leave it out")
    return spec


def _part(group: Hdf5Group, path: Path) -> tuple[Events, NDArray[np.int64]]:
    labels = group.arrays.get("labels")
    if not isinstance(labels, np.ndarray) or labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise DataError(f"{path}: labels", "must be whole numbers, one for each sample")
    return events_of_trains(group, path), whole_labels(labels, f"{path}: labels")


def events_of_trains(group: Hdf5Group, path: Path) -> Events:
    """Return lists of times and units as events of a sensor of one row, in the order of their times.

    Raises
    ------
    DataError
        For lists that do not fit one another, or hold what is no time or no unit.
    """
    spikes = group.groups["spikes"].arrays
    times, units = spikes["times"], spikes["units"]
    lists: dict[str, list[Array]] = {}
    for name, values in (("times", times), ("units", units)):
        if (
            not isinstance(values, np.ndarray)
            or values.dtype.kind != "O"
            or values.ndim != 1
            or not len(values)
        ):
            raise DataError(f"{path}: spikes/{name}", "must hold a list for each sample")
        kinds = "iuf" if name == "times" else "iu"
        lists[name] = [np.asarray(one) for one in values]
        for sample, one in enumerate(lists[name]):
            if one.ndim != 1 or one.dtype.kind not in kinds or not np.all(np.isfinite(one)):
                what = "finite numbers" if name == "times" else "whole numbers"
                raise DataError(f"{path}: spikes/{name}: sample {sample + 1}", f"must be a list of {what}")
    if len(lists["times"]) != len(lists["units"]):
        raise DataError(
            str(path), f"has times of {len(lists['times'])} samples, and units of {len(lists['units'])}"
        )
    samples = []
    for sample, (t, x) in enumerate(zip(lists["times"], lists["units"], strict=True)):
        if len(t) != len(x):
            raise DataError(f"{path}: sample {sample + 1}", f"has {len(t)} times and {len(x)} units")
        order = np.argsort(t, kind="stable")
        still = np.zeros(len(t), dtype=np.int64)
        samples.append((x[order], still, t[order], still))
    x, y, t, p, edges = joined(samples)
    width = max(_CHANNELS, int(x.max(initial=0)) + 1)
    return Events(
        x, y, t, p, edges, (width, 1), str(path),
        where=lambda sample, event: f"{path}: sample {sample + 1}, spike {event + 1}",
        sample=lambda sample: f"{path}: sample {sample + 1}", polarities=1,
    )  # fmt: skip
