"""The shape of ``report.json``, as typed tables; msgspec checks a stored file against them."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from neurochip.report.mesh_schema import LinkTable, Meshed, QueueTable
from neurochip.report.schema_learning import (
    EndedTable,
    HeadsTable,
    HeadTable,
    LabelTable,
    OptimiserTable,
    RegressionOutputTable,
    RegressionTable,
)

__all__ = [
    "FORMAT",
    "BaselineLineTable",
    "BaselineRowTable",
    "BaselineTable",
    "BitsTable",
    "ChipTable",
    "CoreTimeTable",
    "ConvergenceTable",
    "CoreTable",
    "Document",
    "EnergyLineTable",
    "JoulesTable",
    "EpochTable",
    "FaultTable",
    "HeadTable",
    "HeadsTable",
    "LabelTable",
    "LatencyTable",
    "LinkTable",
    "PhaseTimingTable",
    "ProjectionTable",
    "QueueTable",
    "RegressionOutputTable",
    "RegressionTable",
    "ResultTable",
    "SampleTimeTable",
    "TimeTable",
    "TimelineTable",
    "TimingTable",
]

FORMAT = 3  # raised when a reader of the old shape would misread the new one


class RailsTable(TypedDict):
    """Shares of the neurons of a population that stand at 0 and at 1 after the free phase."""

    population: str
    low: float
    high: float


class DiagnosisTable(TypedDict):
    """One `neurochip.training.diagnosis.Diagnosis`."""

    samples: int
    rails: list[RailsTable]
    residual: float
    second: float
    loop_gain: float


class EpochTable(TypedDict):
    """One `neurochip.training.record.EpochRecord`. Errors are shares, 0 to 1."""

    epoch: float
    online_error: float | None
    train_error: float | None
    test_error: float | None
    seconds: float
    samples_per_s: float | None
    spikes_per_sample: float | None
    weight_saturations: int
    warnings: NotRequired[list[str]]
    diagnosis: NotRequired[DiagnosisTable | None]
    validation_error: NotRequired[float | None]


class ResultTable(TypedDict):
    """Errors after the epoch whose weights were kept, as shares, 0 to 1; ``confusion`` is [true][predicted].

    Where targets are numbers an error is the share of their variance that is left unexplained, 1 − R²; of several
    heads the mean of theirs.
    """

    train_error: float | None
    test_error: float | None
    test_samples: int | None
    trained_samples: int
    epochs: list[EpochTable]
    confusion: list[list[int]] | None


class BitsTable(TypedDict):
    """Bits of training (free, nudged, update) in each coding: sent, times the links crossed, and received.

    ``real_valued_32bit`` is what a real-valued run of ``[baseline]`` steps would have sent for the same
    presentations: each input word once, each other neuron's word at every step. ``…_same_ticks`` grants it
    as many steps as there were ticks. ``real_valued_sent`` is what a real-valued run did send.
    """

    symbols: int
    spikes: int
    aer: int
    bitmap: int
    symbols_hops: int
    spikes_hops: int
    aer_hops: int
    bitmap_hops: int
    symbols_received: int
    spikes_received: int
    aer_received: int
    bitmap_received: int
    real_valued_32bit: int
    real_valued_32bit_same_ticks: int
    real_valued_sent: int
    per_sample: dict[str, float]
    by_phase: dict[str, dict[str, int]]
    evaluation: dict[str, int]


class EnergyLineTable(TypedDict):
    """One `neurochip.energy.EnergyLine`."""

    phase: str
    category: str
    event: str
    count: int
    unit_j: float
    joules: float
    evidence: str
    source: str
    contained_in: str | None
    by_population: dict[str, int]


class ProjectionTable(TypedDict):
    """Multiply–adds of one direction of a projection with real values, in a step and in a presentation."""

    source: str
    target: str
    each_step: int
    per_sample: int


class BaselineLineTable(TypedDict):
    """``count × unit_j = joules`` of one event of a baseline."""

    category: str
    event: str
    count: int
    unit_j: float
    joules: float


class BaselineRowTable(TypedDict):
    """One baseline: ``chip`` or ``processor``. Joules are of training; null where an energy is missing, which
    ``note`` names. ``per_point``: for each percentage point of test accuracy over guessing.
    """

    key: str
    name: str
    energy_table: str
    joules: float | None
    per_sample: float | None
    per_point: float | None
    note: str
    lines: list[BaselineLineTable]


class BaselineTable(TypedDict):
    """What the same training takes with real values: steps a presentation, counts of all training, both rows."""

    free: int
    nudged: int
    samples: int
    counts: dict[str, int]
    projections: list[ProjectionTable]
    rows: list[BaselineRowTable]
    assumptions: list[str]


class JoulesTable(TypedDict):
    """Joules. ``total`` and the three ``by_…`` cover all phases, ``training`` only those of
    learning: not reading out, not evaluation.

    Without energies ``total``, ``training`` and ``per_sample`` are null and ``note`` says why.
    """

    total: float | None
    training: float | None
    per_sample: float | None
    by_category: dict[str, float]
    by_phase: dict[str, float]
    by_population: dict[str, float]
    energy_table: str
    note: str
    lines: list[EnergyLineTable]
    static: NotRequired[str]  # whether static power is in the sum: ``counted``, or why it is not
    delay_js: NotRequired[
        dict[str, float]
    ]  # energy–delay product, J·s, of a ``training`` and an ``evaluation`` sample
    per_point: NotRequired[
        float | None
    ]  # training energy for each percentage point of test accuracy over guessing
    baseline: NotRequired[BaselineTable]


class TimeTable(TypedDict):
    """Ticks of the chip (samples one after the other), and seconds of the emulation."""

    ticks: int
    training_ticks: int
    ticks_per_sample: float | None
    by_phase: dict[str, int]
    seconds: float
    samples_per_s: float | None
    started: str


class PhaseTimingTable(TypedDict):
    """Time of one phase. ``cycles`` are of the ``ticks`` that were timed (or of the changes of weights), barriers
    included; ``host_cycles``, those of words in and out, come on top. ``seconds`` are of both.
    """

    presentations: int
    timed_presentations: int
    ticks: int
    cycles: int
    host_cycles: int | None
    barrier_cycles: int
    seconds: float
    cycles_per_tick: float | None
    longest_tick: int
    cycles_per_presentation: float | None


class LatencyTable(TypedDict):
    """Cycles from the making of a packet to its arrival, over all deliveries that were timed.

    None is counted as longer than 1 048 575 cycles: where ``max`` is that, what it and the others say is the least.
    """

    deliveries: int
    mean: float
    p50: float
    p90: float
    p99: float
    max: int


class SampleTimeTable(TypedDict):
    """How long one presentation takes the chip, phases, words of the host and change of weights included."""

    cycles: float
    seconds: float


class CoreTimeTable(TypedDict):
    """Shares of the ticks that were timed."""

    site: int
    busy: float
    stalled: float
    idle: float


class TimelineTable(TypedDict):
    """One presentation: ``cycles[tick]``, and ``busy`` and ``stalled`` cycles [core of the layout][tick]."""

    presentation: str
    n_free: int
    cycles: list[int]
    busy: list[list[float]]
    stalled: list[list[float]]


class TimingTable(TypedDict):
    """How long the run took on the chip. Totals are null when not all of it was timed."""

    model: str
    every: int
    clock_hz: float
    host_word_cycles: float | None
    tiles: int
    cycles: int | None
    seconds: float | None
    training_sample: SampleTimeTable | None
    evaluation_sample: SampleTimeTable | None
    by_phase: dict[str, PhaseTimingTable]
    latency: LatencyTable | None
    cores: list[CoreTimeTable]
    links: list[LinkTable]
    queues: list[QueueTable]
    timeline: TimelineTable | None
    not_modelled: list[str]


class CoreTable(TypedDict):
    """One `neurochip.training.record.CoreUse`."""

    site: int
    x: int
    y: int
    population: str
    first: int
    last: int
    neurons: int
    synapse_bits: int
    input_axons: int
    output_axons: int
    state_bits: int


class ChipTable(TypedDict):
    """The chip and what sits on it; a limit of null is no limit."""

    name: str
    about: str
    width: int
    height: int
    cores_per_tile: int
    tiles: int
    clock_hz: float | None
    limits: dict[str, int | None]
    layout: list[CoreTable]


class ConvergenceTable(TypedDict):
    """Error per tick; null where it was not finite."""

    scheme: str
    n_free: int
    mean_error: list[float | None]
    std_error: list[float | None]


class FaultTable(TypedDict):
    """One fault: what the run asked for, what was found broken for good, and its counters of each phase."""

    fault: str
    rate: float
    seed: int
    when: str
    found: dict[str, Any]
    counts: dict[str, dict[str, int]]


class Document(Meshed):
    """All of ``report.json``."""

    format: int
    run: dict[str, Any]
    seed: int
    versions: dict[str, str]
    resumed: int
    stopped_early: bool
    result: ResultTable
    convergence: ConvergenceTable | None
    bits: BitsTable
    energy_j: JoulesTable
    time: TimeTable
    hardware: dict[str, Any]
    chip: ChipTable
    counters: dict[str, dict[str, Any]]
    faults: NotRequired[list[FaultTable]]  # only where a run has any
    timing: NotRequired[TimingTable | None]  # null with timing = "tick"
    analog: NotRequired[dict[str, Any]]
    data: NotRequired[dict[str, Any]]  # `neurochip.data.Dataset.described`
    regression: NotRequired[RegressionTable]  # only where targets are numbers alone
    heads: NotRequired[HeadsTable]  # only where labels are learnt, or several heads
    ended: NotRequired[EndedTable]  # only where training ended before its last epoch, or kept its best
    optimiser: NotRequired[OptimiserTable]  # only where one stands between changes and weights
