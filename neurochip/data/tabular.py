"""Small tables of the UCI repository that a run parts itself: Iris, wine, breast cancer.

Wine: 178 wines of three growers, 13 chemical measurements (S. Aeberhard, M. Forina 1991). Breast cancer: 569 masses of
Wisconsin, 30 measurements of their cell nuclei, malignant or benign (W. Wolberg, O. Mangasarian, N. Street, W. Street
1995). Both CC BY 4.0; taken as numbers from the copies in scikit-learn 1.9 (BSD-3-Clause). Iris is that of
`neurochip.data.uci`.

``python -m neurochip.data.tabular FOLDER OUT`` makes the file from ``wine_data.csv`` and ``breast_cancer.csv`` and
prints the checksums that `ARRAYS` must state.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from neurochip.data.table import Rows, Table
from neurochip.data.uci import IRIS_PROVENANCE
from neurochip.data.uci import read_embedded as read_uci
from neurochip.data.verified import Known, print_known, read_verified, write_arrays
from neurochip.errors import NeurochipError

__all__ = ["ARRAYS", "main", "tabular"]

FILE_NAME = "tabular.npz"

ARRAYS: Known = {
    "wine": ("float64", (178, 13), "8edcf3903afd97c64d51e0212eb10b213f7943da650574d1c055b836c5c35d37"),
    "wine_labels": ("uint8", (178,), "fc03f75caa6e6d07d5b445dd799c334fdee22c5b64240511a10ac30feb3a09e9"),
    "breast_cancer": (
        "float64",
        (569, 30),
        "6b202a2072f9a0385f405a8f8605b1b06f6f36ae6d23d9cd6cbbc0974a416bc7",
    ),
    "breast_cancer_labels": (
        "uint8",
        (569,),
        "9d6ceae78443535169ef00f2c8012032241393c09a9adb2f9e82c55e1ba534bd",
    ),
}


class _Columns(NamedTuple):
    """What the columns and the classes of a table are called, and where it is from."""

    features: tuple[str, ...]
    classes: tuple[str, ...]
    provenance: str


_NUCLEUS = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
_COLUMNS = {
    "iris": _Columns(
        ("sepal length", "sepal width", "petal length", "petal width"),
        ("setosa", "versicolor", "virginica"),
        IRIS_PROVENANCE,
    ),
    "wine": _Columns(
        (
            "alcohol",
            "malic acid",
            "ash",
            "alcalinity of ash",
            "magnesium",
            "total phenols",
            "flavanoids",
            "nonflavanoid phenols",
            "proanthocyanins",
            "colour intensity",
            "hue",
            "OD280/OD315",
            "proline",
        ),
        ("grower 1", "grower 2", "grower 3"),
        "S. Aeberhard, M. Forina 1991: wine, UCI; CC BY 4.0",
    ),
    "breast-cancer": _Columns(
        tuple(f"{what} {of}" for what in ("mean", "error of", "worst") for of in _NUCLEUS),
        ("malignant", "benign"),
        "W. Wolberg, O. Mangasarian, N. Street, W. Street 1995: breast cancer Wisconsin (diagnostic), UCI; CC BY 4.0",
    ),
}


def tabular(name: str) -> Table:
    """Return one of these tables."""
    known = _COLUMNS[name]
    if name == "iris":
        arrays = read_uci()
        numbers, labels = arrays["iris"].astype(np.float64) / 10, arrays["iris_labels"]
    else:
        arrays = read_verified(FILE_NAME, ARRAYS)
        key = name.replace("-", "_")
        numbers, labels = arrays[key].astype(np.float64), arrays[f"{key}_labels"]
    # In this order, whatever the letters: "malignant" is class 0.
    return Table(
        name=name,
        whole=Rows(numbers, labels.astype(np.int64), lambda row: f"{name}: row {row + 1}"),
        features=known.features,
        provenance=known.provenance,
        classes=known.classes,
    )


def main(arguments: list[str]) -> int:
    """Make the file; exit code 2 on bad input."""
    if len(arguments) != 2:
        print(f"usage: python -m neurochip.data.tabular FOLDER OUT  (OUT is {FILE_NAME})", file=sys.stderr)
        return 2
    folder, out = map(Path, arguments)
    try:
        arrays = {}
        for key, source in (("wine", "wine_data.csv"), ("breast_cancer", "breast_cancer.csv")):
            with (folder / source).open(encoding="utf-8", newline="") as text:
                rows = list(csv.reader(text))[1:]
            arrays[key] = np.array([[float(v) for v in row[:-1]] for row in rows])
            arrays[f"{key}_labels"] = np.array([int(row[-1]) for row in rows], dtype=np.uint8)
        write_arrays(out, arrays)
    except (NeurochipError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_known(arrays)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
