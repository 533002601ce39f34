"""Data sets by name: what comes, how it is limited, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.data import FACTS, Dataset, Heads, Part, data_folder, load, ready
from neurochip.data.mnist import read_split
from neurochip.data.scaling import Scaling
from neurochip.errors import ConfigError, DataError
from tests.unit.data.conftest import TinyMnist


def test_embedded_set() -> None:
    digits = load("mnist-small")
    assert digits.name == "mnist-small"
    assert digits.train.inputs.shape == (2000, 784)
    assert digits.test.inputs.shape == (1000, 784)
    assert digits.n_inputs == 784
    assert digits.classes == tuple("0123456789")
    assert digits.labels().dtype == digits.labels("test").dtype == np.int64
    assert "LeCun" in digits.provenance
    assert "CC BY-SA 3.0" in digits.provenance


def test_images_are_pixels_over_255() -> None:
    digits = load("mnist-small", train=30, test=20)
    rows = np.array([3, 0, 3])
    batch = digits.inputs(rows)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, (digits.train.inputs[rows] / 255.0).astype(np.float32))
    assert batch.max() == 1.0
    assert batch.min() == 0.0
    np.testing.assert_array_equal(
        digits.inputs(slice(5, 9), "test"), (digits.test.inputs[5:9] / 255.0).astype(np.float32)
    )


def test_a_set_for_many_tests_has_the_same_images(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = load("mnist-small", train=20, test=30)
    at_hand = ready(digits)
    cases: list[tuple[Any, Any]] = [(slice(5, 9), "test"), (np.array([3, 1]), "test"), (slice(2, 4), "train")]
    for rows, split in cases:
        np.testing.assert_array_equal(at_hand.inputs(rows, split), digits.inputs(rows, split))
    part = at_hand.inputs(slice(5, 9), "test")
    assert np.shares_memory(part, at_hand.inputs(slice(0, 9), "test")) and not part.flags.writeable
    monkeypatch.setattr("neurochip.data.dataset._MOST_READY", 100)
    assert ready(digits) is digits  # too many to keep


def test_limit_takes_the_first_and_keeps_them_balanced() -> None:
    whole, part = load("mnist-small"), load("mnist-small", train=205, test=100)
    np.testing.assert_array_equal(part.train.inputs, whole.train.inputs[:205])
    np.testing.assert_array_equal(part.labels("test"), whole.labels("test")[:100])
    counts = np.bincount(part.labels(), minlength=10)
    assert set(counts) == {20, 21}
    assert part.train.inputs.base is None, "a part must not keep the whole in memory"


def test_arrays_are_read_only() -> None:
    digits = load("mnist-small", train=10, test=10)
    for values in (digits.train.inputs, digits.train.targets, digits.test.inputs, digits.test.targets):
        assert not values.flags.writeable


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ({"train": 2001}, "data.train: must be 1 to 2000, which mnist-small has, got 2001"),
        ({"train": 0}, "data.train: must be at least 1, got 0"),
        ({"test": 1001}, "data.test: must be 1 to 1000, which mnist-small has, got 1001"),
    ],
)
def test_limit_out_of_range(limits: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("mnist-small", **limits)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mnsit", "did you mean 'mnist'?"),
        ("wine.csv", "did you mean 'wine'?; a file of your own is named by data.file"),
        ("mine.npz", f"known are {', '.join(FACTS)}; a file of your own is named by data.file"),
    ],
)
def test_unknown_name(name: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(name)
    assert str(caught.value) == f'data.set: there is no data set "{name}"; {hint}'


def test_full_set_from_its_folder(tiny_mnist: TinyMnist) -> None:
    digits = load("mnist", folder=tiny_mnist.folder)
    pixels, labels = read_split(tiny_mnist.folder, "test")
    np.testing.assert_array_equal(digits.test.inputs, pixels)
    np.testing.assert_array_equal(digits.labels("test"), labels)
    assert digits.train.inputs.shape == (60, 784)


def test_full_set_from_the_data_folder(tiny_mnist: TinyMnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHIP_DATA", str(tiny_mnist.folder.parent))
    tiny_mnist.folder.rename(tiny_mnist.folder.parent / "mnist")
    assert load("mnist", train=20).train.inputs.shape == (20, 784)


def test_missing_full_set_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHIP_DATA", str(tmp_path))
    with pytest.raises(DataError) as caught:
        load("mnist")
    assert str(caught.value) == (
        f"{tmp_path / 'mnist'}: train-images-idx3-ubyte.gz (or train-images-idx3-ubyte) needed, not there; "
        "get it with `neurochip data fetch mnist`"
    )


def test_damaged_full_set_is_refused(tiny_mnist: TinyMnist) -> None:
    path = tiny_mnist.folder / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError) as caught:
        load("mnist", folder=tiny_mnist.folder)
    assert str(caught.value) == f"{path}: truncated: the gzip stream ends before its end mark"


def test_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHIP_DATA", str(tmp_path))
    assert data_folder() == tmp_path
    assert data_folder("mnist") == tmp_path / "mnist"
    monkeypatch.setenv("NEUROCHIP_DATA", "")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert data_folder() == tmp_path / "share" / "neurochip"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder() == tmp_path / ".local" / "share" / "neurochip"


BYTES = np.zeros((3, 4), np.uint8)
GOOD: dict[str, Any] = {
    "name": "dots",
    "train": Part(BYTES, np.array([0, 1, 1])),
    "test": Part(BYTES[:2], np.array([1, 0])),
    "heads": Heads.of_classes(("off", "on")),
}
NUMBERS: dict[str, Any] = {
    "name": "line",
    "train": Part(BYTES, np.zeros((3, 2))),
    "test": Part(BYTES[:2], np.ones((2, 2))),
    "heads": Heads.of_numbers(("a", "b"), Scaling("range", np.zeros(2), np.full(2, 4.0))),
}


@pytest.mark.parametrize(
    ("whole", "change", "sentence"),
    [
        (
            GOOD,
            {"train": Part(np.full((3, 4), np.nan), np.array([0, 1, 1]))},
            "dots: train: inputs must be uint8 or float32 [sample, input], got float64 (3, 4)",
        ),
        (
            GOOD,
            {"test": Part(np.full((2, 4), np.nan, np.float32), np.array([0, 1]))},
            "dots: test: inputs must lie in [0, 1] and be finite; scale them",
        ),
        (
            GOOD,
            {"test": Part(np.zeros((2, 2, 2), np.uint8), np.array([1, 0]))},
            "dots: test: inputs must be uint8 or float32 [sample, input], got uint8 (2, 2, 2)",
        ),
        (
            GOOD,
            {"train": Part(BYTES, np.array([0, 1]))},
            "dots: train: labels must be int64 [3] as there are samples, got int64 (2,)",
        ),
        (
            GOOD,
            {"test": Part(BYTES[:2], np.array([0, 2]))},
            "dots: test: labels must be 0 to 1, got 2",
        ),
        (
            GOOD,
            {"test": Part(BYTES[:2], np.array([-1, 0]))},
            "dots: test: labels must be 0 to 1, got -1",
        ),
        (
            GOOD,
            {"test": Part(BYTES[:0], np.zeros(0, np.int64))},
            "dots: test: must have at least one sample, has none",
        ),
        (
            GOOD,
            {"test": Part(np.zeros((2, 5), np.uint8), np.array([1, 0]))},
            "dots: training samples have 4 inputs, those of test 5; all must have the same number",
        ),
        (GOOD, {"heads": Heads.of_classes(("on",))}, "dots: train: must have at least 2 classes, has 1"),
        (
            NUMBERS,
            {"test": Part(BYTES[:2], np.ones((2, 1)))},
            "line: test: targets must be float64 [2, 2], got float64 (2, 1)",
        ),
        (NUMBERS, {"test": Part(BYTES[:2], np.full((2, 2), np.nan))}, "line: test: targets must be finite"),
    ],
)
def test_inconsistent_set_is_refused(whole: dict[str, Any], change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        Dataset(**{**whole, **change})
    assert str(caught.value) == sentence


def test_targets_of_numbers_are_coded_and_said_in_their_own_unit() -> None:
    made = Dataset(**NUMBERS)
    assert (made.heads.task, made.n_outputs) == ("regression", 2)
    np.testing.assert_array_equal(made.targets(np.array([0]), "test"), [[0.25, 0.25]])
    np.testing.assert_array_equal(made.heads.answered(np.array([[0.25, 0.5]])), [[1.0, 2.0]])
    with pytest.raises(DataError, match="line: has numbers as targets, and classes are needed"):
        made.labels()
