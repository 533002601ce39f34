"""What the sweep.json of an exploration holds."""

from __future__ import annotations

from typing import TypedDict

__all__ = [
    "FORMAT",
    "KIND",
    "AxisTable",
    "ExplorationDocument",
    "FrontOfTwo",
    "PointTable",
    "SensitivityTable",
]

FORMAT = 2
KIND = "exploration"


class AxisTable(TypedDict):
    """A varied key and its values as written; ``effect`` is a sentence where it had none, else empty."""

    key: str
    values: list[str]
    logarithmic: bool
    effect: str


class PointTable(TypedDict):
    """A chip: the values of the varied keys, what it measured (`METRICS`), or why it could not be."""

    values: dict[str, str]
    metrics: dict[str, float]
    failure: str | None


class FrontOfTwo(TypedDict):
    """Numbers of the points that no other one beats in both figures, by the first."""

    metrics: list[str]
    points: list[int]


class SensitivityTable(TypedDict):
    """How a figure follows a key, everything else held.

    ``ratio`` is the largest over the smallest, the mean over the others' values; ``slope`` that of its logarithm over
    the logarithm of the key, by least squares: 1 is proportional; `None` where either has no logarithm.
    """

    key: str
    metric: str
    ratio: float | None
    slope: float | None


class ExplorationDocument(TypedDict):
    """All of it; ``per`` says of what figures are: ``inference``, the mean over samples, or ``recording``, all."""

    format: int
    kind: str
    name: str
    file: str
    network: str
    chip: str
    energy_table: str
    timing: str
    per: str
    samples: int
    ticks: int
    vary: list[AxisTable]
    metrics: list[str]
    points: list[PointTable]
    fronts: list[FrontOfTwo]
    shown: list[list[str]]
    sensitivity: list[SensitivityTable]
    work: dict[str, int]
    seconds: float
    started: str
    versions: dict[str, str]
