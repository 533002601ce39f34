"""Samples of one's own: what is read of each kind of file, how it is parted and scaled, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.data import Dataset, DataSpec, from_arrays, load
from neurochip.data.idx import idx_bytes
from neurochip.errors import DataError, NeurochipError

X = np.random.default_rng(3).normal(size=(40, 3)) * [1, 10, 100] + [0, 5, -50]
Y = np.array(["a", "b"] * 20)


def csv_text(x: Any = X, y: Any = Y, head: str = "one,two,three,class") -> str:
    rows = [",".join([*(repr(float(v)) for v in row), str(label)]) for row, label in zip(x, y, strict=True)]
    return "\n".join([*([head] if head else []), *rows]) + "\n"


def write(path: Path, content: str | bytes) -> DataSpec:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return DataSpec(file=str(path))


def whole(samples: Dataset) -> list[Any]:
    """Return all that a network sees of a set."""
    parts = [samples.train, samples.test]
    return [array for part in parts for array in (part.inputs, part.targets)]


def test_a_csv_has_no_padding(tmp_path: Path) -> None:
    found = load(write(tmp_path / "x.csv", csv_text()))
    assert (found.n_inputs, found.classes, len(found.train), len(found.test)) == (3, ("a", "b"), 32, 8)
    assert found.train.inputs.dtype == np.float32 and found.name == "x.csv"
    np.testing.assert_array_equal(np.bincount(found.labels("test")), [4, 4])  # of each class the same share
    for column in range(3):
        assert found.train.inputs[:, column].min() == 0 and found.train.inputs[:, column].max() == 1
    assert found.source is not None
    assert found.source.digest == hashlib.sha256((tmp_path / "x.csv").read_bytes()).hexdigest()
    assert (found.source.scaling, found.source.test_share, found.source.split_seed) == ("min-max", 0.2, 1)


def test_all_kinds_of_files_say_the_same(tmp_path: Path) -> None:
    wanted = whole(load(write(tmp_path / "x.csv", csv_text())))
    semicolons = csv_text().replace(",", ";")
    specs = [
        write(tmp_path / "semi.csv", semicolons),
        write(tmp_path / "bare.data", csv_text(head="")),
        write(tmp_path / "blank.tsv", "\ufeff" + csv_text().replace(",", "\t").replace("\n", "\r\n\r\n")),
    ]
    first = ["class,one,two,three", *(f"{y},{line}" for y, line in zip(Y, _inputs(), strict=True))]
    specs.append(write(tmp_path / "first.csv", "\n".join(first)))
    np.savez(tmp_path / "x.npz", x=X, y=Y)
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "y.npy", Y)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["signals/all"] = X
        file["kinds"] = [str(y) for y in Y]
    specs += [DataSpec(file=str(tmp_path / name)) for name in ("x.npz", "x.npy")]
    specs.append(DataSpec(file=str(tmp_path / "x.h5"), inputs=("signals/all",), target=("kinds",)))
    for spec in specs:
        for array, other in zip(whole(load(spec)), wanted, strict=True):
            np.testing.assert_array_equal(array, other)
    for array, other in zip(whole(from_arrays(X, Y)), wanted, strict=True):
        np.testing.assert_array_equal(array, other)


def _inputs() -> list[str]:
    return [",".join(repr(float(v)) for v in row) for row in X]


def test_columns_by_name_and_number(tmp_path: Path) -> None:
    spec = write(tmp_path / "x.csv", csv_text())
    by_name = load(DataSpec(file=spec.file, inputs=("three", "one"), target=("class",)))
    by_number = load(DataSpec(file=spec.file, inputs=("3", "1"), target=("4",)))
    left = load(DataSpec(file=spec.file, leave_out=("two",)))
    np.testing.assert_array_equal(by_name.train.inputs, by_number.train.inputs)
    np.testing.assert_array_equal(by_name.train.inputs, left.train.inputs[:, ::-1])


def test_the_scaling_is_that_of_the_training_part(tmp_path: Path) -> None:
    for scaling in ("min-max", "standard"):
        found = from_arrays(X, Y, scaling=scaling)
        rows = [int(np.argmin(np.abs(found.scaling.decoded(x) - X).sum(axis=1))) for x in found.train.inputs]
        training = X[rows]
        if scaling == "min-max":
            ends = training.min(axis=0), training.max(axis=0)
        else:
            mean, deviation = training.mean(axis=0), training.std(axis=0)
            ends = mean - 3 * deviation, mean + 3 * deviation
        np.testing.assert_allclose(found.scaling.low, ends[0])
        np.testing.assert_allclose(found.scaling.high, ends[1])
    unit = np.random.default_rng(1).random((40, 3))
    same = from_arrays(unit, Y, scaling="none", test=(unit, Y))
    np.testing.assert_array_equal(same.train.inputs, unit.astype(np.float32))
    far = from_arrays(X, Y, test=(10 * X, Y))
    assert far.clipped > 0 and far.test.inputs.max() == 1


def test_split_and_validation_are_apart_and_depend_on_their_seed() -> None:
    rows = np.arange(200.0)[:, None].repeat(2, axis=1)
    labels = np.arange(200) % 4 // 3  # a quarter is of class 1
    seen = {}
    for seed in (1, 2):
        found = from_arrays(rows, labels, test_share=0.25, split_seed=seed, validation=0.2)
        parts = {
            split: set(np.rint(found.scaling.decoded(part.inputs))[:, 0].astype(int))
            for split, part in found.parts()
        }
        assert {name: len(part) for name, part in parts.items()} == {
            "train": 120,
            "test": 50,
            "validation": 30,
        }
        assert found.labels("test").sum() in (12, 13)
        seen[seed] = parts
    assert seen[1]["test"] != seen[2]["test"]


def test_bytes_are_fractions_of_255() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (30, 4, 5)).astype(np.uint8)
    found = from_arrays(pixels, np.arange(30) % 3)
    assert found.train.inputs.dtype == np.uint8 and found.n_inputs == 20 and found.scaling.kind == "bytes"
    np.testing.assert_array_equal(
        found.inputs(slice(0, 2)), (found.train.inputs[:2] / 255).astype(np.float32)
    )


def folder_of_idx(folder: Path, prefix: str = "", test: str = "t10k", pack: bool = True) -> Path:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(5)
    for part, n in (("train", 30), (test, 12)):
        arrays = {
            "images-idx3": rng.integers(0, 256, (n, 3, 3)).astype(np.uint8),
            "labels-idx1": (np.arange(n) % 26 % 3 + 1).astype(np.uint8),
        }
        for what, values in arrays.items():
            content = idx_bytes(values)
            name = f"{prefix}{part}-{what}-ubyte"
            (folder / (f"{name}.gz" if pack else name)).write_bytes(
                gzip.compress(content) if pack else content
            )
    return folder


def test_folders_of_idx_files(tmp_path: Path) -> None:
    fashion = load(DataSpec(file=str(folder_of_idx(tmp_path / "fashion"))))
    plain = load(DataSpec(file=str(folder_of_idx(tmp_path / "plain", test="test", pack=False))))
    letters = load(DataSpec(file=str(folder_of_idx(tmp_path / "letters", "emnist-letters-"))))
    assert fashion.classes == ("1", "2", "3") and (len(fashion.train), len(fashion.test)) == (30, 12)
    for other in (plain, letters):
        for a, b in zip(whole(fashion), whole(other), strict=True):
            np.testing.assert_array_equal(a, b)
    folder_of_idx(tmp_path / "letters", "emnist-digits-")
    with pytest.raises(
        NeurochipError, match=r"^data.inputs: must name one of the sets in .*: emnist-digits, emnist-l"
    ):
        load(DataSpec(file=str(tmp_path / "letters")))
    assert len(load(DataSpec(file=str(tmp_path / "letters"), inputs=("emnist-letters",))).train) == 30


def test_numbers_as_targets(tmp_path: Path) -> None:
    y = X @ np.array([[1.0, 0.0], [0.5, 0.1], [0.0, 1.0]])
    found = from_arrays(X, y)
    assert found.heads.task == "regression" and found.n_outputs == 2
    coded = found.targets(slice(None))
    np.testing.assert_allclose(coded.min(axis=0), 0.1, atol=1e-6)
    np.testing.assert_allclose(coded.max(axis=0), 0.9, atol=1e-6)
    np.testing.assert_allclose(found.heads.answered(coded), found.train.targets, rtol=1e-4, atol=1e-3)
    text = csv_text(X, y[:, 0], head="a,b,c,score")
    own = load(DataSpec(file=write(tmp_path / "x.csv", text).file, task="regression", target=("score",)))
    assert own.outputs == ("score",) and own.classes == ()


def changed(text: str, row: int, cell: int, value: str | None) -> str:
    lines = text.split("\n")
    cells = lines[row].split(",")
    cells[cell : cell + 1] = [] if value is None else [value]
    lines[row] = ",".join(cells)
    return "\n".join(lines)


def still() -> str:
    x = X.copy()
    x[:, 1] = 7
    return csv_text(x)


BAD: dict[str, tuple[Callable[[], str], dict[str, Any], str]] = {
    "text": (
        lambda: changed(csv_text(), 7, 1, "wet"),
        {},
        "F: row 8, column 'two': 'wet' is no number; leave the column out with data.leave_out, or code it",
    ),
    "missing": (
        lambda: changed(csv_text(), 2, 2, " "),
        {},
        "F: row 3, column 'three': has no value; leave the row out, or put a number there",
    ),
    "nan": (
        lambda: changed(csv_text(), 2, 2, "inf"),
        {},
        "F: row 3, column 'three': is inf; leave the sample out, or put a number there",
    ),
    "ragged": (lambda: changed(csv_text(), 5, 2, None), {}, "F: row 6: has 3 cells, and the first row has 4"),
    "no label": (
        lambda: changed(csv_text(), 5, 3, "NA"),
        {},
        "F: row 6, column 'class': has no label; leave the row out, or put one there",
    ),
    "one class": (
        lambda: csv_text(y=["b"] * 40),
        {},
        "x.csv: has samples of one class only, b; there must be two at the least",
    ),
    "still": (
        still,
        {},
        "x.csv: column 'two': never varies in the training part, so that it has no scale; leave it out with "
        'data.leave_out, or set data.scaling = "none" for inputs that lie in [0, 1]',
    ),
    "beyond": (
        lambda: csv_text(np.abs(X)),
        {"scaling": "none"},
        f"F: row 2, column 'one': {abs(X[0, 0]):g} is outside [0, 1], the range of a neuron's value; set data.scaling "
        'to "min-max" or "standard"',
    ),
    "numbers": (
        lambda: csv_text(y=np.linspace(0, 1, 40)),
        {},
        "x.csv: has 40 labels in 40 samples; name the column of the labels in data.target, or set data.task = "
        '"regression" to learn numbers',
    ),
    "labels as numbers": (
        csv_text,
        {"task": "regression"},
        "F: row 2, column 'class': 'a' is no number; leave the column out with data.leave_out, or code it",
    ),
    "no column": (
        csv_text,
        {"target": ("klass",)},
        "data.target: there is no column 'klass' in F; did you mean 'class'?",
    ),
    "twice": (
        csv_text,
        {"inputs": ("one", "class")},
        "data.inputs: names class, which is in data.target too",
    ),
    "empty": (lambda: "", {}, "F: is empty; a row for each sample is needed"),
    "head only": (lambda: "a,b\n", {}, "F: has names of columns and no samples below them"),
    "too many asked for": (
        csv_text,
        {"train": 33},
        "data.train: must be 1 to 32, the samples that x.csv has, got 33",
    ),
    "nothing to test": (
        csv_text,
        {"test_share": 0.01},
        "data.test_share: of 0.01 leaves 40 of the 40 samples of x.csv to train on and 0 to test",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_csv(tmp_path: Path, name: str) -> None:
    make, keys, sentence = BAD[name]
    spec = write(tmp_path / "x.csv", make())
    with pytest.raises(NeurochipError) as caught:
        load(DataSpec(file=spec.file, **keys))
    assert str(caught.value).replace(str(tmp_path / "x.csv"), "F") == sentence


def test_bad_arrays(tmp_path: Path) -> None:
    def refused(sentence: str, **arrays: Any) -> None:
        np.savez(tmp_path / "x.npz", **arrays)
        with pytest.raises(NeurochipError) as caught:
            load(DataSpec(file=str(tmp_path / "x.npz")))
        assert str(caught.value).replace(str(tmp_path / "x.npz"), "F") == sentence

    refused(
        "F: has the arrays p, q; name the arrays of inputs and targets in data.inputs and data.target, or call them x "
        "and y, or x_train, y_train, x_test, y_test",
        p=X,
        q=Y,
    )
    refused("F: y: has 39 samples, and F: x has 40", x=X, y=Y[:-1])
    refused(
        "F: y_test: row 4: has the label c, which no sample of the training part has".replace(
            "y_test", "x_test"
        ),
        x_train=X,
        y_train=Y,
        x_test=X[:4],
        y_test=np.array(["a", "b", "a", "c"]),
    )
    refused("F: x_test: row 1: has 2 inputs, and samples of the training part have 3",
            x_train=X, y_train=Y, x_test=X[:4, :2], y_test=Y[:4])  # fmt: skip
    bad = X.copy()
    bad[4, 2] = np.nan
    refused("F: x: row 5, column 3: is nan; leave the sample out, or put a number there", x=bad, y=Y)
    refused(
        'F: y: row 1: 0.5 is no label; set data.task = "regression" to learn numbers', x=X, y=np.full(40, 0.5)
    )
    refused("F: x: holds complex128, and real numbers are needed", x=X + 1j, y=Y)


def test_a_truncated_idx_file(tmp_path: Path) -> None:
    folder = folder_of_idx(tmp_path / "cut", pack=False)
    path = folder / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        NeurochipError, match="truncated: 107 data bytes there, 12 × 3 × 3 = 108 needed"
    ) as caught:
        load(DataSpec(file=str(folder)))
    assert str(caught.value).startswith(str(path))
    path.unlink()
    with pytest.raises(NeurochipError, match="cut: has no test images$"):
        load(DataSpec(file=str(folder)))


def test_what_is_no_data_file(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").touch()
    for name, words in (
        ("x.xlsx", "is no kind of file that is read; give .csv"),
        ("gone.csv", "no such file; data.file names a file or a folder"),
        ("gone/", "no such file; data.file names a file or a folder"),
    ):
        with pytest.raises(NeurochipError, match=words):
            load(DataSpec(file=str(tmp_path / name)))
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NeurochipError, match="nothing: holds no IDX files; they are called train-images"):
        load(DataSpec(file=str(tmp_path / "nothing")))


def test_a_changed_file_is_refused_with_both_digests(tmp_path: Path) -> None:
    spec = write(tmp_path / "x.csv", csv_text())
    made = load(spec).source
    assert made is not None and made.digest is not None
    load(made)
    write(tmp_path / "x.csv", csv_text() + "1,2,3,a\n")
    now = hashlib.sha256((tmp_path / "x.csv").read_bytes()).hexdigest()
    with pytest.raises(NeurochipError) as caught:
        load(made)
    assert str(caught.value) == (
        f"{tmp_path / 'x.csv'}: has changed: its digest is {now}, and the run was made with {made.digest}; restore it"
    )


@pytest.mark.parametrize("kind", ["fixed", "variable"])
def test_texts_of_hdf5_are_utf8(tmp_path: Path, kind: str) -> None:
    def write(labels: list[bytes]) -> DataSpec:
        with h5py.File(tmp_path / f"{kind}.h5", "w") as file:
            file["x"] = np.arange(60.0).reshape(20, 3)
            if kind == "fixed":
                file["y"] = np.array(labels * 10)
            else:
                file.create_dataset("y", data=labels * 10, dtype=h5py.string_dtype("utf-8"))
        return DataSpec(file=str(tmp_path / f"{kind}.h5"))

    assert load(write(["Größe".encode(), b"b"])).classes == ("Größe", "b")
    with pytest.raises(DataError) as caught:
        load(write([b"\xdd\xff", b"b"]))
    assert str(caught.value) == f"{tmp_path / f'{kind}.h5'}: y: holds texts that are no UTF-8; write it anew"
