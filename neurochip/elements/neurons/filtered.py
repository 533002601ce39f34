"""Leaky integrate-and-fire neurons with a filter before the membrane, each with numbers of its own, in ticks."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.neuron import DRIVE, REACHED, Dynamics, Moment, Sample
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.random_bits import NOBODY
from neurochip.kernels.types import Flag, Float, Index, Matrix, Real, Vector

__all__ = [
    "CONSTANTS",
    "FILTERED_COST",
    "MEMBRANE_COST",
    "POTENTIAL",
    "SUBTRACT",
    "SUBTRACT_LATE",
    "VALUE",
    "VALUE_LATE",
    "VARIABLES",
    "filter_and_fire",
    "filtered",
]

POTENTIAL, _CURRENT, _WAITING, VARIABLES = range(4)
# What each neuron has of its own, T[row, slot]: see `filter_and_fire`; the bias is added to x. ``alike`` stands in the
# first slot of a population: how many neurons it has, where these have the same numbers but for the bias, else 0.
CONSTANTS = (
    "current_decay",
    "current_gain",
    "decay",
    "gain",
    "threshold",
    "reset_to",
    "taken",
    "bias",
    "refractory",
    "reset",
    "start",
    "begins",
    "alike",
)
(
    CURRENT_DECAY,
    CURRENT_GAIN,
    DECAY,
    GAIN,
    THRESHOLD,
    RESET_TO,
    TAKEN,
    BIAS,
    REFRACTORY,
    RESET,
    START,
    BEGINS,
    ALIKE,
) = range(13)
# What a spike does to w: puts it to a value, or takes something away, at once or in the next tick.
VALUE, SUBTRACT, SUBTRACT_LATE, VALUE_LATE = range(4)

# w ← decay · w + gain · x + …: as `LIF`, and one product more for the input; the same again for the filter.
MEMBRANE_COST = HardwareCost(additions=2, multiplications=2, comparisons=1).keeping(2)
FILTERED_COST = HardwareCost(additions=3, multiplications=4, comparisons=1).keeping(3)


@kernel
def filter_and_fire(
    current: Real,
    potential: Real,
    waiting: Real,
    drive: Real,
    current_decay: Real,
    current_gain: Real,
    decay: Real,
    gain: Real,
    threshold: Real,
    reset_to: Real,
    taken: Real,
    reset: Real,
    refractory: Real,
    zero: Real,
    one: Real,
) -> tuple[Flag, Real, Real, Real]:
    """Return (whether it fires, I, w, refractory ticks left) after one tick; w is v less its value at rest.

    I ← current_decay · I + current_gain · x; w ← decay · w + gain · I; it fires when w > threshold, and then w is
    ``reset_to``, or less by ``taken``; where that happens late, a w beyond the threshold is one that fired in the tick
    before. In the refractory time I goes on, w not.
    """
    i = current_decay * current + current_gain * drive
    held = waiting > 0
    w = potential if held else decay * potential + gain * i
    late = reset >= SUBTRACT_LATE
    if late and potential > threshold:
        w = reset_to if reset == VALUE_LATE else w - taken
    fires = (not held) and w > threshold
    after = w if late else (w - taken if reset == SUBTRACT else reset_to)
    left = waiting - one if held else (refractory if fires else zero)
    return fires, i, after if fires else w, left


@separate_kernel
def _count_idle(
    first: Index,
    last: Index,
    own: Matrix[Float],
    potential: Vector[Float],
    current: Vector[Float],
    left: Vector[Float],
    reached: Vector[Float],
    neuron: Vector[np.uint64],
    idle: Vector[np.int64],
) -> int:
    resting = 0
    for j in range(first, last):
        still = (
            potential[j] == 0
            and own[CURRENT_DECAY, j] * current[j] == 0
            and left[j] == 0
            and reached[j] == 0
            and own[BIAS, j] == 0
            and neuron[j] != NOBODY
        )
        rests = 1 if still else 0
        idle[j] += rests
        resting += rests
    return resting


@separate_kernel
def _advance_alike(
    first: Index,
    last: Index,
    own: Matrix[Float],
    bias: Vector[Float],
    drive: Vector[Float],
    current: Vector[Float],
    potential: Vector[Float],
    left: Vector[Float],
    bits: Vector[np.uint8],
) -> None:
    """One tick of neurons that have the same numbers, which then stay in registers."""
    current_decay, current_gain = own[CURRENT_DECAY, first], own[CURRENT_GAIN, first]
    decay, gain, threshold = own[DECAY, first], own[GAIN, first], own[THRESHOLD, first]
    reset_to, taken, reset = own[RESET_TO, first], own[TAKEN, first], own[RESET, first]
    refractory = own[REFRACTORY, first]
    zero, one = potential.dtype.type(0), potential.dtype.type(1)
    for j in range(first, last):
        bits[j], current[j], potential[j], left[j] = filter_and_fire(
            current[j],
            potential[j],
            left[j],
            drive[j] + bias[j],
            current_decay,
            current_gain,
            decay,
            gain,
            threshold,
            reset_to,
            taken,
            reset,
            refractory,
            zero,
            one,
        )


@kernel
def _update(
    first: Index,
    last: Index,
    moment: Moment,
    sample: Sample,
    room: Matrix[Float],
    nudge: Real,
    c: Vector[Float],
    own: Matrix[Float],
) -> int:
    """One tick of a range of neurons, each with constants of its own; a target has no hold on them."""
    potential, current, left = sample.words[POTENTIAL], sample.words[_CURRENT], sample.words[_WAITING]
    drive, resting = room[DRIVE], 0
    zero, one = potential.dtype.type(0), potential.dtype.type(1)
    if moment.tick == 1:
        for j in range(first, last):
            potential[j] = own[START, j]
    if moment.quiet and sample.idle.shape[0] > 0:
        resting = _count_idle(
            first, last, own, potential, current, left, room[REACHED], sample.neuron, sample.idle
        )
    alike = np.uint64(own[ALIKE, first])
    if alike != 0:  # slots behind them are nobody's, and stay silent
        if moment.tick <= own[BEGINS, first]:
            for j in range(first, last):
                sample.bits[j] = 0
        else:
            _advance_alike(first, first + alike, own, own[BIAS], drive, current, potential, left, sample.bits)
        return resting
    for j in range(first, last):
        if moment.tick <= own[BEGINS, j]:
            sample.bits[j] = 0
            continue
        fires, current[j], potential[j], left[j] = filter_and_fire(
            current[j],
            potential[j],
            left[j],
            drive[j] + own[BIAS, j],
            own[CURRENT_DECAY, j],
            own[CURRENT_GAIN, j],
            own[DECAY, j],
            own[GAIN, j],
            own[THRESHOLD, j],
            own[RESET_TO, j],
            own[TAKEN, j],
            own[RESET, j],
            own[REFRACTORY, j],
            zero,
            one,
        )
        sample.bits[j] = fires
    return resting


def filtered(own: Any) -> Dynamics:
    """Return such neurons; ``own`` f64[row, slot] as in `CONSTANTS`."""
    return Dynamics(_update, (), own)
