"""The embedded subset: 2000 training and 1000 test digits of the real MNIST, 200 and 100 of each class.

Training digits are from the official training set, test digits from the official **test** set.
``embed.py`` makes the file; the sums below say that it is still the one that was made.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import DataError

__all__ = ["ARRAYS", "FILE_NAME", "array_sha256", "read_embedded"]

FILE_NAME = "mnist-small.npz"

# name → (element type, shape, SHA-256 of the elements in C order, little-endian).
# *_indices are the rows of the official files that the digits were taken from.
ARRAYS: dict[str, tuple[str, tuple[int, ...], str]] = {
    "train_pixels": (
        "uint8",
        (2000, 784),
        "5940c057a6be2054ea3d01da0f5e8e99f924df0bac677e441ea5fb34aef262b7",
    ),
    "train_labels": ("uint8", (2000,), "17186d2f5b1f8450773388565c91848dac8cb5a9eba3fd86c00fabf93b4f7932"),
    "train_indices": ("int32", (2000,), "772ea99f5e5564f05d1b16d2089f21fadb6a0efcbac9998951ab6a55dc772977"),
    "test_pixels": ("uint8", (1000, 784), "8c8ccd95699194cc70be3b312582514447e2695ec9d3f6a6e4155e13bae06ab5"),
    "test_labels": ("uint8", (1000,), "4831e98486c29f515a63f0707955dddd64d7644fdf67c2f8ac6dccf7258dac2a"),
    "test_indices": ("int32", (1000,), "77fe801e883a5e79d89aea1a664b383dc285670e8907f9920ace08c1444cb876"),
}


def array_sha256(values: NDArray[np.generic]) -> str:
    """SHA-256 of the elements in C order, little-endian."""
    little_endian = values.astype(values.dtype.newbyteorder("<"), copy=False)
    return hashlib.sha256(little_endian.tobytes(order="C")).hexdigest()


def read_embedded() -> dict[str, NDArray[np.generic]]:
    """Read every array of ``ARRAYS`` from the package and verify it."""
    with as_file(files("neurochip.data") / "embedded" / FILE_NAME) as path:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in ARRAYS}
        except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(str(path), f"damaged, install neurochip anew ({error})") from error
        for name, (kind, shape, needed) in ARRAYS.items():
            values = arrays[name]
            if values.dtype != np.dtype(kind) or values.shape != shape:
                raise DataError(str(path), f"{name} is {values.dtype} {values.shape}, {kind} {shape} needed")
            found = array_sha256(values)
            if found != needed:
                raise DataError(str(path), f"wrong checksum: SHA-256 of {name} is {found}, {needed} needed")
            values.setflags(write=False)
    return arrays
