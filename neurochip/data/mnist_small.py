"""The embedded subset: 2000 training and 1000 test digits of the real MNIST, 200 and 100 of each class.

Training digits are from the official training set, test digits from the official **test** set.
``embed.py`` makes the file; the sums below say that it is still the one that was made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.data.verified import Known, read_verified

__all__ = ["ARRAYS", "FILE_NAME", "read_embedded"]

FILE_NAME = "mnist-small.npz"

# *_indices are the rows of the official files that the digits were taken from.
ARRAYS: Known = {
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


def read_embedded() -> dict[str, NDArray[np.generic]]:
    """Read every array of ``ARRAYS`` from the package and verify it."""
    return read_verified(FILE_NAME, ARRAYS)
