"""Embedded files: arrays that are read and written with their checksums."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.durable.atomic import replacing
from neurochip.errors import DataError
from neurochip.files import Foreign, read_arrays

__all__ = ["Known", "array_sha256", "print_known", "read_verified", "write_arrays"]

# name → (element type, shape, SHA-256 of the elements in C order, little-endian)
Known = Mapping[str, tuple[str, tuple[int, ...], str]]


def array_sha256(values: NDArray[np.generic]) -> str:
    """SHA-256 of the elements in C order, little-endian."""
    little_endian = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little_endian.tobytes(order="C")).hexdigest()


def read_verified(file_name: str, known: Known) -> dict[str, NDArray[np.generic]]:
    """Read every known array of an embedded file and verify it.

    Raises
    ------
    DataError
        When the file is damaged or an array is another one.
    """
    with as_file(files("neurochip.data") / "embedded" / file_name) as path:
        file = Foreign(path, "a file of neurochip", "install neurochip anew")
        found = read_arrays(file)
        with file.guarded():
            arrays = {name: found[name] for name in known}
        for name, (kind, shape, needed) in known.items():
            values = arrays[name]
            if values.dtype != np.dtype(kind) or values.shape != shape:
                raise DataError(str(path), f"{name} is {values.dtype} {values.shape}, {kind} {shape} needed")
            digest = array_sha256(values)
            if digest != needed:
                raise DataError(str(path), f"wrong checksum: SHA-256 of {name} is {digest}, {needed} needed")
            values.setflags(write=False)
    return arrays


def write_arrays(out: Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write a file to be embedded; the same arrays give the same bytes: NumPy stamps every member with one date."""
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, **arrays)
    with replacing(out) as file:
        file.write(content.getvalue())


def print_known(arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Print what a `Known` must state of these arrays."""
    for name, values in arrays.items():
        print(f'    "{name}": ("{values.dtype}", {values.shape}, "{array_sha256(values)}"),')
