"""Data sets: built-in ones, those of other packages, and a user's own files and arrays; the full MNIST fetched."""

from __future__ import annotations

from neurochip.data.catalogue import load
from neurochip.data.dataset import Dataset, Part, Split, ready
from neurochip.data.facts import DATA_SETS, FACTS
from neurochip.data.fetch import FETCHABLE, Progress, fetch
from neurochip.data.folder import data_folder
from neurochip.data.heads import Head, Heads
from neurochip.data.hopfield import hopfield_readout
from neurochip.data.idx import read_idx, write_idx
from neurochip.data.own import from_arrays
from neurochip.data.section import DataSpec
from neurochip.data.stored import write_samples
from neurochip.data.table import Rows, Table

__all__ = [
    "DATA_SETS",
    "FACTS",
    "FETCHABLE",
    "DataSpec",
    "Dataset",
    "Head",
    "Heads",
    "Part",
    "Progress",
    "Rows",
    "Split",
    "Table",
    "data_folder",
    "fetch",
    "from_arrays",
    "hopfield_readout",
    "load",
    "read_idx",
    "ready",
    "write_idx",
    "write_samples",
]
