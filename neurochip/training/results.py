"""What is worked out of a run when it is over, for its record."""

from __future__ import annotations

import logging

import numpy as np

from neurochip.cores.substrate import DigitalSubstrate
from neurochip.data import Dataset
from neurochip.description import RunSpec
from neurochip.substrate import Counters
from neurochip.substrate.phase_time import FRACTIONS
from neurochip.training.record import Answers, OptimiserUse, Raster, Timeline
from neurochip.training.state import TrainingState

__all__ = ["answers_of", "log_epoch", "optimiser_use", "timeline_of"]

_LOG = logging.getLogger("neurochip.training")


def answers_of(state: TrainingState, samples: Dataset | None) -> Answers | None:
    """Return what the last evaluation said, where not one class is all that is learnt."""
    if samples is None or state.said is None:
        return None
    return Answers(heads=samples.heads, true=samples.test.targets[: len(state.said)], said=state.said)


def timeline_of(substrate: DigitalSubstrate, raster: Raster) -> Timeline:
    """Return what the cores did in each tick of a recorded presentation."""
    ticks = substrate.each_tick(raster.spikes)
    return Timeline(
        presentation=raster.presentation,
        n_free=raster.n_free,
        cycles=np.array([tick.cycles for tick in ticks], dtype=np.int64),
        busy=np.array([tick.busy for tick in ticks]) / FRACTIONS,
        stalled=np.array([tick.stalled for tick in ticks]) / FRACTIONS,
    )


def optimiser_use(spec: RunSpec, state: TrainingState, counters: Counters) -> OptimiserUse | None:
    """Return what stood between changes and weights: every weight that learns takes a step at every update."""
    if spec.learning is None or spec.learning.method is None:
        return None
    words = spec.learning.optimiser_cost.state_words_kept
    bits = words * (64 if spec.network.precision == "float64" else 32)
    steps = counters.total("optimiser_steps")
    weights = steps // max(1, state.updates)
    kind = spec.learning.optimiser
    return OptimiserUse(
        kind=kind, words=words, bits=bits, weights=weights, total_bits=weights * bits, steps=steps
    )


def log_epoch(spec: RunSpec, state: TrainingState) -> None:
    """Write how an epoch ended to the log."""
    last = state.epochs[-1]
    test = "" if last.test_error is None else f", test error {100 * last.test_error:.2f} %"
    words = "%s: epoch %g of %d, %.1f s%s", spec.name, last.epoch, spec.learning and spec.learning.epochs
    _LOG.info(*words, last.seconds, test)
    for warning in last.warnings:
        _LOG.info("%s: %s", spec.name, warning)
