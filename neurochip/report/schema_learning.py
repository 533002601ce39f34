"""The shape of what ``report.json`` says of how a run learnt, beside its results."""

from __future__ import annotations

from typing import NotRequired, TypedDict

__all__ = [
    "EndedTable",
    "HeadTable",
    "HeadsTable",
    "LabelTable",
    "OptimiserTable",
    "RegressionOutputTable",
    "RegressionTable",
]


class EndedTable(TypedDict):
    """Why training ended ``after`` so many epochs ``of`` those asked for, by ``patience``, ``callback`` or ``epochs``.

    The weights that were ``kept`` are those of this epoch; the results are of them.
    """

    by: str
    after: int
    of: int
    kept: int


class OptimiserTable(TypedDict):
    """One `neurochip.training.record.OptimiserUse`."""

    kind: str
    words: int
    bits: int
    weights: int
    total_bits: int
    steps: int


class RegressionOutputTable(TypedDict):
    """One number that the network says: deviations in its unit, and samples for a picture."""

    name: str
    mean_squared: float
    rms: float
    r2: float | None
    true: list[float]
    said: list[float]


class LabelTable(TypedDict):
    """One `neurochip.training.head_results.LabelResult`."""

    name: str
    holds: int
    said: int
    both: int
    error: float
    f1: float


class HeadTable(TypedDict):
    """One `neurochip.training.head_results.HeadResult` of the test samples; ``regression`` has its numbers."""

    name: str
    kind: str
    names: list[str]
    error: float
    confusion: NotRequired[list[list[int]]]
    exact: NotRequired[float]
    f1: NotRequired[float]
    labels: NotRequired[list[LabelTable]]
    rms: NotRequired[list[float]]
    regression: NotRequired[list[RegressionOutputTable]]


class HeadsTable(TypedDict):
    """How well each head does; ``exact``: share of the test samples of which all classes and labels are right."""

    exact: float | None
    each: list[HeadTable]


class RegressionTable(TypedDict):
    """How well numbers were learnt; ``rms`` over all outputs."""

    rms: float
    outputs: list[RegressionOutputTable]
