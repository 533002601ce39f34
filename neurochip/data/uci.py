"""Two small sets of the UCI repository, embedded: Fisher's Iris and the 8 × 8 digits.

Iris: 150 flowers, sepal length and width, petal length and width in tenths of a centimetre, 50 each of setosa,
versicolor and virginica (R. A. Fisher 1936, with the two rows of the UCI file corrected to Fisher's own figures).
Digits: 1797 handwritten digits, 64 pixels from 0 to 16 (E. Alpaydin, C. Kaynak 1998, the part of the optical
recognition set that was its test set). Both CC BY 4.0; taken as numbers from the copies in scikit-learn 1.9
(BSD-3-Clause).

``python -m neurochip.data.uci FOLDER OUT`` makes the file from ``iris.csv`` and ``digits.csv.gz`` and prints the
checksums that `ARRAYS` must state.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data.verified import Known, print_known, read_verified, write_arrays
from neurochip.errors import NeurochipError

__all__ = ["ARRAYS", "DIGITS_PROVENANCE", "Flowers", "iris", "main", "read_embedded", "held_out"]

FILE_NAME = "uci.npz"
DIGITS_PROVENANCE = "Alpaydin, Kaynak: optical recognition of handwritten digits, UCI; CC BY 4.0"
IRIS_PROVENANCE = "R. A. Fisher 1936: Iris, UCI; CC BY 4.0"

ARRAYS: Known = {
    "iris": ("uint8", (150, 4), "9f83d709ff543630793c65970cd232a7b86de6f44338e64fb2847e5b5d757634"),
    "iris_labels": ("uint8", (150,), "7ba64c221a0a07e8a91f5c36d9f046565bb0dc1f9f5473a924f65122b6c8a412"),
    "digits": ("uint8", (1797, 64), "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"),
    "digits_labels": ("uint8", (1797,), "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"),
}


class Flowers(NamedTuple):
    """Iris.

    Attributes
    ----------
    inputs
        f64[flower, 4], each measurement moved and scaled to [0, 1] over all flowers.
    labels
        i64[flower]: 0 setosa, 1 versicolor, 2 virginica.
    provenance
        Who made the data and under what licence.
    """

    inputs: NDArray[np.float64]
    labels: NDArray[np.int64]
    provenance: str


def iris() -> Flowers:
    """Return the 150 flowers."""
    arrays = read_embedded()
    tenths = arrays["iris"].astype(np.float64)
    low, high = tenths.min(axis=0), tenths.max(axis=0)
    return Flowers((tenths - low) / (high - low), arrays["iris_labels"].astype(np.int64), IRIS_PROVENANCE)


def held_out(n: int, share: int) -> NDArray[np.int64]:
    """Return ``share`` of ``n`` rows, chosen by a hash: the same in every version of everything."""

    def rank(row: int) -> bytes:
        return hashlib.sha256(f"uci:{row}".encode()).digest()

    return np.sort(np.array(sorted(range(n), key=rank)[:share], dtype=np.int64))


def read_embedded() -> dict[str, NDArray[np.generic]]:
    """Read every array of `ARRAYS` from the package and verify it."""
    return read_verified(FILE_NAME, ARRAYS)


def main(arguments: list[str]) -> int:
    """Make the file; exit code 2 on bad input."""
    if len(arguments) != 2:
        print(f"usage: python -m neurochip.data.uci FOLDER OUT  (OUT is {FILE_NAME})", file=sys.stderr)
        return 2
    folder, out = map(Path, arguments)
    try:
        with (folder / "iris.csv").open(encoding="utf-8", newline="") as text:
            rows = [row for row in csv.reader(text)][1:]
        flowers = np.array([[round(10 * float(v)) for v in row[:4]] for row in rows], dtype=np.uint8)
        kinds = np.array([int(row[4]) for row in rows], dtype=np.uint8)
        with gzip.open(folder / "digits.csv.gz", "rt", encoding="utf-8") as text:
            digits = np.array([[round(float(v)) for v in row] for row in csv.reader(text)], dtype=np.uint8)
        arrays = {
            "iris": flowers,
            "iris_labels": kinds,
            "digits": np.ascontiguousarray(digits[:, :64]),
            "digits_labels": np.ascontiguousarray(digits[:, 64]),
        }
        write_arrays(out, arrays)
    except (NeurochipError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_known(arrays)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
