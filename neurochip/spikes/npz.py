"""Spikes in an .npz: the packed bits of a population under its name, and its shape beside them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import DataError
from neurochip.files import Foreign, read_arrays
from neurochip.spikes.raster import Spikes

__all__ = ["SHAPE", "npz_of", "packed_arrays", "read_spikes", "spikes_of"]

SHAPE = ".shape"


def packed_arrays(name: str, spikes: Spikes) -> dict[str, NDArray[np.generic]]:
    """Return what a file holds of a population: ``name`` u8[⌈bits / 8⌉], ``name.shape`` i64 (ticks, …, units)."""
    return {
        name: np.frombuffer(spikes.to_bytes(), np.uint8),
        name + SHAPE: np.array(spikes.shape, dtype=np.int64),
    }


def npz_of(spikes: Mapping[str, Spikes]) -> bytes:
    """Return the content of an .npz of spikes by name."""
    arrays = {
        key: part for name, raster in spikes.items() for key, part in packed_arrays(name, raster).items()
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def spikes_of(arrays: Mapping[str, NDArray[np.generic]], name: str) -> Spikes:
    """Return the spikes of a population in a file, packed or, as NumPy has them, uint8 or bool [tick, …, unit].

    Raises
    ------
    DataError
        Where one of the arrays is missing or is not of that form; its name is the place.
    """
    if name not in arrays:
        raise DataError(name, "is missing")
    values = arrays[name]
    if name + SHAPE not in arrays:
        if values.dtype not in (np.uint8, np.bool_):
            raise DataError(name, f"must be uint8, got {values.dtype}")
        return Spikes.from_array(values, name)
    shape = arrays[name + SHAPE]
    if shape.dtype.kind not in "iu" or shape.ndim != 1 or shape.size not in (2, 3) or shape.min() < 0:
        raise DataError(name + SHAPE, "must be two or three whole numbers: ticks, samples of a batch, units")
    if values.dtype != np.uint8 or values.ndim != 1:
        raise DataError(
            name, f"must be bytes, as {name}{SHAPE} stands beside it, got {values.dtype} {values.shape}"
        )
    ticks, *samples, units = (int(n) for n in shape)
    try:
        return Spikes.from_bytes(
            values.tobytes(), ticks=ticks, units=units, batch=samples[0] if samples else None
        )
    except DataError as error:
        raise DataError(name, error.problem) from None


def read_spikes(path: Path | str | os.PathLike[str]) -> dict[str, Spikes]:
    """Read all spikes of an .npz: those of a run, a replay or a trace, and arrays of 0 and 1 that NumPy wrote.

    Parameters
    ----------
    path
        Of the file. What is neither packed spikes nor uint8 or bool of two or three axes is passed over.

    Returns
    -------
    dict[str, Spikes]
        By the names of the arrays.

    Raises
    ------
    DataError
        When there is no such file, it is damaged, or an array of spikes holds anything else.
    """
    file = Foreign(Path(path), "an .npz of spikes", "write it anew")
    arrays = read_arrays(file)
    names = [
        name
        for name, values in arrays.items()
        if name + SHAPE in arrays or (values.dtype in (np.uint8, np.bool_) and values.ndim in (2, 3))
    ]
    try:
        return {name: spikes_of(arrays, name) for name in names}
    except DataError as error:
        raise file.fault(error.problem, error.place) from None
