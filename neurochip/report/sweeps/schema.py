"""The shape of ``sweep.json``, as typed tables; msgspec checks a stored file against them.

Errors and yields are shares, 0 to 1. A *cell* is one mode at one value of the first varied key, over all dies
and seeds.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

__all__ = [
    "FORMAT",
    "BandTable",
    "CellTable",
    "CrossingTable",
    "CurveTable",
    "DefinitionTable",
    "EngineTable",
    "LimitTable",
    "PairTable",
    "PanelTable",
    "PointTable",
    "SweepDocument",
    "VaryTable",
]

FORMAT = 1  # raised when a reader of the old shape would misread the new one


class VaryTable(TypedDict):
    """One varied key; ``nominal`` is its value where ``deploy`` and ``fine-tune`` train first."""

    key: str
    values: list[str]
    logarithmic: bool
    nominal: str


class DefinitionTable(TypedDict):
    """What was asked for; ``run`` is the resolved run, ``dies`` 0 where the substrate has none.

    ``folder`` is where files are that a value names by a relative path; ``measured`` are dies from files, whose numbers
    follow on the ``dies`` that are drawn.
    """

    run: dict[str, Any]
    vary: list[VaryTable]
    modes: list[str]
    dies: int
    seeds: int
    fine_tune_epochs: int
    within: float
    wanted: float
    folder: NotRequired[str]
    measured: NotRequired[list[str]]


class BandTable(TypedDict):
    """A mean with Student's 95 % interval; null where one value alone has none."""

    mean: float
    low: float | None
    high: float | None
    n: int


class CellTable(TypedDict):
    """One mode at one value: ``n`` measurements, their mean, its 95 % band ``low`` … ``high``, ``good`` of them good.

    ``alike``: every die is the same chip here, so that its share of good ones is no estimate. Without a measurement the
    numbers are null. ``metrics`` are the other things that were measured.
    """

    value: str
    x: float
    n: int
    alike: bool
    failed: int
    mean: float | None
    low: float | None
    high: float | None
    q05: float | None
    median: float | None
    q95: float | None
    good: int
    good_share: float | None
    good_low: float | None
    good_high: float | None
    metrics: dict[str, BandTable]


class CrossingTable(TypedDict):
    """A value of the key; null when not even the first is good enough, ``beyond`` when all of the grid is."""

    value: float | None
    beyond: bool


class LimitTable(TypedDict):
    """How far enough dies are good from the nominal value, up or down, and the 95 % interval of that.

    Each die is followed to where its error, linear between values of the grid, becomes too large. ``low`` is null where
    so few dies cannot show it for any value. ``last`` is the last value of the grid where enough dies are good, with
    Wilson's interval of their share.
    """

    direction: str
    at: CrossingTable
    low: CrossingTable | None
    high: CrossingTable
    last: str | None
    last_good: int
    last_n: int
    last_low: float | None
    last_high: float | None


class CurveTable(TypedDict):
    """One mode over the first varied key."""

    mode: str
    cells: list[CellTable]
    limits: list[LimitTable]


class PairTable(TypedDict):
    """Error of ``mode`` minus error of ``against`` on the same dies and seeds, at each value."""

    mode: str
    against: str
    values: list[str]
    differences: list[BandTable | None]


class PanelTable(TypedDict):
    """All curves at one combination of the other varied keys."""

    others: dict[str, str]
    curves: list[CurveTable]
    pairs: list[PairTable]
    verdict: str
    ratio: float | None
    ratio_is_more: bool


class PointTable(TypedDict):
    """One measurement; ``values`` in the order of ``vary``, ``die`` 0 for none, ``above`` the ideal of its seed.

    Points of one ``task`` are one measurement: on a chip whose varied keys are nominal all dies are alike. ``file`` is
    that of a measured die.
    """

    values: list[str]
    mode: str
    die: int
    seed: int
    error: float | None
    above: float | None
    good: bool | None
    metrics: dict[str, float]
    reason: str | None
    warnings: NotRequired[list[str]]
    task: str
    file: NotRequired[str]


class EngineTable(TypedDict):
    """One session of work."""

    engine: str
    workers: int
    tasks: int
    failed: int
    deaths: int
    seconds: float
    busy: float | None
    started: str


class SweepDocument(TypedDict):
    """All of ``sweep.json``."""

    format: int
    definition: DefinitionTable
    versions: dict[str, str]
    complete: bool
    tasks: int
    ideal: BandTable | None
    panels: list[PanelTable]
    points: list[PointTable]
    events: list[str]
    sessions: list[EngineTable]
