"""Samples as they were read: numbers and targets, not yet parted or scaled; and what is refused in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.data.heads import Kind
from neurochip.errors import DataError
from neurochip.files import briefly
from neurochip.spikes import SpikeTrains

__all__ = ["MOST_CLASSES", "Rows", "Table", "check_numbers", "column_words", "numbers_of"]

Array = NDArray[Any]
MOST_CLASSES = 10_000
_MOST = 1e150


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Samples of one table or of one pair of arrays.

    Attributes
    ----------
    inputs
        Bytes or floating-point numbers [sample, input]; or spikes.
    targets
        Texts or whole numbers [sample], which are labels; or numbers [sample, output]; with `Table.kinds` a structured
        array, with a field for each target.
    place
        Where a sample stands, in words, by its number from 0: ``x.csv: row 7``.
    """

    inputs: Array | SpikeTrains
    targets: Array
    place: Callable[[int], str]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.inputs)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A data set before it is parted and scaled.

    Attributes
    ----------
    name
        What it is called.
    whole
        All samples, or those that are learnt from where ``test`` is given.
    test
        Those that test, or `None`.
    features, outputs
        Names of the inputs, and of the targets where these are numbers or several.
    regression
        Whether the targets are numbers alone.
    provenance
        Who made the data and under what licence.
    classes
        What labels 0, 1, … are called; empty: as they stand in the data.
    scaling
        How inputs are scaled where the run does not say; `None`: ``none`` for bytes, else ``min-max``.
    target_range
        What output neurons say at 0 and at 1; `None` fits it to the training part.
    found
        Keys of ``[data]`` that a run left to the data, with what was found.
    lost
        Events that fell on another of the same unit and tick.
    kinds
        Of several targets or of labels: what each is, in the order of ``outputs``; empty of one class or of numbers.
    groups
        Of several targets: the array that each stands in; left out, each has one of its own.
    names
        Of several targets: what the classes 0, 1, … of one are called, by its name; left out, as they stand.
    """

    name: str
    whole: Rows
    test: Rows | None = None
    features: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    regression: bool = False
    provenance: str = ""
    classes: tuple[str, ...] = ()
    scaling: Literal["counts"] | None = None
    target_range: tuple[float, float] | None = field(default=None)
    found: Mapping[str, Any] = field(default_factory=dict)
    lost: int = 0
    kinds: tuple[Kind, ...] = ()
    groups: tuple[str, ...] = ()
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def column_words(name: str) -> str:
    """Return what a column is called in a sentence: by name, or by number where it has no other."""
    return f"column {name}" if name.isdigit() else f"column '{briefly(name, 40)}'"


def check_numbers(values: Array | SpikeTrains, names: tuple[str, ...], place: Callable[[int], str]) -> None:
    """Refuse the first number that is NaN or infinite, or so large that differences have no place in float64.

    Raises
    ------
    DataError
        With its row and column.
    """
    if isinstance(values, SpikeTrains) or values.dtype.kind != "f" or values.size == 0:
        return
    if values.min() >= -_MOST and values.max() <= _MOST:  # neither holds where one is NaN
        return
    row, column = (int(k) for k in np.argwhere(~(np.abs(values) <= _MOST))[0])
    raise DataError(
        f"{place(row)}, {column_words(names[column])}",
        f"is {values[row, column]:g}; leave the sample out, or put a number there",
    )


def numbers_of(values: Array, place: str) -> Array:
    """Return an array of samples as [sample, input]: bytes as they are, other numbers as float64.

    Raises
    ------
    DataError
        For what are no real numbers, or no samples.
    """
    if values.dtype.kind not in "buif":
        raise DataError(place, f"holds {values.dtype}, and real numbers are needed")
    if values.ndim == 0 or values.size == 0:
        raise DataError(place, "holds no samples")
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    return flat if flat.dtype == np.uint8 else flat.astype(np.float64)
