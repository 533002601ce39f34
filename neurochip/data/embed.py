"""Make the embedded subset from the official MNIST files: ``python -m neurochip.data.embed FOLDER OUT``.

A digit is chosen by a hash of (seed, split, row), so that the choice depends on no random generator of any
version: of each class the rows with the smallest hashes. Round k holds the k-th of each class in hash order,
so any prefix of the file is balanced to within one digit per class. The rows are kept in the file.

The command prints the checksums that ``mnist_small.ARRAYS`` must state.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neurochip.data.mnist import CLASSES, read_split
from neurochip.data.mnist_small import FILE_NAME
from neurochip.data.verified import print_known, write_arrays
from neurochip.errors import DataError, NeurochipError

__all__ = ["choose", "embed", "main"]

SEED = 1
PER_CLASS = {"train": 200, "test": 100}


def choose(labels: NDArray[np.uint8], *, split: str, per_class: int, seed: int = SEED) -> NDArray[np.int32]:
    """Return the chosen rows of ``labels``, ``per_class`` of each class, interleaved by class."""

    def rank(row: int) -> bytes:
        return hashlib.sha256(f"{seed}:{split}:{row}".encode()).digest()

    by_class = []
    for digit in range(CLASSES):
        rows = sorted((int(row) for row in np.flatnonzero(labels == digit)), key=rank)
        if len(rows) < per_class:
            raise DataError(f"{split} labels", f"{len(rows)} of class {digit} there, {per_class} needed")
        by_class.append(rows[:per_class])
    rounds = zip(*by_class, strict=True)
    return np.array([row for members in rounds for row in sorted(members, key=rank)], dtype=np.int32)


def embed(folder: Path, out: Path) -> dict[str, NDArray[np.generic]]:
    """Choose from the verified files in ``folder``, write the subset to ``out``, return its arrays."""
    arrays: dict[str, NDArray[np.generic]] = {}
    for split, per_class in PER_CLASS.items():
        pixels, labels = read_split(folder, split)
        rows = choose(labels, split=split, per_class=per_class)
        arrays[f"{split}_pixels"] = pixels[rows]
        arrays[f"{split}_labels"] = labels[rows]
        arrays[f"{split}_indices"] = rows
    write_arrays(out, arrays)
    return arrays


def main(arguments: list[str]) -> int:
    """Run the command; exit code 2 on bad input."""
    if len(arguments) != 2:
        print(f"usage: python -m neurochip.data.embed FOLDER OUT  (OUT is {FILE_NAME})", file=sys.stderr)
        return 2
    try:
        arrays = embed(Path(arguments[0]), Path(arguments[1]))
    except NeurochipError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_known(arrays)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
