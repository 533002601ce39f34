"""What a rule that learns from spikes does to a synapse, by the time between its spikes (as STDP is drawn)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip import data
from neurochip.description import read_run
from neurochip.learning.rules import rule_for
from neurochip.papers.experiment import Tell
from neurochip.runs.building import build
from neurochip.substrate import Phase
from neurochip.training.streams import first_parameters

__all__ = ["NEAREST", "by_time", "like_stdp", "updates_by_time"]

Array = NDArray[np.float64]

NEAREST = 15  # ticks from a spike to a partner
_BATCH = 200


def updates_by_time(run: str, overrides: Sequence[str], samples: int, tell: Tell) -> tuple[Array, Array]:
    """Return the mean update of a synapse to the output by t_post − t_pre, f64[2 · NEAREST + 1], before learning.

    The rule is one of spikes, in windows of one tick. Second, the same with the postsynaptic spikes of another sample.
    """
    spec = read_run(run, overrides)
    if spec.learning is None:
        raise RuntimeError("a training run has a rule")
    built, given, beta = build(spec), data.load(spec.data), spec.learning.beta
    chip, output = built.substrate, built.network.projections[built.network.forward[-1]]
    rule = rule_for(built.network, spec.learning, spec.phases)
    chip.load(first_parameters(spec, built.network))
    sums = np.zeros((2, 2, 2 * NEAREST + 1))  # of own and other spikes: presynaptic spikes, their changes
    for start in range(0, samples, _BATCH):
        rows = np.arange(start, min(start + _BATCH, samples))
        targets = given.targets(rows)
        shown = given.inputs(rows), rows.astype(np.uint64)
        chip.begin(*shown)
        phases = (
            chip.run(Phase.FREE, spec.phases.free, record=("spikes",)),
            chip.run(Phase.NUDGED, spec.phases.nudged, beta=beta, targets=targets, record=("spikes",)),
        )
        free, nudged = (phase.spikes[output.target] for phase in phases)
        fires = np.concatenate([free[-NEAREST:], nudged]) > 0
        chip.begin(*shown)
        (updates, _) = rule.present(chip, targets, beta)[1:3]
        terms = next(update for update in updates if update.projection == output.index).terms
        count = np.array([np.count_nonzero(pre, axis=1) for pre, _ in terms])
        change = count[:, :, None] * np.array([post for _, post in terms])
        for k, post in enumerate((fires, np.roll(fires, 1, axis=1))):
            sums[k] += by_time(post, count, change)
        tell((start + len(rows)) / samples, "pairs of spikes")
    own, others = sums[:, 1] / np.maximum(sums[:, 0], 1)
    return own, others


def by_time(fires: NDArray[np.bool_], count: NDArray[np.integer], change: Array) -> Array:
    """Return how many presynaptic spikes have a partner at each time, and the sum of their changes, f64[2, time].

    A spike has a partner where exactly one side of it has a postsynaptic spike that near. ``count`` i[tick, sample],
    ``change`` f64[tick, sample, neuron]; ``fires`` b[tick, sample, neuron] begins NEAREST ticks earlier.
    """
    tick, never = np.arange(len(fires))[:, None, None], 10 * len(fires)
    last = np.maximum.accumulate(np.where(fires, tick, -never), axis=0)
    following = np.minimum.accumulate(np.where(fires, tick, never)[::-1], axis=0)[::-1]
    n = len(fires) - 2 * NEAREST  # ticks with a whole window before and after
    left = tick[NEAREST:][:n] - last[NEAREST - 1 :][:n]
    right = following[NEAREST + 1 :][:n] - tick[NEAREST:][:n]
    paired = (left <= NEAREST) != (right <= NEAREST)
    time = (np.where(left <= NEAREST, -left, right) + NEAREST)[paired]
    spikes = np.broadcast_to(count[:n, :, None], left.shape)
    return np.array([np.bincount(time, what[paired], 2 * NEAREST + 1) for what in (spikes, change[:n])])


def like_stdp(change: Array) -> float:
    """Return the share of time differences at which a change has the sign of STDP."""
    sign = np.sign(np.arange(-NEAREST, NEAREST + 1))
    return float(np.mean(np.sign(change)[sign != 0] == sign[sign != 0]))
