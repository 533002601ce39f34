"""Leaky integrate-and-fire neurons with a filter before the membrane, each with numbers of its own, in ticks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.neuron import DRIVE, REACHED, Dynamics, Moment, Sample
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.random_bits import NOBODY
from neurochip.kernels.types import Flag, Float, Index, Matrix, Number, Real, Vector

__all__ = [
    "CONSTANTS",
    "FILTERED_COST",
    "MEMBRANE_COST",
    "Law",
    "Membrane",
    "POTENTIAL",
    "SUBTRACT",
    "SUBTRACT_LATE",
    "VALUE",
    "VALUE_LATE",
    "VARIABLES",
    "filter_and_fire",
    "filtered",
    "law_of",
]


class Membrane(NamedTuple):
    """What one neuron keeps; T scalars."""

    current: Any
    potential: Any
    waiting: Any  # refractory ticks left


class Law(NamedTuple):
    """How one neuron moves; T scalars: see `filter_and_fire`."""

    current_decay: Any
    current_gain: Any
    decay: Any
    gain: Any
    threshold: Any
    reset_to: Any
    taken: Any
    reset: Any
    refractory: Any


POTENTIAL, _CURRENT, _WAITING, VARIABLES = range(4)
# What each neuron has of its own, T[row, slot]: its law; the bias, which is added to x; the potential that it starts
# with; the last tick in which it does nothing. ``alike`` stands in the first slot of a population: how many neurons it
# has, where these have the same numbers but for the bias, else 0.
CONSTANTS = (*Law._fields, "bias", "start", "begins", "alike")
CURRENT_DECAY = 0
BIAS, START, BEGINS, ALIKE = range(len(Law._fields), len(CONSTANTS))
# What a spike does to w: puts it to a value, or takes something away, at once or in the next tick.
VALUE, SUBTRACT, SUBTRACT_LATE, VALUE_LATE = range(4)

# w ← decay · w + gain · x + …: as `LIF`, and one product more for the input; the same again for the filter.
MEMBRANE_COST = HardwareCost(additions=2, multiplications=2, comparisons=1).keeping(2)
FILTERED_COST = HardwareCost(additions=3, multiplications=4, comparisons=1).keeping(3)


@kernel
def law_of(own: Matrix[Number], j: Index) -> Law:
    """Return how a neuron moves."""
    return Law(
        own[0, j], own[1, j], own[2, j], own[3, j], own[4, j], own[5, j], own[6, j], own[7, j], own[8, j]
    )


@kernel
def filter_and_fire(
    before: Membrane, drive: Real, law: Law, zero: Real, one: Real
) -> tuple[Flag, Real, Real, Real]:
    """Return (whether it fires, I, w, refractory ticks left) after one tick; w is v less its value at rest.

    I ← current_decay · I + current_gain · x; w ← decay · w + gain · I; it fires when w > threshold, and then w is
    ``reset_to``, or less by ``taken``; where that happens late, a w beyond the threshold is one that fired in the tick
    before. In the refractory time I goes on, w not.
    """
    potential, waiting = before.potential, before.waiting
    i = law.current_decay * before.current + law.current_gain * drive
    held = waiting > 0
    w = potential if held else law.decay * potential + law.gain * i
    late = law.reset >= SUBTRACT_LATE
    if late and potential > law.threshold:
        w = law.reset_to if law.reset == VALUE_LATE else w - law.taken
    fires = (not held) and w > law.threshold
    after = w if late else (w - law.taken if law.reset == SUBTRACT else law.reset_to)
    left = waiting - one if held else (law.refractory if fires else zero)
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
    law: Law,
    bias: Vector[Float],
    drive: Vector[Float],
    current: Vector[Float],
    potential: Vector[Float],
    left: Vector[Float],
    bits: Vector[np.uint8],
) -> None:
    """One tick of neurons that have the same numbers, which then stay in registers."""
    zero, one = potential.dtype.type(0), potential.dtype.type(1)
    for j in range(first, last):
        before = Membrane(current[j], potential[j], left[j])
        bits[j], current[j], potential[j], left[j] = filter_and_fire(
            before, drive[j] + bias[j], law, zero, one
        )


@separate_kernel
def _advance_each(
    first: Index,
    last: Index,
    tick: Index,
    own: Matrix[Float],
    drive: Vector[Float],
    current: Vector[Float],
    potential: Vector[Float],
    left: Vector[Float],
    bits: Vector[np.uint8],
) -> None:
    """One tick of neurons that have numbers of their own."""
    zero, one = potential.dtype.type(0), potential.dtype.type(1)
    for j in range(first, last):
        if tick <= own[BEGINS, j]:
            bits[j] = 0
            continue
        before, come = Membrane(current[j], potential[j], left[j]), drive[j] + own[BIAS, j]
        fires, current[j], potential[j], left[j] = filter_and_fire(before, come, law_of(own, j), zero, one)
        bits[j] = fires  # last: written first, the loop takes up to twice as long


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of a range of neurons, each with constants of its own; a target has no hold on them."""
    potential, current, left = sample.words[POTENTIAL], sample.words[_CURRENT], sample.words[_WAITING]
    own, drive, bits, resting = sample.own, sample.room[DRIVE], sample.bits, 0
    if moment.tick == 1:
        for j in range(first, last):
            potential[j] = own[START, j]
    if moment.quiet and sample.idle.shape[0] > 0:
        resting = _count_idle(
            first, last, own, potential, current, left, sample.room[REACHED], sample.neuron, sample.idle
        )
    alike = np.uint64(own[ALIKE, first])
    if alike != 0:  # slots behind them are nobody's, and stay silent
        if moment.tick <= own[BEGINS, first]:
            for j in range(first, last):
                bits[j] = 0
        else:
            law = law_of(own, first)
            _advance_alike(first, first + alike, law, own[BIAS], drive, current, potential, left, bits)
        return resting
    _advance_each(first, last, moment.tick, own, drive, current, potential, left, bits)
    return resting


def filtered(own: NDArray[np.float64]) -> Dynamics:
    """Return such neurons; ``own`` f64[row, slot] as in `CONSTANTS`."""
    return Dynamics(_update, (), own)
