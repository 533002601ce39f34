"""Data sets by name: what comes, how it is limited, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.data import Dataset, data_folder, load, ready
from neurochip.data.mnist import read_split
from neurochip.errors import DataError
from tests.unit.data.conftest import TinyMnist


def test_embedded_set() -> None:
    digits = load("mnist-small")
    assert digits.name == "mnist-small"
    assert digits.train_pixels.shape == (2000, 784)
    assert digits.test_pixels.shape == (1000, 784)
    assert digits.pixels == 784
    assert digits.classes == 10
    assert digits.train_labels.dtype == digits.test_labels.dtype == np.int64
    assert "LeCun" in digits.provenance
    assert "CC BY-SA 3.0" in digits.provenance


def test_images_are_pixels_over_255() -> None:
    digits = load("mnist-small", train=30, test=20)
    rows = np.array([3, 0, 3])
    batch = digits.images(rows)
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, (digits.train_pixels[rows] / 255.0).astype(np.float32))
    assert batch.max() == 1.0
    assert batch.min() == 0.0
    np.testing.assert_array_equal(
        digits.images(slice(5, 9), "test"), (digits.test_pixels[5:9] / 255.0).astype(np.float32)
    )


def test_a_set_for_many_tests_has_the_same_images(monkeypatch: pytest.MonkeyPatch) -> None:
    digits = load("mnist-small", train=20, test=30)
    at_hand = ready(digits)
    cases: list[tuple[Any, Any]] = [(slice(5, 9), "test"), (np.array([3, 1]), "test"), (slice(2, 4), "train")]
    for rows, split in cases:
        np.testing.assert_array_equal(at_hand.images(rows, split), digits.images(rows, split))
    part = at_hand.images(slice(5, 9), "test")
    assert np.shares_memory(part, at_hand.images(slice(0, 9), "test")) and not part.flags.writeable
    monkeypatch.setattr("neurochip.data.dataset._MOST_READY", 100)
    assert ready(digits) is digits  # too many to keep


def test_limit_takes_the_first_and_keeps_them_balanced() -> None:
    whole, part = load("mnist-small"), load("mnist-small", train=205, test=100)
    np.testing.assert_array_equal(part.train_pixels, whole.train_pixels[:205])
    np.testing.assert_array_equal(part.test_labels, whole.test_labels[:100])
    counts = np.bincount(part.train_labels, minlength=10)
    assert set(counts) == {20, 21}
    assert part.train_pixels.base is None, "a part must not keep the whole in memory"


def test_arrays_are_read_only() -> None:
    digits = load("mnist-small", train=10, test=10)
    for values in (digits.train_pixels, digits.train_labels, digits.test_pixels, digits.test_labels):
        assert not values.flags.writeable


@pytest.mark.parametrize("limits", [{"train": 2001}, {"train": 0}, {"train": -5}])
def test_train_limit_out_of_range(limits: dict[str, int]) -> None:
    with pytest.raises(DataError) as caught:
        load("mnist-small", **limits)
    assert str(caught.value) == (
        f"data.train: must be 1 to 2000, the samples that mnist-small has, got {limits['train']}"
    )


def test_test_limit_out_of_range() -> None:
    with pytest.raises(DataError) as caught:
        load("mnist-small", test=1001)
    assert str(caught.value) == "data.test: must be 1 to 1000, the samples that mnist-small has, got 1001"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("mnsit", "did you mean 'mnist'?"), ("cifar", "known: mnist-small, mnist, digits, stripes")],
)
def test_unknown_name(name: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        load(name)
    assert str(caught.value) == f"data.set: unknown data set '{name}'; {hint}"


def test_full_set_from_its_folder(tiny_mnist: TinyMnist) -> None:
    digits = load("mnist", folder=tiny_mnist.folder)
    pixels, labels = read_split(tiny_mnist.folder, "test")
    np.testing.assert_array_equal(digits.test_pixels, pixels)
    np.testing.assert_array_equal(digits.test_labels, labels)
    assert digits.train_pixels.shape == (60, 784)


def test_full_set_from_the_data_folder(tiny_mnist: TinyMnist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROCHIP_DATA", str(tiny_mnist.folder.parent))
    tiny_mnist.folder.rename(tiny_mnist.folder.parent / "mnist")
    assert load("mnist", train=20).train_pixels.shape == (20, 784)


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


GOOD: dict[str, Any] = {
    "name": "dots",
    "train_pixels": np.zeros((3, 4), np.uint8),
    "train_labels": np.array([0, 1, 1]),
    "test_pixels": np.zeros((2, 4), np.uint8),
    "test_labels": np.array([1, 0]),
    "classes": 2,
    "provenance": "made here",
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"train_pixels": np.full((3, 4), np.nan)},
            "dots: train: pixels must be uint8 [sample, pixel], got float64 (3, 4)",
        ),
        (
            {"test_pixels": np.zeros((2, 2, 2), np.uint8)},
            "dots: test: pixels must be uint8 [sample, pixel], got uint8 (2, 2, 2)",
        ),
        (
            {"train_labels": np.array([0, 1])},
            "dots: train: labels must be int64 [3] as there are images, got int64 (2,)",
        ),
        ({"test_labels": np.array([0, 2])}, "dots: test: labels must be 0 to 1, got 2"),
        ({"test_labels": np.array([-1, 0])}, "dots: test: labels must be 0 to 1, got -1"),
        (
            {"test_pixels": np.zeros((0, 4), np.uint8), "test_labels": np.zeros(0, np.int64)},
            "dots: test: must have at least one sample, has none",
        ),
        (
            {"test_pixels": np.zeros((2, 5), np.uint8)},
            "dots: training images have 4 pixels, test images 5; both must have the same number",
        ),
    ],
)
def test_inconsistent_set_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        Dataset(**{**GOOD, **change})
    assert str(caught.value) == sentence
