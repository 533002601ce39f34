"""Samples of a file without their targets, as a trained network is asked about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data.array_names import (
    INPUTS,
    TARGETS,
    flattened,
    listed_arrays,
    only_inputs,
    part_names,
    plain_array,
)
from neurochip.data.event_arrays import events_of_arrays, has_events
from neurochip.data.events import presented_events
from neurochip.data.heidelberg import events_of_trains, has_trains
from neurochip.data.nir_data import read_nir_data
from neurochip.data.section import DataSpec
from neurochip.errors import DataError
from neurochip.files import Foreign, read_hdf5
from neurochip.spikes import SpikeTrains

__all__ = ["unlabelled_arrays", "unlabelled_hdf5"]

Array = NDArray[Any]


def unlabelled_hdf5(file: Foreign, spec: DataSpec) -> Array | SpikeTrains:
    """Return the samples of an HDF5 file: arrays, events, or lists of spikes; targets are not looked at.

    Raises
    ------
    DataError
        For a file without samples, or with events that cannot be.
    ConfigError
        For a file of NIR's data of which ``data.inputs`` names no observable.
    """
    group = read_hdf5(file, lists=True)
    if "nodes" in group.groups and not group.arrays:
        return presented_events(read_nir_data(file, spec.inputs[0] if spec.inputs else ""), spec)
    if has_trains(group):
        return presented_events(events_of_trains(group, file.path), spec)
    arrays = flattened(group)
    if has_events(arrays):
        of_events = {name: np.asarray(array) for name, array in arrays.items()}
        return presented_events(events_of_arrays(of_events, str(file.path)), spec)
    return unlabelled_arrays(arrays, file, spec)


def unlabelled_arrays(arrays: Mapping[str, Any], file: Foreign, spec: DataSpec) -> Array:
    """Return the inputs [sample, …] among arrays by name.

    They are called as ``data.inputs`` says, the test part first; or as inputs are, or those of a test part; or are the
    only array but for targets, or the only one that can be inputs.

    Raises
    ------
    DataError
        Where no array, or several, might be meant.
    """
    folded = {name.casefold(): name for name in arrays}
    names = (*(name.casefold() for name in reversed(spec.inputs)), *INPUTS)
    found = next(
        (folded[name] for name in (*names, *part_names(INPUTS, "test"), *part_names(INPUTS, "train"))
         if name in folded), None
    )  # fmt: skip
    if found is None:
        targets = (*TARGETS, *part_names(TARGETS, "test"), *part_names(TARGETS, "train"))
        others = [name for name in arrays if name.casefold() not in targets]
        plain = {name: np.asarray(array) for name, array in arrays.items()}
        found = others[0] if len(others) == 1 else only_inputs(plain)
    if found is None:
        have = listed_arrays(arrays) if arrays else "no arrays"
        raise DataError(str(file.path), f"has {have}; call the one with the samples x")
    return np.asarray(plain_array(arrays[found], file, found))
