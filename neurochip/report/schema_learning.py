"""The shape of what ``report.json`` says of how a run learnt, beside its results."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["EndedTable", "OptimiserTable", "RegressionOutputTable", "RegressionTable"]


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


class RegressionTable(TypedDict):
    """How well numbers were learnt; ``rms`` over all outputs."""

    rms: float
    outputs: list[RegressionOutputTable]
