"""What is known about the official MNIST files: names, sizes, checksums, where they are served.

Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits"; the sums are those of the four
files as published, once as served (gzip) and once uncompressed. A file compressed anew has another gzip sum
and is as good: only the uncompressed sum says whether it is MNIST.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.data.idx import read_idx
from neurochip.errors import DataError

__all__ = ["CLASSES", "FILES", "ORIGINS", "PIXELS", "OfficialFile", "find_file", "read_split"]

CLASSES = 10
PIXELS = 28 * 28
PROVENANCE = "MNIST, Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0"

ORIGINS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


@dataclass(frozen=True, slots=True)
class OfficialFile:
    """One of the four files: ``name`` without ``.gz``, and what it must be."""

    name: str
    shape: tuple[int, ...]
    sha256: str
    gzip_sha256: str
    gzip_bytes: int


FILES: dict[str, OfficialFile] = {
    "train_images": OfficialFile(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9_912_422,
    ),
    "train_labels": OfficialFile(
        "train-labels-idx1-ubyte",
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        28_881,
    ),
    "test_images": OfficialFile(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1_648_877,
    ),
    "test_labels": OfficialFile(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        4_542,
    ),
}


def find_file(folder: Path, official: OfficialFile) -> Path:
    """Return the file in ``folder``, compressed or not; DataError when it is not there."""
    for path in (folder / f"{official.name}.gz", folder / official.name):
        if path.is_file():
            return path
    raise DataError(str(folder), f"{official.name}.gz (or {official.name}) needed, not there")


def read_split(folder: Path, split: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read and verify ``split`` ("train" or "test"): pixels uint8 [sample, 784] and labels uint8 [sample]."""
    images, labels = (FILES[f"{split}_{part}"] for part in ("images", "labels"))
    pixels = read_idx(find_file(folder, images), sha256=images.sha256)
    return pixels.reshape(len(pixels), -1), read_idx(find_file(folder, labels), sha256=labels.sha256)
