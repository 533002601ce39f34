"""All that is known of a run once it is over: what every report is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.data import Heads
from neurochip.description import ChipSpec, RunSpec
from neurochip.energy.hardware import ElementUse, HardwareUse
from neurochip.spikes import Spikes
from neurochip.substrate.counters import Counters
from neurochip.training.diagnosis import Diagnosis

__all__ = [
    "Answers",
    "ConvergenceCurve",
    "CoreUse",
    "ElementUse",
    "EpochRecord",
    "FaultUse",
    "HardwareUse",
    "OptimiserUse",
    "Raster",
    "RunRecord",
    "Timeline",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """How far learning had come when an epoch was over.

    Attributes
    ----------
    epoch
        Epochs done; 0 is before training.
    online_error
        Share of this epoch's training samples that their own free phase got wrong, 0 to 1; where targets are numbers,
        the share of their variance that was left unexplained, as in all errors. Of several heads the mean of theirs.
    train_error, test_error
        Share wrong among the training and test samples evaluated, 0 to 1; `None` when none were.
    validation_error
        The same of the training samples that are held out for choices.
    seconds
        Wall time that the epoch took, evaluation included.
    samples_per_s
        Training samples per second of wall time.
    spikes_per_sample
        Spikes of all populations in all phases of one training sample, on average.
    weight_saturations
        Writes that met the end of an integer weight's range.
    warnings
        Sentences about weights, states and answers that a reader of the results should know (`Watch`).
    diagnosis
        Whether the network can learn; `None` where nothing was looked at.
    """

    epoch: float
    online_error: float | None
    train_error: float | None
    test_error: float | None
    seconds: float
    samples_per_s: float | None
    spikes_per_sample: float | None
    weight_saturations: int
    warnings: tuple[str, ...] = ()
    diagnosis: Diagnosis | None = None
    validation_error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreUse:
    """What one core of the chip holds.

    Attributes
    ----------
    site
        Index of the core on the chip.
    x, y
        Its tile, x to the east and y to the south.
    population, first, last
        It holds neurons ``first`` … ``last`` − 1 of this population.
    synapse_bits, state_bits
        Bits of synapse and of neuron state memory in use.
    input_axons, output_axons
        Presynaptic neurons received from, and (neuron, receiving core) pairs sent to.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimiserUse:
    """What stands between the changes that a rule wants and the weights.

    Attributes
    ----------
    kind
        ``plain`` (with decay alone), ``momentum`` or ``adam``.
    words, bits
        Kept beside every weight that learns, and how many bits that is.
    weights
        So many weights take a step at an update; tied copies have their own state.
    total_bits
        Of the state beside all of them.
    steps
        Steps of single weights so far.
    """

    kind: str
    words: int
    bits: int
    weights: int
    total_bits: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultUse:
    """One fault of the run.

    Attributes
    ----------
    fault, rate, when
        As the run has them.
    seed
        Of its draws, the run's own where the fault has none.
    found
        What it broke for good: cores, links, neurons, or words and bits of weights.
    """

    fault: str
    rate: float
    seed: int
    when: str
    found: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raster:
    """The spikes of one presentation.

    Attributes
    ----------
    label, predicted
        Class of the sample, and what the network said at the end of the free phase; 0 where not one class is learnt.
    presentation
        Which sample, in words, e.g. ``test 17``.
    populations
        Names, in the order of ``spikes``.
    spikes
        Of each population, [tick, unit], free ticks first.
    n_free, n_nudged
        Ticks of each phase.
    """

    label: int
    predicted: int
    presentation: str
    populations: tuple[str, ...]
    spikes: tuple[Spikes, ...]
    n_free: int
    n_nudged: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeline:
    """What the cores did in each tick of one presentation.

    Attributes
    ----------
    presentation
        Which sample, in words.
    n_free
        Ticks before the nudge.
    cycles
        i64[tick], barrier included.
    busy, stalled
        f64[tick, core of the layout], cycles; cores are idle for the rest of the tick.
    """

    presentation: str
    n_free: int
    cycles: NDArray[np.int64]
    busy: NDArray[np.float64]
    stalled: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConvergenceCurve:
    """Distance to the real-valued fixed point at every tick.

    Attributes
    ----------
    scheme
        The coding in words, e.g. ``sigma-delta + predictive + osa``.
    n_free
        Ticks before the nudge.
    mean_error, std_error
        f64[tick], mean and standard deviation over networks; a network's error is the mean over its layers of
        the mean |s − s*| of a layer.
    """

    scheme: str
    n_free: int
    mean_error: NDArray[np.float64]
    std_error: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Targets as they are and as the network says them.

    Attributes
    ----------
    heads
        What is learnt.
    true, said
        f64[sample, target], in the unit of the data; labels 1 or 0, classes by number.
    """

    heads: Heads
    true: NDArray[np.float64]
    said: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RunRecord:
    """One run, over.

    Attributes
    ----------
    layout
        Cores in use; empty on a substrate without a chip.
    faults
        In the order of the run; empty on a sound chip.
    epochs
        In order; empty for a convergence run.
    confusion
        i64[true, predicted] over the test samples of the last evaluation, where one class is all that is learnt.
    answers
        Where not one class is all that is learnt: what the test samples of the last evaluation have, and what the
        network said.
    data
        What is known of the samples, as JSON values (`neurochip.data.Dataset.described`); `None` of a run without.
    seconds
        Wall time, of all sessions when the run was resumed.
    started
        ISO 8601, UTC.
    versions
        Package → version, of neurochip and what it computes with.
    resumed
        How many times the run was taken up again.
    analog
        What a die is and how it fared, as JSON values (`neurochip.analog.chronicle`); `None` on other substrates.
    stopped_early
        Whether it was interrupted before its last epoch.
    timeline
        Of the first raster; `None` where cycles were not counted.
    best
        With ``learning.patience``: the epoch whose weights are kept, and stand in the results.
    ended
        Why training ended before its last epoch: ``patience`` or ``callback``; empty where it did not.
    optimiser
        What stood between changes and weights; `None` where a change is added as it is.
    mapping
        What is told of where cores stand, as JSON values; `None` where nothing was asked for.
    """

    run: RunSpec
    chip: ChipSpec
    layout: tuple[CoreUse, ...]
    hardware: HardwareUse
    counters: Counters
    epochs: tuple[EpochRecord, ...]
    rasters: tuple[Raster, ...]
    convergence: ConvergenceCurve | None
    confusion: NDArray[np.int64] | None
    seconds: float
    started: str
    versions: dict[str, str]
    resumed: int
    stopped_early: bool
    faults: tuple[FaultUse, ...] = ()
    timeline: Timeline | None = None
    analog: dict[str, Any] | None = None
    answers: Answers | None = None
    data: dict[str, object] | None = None
    best: int | None = None
    ended: str = ""
    optimiser: OptimiserUse | None = None
    mapping: Mapping[str, object] | None = None

    @property
    def final(self) -> EpochRecord | None:
        """The epoch whose weights are kept; `None` of a run that learns nothing."""
        if self.best is not None:
            return next(e for e in self.epochs if e.epoch == self.best)
        return self.epochs[-1] if self.epochs else None

    def __repr__(self) -> str:
        """Return one line: the run, how far it is, and how well it does."""
        last = self.final
        words = "" if last is None else f", {last.epoch:g} epochs"
        if last is not None and last.test_error is not None:
            error = last.test_error
            numbers = self.answers is not None and self.answers.heads.is_numbers
            words += f", R² {1 - error:.4f}" if numbers else f", test error {100 * error:.2f} %"
        return f"<RunRecord {self.run.name}: [{self.run.network.title}] on {self.run.substrate}{words}>"
