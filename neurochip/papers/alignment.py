"""Training on which the alignment of feedback with forward weights is followed, and what it came to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.data import Dataset
from neurochip.description import RunSpec, run_to_toml
from neurochip.errors import Interrupted
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.papers.experiment import share_of_epochs
from neurochip.papers.side_by_side import Turn
from neurochip.runs.building import Built, digest_of
from neurochip.substrate import Parameters
from neurochip.training.checkpoint import read_checkpoint, write_checkpoint
from neurochip.training.loop import Trainer
from neurochip.training.progress import Reporter
from neurochip.training.state import TrainingState

__all__ = ["Learnt", "alignment", "follow"]

Array = NDArray[np.float64]


class Learnt(NamedTuple):
    """One training: errors f64[epoch], and the alignment f64[epoch + 1, pair of layers] from before the first."""

    train: Array  # NaN where it was not measured
    test: Array
    alignment: Array
    online: Array  # of the free phases of training samples, while it learns
    moved: float = float("nan")  # test error of the same weights on another machine, where that is asked


def alignment(parameters: Parameters) -> list[float]:
    """Return the cosine of each feedback matrix with the transpose of its forward one (a trace over two norms)."""
    found = []
    for forward, back in zip(parameters.weights[1:], parameters.feedback, strict=True):
        size = np.linalg.norm(forward) * np.linalg.norm(back)
        found.append(float(np.vdot(forward.T, back) / size))
    return found


def follow(
    run: RunSpec,
    built: Built,
    start: Parameters,
    turn: Turn,
    folder: Path,
    samples: Dataset | None = None,
) -> Learnt:
    """Train a machine by two phases; what there is when it is stopped, and after each epoch, is kept in ``folder``.

    ``samples`` are those to learn; `None`: those that the run names.

    Raises
    ------
    Interrupted
        When the turn is over before the last epoch.
    """
    if run.learning is None:
        raise RuntimeError("a training run has a rule")
    if samples is None:
        samples = data.load(run.data)
    substrate, digest = built.substrate, digest_of(built)
    checkpoint = folder / "checkpoint.h5"
    if checkpoint.is_file():
        state = read_checkpoint(checkpoint, digest=digest)
        substrate.restore_counters(state.counters, state.updates)
    else:
        substrate.load(start)
        state = TrainingState(substrate.parameters(), substrate.counters())
        state.diagnostics.append({"alignment": alignment(state.parameters)})
    substrate.load(state.parameters)
    rule = EquilibriumPropagation(built.network, run.learning, run.phases)
    trainer = Trainer(
        run, substrate, rule, samples, state, Reporter(share_of_epochs(turn.tell), 0), turn.stop
    )
    while state.epoch < run.learning.epochs:
        finished = trainer.epoch()
        if finished:
            state.diagnostics.append({"alignment": alignment(substrate.parameters())})
        write_checkpoint(checkpoint, state, run=run_to_toml(run), digest=digest)
        if not finished or (turn.stop() and state.epoch < run.learning.epochs):
            raise Interrupted(None)
    nan = float("nan")
    return Learnt(
        np.array([nan if e.train_error is None else e.train_error for e in state.epochs]),
        np.array([nan if e.test_error is None else e.test_error for e in state.epochs]),
        np.array([after["alignment"] for after in state.diagnostics]),
        np.array([e.online_error for e in state.epochs]),
    )
