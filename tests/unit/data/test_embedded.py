"""The embedded subset is what was made, and was made as it says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.data import embed, mnist_small, verified
from neurochip.data.embed import PER_CLASS, choose, main
from neurochip.data.mnist import FILES, read_split
from neurochip.data.mnist_small import ARRAYS, FILE_NAME, read_embedded
from neurochip.errors import DataError
from tests.unit.data.conftest import TinyMnist

PLACE = Path(mnist_small.__file__).parent / "embedded" / FILE_NAME


@pytest.fixture(scope="module")
def arrays() -> dict[str, NDArray[np.generic]]:
    return read_embedded()


def test_names_every_array(arrays: dict[str, NDArray[np.generic]]) -> None:
    assert set(arrays) == set(ARRAYS)
    with np.load(PLACE, allow_pickle=False) as archive:
        assert set(archive.files) == set(ARRAYS)


@pytest.mark.parametrize(("split", "per_class"), [("train", 200), ("test", 100)])
def test_balanced_over_all_and_in_every_prefix(
    arrays: dict[str, NDArray[np.generic]], split: str, per_class: int
) -> None:
    labels = arrays[f"{split}_labels"].reshape(per_class, 10)
    np.testing.assert_array_equal(np.sort(labels, axis=1), np.tile(np.arange(10), (per_class, 1)))


@pytest.mark.parametrize("split", ["train", "test"])
def test_rows_are_distinct_and_exist_in_the_official_file(
    arrays: dict[str, NDArray[np.generic]], split: str
) -> None:
    rows = arrays[f"{split}_indices"]
    assert len(np.unique(rows)) == len(rows)
    assert rows.min() >= 0
    assert rows.max() < FILES[f"{split}_labels"].shape[0]


def test_no_test_digit_is_a_training_digit(arrays: dict[str, NDArray[np.generic]]) -> None:
    training = {row.tobytes() for row in arrays["train_pixels"]}
    assert len(training) == 2000
    assert not any(row.tobytes() in training for row in arrays["test_pixels"])


@pytest.mark.parametrize("split", ["train", "test"])
def test_digits_are_those_rows_of_the_official_set(
    arrays: dict[str, NDArray[np.generic]], split: str
) -> None:
    folder = Path(os.environ.get("NEUROCHIP_DATA") or "nowhere") / "mnist"
    if not folder.is_dir():
        pytest.skip("the official files are needed: set NEUROCHIP_DATA to a folder that has them in mnist/")
    pixels, labels = read_split(folder, split)
    rows = choose(labels, split=split, per_class=PER_CLASS[split])
    np.testing.assert_array_equal(arrays[f"{split}_indices"], rows)
    np.testing.assert_array_equal(arrays[f"{split}_pixels"], pixels[rows])
    np.testing.assert_array_equal(arrays[f"{split}_labels"], labels[rows])


def test_converter_takes_each_split_from_its_own_file(
    tiny_mnist: TinyMnist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(PER_CLASS, "train", 3)
    monkeypatch.setitem(PER_CLASS, "test", 2)
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    for out in (first, second):
        assert main([str(tiny_mnist.folder), str(out)]) == 0
    assert first.read_bytes() == second.read_bytes()
    with np.load(first, allow_pickle=False) as made:
        for split, n in (("train", 30), ("test", 20)):
            pixels, labels = read_split(tiny_mnist.folder, split)
            rows = made[f"{split}_indices"]
            assert len(rows) == n
            np.testing.assert_array_equal(made[f"{split}_pixels"], pixels[rows])
            np.testing.assert_array_equal(made[f"{split}_labels"], labels[rows])
        for line, name in zip(capsys.readouterr().out.splitlines(), made.files, strict=False):
            assert line.strip().startswith(f'"{name}": ("{made[name].dtype}", {made[name].shape}, "')


def test_choice_depends_on_the_seed() -> None:
    labels = np.repeat(np.arange(10, dtype=np.uint8), 50)
    one, other = (choose(labels, split="train", per_class=5, seed=seed) for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_too_few_of_a_class_is_refused() -> None:
    with pytest.raises(DataError) as caught:
        choose(np.arange(10, dtype=np.uint8), split="train", per_class=2)
    assert str(caught.value) == "train labels: 1 of class 0 there, 2 needed"


def test_converter_refuses_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert embed.main([]) == 2
    assert capsys.readouterr().err.startswith("usage: python -m neurochip.data.embed FOLDER OUT")
    assert embed.main([str(tmp_path), str(tmp_path / "out.npz")]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}: train-images-idx3-ubyte.gz (or train-images-idx3-ubyte) needed, not there\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def package_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the embedded file, which is what gets read."""
    (tmp_path / "embedded").mkdir()
    copy = tmp_path / "embedded" / FILE_NAME
    shutil.copyfile(PLACE, copy)
    monkeypatch.setattr(verified, "files", lambda package: tmp_path)
    return copy


def test_changed_pixel_is_refused(package_copy: Path) -> None:
    with np.load(package_copy, allow_pickle=False) as archive:
        arrays = dict(archive)
    arrays["test_pixels"][7, 300] ^= 1
    np.savez_compressed(package_copy, **arrays)
    found = verified.array_sha256(arrays["test_pixels"])
    with pytest.raises(DataError) as caught:
        read_embedded()
    assert str(caught.value) == (
        f"{package_copy}: wrong checksum: "
        f"SHA-256 of test_pixels is {found}, {ARRAYS['test_pixels'][2]} needed"
    )


def test_wrong_shape_is_refused(package_copy: Path) -> None:
    with np.load(package_copy, allow_pickle=False) as archive:
        arrays = dict(archive)
    arrays["train_labels"] = arrays["train_labels"][:-1]
    np.savez_compressed(package_copy, **arrays)
    with pytest.raises(DataError) as caught:
        read_embedded()
    assert str(caught.value) == f"{package_copy}: train_labels is uint8 (1999,), uint8 (2000,) needed"


@pytest.mark.parametrize("keep", [0, 100, 400_000])
def test_truncated_file_is_refused(package_copy: Path, keep: int) -> None:
    package_copy.write_bytes(package_copy.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"mnist-small\.npz: is damaged or not a file of neurochip"):
        read_embedded()
