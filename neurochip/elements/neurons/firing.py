"""How neurons of any kind fire, in the loop over ticks: loops over a range of them, into which their step is put."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from neurochip.elements.constants import TAKE, no_constants
from neurochip.elements.neurons.neuron import DRIVE, NET, Dynamics, Moment, Sample
from neurochip.elements.neurons.spiking import MOST_VARIABLES, SpikingNeuron
from neurochip.elements.stages import Parts, specialised
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.random_bits import NOBODY, uniform
from neurochip.kernels.types import Float, Index, Matrix, Real, Vector

__all__ = ["MEMBRANE", "VALUE", "integrators", "keep_trace", "shown_spikes", "spiking_neurons"]

# Variables. Of inputs, the first is what they present; of others, their net input.
INPUT, VALUE, MEMBRANE = range(3)
# Columns of the constants.
_THRESHOLD, _SLOPE, _KEEP, _STEP, _PERIOD, _SPREAD, _REST = range(7)
_OF_MEMBRANE = _REST + MOST_VARIABLES


@kernel
def _step(current: Real, v0: Real, *constants: Real) -> Any:
    """Stand where the step of a membrane is called."""
    return False, v0


_constants = kernel(no_constants)


@kernel
def _advance1(
    first: Index,
    last: Index,
    current: Vector[Float],
    state: Matrix[Float],
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    for j in range(first, last):
        bits[j], state[0, j] = _step(current[j], state[0, j], *constants)


@kernel
def _advance2(
    first: Index,
    last: Index,
    current: Vector[Float],
    state: Matrix[Float],
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    for j in range(first, last):
        bits[j], state[0, j], state[1, j] = _step(current[j], state[0, j], state[1, j], *constants)


@kernel
def _advance3(
    first: Index,
    last: Index,
    current: Vector[Float],
    state: Matrix[Float],
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    for j in range(first, last):
        bits[j], state[0, j], state[1, j], state[2, j] = _step(
            current[j], state[0, j], state[1, j], state[2, j], *constants
        )


@kernel
def _advance4(
    first: Index,
    last: Index,
    current: Vector[Float],
    state: Matrix[Float],
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    for j in range(first, last):
        bits[j], state[0, j], state[1, j], state[2, j], state[3, j] = _step(
            current[j], state[0, j], state[1, j], state[2, j], state[3, j], *constants
        )


_ADVANCE: dict[int, Kernel[..., None]] = {1: _advance1, 2: _advance2, 3: _advance3, 4: _advance4}


@kernel
def _advance(
    first: Index,
    last: Index,
    current: Vector[Float],
    state: Matrix[Float],
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    """Stand where membranes are advanced by one tick: T[slot] current, T[variable, slot] state, u8[slot] bits."""


@kernel
def _membranes(
    first: Index, last: Index, moment: Moment, sample: Sample, current: Vector[Float], c: Vector[Float]
) -> None:
    """Let membranes take up their current and fire, and values take up what they fired."""
    state = sample.words[MEMBRANE:]
    if moment.tick == 1:
        for k in range(state.shape[0]):
            for j in range(first, last):
                state[k, j] = c[_REST + k]
    _advance(first, last, current, state, _constants(c, _OF_MEMBRANE), sample.bits)
    value, bits, neuron = sample.words[VALUE], sample.bits, sample.neuron
    keep, step = c[_KEEP], c[_STEP]
    for j in range(first, last):
        # Slots that fill up a vector belong to nobody and stay silent.
        bits[j] = bits[j] if neuron[j] != NOBODY else np.uint8(0)
        value[j] = keep * value[j] + step * bits[j]


@kernel
def _net(first: Index, last: Index, sample: Sample, nudge: Real, net: Vector[Float]) -> None:
    """Write x = Σ w s + b, and 2β(y − v) where a target pulls."""
    drive, bias = sample.room[DRIVE], sample.bias
    value, target = sample.words[VALUE], sample.target
    if nudge != nudge - nudge:
        for j in range(first, last):
            net[j] = drive[j] + bias[j] + nudge * (target[j] - value[j])
    else:
        for j in range(first, last):
            net[j] = drive[j] + bias[j]


@kernel
def _update(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of neurons."""
    current, net = sample.room[NET], sample.words[INPUT]
    _net(first, last, sample, moment.nudge, net)
    for j in range(first, last):
        current[j] = c[_THRESHOLD] + c[_SLOPE] * net[j]
    _membranes(first, last, moment, sample, current, c)
    return 0


@kernel
def _clamped(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of inputs, which hold a constant current; one that presents 0 has none, and never fires."""
    current, given, neuron = sample.room[NET], sample.words[INPUT], sample.neuron
    zero = given.dtype.type(0)
    for j in range(first, last):
        current[j] = c[_THRESHOLD] + c[_SLOPE] * given[j] if given[j] > zero else zero
    if c[_SPREAD] != zero and moment.tick <= c[_PERIOD]:
        for j in range(first, last):
            if moment.tick <= c[_PERIOD] * uniform(moment.start_key, neuron[j]):
                current[j] = zero
    _membranes(first, last, moment, sample, current, c)
    return 0


@kernel
def _shown(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of inputs that are shown spikes: they have no membrane, and their values take up what they are shown."""
    value, bits, keep, step = sample.words[VALUE], sample.bits, c[_KEEP], c[_STEP]
    for j in range(first, last):
        value[j] = keep * value[j] + step * bits[j]
    return 0


@kernel
def _integrate(first: Index, last: Index, moment: Moment, sample: Sample, c: Vector[Float]) -> int:
    """One tick of read-outs: v ← keep · v + (1 − keep) · x within [0, 1]. They send nothing."""
    net, value, bits = sample.words[INPUT], sample.words[VALUE], sample.bits
    one, zero = value.dtype.type(1), value.dtype.type(0)
    _net(first, last, sample, moment.nudge, net)
    keep = c[_KEEP]
    for j in range(first, last):
        value[j] = min(max(keep * value[j] + (one - keep) * net[j], zero), one)
        bits[j] = np.uint8(0)
    return 0


@kernel
def keep_trace(
    first: Index,
    last: Index,
    bits: Vector[np.uint8],
    schedule: Vector[Float],
    c: Vector[Float],
    trace: Vector[Float],
) -> None:
    """Make of the spikes of axons what the neurons that send them make of them: their value, a tick later."""
    for j in range(first, last):
        trace[j] = c[_KEEP] * trace[j] + c[_STEP] * bits[j]


def _columns(neuron: SpikingNeuron) -> tuple[float, ...]:
    keep = math.exp(-1.0 / neuron.filter)
    currents = neuron.currents
    rest = (*neuron.rest, *(0.0,) * (MOST_VARIABLES - len(neuron.rest)))
    return (
        currents.threshold,
        currents.slope,
        keep,
        (1.0 - keep) * neuron.period,
        neuron.period,
        float(neuron.start == "spread"),
        *rest,
        *neuron.constants,
    )


def spiking_neurons(neuron: SpikingNeuron) -> tuple[Dynamics, Dynamics]:
    """Return neurons of a kind, and inputs of the same kind."""
    parts: Parts = {_step: neuron.step}
    parts = {
        _advance: specialised(_ADVANCE[len(neuron.state)], parts),
        _constants: TAKE[len(neuron.constants)],
    }
    columns = _columns(neuron)
    return (
        Dynamics(specialised(_update, parts), columns),
        Dynamics(specialised(_clamped, parts), columns, silent_at_zero=True),
    )


def shown_spikes(neuron: SpikingNeuron) -> Dynamics:
    """Return inputs of a network of a kind of neurons whose spikes come from outside."""
    return Dynamics(_shown, _columns(neuron))


def integrators(neuron: SpikingNeuron) -> Dynamics:
    """Return read-outs without a threshold that take part in a network of a kind of neurons."""
    return Dynamics(_integrate, _columns(neuron))
