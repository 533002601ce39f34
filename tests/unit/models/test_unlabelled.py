"""Samples without targets, which a trained network is asked about: HDF5 files of every kind, and arrays by any name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import neurochip
from neurochip.data import DataSpec
from neurochip.data.unlabelled import unlabelled_arrays
from neurochip.errors import DataError
from neurochip.files import Foreign
from neurochip.models.model import Model
from neurochip.models.samples import read_samples

LABELS = np.arange(20) % 2
X = np.where(LABELS[:, None] == 0, [0.1, 0.2, 0.9, 0.8], [0.9, 0.8, 0.1, 0.3])
SHORT = [
    "substrate=ideal",
    'coding={annealer="constant"}',
    "learning.epochs=1",
    "phases.free=10",
    "phases.nudged=5",
    "evaluation.train=0",
]


def lists(file: h5py.File) -> None:
    """As the Spiking Heidelberg Digits are shipped."""
    for name, kind in (("times", "f4"), ("units", "u2")):
        made = file.create_dataset(f"spikes/{name}", (20,), h5py.vlen_dtype(kind))
        for k, label in enumerate(LABELS):
            made[k] = np.array([0.0, 0.1] if name == "times" else [3 * label, 3 * label + 1], dtype=kind)


def events(file: h5py.File) -> None:
    for field, values in {"x": LABELS, "y": LABELS, "t": np.arange(20), "p": LABELS}.items():
        file[f"events/{field}"] = values.astype(np.int64)
    file["starts"], file["size"] = np.arange(20), np.array([2, 2])


def arrays(file: h5py.File) -> None:
    file["x"] = X


def parts(file: h5py.File) -> None:
    file["x_train"], file["x_test"] = X[::-1], X


@pytest.mark.parametrize("write", [lists, events, arrays, parts])
def test_hdf5_files_are_answered_without_labels_as_with_them(
    tmp_path: Path, write: Callable[[h5py.File], None]
) -> None:
    named = "labels_{}" if write is parts else "labels{}"
    for name in ("with.h5", "without.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            write(file)
            if name == "with.h5":
                for part in ("train", "test") if write is parts else ("",):
                    file[named.format(part)] = LABELS[::-1] if part == "train" else LABELS
    words = [*SHORT, f"data.file={tmp_path / 'with.h5'}", "network.layers=[0, 3, 0]"]
    model = neurochip.train("mnist-small", overrides=words, threads=1)
    whole = read_samples(tmp_path / "with.h5", model, with_targets=True)
    asked = [read_samples(tmp_path / name, model, with_targets=False) for name in ("with.h5", "without.h5")]
    wanted = model.outputs(whole.x)
    assert len(wanted) == 20 and all(np.array_equal(model.outputs(each.x), wanted) for each in asked)
    with pytest.raises(DataError, match=r"without.h5: (labels: must be|has )"):
        read_samples(tmp_path / "without.h5", model, with_targets=True)


def chosen(spec: DataSpec, **given: Any) -> Any:
    found = unlabelled_arrays(given, Foreign(Path("f.npz"), "a file", ""), spec)
    return next(name for name, array in given.items() if array is found)


def test_which_array_is_asked_about() -> None:
    x, y = np.zeros((4, 3)), np.zeros(4)
    plain = DataSpec(file="f.npz")
    assert chosen(plain, other=y, X=x) == "X"
    assert chosen(plain, x_train=y, images_test=x) == "images_test"
    assert chosen(plain, spikes=x) == "spikes"
    assert chosen(plain, labels=y, spikes=x) == "spikes"
    named = DataSpec(file="f.npz", inputs=("a", "b"), target=("c", "d"))
    assert chosen(named, a=y, b=x, x=y) == "b" and chosen(named, a=x, x=y) == "a"
    for given, sentence in (
        ({"a": x, "b": x}, "f.npz: has the arrays a, b; call the one with the samples x"),
        ({}, "f.npz: has no arrays; call the one with the samples x"),
    ):
        with pytest.raises(DataError) as caught:
            chosen(plain, **given)
        assert str(caught.value) == sentence


def test_columns_that_were_left_out_may_stand_in_the_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "known.npz", x=X, y=LABELS)
    words = [
        *SHORT,
        f"data.file={tmp_path / 'known.npz'}",
        "data.leave_out=['2']",
        "network.layers=[0, 3, 0]",
    ]
    model: Model = neurochip.train("mnist-small", overrides=words, threads=1)
    np.save(tmp_path / "all.npy", X)
    np.savez(tmp_path / "kept.npz", x=X[:, [0, 2, 3]])
    outputs = [
        model.outputs(read_samples(tmp_path / name, model, with_targets=False).x)
        for name in ("known.npz", "all.npy", "kept.npz")
    ]
    assert np.array_equal(outputs[0], outputs[1]) and np.array_equal(outputs[0], outputs[2])


def test_tables_with_truth_values_are_answered_without_labels_as_with_them(tmp_path: Path) -> None:
    rows = [f"{x[0]},{label == 1},{x[2]}" for x, label in zip(X, LABELS, strict=True)]
    (tmp_path / "with.csv").write_text(
        "a,flag,b,class\n" + "".join(f"{row},{label}\n" for row, label in zip(rows, LABELS, strict=True))
    )
    (tmp_path / "without.csv").write_text("a,flag,b\n" + "\n".join(rows))
    (tmp_path / "mixed.csv").write_text("a,flag,b\n1,true,2\n1,3,2\n")
    words = [*SHORT, f"data.file={tmp_path / 'with.csv'}", "network.layers=[0, 3, 0]"]
    model = neurochip.train("mnist-small", overrides=words, threads=1)
    asked = [
        read_samples(tmp_path / name, model, with_targets=False).x for name in ("with.csv", "without.csv")
    ]
    whole = read_samples(tmp_path / "with.csv", model, with_targets=True).x
    for found in asked:
        assert np.array_equal(found, whole)
    with pytest.raises(DataError, match=r"row 2, column 2: 'true' is no number"):
        read_samples(tmp_path / "mixed.csv", model, with_targets=False)
