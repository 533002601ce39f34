"""How well each head does, where not one class is all that is learnt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.data import Head, Heads

__all__ = ["HeadResult", "LabelResult", "all_right", "head_results"]

Array = NDArray[np.number]


class LabelResult(NamedTuple):
    """How well one label is told.

    Attributes
    ----------
    name
        What it is called.
    holds, said, both
        Samples that it holds of, that the network says it of, and both.
    error
        Share of the samples where the answer is wrong.
    f1
        2 · both / (holds + said): the harmonic mean of precision and recall; 0 where neither is any.
    """

    name: str
    holds: int
    said: int
    both: int
    error: float
    f1: float


class HeadResult(NamedTuple):
    """How well one head does on samples.

    Attributes
    ----------
    name, kind, names
        Of the head (`neurochip.data.Head`).
    error
        Share of wrong classes, or of wrong labels; of numbers the share of their variance left unexplained, 1 − R².
    confusion
        Of classes, i64[true, answered].
    exact
        Of labels, the share of samples of which all are right.
    f1
        Of labels, the mean of theirs.
    labels
        Of labels, a row for each.
    rms
        Of numbers, f64[number]: the root of the mean squared deviation, in its unit.
    """

    name: str
    kind: str
    names: tuple[str, ...]
    error: float
    confusion: NDArray[np.int64] | None = None
    exact: float | None = None
    f1: float | None = None
    labels: tuple[LabelResult, ...] = ()
    rms: NDArray[np.float64] | None = None

    def to_json(self) -> dict[str, object]:
        """Return everything that there is as JSON values."""
        table: dict[str, object] = {
            "name": self.name,
            "kind": self.kind,
            "names": list(self.names),
            "error": self.error,
        }
        if self.confusion is not None:
            table["confusion"] = self.confusion.tolist()
        if self.kind == "labels":
            table |= {"exact": self.exact, "f1": self.f1, "labels": [row._asdict() for row in self.labels]}
        if self.rms is not None:
            table["rms"] = self.rms.tolist()
        return table


def head_results(heads: Heads, true: Array, answers: Array) -> tuple[HeadResult, ...]:
    """Return how well each head does, for targets and answers f64[sample, target]."""
    return tuple(_result(head, true[:, at], answers[:, at]) for head, at in heads.by_columns())


def all_right(heads: Heads, true: Array, answers: Array) -> float | None:
    """Return the share of samples of which all classes and labels are right; `None` where there are numbers alone."""
    right = [
        np.all(true[:, at] == answers[:, at], axis=1)
        for head, at in heads.by_columns()
        if head.kind != "numbers"
    ]
    return float(np.mean(np.all(right, axis=0))) if right else None


def _result(head: Head, true: Array, answers: Array) -> HeadResult:
    found = HeadResult(head.name, head.kind, head.names, head.error(true, answers))
    if head.kind == "classes":
        return found._replace(confusion=head.confusion(true, answers))
    if head.kind == "numbers":
        return found._replace(rms=np.sqrt(np.mean((answers - true) ** 2, axis=0)))
    rows = []
    for k, name in enumerate(head.names):
        holds, said = int(true[:, k].sum()), int(answers[:, k].sum())
        both = int((true[:, k] * answers[:, k]).sum())
        f1 = 2 * both / (holds + said) if holds + said else 0.0
        rows.append(LabelResult(name, holds, said, both, float(np.mean(true[:, k] != answers[:, k])), f1))
    return found._replace(
        exact=float(np.mean(np.all(true == answers, axis=1))),
        f1=float(np.mean([row.f1 for row in rows])),
        labels=tuple(rows),
    )
