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
    "DieLimitTable",
    "EngineTable",
    "FrontTable",
    "LimitTable",
    "OnceTable",
    "PairTable",
    "PanelTable",
    "PointTable",
    "RatioTable",
    "ShareTable",
    "SweepDocument",
    "VaryTable",
]

FORMAT = 4  # raised when a reader of the old shape would misread the new one


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
    references: int
    adaptive: bool
    precision: float | None
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

    ``failed`` of the ``n`` failed: nothing is classified right by these, and none of them is good; ``failures`` counts
    them by kind. ``alike``: every die
    is the same chip here, so that its share of good ones is no estimate. Without a measurement the numbers are null.
    ``metrics`` are the other things that were measured, ``costs`` those of a test sample and of the chip.
    """

    value: str
    x: float
    n: int
    alike: bool
    failed: int
    failures: dict[str, int]
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
    costs: dict[str, BandTable]


class CrossingTable(TypedDict):
    """A value of the key; null when not even the first is good enough, ``beyond`` when all of the way is."""

    value: float | None
    beyond: bool


class DieLimitTable(TypedDict):
    """How far one die goes: median and middle 90 % of what is known of its limit."""

    die: int
    at: CrossingTable
    low: CrossingTable
    high: CrossingTable
    trainings: int


class ShareTable(TypedDict):
    """The share of dies whose limit lies beyond a value, with its 95 % interval."""

    x: float
    share: float
    low: float
    high: float


class OnceTable(TypedDict):
    """How far enough single trainings are good, with the ends of its 95 % interval in the order of the way.

    From a grid the ends are values of the grid. ``low`` is null where so few dies can show nothing.
    """

    at: CrossingTable
    low: CrossingTable | None
    high: CrossingTable


class LimitTable(TypedDict):
    """How far enough dies are good, upwards or downwards, and the 95 % interval of that.

    Attributes
    ----------
    at, low, high
        The limit and the ends of its interval, in the order of the way. From a grid the ends are values of the grid,
        and ``at`` is the end of ``cell`` that is still good. ``low`` is null where so few dies can show nothing.
    cell
        Values of the grid between which the limit lies; null where it was sought, or lies outside.
    exact
        Whether limits were sought between the values of the grid.
    n, fewest, known
        Dies; the fewest, all of them good, that could show what is wanted; how many, each known for certain, tell as
        much as those that were measured.
    chance
        How far chance reaches between two trainings of one die, in values of the key at the limit; 0 where none was
        seen.
    once
        How far as many single trainings, each of a die of its own, are good: the limit with chance counted in, and its
        95 % interval; null where two trainings of a die do not differ.
    lapses
        Share of trainings that fail far from the limit of their die; null where none was seen.
    reference, seeds
        By how much the limit moves with one standard error of the reference, and with one of the seeds that dies
        share; null where one training cannot say.
    first_good
        Share of dies that are good at the first value of the way.
    """

    direction: str
    at: CrossingTable
    low: CrossingTable | None
    high: CrossingTable
    cell: list[float] | None
    exact: bool
    n: int
    fewest: int
    known: float
    chance: float
    once: OnceTable | None
    lapses: float | None
    reference: float | None
    seeds: float | None
    first: float
    first_good: float
    dies: list[DieLimitTable]
    fit: list[ShareTable]


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


class RatioTable(TypedDict):
    """How many times as far the one mode goes as the other, from limits that both lie inside the range."""

    at: float
    low: float | None
    high: float | None


class FrontTable(TypedDict):
    """A mode at a setting that no other one dominates in mean error and costs; ``values`` in the order of ``vary``."""

    values: list[str]
    mode: str
    error: float
    good_share: float | None
    costs: dict[str, float]


class PanelTable(TypedDict):
    """All curves at one combination of the other varied keys; ``ratio`` is that of in-loop to deploy.

    ``failures`` counts the trainings and tests here that failed, by kind, at whatever value of the first key.
    """

    others: dict[str, str]
    curves: list[CurveTable]
    pairs: list[PairTable]
    verdict: str
    ratio: RatioTable | None
    failures: dict[str, int]


class PointTable(TypedDict):
    """One measurement; ``values`` in the order of ``vary``, ``die`` 0 for none, ``above`` the ideal chip's error.

    The ideal chip is that of the same weights for what is deployed and fine-tuned, and the mean of all references for
    what is trained anew.

    Points of one ``task`` are one measurement: on a chip whose varied keys are nominal all dies are alike. ``file`` is
    that of a measured die. ``failure`` is the kind of what went wrong, and ``reason`` the sentence.
    ``on_front``: no other measurement has at most its error and its costs, and less of one of them.
    """

    values: list[str]
    mode: str
    die: int
    seed: int
    error: float | None
    above: float | None
    good: bool | None
    metrics: dict[str, float]
    costs: dict[str, float]
    on_front: NotRequired[bool]
    reason: str | None
    failure: str | None
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
    """All of ``sweep.json``.

    ``front`` is that of the mean error and of ``front_costs``, the costs in which settings differ.
    """

    format: int
    definition: DefinitionTable
    versions: dict[str, str]
    complete: bool
    tasks: int
    ideal: BandTable | None
    ideal_failures: dict[str, int]
    panels: list[PanelTable]
    points: list[PointTable]
    front: list[FrontTable]
    front_costs: list[str]
    events: list[str]
    sessions: list[EngineTable]
