"""How samples become values of neurons, and what the network says becomes classes, labels or numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.data import Dataset, Head, Heads, Part
from neurochip.data.scaling import Scaling
from neurochip.data.several import yes_or_no
from neurochip.data.table import column_words
from neurochip.data.target_arrays import column_names
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
    heads
        What it says of a sample.
    scaling
        Of the inputs.
    digest
        SHA-256 of the samples that it was taught.
    features
        Names of the inputs, in their order; empty where they have none.
    """

    n_inputs: int
    heads: Heads
    scaling: Scaling
    digest: str
    features: tuple[str, ...] = ()

    @classmethod
    def of(cls, samples: Dataset) -> Coding:
        """Return that of a data set."""
        return cls(samples.n_inputs, samples.heads, samples.scaling, samples.digest, samples.features)

    @property
    def classes(self) -> tuple[str, ...]:
        """The label of each class, in the order of the output neurons; empty where it says more than one class."""
        return self.heads.all[0].names if self.heads.is_classes else ()

    @property
    def is_regression(self) -> bool:
        """Whether the network says numbers alone."""
        return self.heads.is_numbers

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

    def targets(self, y: ArrayLike | Mapping[str, ArrayLike], n: int, place: str = "y") -> Array:
        """Return the class of each sample, i64[sample], where it says no more; else f64[sample, target].

        Parameters
        ----------
        y
            Labels or numbers; of several targets [sample, target] in the order of the heads, a structured array with a
            field for each, or arrays by the names of heads or targets.
        n
            How many samples there are.

        Raises
        ------
        DataError
            For another number of samples, a label that is not among the classes, numbers that are not finite.
        """
        if isinstance(y, Mapping) or hasattr(y, "columns"):
            columns = self._named(y, place)
        else:
            given = np.asarray(y)
            if given.ndim < 1 or len(given) != n:
                have = len(given) if given.ndim else 0
                raise DataError(place, f"has {have} targets, and there are {n} samples")
            if self.heads.is_classes:
                return _codes(self.heads.all[0], given, place)
            columns = self._columns(given, place)
        wrong = next((column for column in columns if len(column) != n), None)
        if wrong is not None:
            raise DataError(place, f"has {len(wrong)} targets, and there are {n} samples")
        parts, at = [], 0
        for head in self.heads:
            held = columns[at : at + head.columns]
            at += head.columns
            if head.kind == "classes":
                parts.append(_codes(head, held[0], f"{place}: {head.name}")[:, None].astype(np.float64))
            else:
                parts.append(_values(head, held, place))
        return parts[0][:, 0].astype(np.int64) if self.heads.is_classes else np.concatenate(parts, axis=1)

    def _columns(self, given: Array, place: str) -> list[Array]:
        """Return targets [sample, target], or the fields of a structured array, one by one."""
        names = given.dtype.names
        columns = [given[name] for name in names] if names is not None else [*given.reshape(len(given), -1).T]
        if len(columns) != self.heads.columns:
            what = "numbers" if self.heads.is_numbers else "targets"
            raise DataError(
                place, f"has {len(columns)} {what} a sample, and the network says {self.heads.columns}"
            )
        return columns

    def _named(self, y: Any, place: str) -> list[Array]:
        """Return the targets of arrays by name: of a head, or of each target."""
        given = {str(name): np.asarray(y[name]) for name in y}
        flat = {name: array.reshape(len(array), -1) for name, array in given.items() if array.ndim}
        columns = [column for array in flat.values() for column in array.T]
        given |= dict(zip(column_names(flat), columns, strict=True))
        found: list[Array] = []
        for head in self.heads:
            held = [given[name] for name in head.targets if name in given]
            if len(held) != head.columns and head.name in given:
                held = [*given[head.name].reshape(len(given[head.name]), -1).T]
            if len(held) != head.columns:
                lacking = (
                    head.name if head.kind == "classes" else f"{head.name} ({', '.join(head.names[:5])})"
                )
                have = ", ".join(briefly(name, 30) for name in list(given)[:5])
                raise DataError(place, f"has no targets of {lacking}, which the network says; it has {have}")
            found += held
        return found

    def labels(self, classes: NDArray[np.int64], head: Head | None = None) -> Array:
        """Return the labels of classes: whole numbers where all labels are such, else texts."""
        called = (self.heads.all[0] if head is None else head).names
        names: Sequence[object] = [int(name) for name in called] if all(map(_is_whole, called)) else called
        return np.array(names)[classes]

    def answers(self, said: Array) -> dict[str, Array]:
        """Return the answer of each head, by its name, for what output neurons say [sample, neuron].

        Labels of classes [sample]; bool [sample, label]; numbers f64[sample, number].
        """
        found: dict[str, Array] = {}
        for head, at in self.heads.by_outputs():
            answer = head.answered(said[:, at])
            if head.kind == "classes":
                found[head.name] = self.labels(answer[:, 0].astype(np.int64), head)
            else:
                found[head.name] = answer.astype(bool) if head.kind == "labels" else answer
        return found

    def dataset(self, x: NDArray[np.float32] | SpikeTrains, targets: Array, name: str) -> Dataset:
        """Return samples that are coded already as a data set whose parts are both those."""
        part = Part(x, targets)
        return Dataset(
            name=name,
            train=part,
            test=part,
            heads=self.heads,
            scaling=self.scaling,
        )


def _codes(head: Head, given: Array, place: str) -> NDArray[np.int64]:
    """Return the number of each label, i64[sample]."""
    if given.ndim > 1 and given.size == len(given):
        given = given.reshape(len(given))
    if given.ndim != 1:
        raise DataError(place, f"must hold a label for each sample, got shape {given.shape}")
    number = {name: k for k, name in enumerate(head.names)}
    if given.dtype.kind in "iu" and not any(_is_whole(name) for name in head.names):
        number = {str(k): k for k in range(len(head.names))}  # of named classes: which of them
    words = [_word(value) for value in given.tolist()]
    unknown = next((k for k, word in enumerate(words) if word not in number), None)
    if unknown is not None:
        shown = ", ".join(head.names[:10]) + (" …" if len(head.names) > 10 else "")
        raise DataError(
            f"{place}: row {unknown + 1}",
            f"{briefly(words[unknown], 40)} is none of the classes ({shown})",
        )
    return np.array([number[word] for word in words], dtype=np.int64)


def _values(head: Head, columns: Sequence[Array], place: str) -> NDArray[np.float64]:
    """Return labels or numbers as f64[sample, target]."""
    if head.kind == "labels":
        return np.stack(
            [yes_or_no(column.tolist(), _placing(place, name))
             for column, name in zip(columns, head.names, strict=True)], axis=1
        )  # fmt: skip
    wrong = next((column for column in columns if column.dtype.kind not in "buif"), None)
    if wrong is not None:
        raise DataError(place, f"must hold numbers, got {wrong.dtype}")
    values = np.stack([column.astype(np.float64) for column in columns], axis=1)
    _check(np.isfinite(values), values, place, "is not finite")
    return values


def _placing(place: str, name: str) -> Callable[[int], str]:
    return lambda row: f"{place}: row {row + 1}, {column_words(name)}"


def _is_whole(name: str) -> bool:
    return name.lstrip("-").isdigit()


def _word(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check(good: NDArray[np.bool_], values: Array, place: str, problem: str) -> None:
    if not good.all():
        row, column = (int(k) for k in np.argwhere(~good)[0])
        raise DataError(f"{place}: row {row + 1}, column {column + 1}", f"{values[row, column]:g} {problem}")
