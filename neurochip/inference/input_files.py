"""The input of a network in a file: of an .npz spikes.0 or its only array, an .npy, or one of NIR's data files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.raster_file import RecordedTraffic, is_recorded_name, recorded_traffic
from neurochip.data.array_names import listed_arrays
from neurochip.data.nir_data import read_nir_spikes
from neurochip.description.spiking import SpikingNetwork
from neurochip.errors import DataError, NeurochipError
from neurochip.files import Foreign, read_array, read_arrays
from neurochip.spikes import Spikes

__all__ = ["GRADED", "network_input"]

Array = NDArray[Any]
GRADED = (
    "an input sends bits: show a value as spikes of several ticks, (rng.random((ticks, units)) < x).astype('u1'), a "
    "count as spikes in as many ticks of a shorter dt, a constant current as a bias"
)
_EVENTS = (
    "holds events, whose unit of time and order of inputs it does not say; mark 1 in an array u1[tick, unit] at "
    "[(t / dt).astype(int), unit] and save it as spikes.0, or write EventData with nir.write_data"
)
_INPUT = "spikes.0"


def network_input(path: Path, network: SpikingNetwork) -> RecordedTraffic:
    """Return the input that a file holds for a network, and the cores of its groups where an .npz says them.

    Raises
    ------
    DataError
        For what is no input of one presentation; the sentence says what would be.
    """
    suffix = path.suffix.lower()
    if suffix in (".h5", ".hdf5", ".nir"):
        file = Foreign(path, "spikes as nir.write_data writes them", "write them anew")
        spikes = read_nir_spikes(file, network.dt)
        if len(spikes) != 1:
            raise DataError(str(path), f"holds {len(spikes)} samples; --replay shows one, --data several")
        return RecordedTraffic((Spikes.from_array(spikes[0], str(path)),))
    if suffix == ".npy":
        file = Foreign(path, "an .npy of a plain array", "write it anew with numpy.save")
        return RecordedTraffic((_bits(read_array(file, records=True), str(path)),))
    file = Foreign(
        path,
        "an .npz of plain arrays",
        "write it anew with numpy.savez",
        absent="name an .npz of recorded spikes",
    )
    arrays = read_arrays(file, records=True)
    for name, values in arrays.items():
        if values.dtype.names is not None:
            raise DataError(f"{path}: {name}", _EVENTS)
    arrays = _called(arrays, path)
    given = arrays.get(_INPUT)
    if given is not None and f"{_INPUT}.shape" not in arrays:
        _bits(given, f"{path}: {_INPUT}")
        arrays[_INPUT] = given.astype(np.uint8)
    try:
        return recorded_traffic(arrays, input_only=True)
    except NeurochipError as error:
        raise DataError(f"{path}: {error.place}", error.problem) from None


def _called(arrays: dict[str, Array], path: Path) -> dict[str, Array]:
    """Return arrays whose input is called as it must be, where the file can mean no other."""
    others = [name for name in arrays if not is_recorded_name(name)]
    if not others or _INPUT in arrays:
        return arrays
    if len(others) > 1 or any(not name.startswith("placement.") for name in arrays if name not in others):
        raise DataError(str(path), f"has {listed_arrays(arrays)}; call the one with the input spikes.0")
    return {_INPUT if name in others else name: array for name, array in arrays.items()}


def _bits(given: Array, place: str) -> Spikes:
    """Return an array of one presentation as spikes."""
    if given.dtype.names is not None:
        raise DataError(place, _EVENTS)
    if given.dtype.kind not in "biuf":
        raise DataError(place, f"must hold 0 and 1, got {given.dtype}")
    if given.ndim != 2 or 0 in given.shape:
        several = "; of one sample take x[0], and show several with --data" if given.ndim == 3 else ""
        raise DataError(place, f"must have shape (ticks, units), got {given.shape}{several}")
    wrong = np.argwhere((given != 0) & (given != 1))
    if wrong.size:
        at = tuple(int(i) for i in wrong[0])
        raise DataError(f"{place}{list(at)}", f"must be 0 or 1, got {given[at]:g}; {GRADED}")
    return Spikes.from_array(given, place)
