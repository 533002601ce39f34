"""A set of labelled images as a run sees it, and ``load``, which makes one from its name."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.data.folder import data_folder
from neurochip.data.mnist import CLASSES, FILES, PROVENANCE, find_file, read_split
from neurochip.data.mnist_small import read_embedded
from neurochip.data.stripes import PROVENANCE as STRIPES_PROVENANCE
from neurochip.data.stripes import TEST, TRAIN, stripes
from neurochip.data.uci import DIGITS_PROVENANCE, held_out
from neurochip.data.uci import read_embedded as read_uci
from neurochip.errors import DataError

__all__ = ["DATA_SETS", "Dataset", "load", "ready"]

Split = Literal["train", "test"]
FULL_SCALE = np.float32(255)
DIGITS_TEST = 497
_MOST_READY = 64_000_000  # pixels of test images that `ready` keeps as inputs


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Images and labels, split into training and test.

    Pixels stay bytes (the whole of MNIST is 55 MB so, 220 MB in float32); ``images`` turns the few that a
    minibatch needs into inputs. Every array is read-only.

    Attributes
    ----------
    name
        As in the run (``data.set``).
    train_pixels, test_pixels
        uint8 [sample, pixel], 0 to 255.
    train_labels, test_labels
        int64 [sample], 0 to ``classes`` − 1.
    classes
        Number of classes.
    provenance
        Who made the data and under what licence, one line.
    """

    name: str
    train_pixels: NDArray[np.uint8] = field(repr=False)
    train_labels: NDArray[np.int64] = field(repr=False)
    test_pixels: NDArray[np.uint8] = field(repr=False)
    test_labels: NDArray[np.int64] = field(repr=False)
    classes: int
    provenance: str

    def __post_init__(self) -> None:
        """Check element types, shapes and the range of the labels."""
        for split, pixels, labels in (
            ("train", self.train_pixels, self.train_labels),
            ("test", self.test_pixels, self.test_labels),
        ):
            place = f"{self.name}: {split}"
            if pixels.dtype != np.uint8 or pixels.ndim != 2:
                found = f"{pixels.dtype} {pixels.shape}"
                raise DataError(place, f"pixels must be uint8 [sample, pixel], got {found}")
            if labels.dtype != np.int64 or labels.shape != (len(pixels),):
                needed = f"int64 [{len(pixels)}] as there are images"
                raise DataError(place, f"labels must be {needed}, got {labels.dtype} {labels.shape}")
            if len(labels) == 0:
                raise DataError(place, "must have at least one sample, has none")
            wrong = labels[(labels < 0) | (labels >= self.classes)]
            if len(wrong):
                raise DataError(place, f"labels must be 0 to {self.classes - 1}, got {wrong[0]}")
            pixels.setflags(write=False)
            labels.setflags(write=False)
        if self.train_pixels.shape[1] != self.test_pixels.shape[1]:
            raise DataError(
                self.name,
                f"training images have {self.train_pixels.shape[1]} pixels, test images "
                f"{self.test_pixels.shape[1]}; both must have the same number",
            )

    @property
    def pixels(self) -> int:
        """Pixels per image: the size of the input population."""
        return int(self.train_pixels.shape[1])

    def images(self, indices: NDArray[np.integer] | slice, split: Split = "train") -> NDArray[np.float32]:
        """Return the images at ``indices`` as inputs: float32 [sample, pixel], pixel / 255, in [0, 1]."""
        source = self.train_pixels if split == "train" else self.test_pixels
        return np.divide(source[indices], FULL_SCALE, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Ready(Dataset):
    """A set whose test images are inputs already."""

    test_inputs: NDArray[np.float32] = field(repr=False)

    def images(self, indices: NDArray[np.integer] | slice, split: Split = "train") -> NDArray[np.float32]:
        """Return the images at ``indices`` as inputs; those of the test as a view where that is possible."""
        if split == "test":
            return self.test_inputs[indices]
        return Dataset.images(self, indices, split)


def ready(whole: Dataset) -> Dataset:
    """Return a set for testing many networks: its test images are turned into inputs once, where they are not too many.

    Four times the memory of the test images, at most 256 MB.
    """
    if whole.test_pixels.size > _MOST_READY:
        return whole
    inputs = whole.images(slice(None), "test")
    inputs.setflags(write=False)
    return _Ready(
        name=whole.name,
        train_pixels=whole.train_pixels,
        train_labels=whole.train_labels,
        test_pixels=whole.test_pixels,
        test_labels=whole.test_labels,
        classes=whole.classes,
        provenance=whole.provenance,
        test_inputs=inputs,
    )


def _mnist_small(folder: Path | None) -> Dataset:
    arrays = read_embedded()
    return Dataset(
        name="mnist-small",
        train_pixels=arrays["train_pixels"].astype(np.uint8, copy=False),
        train_labels=arrays["train_labels"].astype(np.int64),
        test_pixels=arrays["test_pixels"].astype(np.uint8, copy=False),
        test_labels=arrays["test_labels"].astype(np.int64),
        classes=CLASSES,
        provenance=f"{PROVENANCE}; balanced subset, each part from the official part of the same name",
    )


def _mnist(folder: Path | None) -> Dataset:
    folder = data_folder("mnist") if folder is None else folder
    try:
        for official in FILES.values():
            find_file(folder, official)
    except DataError as error:
        raise DataError(error.place, f"{error.problem}; get it with `neurochip data fetch mnist`") from error
    train_pixels, train_labels = read_split(folder, "train")
    test_pixels, test_labels = read_split(folder, "test")
    return Dataset(
        name="mnist",
        train_pixels=train_pixels,
        train_labels=train_labels.astype(np.int64),
        test_pixels=test_pixels,
        test_labels=test_labels.astype(np.int64),
        classes=CLASSES,
        provenance=PROVENANCE,
    )


def _digits(folder: Path | None) -> Dataset:
    arrays = read_uci()
    pixels = np.rint(arrays["digits"].astype(np.float64) * 255 / 16).astype(np.uint8)
    labels = arrays["digits_labels"].astype(np.int64)
    test = held_out(len(labels), DIGITS_TEST)
    train = np.setdiff1d(np.arange(len(labels)), test)
    return Dataset(
        name="digits",
        train_pixels=pixels[train],
        train_labels=labels[train],
        test_pixels=pixels[test],
        test_labels=labels[test],
        classes=CLASSES,
        provenance=f"{DIGITS_PROVENANCE}; {DIGITS_TEST} of 1797 kept for the test, chosen by a hash",
    )


def _stripes(folder: Path | None) -> Dataset:
    train_pixels, train_labels = stripes(0, TRAIN)
    test_pixels, test_labels = stripes(TRAIN, TEST)
    return Dataset(
        name="stripes",
        train_pixels=train_pixels,
        train_labels=train_labels,
        test_pixels=test_pixels,
        test_labels=test_labels,
        classes=2,
        provenance=STRIPES_PROVENANCE,
    )


DATA_SETS: dict[str, Callable[[Path | None], Dataset]] = {
    "mnist-small": _mnist_small,
    "mnist": _mnist,
    "digits": _digits,
    "stripes": _stripes,
}


def load(
    name: str, *, train: int | None = None, test: int | None = None, folder: Path | None = None
) -> Dataset:
    """Load a data set by name, every byte verified against its checksum.

    Parameters
    ----------
    name
        ``"mnist-small"`` (embedded: 2000 + 1000), ``"mnist"`` (60 000 + 10 000, fetched before), ``"digits"``
        (embedded: 1300 + 497 of 8 × 8 pixels) or ``"stripes"`` (made: 400 + 400 of 4 × 4 pixels, two classes).
    train, test
        Take the first so many samples; None = all. Any prefix of ``mnist-small`` is balanced to within one
        digit per class; ``mnist`` is in the order of the official files.
    folder
        Where the official files are; None = ``data_folder("mnist")``.
    """
    if name not in DATA_SETS:
        close = difflib.get_close_matches(name, DATA_SETS, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"known: {', '.join(DATA_SETS)}"
        raise DataError("data.set", f"unknown data set '{name}'; {hint}")
    whole = DATA_SETS[name](folder)
    n_train = _limit("data.train", train, len(whole.train_labels), name)
    n_test = _limit("data.test", test, len(whole.test_labels), name)
    if (n_train, n_test) == (len(whole.train_labels), len(whole.test_labels)):
        return whole
    # Copied, so that the part does not keep the whole in memory.
    return Dataset(
        name=name,
        train_pixels=whole.train_pixels[:n_train].copy(),
        train_labels=whole.train_labels[:n_train].copy(),
        test_pixels=whole.test_pixels[:n_test].copy(),
        test_labels=whole.test_labels[:n_test].copy(),
        classes=whole.classes,
        provenance=whole.provenance,
    )


def _limit(place: str, wanted: int | None, there: int, name: str) -> int:
    if wanted is None:
        return there
    if not 1 <= wanted <= there:
        raise DataError(place, f"must be 1 to {there}, the samples that {name} has, got {wanted}")
    return wanted
