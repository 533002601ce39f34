"""Where a training run stands: all that a checkpoint must hold so that it goes on as if never stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import Counters, Parameters, Phase
from neurochip.training.record import EpochRecord

__all__ = ["Best", "TrainingState"]


@dataclass(frozen=True, slots=True)
class Best:
    """The evaluation with the smallest validation error so far, the first of them.

    Attributes
    ----------
    epoch
        Epochs that were done.
    parameters, confusion, said
        As they were then; see `TrainingState`.
    """

    epoch: int
    parameters: Parameters
    confusion: NDArray[np.int64] | None
    said: NDArray[np.float64] | None


@dataclass
class TrainingState:
    """Changed by the training loop, and by nobody else.

    Attributes
    ----------
    epoch, minibatch
        Epochs done, and minibatches done of the one under way.
    wrong, seen
        Samples of this epoch so far: wrong in their free phase, and presented.
    squared
        Where not one class is all that is learnt: the sum over those samples of their errors (`Heads.loss`); of
        numbers of squared deviations, as shares of the variance.
    updates
        Changes of weights so far.
    parameters, counters
        Of the substrate, at this point.
    epochs
        Records of the epochs done.
    confusion
        i64[true, predicted] of the last evaluation.
    said
        f64[sample, target] of the last evaluation, where not one class is all that is learnt.
    diagnostics
        What was found out about an analog die after each epoch, as JSON values.
    endings
        On an analog die: how the phases of the epoch under way have ended so far.
    seconds
        Wall time of earlier sessions.
    resumed
        How often the run was taken up again.
    moments
        Of the optimiser, by name; empty where it keeps none.
    best
        With ``learning.patience``: the best evaluation so far. When training is over, ``parameters`` are its.
    ended
        Why training ended before its last epoch: ``patience`` or ``callback``; empty where it did not.
    resting
        With persistent states: name → [sample, …] of what each sample left behind; and whether each
        sample has been presented.
    """

    parameters: Parameters
    counters: Counters
    epoch: int = 0
    minibatch: int = 0
    wrong: int = 0
    seen: int = 0
    squared: float = 0.0
    updates: int = 0
    epoch_seconds: float = 0.0
    seconds: float = 0.0
    resumed: int = 0
    started: str = ""
    epochs: list[EpochRecord] = field(default_factory=list)
    confusion: NDArray[np.int64] | None = None
    said: NDArray[np.float64] | None = None
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    endings: dict[str, dict[Phase, dict[str, float]]] = field(default_factory=dict)
    resting: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    moments: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    best: Best | None = None
    ended: str = ""

    @property
    def final(self) -> EpochRecord:
        """Return the record of the epoch whose weights are kept: the best with ``learning.patience``, or the last."""
        return (
            self.epochs[-1]
            if self.best is None
            else next(e for e in self.epochs if e.epoch == self.best.epoch)
        )
