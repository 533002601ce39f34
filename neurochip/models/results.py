"""What asking a model gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.training.head_results import HeadResult

__all__ = ["Energy", "Evaluation"]


class Evaluation(NamedTuple):
    """How well a model does on samples.

    Attributes
    ----------
    error
        Share of wrong answers; of numbers, the share of their variance that is left unexplained, 1 − R². Of several
        heads the mean of theirs.
    samples
        How many.
    classes
        The labels, in the order of ``confusion``.
    confusion
        i64[true, answered], where one class is all that is learnt.
    rms
        Of numbers: the root of the mean squared deviation of each output, in its unit.
    heads
        Of labels, and of several heads: how well each does.
    exact
        Of these: the share of samples of which all classes and labels are right.
    """

    error: float
    samples: int
    classes: tuple[str, ...]
    confusion: NDArray[np.int64] | None
    rms: NDArray[np.float64] | None
    heads: tuple[HeadResult, ...] = ()
    exact: float | None = None

    @property
    def accuracy(self) -> float:
        """Share of right answers; of numbers, R²."""
        return 1.0 - self.error

    def to_json(self) -> dict[str, object]:
        """Return everything as JSON values."""
        table: dict[str, object] = {"error": self.error, "accuracy": self.accuracy, "samples": self.samples}
        if self.confusion is not None:
            table |= {"classes": list(self.classes), "confusion": self.confusion.tolist()}
        if self.rms is not None:
            table["rms"] = self.rms.tolist()
        if self.heads:
            table |= {"exact": self.exact, "heads": [head.to_json() for head in self.heads]}
        return table

    def __repr__(self) -> str:
        """Return one line."""
        if self.heads:
            each = ", ".join(f"{head.name} {100 * (1 - head.error):.2f} %" for head in self.heads)
            return f"<Evaluation: {each}, {self.samples} samples>"
        words = f"{100 * self.error:.2f} % wrong" if self.rms is None else f"R² {self.accuracy:.4f}"
        return f"<Evaluation: {words}, {self.samples} samples>"


class Energy(NamedTuple):
    """What something costs on the chip of a model.

    Attributes
    ----------
    joules
        In all.
    per_sample
        Of each sample, on average.
    samples
        How many.
    by_category
        Joules by what they are spent on.
    by_population
        Joules by the population that they belong to.
    energy_table
        Whose energies per event these are.
    """

    joules: float
    per_sample: float
    samples: int
    by_category: dict[str, float]
    by_population: dict[str, float]
    energy_table: str
