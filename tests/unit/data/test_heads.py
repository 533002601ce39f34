"""Several targets of one sample: what is read of each kind of file, how they are parted and coded, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from neurochip.data import Dataset, DataSpec, Head, Heads, Part, from_arrays, load, write_samples
from neurochip.data.crossed_bars import TARGETS, crossed_bars
from neurochip.data.scaling import Scaling
from neurochip.data.several import combinations
from neurochip.errors import DataError, NeurochipError

N = 60
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, 3))
COLOUR = np.array(["red", "green", "blue"])[RNG.integers(0, 3, N)]
SHAPE = RNG.integers(1, 3, N)
HOT, ROUND = RNG.random(N) < 0.4, RNG.random(N) < 0.5
SIZE = 10 * RNG.random(N)
HEAD = "one,two,three,colour,shape,hot,round,size"
TARGET = ("colour", "shape", "hot", "round", "size")
KINDS = ("classes", "classes", "label", "label", "number")
ALL: dict[str, Any] = {"colour": COLOUR, "shape": SHAPE, "hot": HOT, "round": ROUND, "size": SIZE}


def csv_text(change: Callable[[list[list[str]]], Any] = lambda rows: None, head: str = HEAD) -> str:
    words = ("no", "yes")
    rows = [
        [
            *(repr(float(v)) for v in X[k]),
            COLOUR[k],
            str(SHAPE[k]),
            words[int(HOT[k])],
            str(int(ROUND[k])),
            repr(float(SIZE[k])),
        ]
        for k in range(N)
    ]
    change(rows)
    return "\n".join([head, *(",".join(row) for row in rows)]) + "\n"


def spec_of(path: Path, **keys: Any) -> DataSpec:
    return DataSpec(**{"file": str(path), "task": "several", "target": TARGET, "kinds": KINDS, **keys})


def same(found: Dataset, wanted: Dataset) -> None:
    assert [(h.kind, h.names, h.columns) for h in found.heads] == [
        (h.kind, h.names, h.columns) for h in wanted.heads
    ]
    for (_, one), (_, other) in zip(found.parts(), wanted.parts(), strict=True):
        np.testing.assert_array_equal(one.inputs, other.inputs)
        np.testing.assert_array_equal(one.targets, other.targets)


def test_all_kinds_of_files_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(csv_text())
    found = load(spec_of(tmp_path / "x.csv"))
    assert [(head.name, head.kind, head.names) for head in found.heads] == [
        ("colour", "classes", ("blue", "green", "red")),
        ("shape", "classes", ("1", "2")),
        ("labels", "labels", ("hot", "round")),
        ("size", "numbers", ("size",)),
    ]
    assert (found.n_outputs, found.heads.columns, found.heads.task) == (8, 5, "several")
    assert found.train.targets.dtype == np.float64 and found.features == ("one", "two", "three")
    same(from_arrays(X, ALL), found)
    np.savez(tmp_path / "x.npz", inputs=X, **ALL)
    same(load(spec_of(tmp_path / "x.npz", inputs=("inputs",))), found)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["inputs"] = X
        for name, column in ALL.items():
            file[name] = [str(v) for v in column] if name == "colour" else column
    same(load(spec_of(tmp_path / "x.h5", inputs=("inputs",))), found)
    train, test = slice(0, 40), slice(40, N)
    parted = {f"{name}_{part}": column[rows] for part, rows in (("train", train), ("test", test))
              for name, column in {"x": X, **ALL}.items()}  # fmt: skip
    np.savez(tmp_path / "parted.npz", **parted)
    names = tuple(f"{name}_{part}" for part in ("train", "test") for name in TARGET)
    own = load(spec_of(tmp_path / "parted.npz", inputs=("x_train", "x_test"), target=names))
    given = {
        part: {name: column[rows] for name, column in ALL.items()}
        for part, rows in (("train", train), ("test", test))
    }
    same(own, from_arrays(X[train], given["train"], test=(X[test], given["test"])))
    assert [head.name for head in own.heads] == ["colour", "shape", "labels", "size"]


def test_columns_of_one_array() -> None:
    classes = from_arrays(X, np.stack([SHAPE, SHAPE % 2], axis=1))
    assert [(h.name, h.kind, h.names) for h in classes.heads] == [
        ("target 1", "classes", ("1", "2")),
        ("target 2", "classes", ("0", "1")),
    ]
    assert classes.heads.task == "classification" and classes.classes == ()
    labels = from_arrays(X, np.stack([HOT, ROUND], axis=1))
    assert [(h.kind, h.names) for h in labels.heads] == [("labels", ("target 1", "target 2"))]
    again = from_arrays(X, np.stack([HOT, ROUND], axis=1).astype(int), task="labels")
    same(again, labels)
    one = from_arrays(X, HOT, task="labels")
    assert (one.n_outputs, one.heads.task) == (1, "labels")
    named = from_arrays(X, {"size": SIZE, "tags": np.stack([HOT, ROUND], axis=1), "colour": COLOUR})
    assert [h.name for h in named.heads] == ["size", "tags", "colour"]


def test_one_class_is_what_it_was() -> None:
    """A single head of classes or of numbers is kept and summed as before there were heads."""
    classes, numbers = from_arrays(X, COLOUR), from_arrays(X, SIZE)
    assert (
        classes.heads.is_classes
        and classes.train.targets.dtype == np.int64
        and classes.train.targets.ndim == 1
    )
    assert numbers.heads.is_numbers and numbers.train.targets.shape == (48, 1)
    assert "heads" not in classes.described() and "heads" not in numbers.described()


def test_targets_are_coded_and_answered() -> None:
    found = from_arrays(X, ALL)
    coded = found.targets(slice(None))
    assert coded.shape == (len(found.train), 8) and coded.dtype == np.float32
    np.testing.assert_array_equal(coded[:, :3].sum(axis=1), 1)
    np.testing.assert_array_equal(coded[:, 5:7], found.train.targets[:, 2:4])
    assert 0.1 <= coded[:, 7].min() and coded[:, 7].max() <= 0.9 + 1e-6
    answers = found.heads.answered(coded.astype(np.float64))
    np.testing.assert_allclose(answers, found.train.targets, atol=1e-6)
    assert found.heads.error(found.train.targets, answers) < 1e-12


def test_errors_are_means_over_heads() -> None:
    heads = Heads((
        Head("colour", "classes", ("a", "b", "c")),
        Head("tags", "labels", ("p", "q")),
        Head("size", "numbers", ("size",), Scaling("range", np.zeros(1), np.ones(1))),
    ))  # fmt: skip
    true = np.array([[0, 1, 0, 1.0], [2, 0, 0, 3.0], [1, 1, 1, 5.0], [0, 0, 1, 7.0]])
    said = np.array([[0, 1, 1, 1.0], [1, 0, 0, 3.0], [1, 0, 1, 5.0], [0, 0, 1, 5.0]])
    unexplained = (4 / 4) / np.var([1, 3, 5, 7])
    assert heads.error(true, said) == pytest.approx((1 / 4 + 2 / 8 + unexplained) / 3)
    # One sample at a time comes to the same, where the variance is that of these samples.
    one_by_one = [heads.loss(true[k : k + 1], said[k : k + 1], np.var(true, axis=0)) for k in range(4)]
    assert sum(one_by_one) / 4 == pytest.approx(heads.error(true, said))


def test_each_combination_is_parted_alike() -> None:
    n = 400
    y = {"a": np.arange(n) % 2, "b": np.arange(n) // 2 % 2, "c": np.arange(n) // 4 % 2 == 1}
    found = from_arrays(np.arange(n, dtype=float)[:, None], y, test_share=0.25)
    rows, counts = np.unique(found.test.targets, axis=0, return_counts=True)
    assert len(rows) == 8 and set(counts) <= {12, 13}  # a quarter of 50
    heads = Heads((Head("a", "classes", ("0", "1")),))
    rare = np.array([[0.0]] * 40 + [[1.0]] * 3)
    assert set(combinations(heads, rare, 0.2)[40:]) == {
        -1
    }  # fewer than five: less than one of them would test


def test_a_set_is_stored_and_read_as_it_was(tmp_path: Path) -> None:
    for k, y in enumerate(
        (ALL, {"tags": np.stack([HOT, ROUND], axis=1)}, {"colour": COLOUR, "shape": SHAPE})
    ):
        samples = from_arrays(X, y, validation=0.2)
        found = load(DataSpec(file=str(write_samples(samples, tmp_path / f"{k}.npz"))))
        same(found, samples)
        assert [h.name for h in found.heads] == [h.name for h in samples.heads]
        assert found.source is not None and found.source.task == samples.heads.task
        np.testing.assert_array_equal(found.targets(slice(None)), samples.targets(slice(None)))


def test_the_digest_tells_names_and_kinds_of_heads_apart() -> None:
    sums = {
        from_arrays(X, y).digest
        for y in (
            {"a": HOT, "b": ROUND},
            {"b": HOT, "a": ROUND},
            {"a": HOT.astype(int), "b": ROUND.astype(int)},
            {"a": HOT, "b": ROUND.astype(int)},
        )
    }
    assert len(sums) == 4


def test_crossed_bars_are_made_the_same_everywhere() -> None:
    samples = load("crossed-bars")
    pixels, targets = crossed_bars(0, 3)
    np.testing.assert_array_equal(samples.train.inputs[:3], pixels)
    np.testing.assert_array_equal(samples.train.targets[:3], targets)
    assert samples.digest == DIGEST
    assert samples.heads.targets == TARGETS and samples.heads.sizes == (4, 4, 2)
    # Both signs are equally likely: the mean of an image says nothing of where a bar lies.
    x, y = samples.inputs(slice(None)), samples.train.targets
    for k in range(2):
        means = np.stack([x[y[:, k] == band].mean(axis=0) for band in range(4)])
        assert np.abs(means - x.mean(axis=0)).max() < 0.06


DIGEST = "a255b0a5639e40ad76c34faea9f707a6af9260b4e14e00256fa755b380713f9b"


def cell(row: int, column: int, value: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        rows[row][column] = value

    return change


def column(at: int, value: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        for row in rows:
            row[at] = value

    return change


BAD: dict[str, tuple[Callable[[list[list[str]]], None], dict[str, Any], str]] = {
    "one class": (
        column(4, "7"), {}, "F: column 'shape': has one class only, 7; there must be two at the least",
    ),
    "a label that always holds": (
        column(5, "yes"), {},
        "F: column 'hot': never varies in the training part: there is nothing to learn; leave it out of data.target",
    ),
    "a number that never varies": (
        column(7, "7"), {},
        "F: column 'size': never varies in the training part: there is nothing to learn; leave it out of data.target",
    ),
    "no such column": (
        cell(0, 0, "0"), {"target": ("colour", "shpae", "hot", "round", "size")},
        "data.target: there is no column 'shpae' in F; did you mean 'shape'?",
    ),
    "twice": (
        cell(0, 0, "0"), {"target": ("colour", "shape", "hot", "hot", "size")}, "data.target: names hot twice",
    ),
    "a label that is none": (
        cell(8, 5, "0.7"), {},
        "F: row 10, column 'hot': '0.7' is neither no nor yes; a label says 0 or 1, no or yes, false or true",
    ),
    "two words for yes": (
        cell(8, 5, "1"), {},
        "F: row 10, column 'hot': '1' is neither no nor yes, as the labels above it are; use one pair of words in a "
        "column",
    ),
    "no label": (
        cell(8, 5, ""), {}, "F: row 10, column 'hot': has no label; leave the row out, or put one there",
    ),
    "no class": (
        cell(8, 3, "?"), {}, "F: row 10, column 'colour': has no label; leave the row out, or put one there",
    ),
    "text for a number": (
        cell(8, 7, "big"), {},
        "F: row 10, column 'size': 'big' is no number; leave the column out with data.leave_out, or code it",
    ),
    "no number": (
        cell(8, 7, "nan"), {}, "F: row 10, column 'size': is nan; leave the sample out, or put a number there",
    ),
    "kinds for some": (
        cell(0, 0, "0"), {"kinds": ("classes", "label")},
        "data.kinds: must say what each of the 5 targets is, got 2",
    ),
    "kinds apart": (
        cell(0, 0, "0"), {"kinds": ("classes", "label", "classes", "label", "number")},
        "data.kinds: must have all of the kind label beside one another; name data.target in that order",
    ),
    "a number as classes": (
        cell(0, 0, "0"), {"kinds": ("classes", "classes", "label", "label", "classes")},
        "F: column 'size': has 60 labels in 60 samples; call it a number in data.kinds, or leave it out of data.target",
    ),
    "a class of test samples alone": (
        cell(3, 3, "violet"), {"split_seed": 6},
        "F: column 'colour': has the label violet in test samples alone; set another data.split_seed, or leave it out",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_csv(tmp_path: Path, name: str) -> None:
    change, keys, sentence = BAD[name]
    (tmp_path / "x.csv").write_text(csv_text(change))
    with pytest.raises(NeurochipError) as caught:
        load(spec_of(tmp_path / "x.csv", **keys))
    assert str(caught.value).replace(str(tmp_path / "x.csv"), "F").replace("x.csv", "F") == sentence


def test_bad_arrays(tmp_path: Path) -> None:
    def refused(sentence: str, y: Any, test: Any = None, **keys: Any) -> None:
        with pytest.raises(NeurochipError) as caught:
            from_arrays(X, y, test=None if test is None else (X, test), **keys)
        assert str(caught.value) == sentence

    refused("arrays: y: shape: has 59 samples, and colour has 60", {"colour": COLOUR, "shape": SHAPE[1:]})
    refused("arrays: y: has 30 samples, and arrays: x has 60", {"colour": COLOUR[:30], "shape": SHAPE[:30]})
    refused(
        "arrays: y: size: row 1: 3.5 is no label; set data.task = \"regression\" to learn numbers",
        {"colour": COLOUR, "size": np.full(N, 3.5)}, task="several", kinds=("classes", "classes"),
    )  # fmt: skip
    refused(
        "arrays: x_test: row 3, column 'colour': has the label violet, which no sample of the training part has",
        {"colour": COLOUR, "shape": SHAPE},
        {"colour": np.where(np.arange(N) == 2, "violet", COLOUR), "shape": SHAPE},
    )
    refused(
        "arrays: y_test: has the targets colour, and y has colour, shape",
        {"colour": COLOUR, "shape": SHAPE},
        {"colour": COLOUR},
    )
    refused(
        "task: must be one of classification, labels, regression, several, got 'guess'", COLOUR, task="guess"
    )
    refused(
        "arrays: x: row 5, column 'target 2': is nan; leave the sample out, or put a number there",
        np.stack([SIZE, np.where(np.arange(N) == 4, np.nan, SIZE)], axis=1), task="several", kinds=("number", "number"),
    )  # fmt: skip


def test_heads_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="targets: two are called 'a'; give each its own name"):
        Heads((Head("a", "classes", ("0", "1")), Head("a", "labels", ("p",))))
    part = Part(np.zeros((2, 3), np.uint8), np.array([[0.0, 2.0], [1.0, 0.0]]))
    heads = Heads((Head("a", "classes", ("0", "1")), Head("b", "labels", ("p",))))
    with pytest.raises(DataError, match="dots: train: targets of b must be whole, 0 to 1, got 2"):
        Dataset(name="dots", train=part, test=part, heads=heads)
