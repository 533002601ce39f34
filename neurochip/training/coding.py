"""How samples become values of neurons, and what the network says becomes labels or numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.data import Dataset, Part
from neurochip.data.scaling import Scaling
from neurochip.errors import DataError
from neurochip.files import briefly
from neurochip.spikes import SpikeTrains

__all__ = ["Coding"]

Array = NDArray[Any]
_PLAIN = ("none", "bytes")  # scalings of inputs that lie in [0, 1] already


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """What a network was taught about its samples.

    Attributes
    ----------
    n_inputs
        Numbers of a sample.
    classes
        The label of each class, in the order of the output neurons; empty where targets are numbers.
    outputs
        Of numbers: the name of each.
    scaling
        Of the inputs.
    target_scaling
        Of numbers: how an output neuron says them.
    digest
        SHA-256 of the samples that it was taught.
    features
        Names of the inputs, in their order; empty where they have none.
    """

    n_inputs: int
    classes: tuple[str, ...]
    outputs: tuple[str, ...]
    scaling: Scaling
    target_scaling: Scaling | None
    digest: str
    features: tuple[str, ...] = ()

    @classmethod
    def of(cls, samples: Dataset) -> Coding:
        """Return that of a data set."""
        scaling = samples.scaling, samples.target_scaling
        names = samples.classes, samples.outputs
        return cls(samples.n_inputs, *names, *scaling, samples.digest, samples.features)

    @property
    def is_regression(self) -> bool:
        """Whether the network says numbers."""
        return self.target_scaling is not None

    def inputs(self, x: ArrayLike | SpikeTrains, place: str = "x") -> NDArray[np.float32] | SpikeTrains:
        """Return samples as values of neurons, f32[sample, input] in [0, 1]; or as spikes, where it learnt from such.

        Spikes are given as `neurochip.SpikeTrains`, or as an array of 0 and 1 [sample, tick, input].

        Raises
        ------
        DataError
            For another width than the network has inputs, numbers that are not finite, and values outside [0, 1] where
            nothing scales them.
        """
        if isinstance(x, SpikeTrains) or self.scaling.kind == "spikes":
            return self._spikes(x, place)
        try:
            given = np.asarray(x)
        except ValueError:
            raise DataError(place, "must be an array, got rows of different lengths") from None
        if given.dtype.kind not in "buif":
            raise DataError(place, f"must hold numbers, got {given.dtype}")
        if given.ndim < 1 or (given.ndim == 1 and len(given) != self.n_inputs):
            raise DataError(place, f"must be [sample, {self.n_inputs}], got shape {given.shape}")
        if len(given) == 0:
            raise DataError(place, "holds no sample")
        flat = given.reshape(1, -1) if given.ndim == 1 else given.reshape(len(given), -1)
        if flat.shape[1] != self.n_inputs:
            raise DataError(
                place,
                f"has {flat.shape[1]} inputs a sample, and the network was trained with {self.n_inputs}",
            )
        if flat.dtype == np.uint8 and self.scaling.kind == "bytes":
            return np.asarray(np.divide(flat, np.float32(255), dtype=np.float32))
        values = flat.astype(np.float64)
        _check(np.isfinite(values), values, place, "is not finite")
        if self.scaling.kind not in _PLAIN:
            return self.scaling.coded(values)
        hint = "; bytes are given as uint8" if self.scaling.kind == "bytes" and values.max() <= 255 else ""
        _check(
            (values >= 0) & (values <= 1),
            values,
            place,
            f"is outside [0, 1], the range of a neuron's value{hint}",
        )
        return values.astype(np.float32)

    def _spikes(self, x: ArrayLike | SpikeTrains, place: str) -> SpikeTrains:
        if self.scaling.kind != "spikes":
            raise DataError(place, "holds spikes, and the network was trained with values")
        found = x if isinstance(x, SpikeTrains) else SpikeTrains.from_array(x, place)
        if found.units != self.n_inputs:
            raise DataError(
                place,
                f"has spikes of {found.units} inputs, and the network was trained with {self.n_inputs}",
            )
        if len(found) == 0:
            raise DataError(place, "holds no sample")
        return found

    def targets(self, y: ArrayLike, n: int, place: str = "y") -> Array:
        """Return the class of each sample, i64[sample], or numbers f64[sample, output].

        Raises
        ------
        DataError
            For another number of samples, a label that is not among the classes, numbers that are not finite.
        """
        given = np.asarray(y)
        if given.ndim < 1 or len(given) != n:
            have = len(given) if given.ndim else 0
            raise DataError(place, f"has {have} targets, and there are {n} samples")
        if self.is_regression:
            if given.dtype.kind not in "buif":
                raise DataError(place, f"must hold numbers, got {given.dtype}")
            values = given.astype(np.float64).reshape(n, -1)
            if values.shape[1] != len(self.outputs):
                raise DataError(
                    place, f"has {values.shape[1]} numbers a sample, and the network says {len(self.outputs)}"
                )
            _check(np.isfinite(values), values, place, "is not finite")
            return values
        if given.ndim > 1 and given.size == n:
            given = given.reshape(n)
        if given.ndim != 1:
            raise DataError(place, f"must hold a label for each sample, got shape {given.shape}")
        number = {name: k for k, name in enumerate(self.classes)}
        if given.dtype.kind in "iu" and not any(_is_whole(name) for name in self.classes):
            number = {str(k): k for k in range(len(self.classes))}  # of named classes: which of them
        words = [_word(value) for value in given.tolist()]
        unknown = next((k for k, word in enumerate(words) if word not in number), None)
        if unknown is not None:
            shown = ", ".join(self.classes[:10]) + (" …" if len(self.classes) > 10 else "")
            raise DataError(
                f"{place}: row {unknown + 1}",
                f"{briefly(words[unknown], 40)} is none of the classes ({shown})",
            )
        return np.array([number[word] for word in words], dtype=np.int64)

    def labels(self, classes: NDArray[np.int64]) -> Array:
        """Return the labels of classes: whole numbers where all labels are such, else texts."""
        whole = all(_is_whole(name) for name in self.classes)
        names: Sequence[Any] = [int(name) for name in self.classes] if whole else self.classes
        return np.array(names)[classes]

    def said(self, values: Array) -> NDArray[np.float64]:
        """Return what output neurons say, [sample, output], as numbers in their own unit."""
        if self.target_scaling is None:
            raise DataError("outputs", "are classes, and numbers are needed")
        return self.target_scaling.decoded(values)

    def dataset(self, x: NDArray[np.float32] | SpikeTrains, targets: Array, name: str) -> Dataset:
        """Return samples that are coded already as a data set whose parts are both those."""
        part = Part(x, targets)
        return Dataset(
            name=name,
            train=part,
            test=part,
            classes=self.classes,
            outputs=self.outputs,
            scaling=self.scaling,
            target_scaling=self.target_scaling,
        )


def _is_whole(name: str) -> bool:
    return name.lstrip("-").isdigit()


def _word(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check(good: NDArray[np.bool_], values: Array, place: str, problem: str) -> None:
    if not good.all():
        row, column = (int(k) for k in np.argwhere(~good)[0])
        raise DataError(f"{place}: row {row + 1}, column {column + 1}", f"{values[row, column]:g} {problem}")
