"""Labels that are whole numbers beyond 63 bits: refused by every reader, where they would become negative."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.data import DataSpec, from_arrays, load
from neurochip.errors import DataError
from neurochip.inference.inferring import read_samples

LABELS = np.arange(8, dtype=np.uint64) % 2
LABELS[5] = 2**64 - 1
SENTENCE = (
    "row 6: 18446744073709551615 is larger than 9223372036854775807, the largest label that is a number; "
    "write labels as texts"
)


def of_lists(path: Path, labels: Any) -> None:
    with h5py.File(path, "w") as file:
        for name, kind in (("times", "f4"), ("units", "u2")):
            made = file.create_dataset(f"spikes/{name}", (8,), h5py.vlen_dtype(kind))
            for k in range(8):
                made[k] = np.arange(3, dtype=kind)
        file["labels"] = labels


def of_events(path: Path, labels: Any) -> None:
    with h5py.File(path, "w") as file:
        for field in "xytp":
            file[f"events/{field}"] = np.zeros(8, dtype=np.int64)
        file["starts"], file["labels"] = np.arange(8), labels


def of_arrays(path: Path, labels: Any) -> None:
    with h5py.File(path, "w") as file:
        file["x"], file["labels"] = np.random.default_rng(1).random((8, 3)), labels


def of_an_npz(path: Path, labels: Any) -> None:
    np.savez(path.with_suffix(".npz"), x=np.random.default_rng(1).random((8, 3)), labels=labels)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("write", [of_lists, of_events, of_arrays, of_an_npz])
def test_files_with_labels_beyond_63_bits_are_refused(
    tmp_path: Path, write: Callable[[Path, Any], None], order: str
) -> None:
    write(tmp_path / "d.h5", LABELS.astype(f"{order}u8"))
    [path] = tmp_path.iterdir()
    with pytest.raises(DataError) as caught:
        load(DataSpec(file=str(path)))
    assert str(caught.value) == f"{path}: labels: {SENTENCE}"


def test_the_largest_labels_of_63_bits_are_kept(tmp_path: Path) -> None:
    of_lists(tmp_path / "d.h5", np.where(LABELS == 1, np.uint64(2**63 - 1), np.uint64(2**63 - 2)))
    found = load(DataSpec(file=str(tmp_path / "d.h5")))
    assert found.classes == (str(2**63 - 2), str(2**63 - 1))


def test_labels_of_python_and_of_recorded_samples_too(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        from_arrays(np.random.default_rng(1).random((8, 3)), LABELS)
    assert str(caught.value) == f"arrays: y: {SENTENCE}"
    path = tmp_path / "s.npz"
    np.savez(path, spikes=np.zeros((8, 2, 3), dtype=np.uint8), labels=LABELS)
    with pytest.raises(DataError) as caught:
        read_samples(path)
    assert str(caught.value) == f"{path}: labels: {SENTENCE}"
