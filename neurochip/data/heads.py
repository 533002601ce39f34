"""What is learnt: heads, each some of the output neurons that say one thing of a sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.data.scaling import Scaling, target_range
from neurochip.errors import DataError

__all__ = ["Head", "HeadKind", "Heads", "Kind", "Task", "unexplained"]

Array = NDArray[np.number]
Kind = Literal["classes", "label", "number"]  # of one target
HeadKind = Literal["classes", "labels", "numbers"]
Task = Literal["classification", "labels", "regression", "several"]

_YES = 0.5  # what the output neuron of a label says at the least where it says yes
_OF = {"classes": "classes", "labels": "label", "numbers": "number"}


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Output neurons that say one thing of a sample, and the targets that they learn from.

    Attributes
    ----------
    name
        What it is called: of classes, their column.
    kind
        ``classes``, one of several; ``labels``, each yes or no; ``numbers``.
    names
        What each output neuron stands for: a class, a label, a number.
    scaling
        Of numbers: how an output neuron says them; `None` before they are fitted.
    """

    name: str
    kind: HeadKind
    names: tuple[str, ...]
    scaling: Scaling | None = None

    @property
    def size(self) -> int:
        """Output neurons."""
        return len(self.names)

    @property
    def columns(self) -> int:
        """Targets of a sample: the number of its class, or one for each label or number."""
        return 1 if self.kind == "classes" else len(self.names)

    @property
    def targets(self) -> tuple[str, ...]:
        """What each of its targets is called."""
        return (self.name,) if self.kind == "classes" else self.names

    def coded(self, wanted: Array) -> NDArray[np.float32]:
        """Return targets [sample, column] as what output neurons should say, f32[sample, neuron] in [0, 1]."""
        if self.scaling is not None:
            return self.scaling.coded(wanted)
        if self.kind == "labels":
            return np.asarray(wanted, dtype=np.float32)
        found = np.zeros((len(wanted), self.size), dtype=np.float32)
        found[np.arange(len(wanted)), wanted[:, 0].astype(np.int64)] = 1
        return found

    def answered(self, said: Array) -> NDArray[np.float64]:
        """Return what output neurons say [sample, neuron] as targets f64[sample, column]: the class that is largest,
        a label from one half on, numbers in their own unit.
        """
        if self.scaling is not None:
            return self.scaling.decoded(said)
        if self.kind == "labels":
            return np.asarray(said >= _YES, dtype=np.float64)
        largest: NDArray[np.float64] = np.argmax(said, axis=1)[:, None].astype(np.float64)
        return largest

    def error(self, true: Array, answers: Array) -> float:
        """Return the share of wrong classes or labels; of numbers, the share of their variance left unexplained."""
        if self.kind == "numbers":
            return unexplained(true, answers)
        return float(np.mean(true != answers))

    def confusion(self, true: Array, answers: Array) -> NDArray[np.int64]:
        """Return i64[true, answered] of classes."""
        matrix = np.zeros((self.size, self.size), dtype=np.int64)
        np.add.at(matrix, (true[:, 0].astype(np.int64), answers[:, 0].astype(np.int64)), 1)
        return matrix


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """All that is learnt of a sample. Output neurons and targets of all heads stand side by side, in order.

    Attributes
    ----------
    all
        The heads.

    Raises
    ------
    DataError
        For two of one name.
    """

    all: tuple[Head, ...]

    def __post_init__(self) -> None:
        """Check the names."""
        names = [head.name for head in self.all]
        twice = next((name for k, name in enumerate(names) if name in names[:k]), None)
        if twice is not None:
            raise DataError("targets", f"two are called '{twice}'; give each its own name")

    def __iter__(self) -> Iterator[Head]:
        """Give the heads."""
        return iter(self.all)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.all)

    @classmethod
    def of_classes(cls, names: Sequence[str], name: str = "class") -> Heads:
        """Return one head of classes."""
        return cls((Head(name, "classes", tuple(names)),))

    @classmethod
    def of_numbers(cls, names: Sequence[str], scaling: Scaling | None = None, name: str = "numbers") -> Heads:
        """Return one head of numbers."""
        return cls((Head(name, "numbers", tuple(names), scaling),))

    @property
    def is_classes(self) -> bool:
        """Whether it is one class of a sample, and nothing else."""
        return len(self.all) == 1 and self.all[0].kind == "classes"

    @property
    def is_numbers(self) -> bool:
        """Whether it is numbers, and nothing else."""
        return len(self.all) == 1 and self.all[0].kind == "numbers"

    @property
    def task(self) -> Task:
        """What is learnt, in the words of ``data.task``."""
        kinds = {head.kind for head in self.all}
        if kinds == {"classes"}:
            return "classification"
        return {"labels": "labels", "numbers": "regression"}[kinds.pop()] if len(self.all) == 1 else "several"  # type: ignore[return-value]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Output neurons of each."""
        return tuple(head.size for head in self.all)

    @property
    def n_outputs(self) -> int:
        """Output neurons of all."""
        return sum(self.sizes)

    @property
    def columns(self) -> int:
        """Targets of a sample."""
        return sum(head.columns for head in self.all)

    @property
    def targets(self) -> tuple[str, ...]:
        """What each target of a sample is called."""
        return tuple(name for head in self.all for name in head.targets)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What each target of a sample is."""
        return tuple(_OF[head.kind] for head in self.all for _ in head.targets)  # type: ignore[misc]

    def by_outputs(self) -> Iterator[tuple[Head, slice]]:
        """Give each head and its output neurons."""
        at = 0
        for head in self.all:
            yield head, slice(at, at + head.size)
            at += head.size

    def by_columns(self) -> Iterator[tuple[Head, slice]]:
        """Give each head and its columns of targets."""
        at = 0
        for head in self.all:
            yield head, slice(at, at + head.columns)
            at += head.columns

    def coded(self, wanted: Array) -> NDArray[np.float32]:
        """Return targets [sample] of classes alone, else [sample, column], as what output neurons should say."""
        wanted = wanted.reshape(len(wanted), -1)
        parts = [head.coded(wanted[:, at]) for head, at in self.by_columns()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def answered(self, said: Array) -> NDArray[np.float64]:
        """Return what output neurons say [sample, neuron] as targets f64[sample, column]; see `Head.answered`."""
        parts = [head.answered(said[:, at]) for head, at in self.by_outputs()]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def error(self, true: Array, answers: Array) -> float:
        """Return the mean over heads of their errors, of targets f64[sample, column]."""
        errors = [head.error(true[:, at], answers[:, at]) for head, at in self.by_columns()]
        return errors[0] if len(errors) == 1 else float(np.mean(errors))

    def loss(self, true: Array, answers: Array, variance: NDArray[np.float64]) -> float:
        """Return the sum over samples of their errors, the mean over heads; numbers as shares of ``variance``."""
        found = []
        for head, at in self.by_columns():
            off = answers[:, at] - true[:, at]
            found.append(off**2 / variance[at] if head.kind == "numbers" else (off != 0).astype(np.float64))
        return float(np.mean([np.sum(np.mean(each, axis=1)) for each in found]))

    def fitted(self, training: Array, ends: tuple[float, float] | None = None) -> Heads:
        """Return the same, where numbers are said by the targets f64[sample, column] of the training part.

        ``ends`` are what an output neuron says at 0 and at 1, where the data state them.
        """
        made = []
        for head, at in self.by_columns():
            if head.kind == "numbers" and ends is not None:
                low, high = (np.full(head.size, end, dtype=np.float64) for end in ends)
                head = replace(head, scaling=Scaling("none", low, high))
            elif head.kind == "numbers":
                head = replace(head, scaling=target_range(training[:, at]))
            made.append(head)
        return Heads(tuple(made))


def unexplained(true: Array, said: Array) -> float:
    """Return 1 − R² of answers [sample, output], on average over outputs: 1 for always answering with the mean.

    Samples that are all alike have no variance to explain: it is 1 for them, or 0 where the answers are exact.
    """
    squared = np.mean((said - true) ** 2, axis=0)
    variance = np.var(true, axis=0)
    share = np.where(variance > 0, squared / np.where(variance > 0, variance, 1.0), (squared > 0) * 1.0)
    return float(np.mean(share))
