"""Data sets: the embedded subset of MNIST, the full set fetched with checksums, the IDX format."""

from __future__ import annotations

from neurochip.data.dataset import DATA_SETS, Dataset, load, ready
from neurochip.data.fetch import FETCHABLE, Progress, fetch
from neurochip.data.folder import data_folder
from neurochip.data.idx import read_idx, write_idx

__all__ = [
    "DATA_SETS",
    "FETCHABLE",
    "Dataset",
    "Progress",
    "data_folder",
    "fetch",
    "load",
    "read_idx",
    "ready",
    "write_idx",
]
