"""The forms in which other programs write samples: one-hot classes, truth values, columns by number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.data import Dataset, DataSpec, from_arrays, load
from neurochip.description.run_reader import read_run
from neurochip.errors import NeurochipError

from .test_own import X, csv_text, write

CLASSES = np.arange(40) % 4


def saved(path: Path, **arrays: Any) -> DataSpec:
    np.savez(path, **arrays)
    return DataSpec(file=str(path))


def alike(one: Dataset, other: Dataset) -> bool:
    pairs = ((one.train, other.train), (one.test, other.test))
    return one.classes == other.classes and all(
        np.array_equal(a.inputs, b.inputs) and np.array_equal(a.targets, b.targets) for a, b in pairs
    )


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.float32, np.bool_])
def test_one_hot_classes_are_classes(tmp_path: Path, dtype: Any) -> None:
    """As Keras writes them; each column alone would be a target of its own, of two classes."""
    hot = np.eye(4, dtype=dtype)[CLASSES]
    wanted = load(saved(tmp_path / "a.npz", x=X, y=CLASSES))
    assert wanted.n_outputs == 4
    assert alike(load(saved(tmp_path / "b.npz", x=X, y=hot)), wanted)
    parts = {"x_train": X[:30], "x_test": X[30:]}
    assert alike(
        load(saved(tmp_path / "c.npz", **parts, y_train=hot[:30], y_test=hot[30:])),
        load(saved(tmp_path / "d.npz", **parts, y_train=CLASSES[:30], y_test=CLASSES[30:])),
    )
    assert alike(from_arrays(X, hot, task="classification", name="b.npz"), wanted)


def test_what_is_not_one_hot_is_several_targets(tmp_path: Path) -> None:
    two = np.stack([CLASSES % 2, CLASSES // 2], axis=1)
    found = load(saved(tmp_path / "x.npz", x=X, y=two))
    assert (len(list(found.heads.by_columns())), found.n_outputs) == (2, 4)
    labels = DataSpec(
        file=saved(tmp_path / "y.npz", x=X, y=np.eye(4, dtype=int)[CLASSES]).file, task="labels"
    )
    assert load(labels).n_outputs == 4


def test_parts_of_bytes_and_of_numbers_are_refused(tmp_path: Path) -> None:
    parts = {"x_train": np.zeros((30, 3), np.uint8), "y_train": CLASSES[:30], "y_test": CLASSES[30:]}
    with pytest.raises(NeurochipError) as caught:
        load(saved(tmp_path / "x.npz", **parts, x_test=np.zeros((10, 3))))
    path = tmp_path / "x.npz"
    assert str(caught.value) == (
        f"{path}: x_test: holds float64, and {path}: x_train uint8: bytes are fractions of 255, other numbers are "
        "what they are; write both parts in one type"
    )


@pytest.mark.parametrize("words", [("True", "False"), ("TRUE", "FALSE"), ("true", "false")])
def test_columns_of_truth_values_are_0_and_1(tmp_path: Path, words: tuple[str, str]) -> None:
    """As pandas writes indicators, and spreadsheets."""
    rows = csv_text().splitlines()
    flags = [words[k % 3 == 0] for k in range(len(rows) - 1)]
    text = [f"flag,{rows[0]}", *(f"{flag},{row}" for flag, row in zip(flags, rows[1:], strict=True))]
    plain = [line.replace(words[0], "1").replace(words[1], "0") for line in text]
    a = load(write(tmp_path / "a.csv", "\n".join(text)))
    assert alike(a, load(write(tmp_path / "b.csv", "\n".join(plain))))


def test_inputs_by_number(tmp_path: Path) -> None:
    spec = write(tmp_path / "x.csv", csv_text())
    run = read_run("tabular", [f"data.file={spec.file}", "data.inputs=[1, 3]", "data.leave_out=[2]"])
    assert (run.data.inputs, run.data.leave_out) == (("1", "3"), ("2",))
    assert load(run.data).features == ("one", "three")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (csv_text().replace("a\n", "\u00fc\n").encode("utf-16"), "F: row 1: is no text in UTF-8 ('utf-8' codec can't "
         "decode byte 0xff in position 0: invalid start byte); save it as that"),
        ("one;two;class\n1,5;2;a\n", "F: row 2, column 'one': '1,5' is no number; write it with a point, as 1.5"),
        ("flag,two,class\ntrue,2,a\n3,4,b\n", "F: row 2, column 'flag': 'true' is no number; leave the column out "
         "with data.leave_out, or code it"),
    ],
)  # fmt: skip
def test_what_is_no_number_says_what_would_be_one(
    tmp_path: Path, content: str | bytes, sentence: str
) -> None:
    spec = write(tmp_path / "x.csv", content)
    with pytest.raises(NeurochipError) as caught:
        load(spec)
    assert str(caught.value).replace(str(tmp_path / "x.csv"), "F") == sentence


def test_a_label_that_is_missing(tmp_path: Path) -> None:
    labels = np.where(np.arange(40) == 3, np.nan, CLASSES)
    with pytest.raises(NeurochipError) as caught:
        load(saved(tmp_path / "x.npz", x=X, y=labels))
    assert str(caught.value).endswith("y: row 4: nan is no label; leave the sample out, or put a label there")
