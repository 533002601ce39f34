"""All steps of an evaluation at once, for a few samples at a time that stay in the cache.

`neurochip.analog.integrate` takes one step after the other for all samples, because a phase may be watched, nudged,
noisy or left early. An evaluation that is none of these is the same steps in another order of samples. Currents are
summed one sender after the other, so that a sample's steps do not depend on its neighbours.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.settling import Paths
from neurochip.analog.step import HARD_SIGMOID, Neurons, current
from neurochip.kernels._jit import entry, separate_kernel
from neurochip.kernels.types import Matrix, Vector

__all__ = ["evaluate_steps"]

_TOGETHER = 64  # samples: what they hold stays in the cache
_VECTOR = 16  # of fewer samples so many at least, and a multiple of it, so that no loop has a rest


class Room(NamedTuple):
    """Scratch for some samples side by side."""

    v: Matrix[np.floating]  # T[neuron, sample]
    after: Matrix[np.floating]  # T[neuron, sample]
    base: Matrix[np.floating]  # T[neuron of layer 1, sample]
    sent: Matrix[np.floating]  # T[neuron, sample]
    worst: Vector[np.floating]  # T[sample]


def evaluate_steps(batch: Batch, ticks: int) -> NDArray[np.float64]:
    """Take ``ticks`` steps of equal length without nudge and noise, in place.

    Returns the residual that is left, f64[sample], as `neurochip.analog.integrate.residual` does.
    """
    circuit = batch.circuit
    n, dtype = int(circuit.starts[-1]), batch.voltage.dtype
    together = min(_TOGETHER, -(-len(batch) // _VECTOR) * _VECTOR)
    v, after, sent = (np.empty((n, together), dtype) for _ in range(3))
    largest = np.zeros(len(batch))
    steps = _many if together == _TOGETHER else _few
    steps(
        circuit.kind,
        ticks,
        batch.voltage,
        batch.from_input,
        circuit.neurons,
        circuit.paths,
        Room(
            v, after, np.empty((batch.from_input.shape[1], together), dtype), sent, np.empty(together, dtype)
        ),
        largest,
    )
    batch.update_activity()
    batch.stale = True
    return largest


@separate_kernel
def _add(
    together: int,
    weights: Vector[np.floating],
    at: int,
    step: int,
    sent: Matrix[np.floating],
    source: int,
    senders: int,
    drive: Matrix[np.floating],
    i: int,
) -> None:
    """Add what senders send to what neuron ``i`` gets, T[neuron, sample] both; its weights are every ``step``-th."""
    for j in range(senders):
        w = weights[at + j * step]
        for sample in range(together):
            drive[i, sample] += w * sent[source + j, sample]


@separate_kernel
def _gather(
    together: int,
    paths: Paths,
    sent: Matrix[np.floating],
    base: Matrix[np.floating],
    drive: Matrix[np.floating],
    i: int,
    silent: bool,
) -> None:
    """Write what neuron ``i`` gets from the clamped layer and, unless all are ``silent``, from the others."""
    if i < base.shape[0]:
        for sample in range(together):
            drive[i, sample] = base[i, sample]
    else:
        for sample in range(together):
            drive[i, sample] = 0
    if silent:
        return
    for layer in range(paths.layers.shape[0]):
        first, last = paths.layers[layer, 0], paths.layers[layer, 1]
        for row in range(paths.layers[layer, 2], paths.layers[layer, 3]):
            at, receivers, target = paths.rows[row, 0], paths.rows[row, 1], paths.rows[row, 2]
            if target <= i < target + receivers:
                _add(together, paths.weights, at + i - target, receivers, sent, first, last - first, drive, i)


@separate_kernel
def _relax(
    together: int, kind: int, v: Matrix[np.floating], after: Matrix[np.floating], neurons: Neurons, i: int
) -> None:
    """Take a step of neuron ``i``, as `neurochip.analog.step.relax` does.

    ``v`` is T[neuron, sample]; ``after`` holds what the neuron gets, and then its voltage.
    """
    zero = v.dtype.type(0)
    bias, gain, offset = neurons.bias[i], neurons.gain[i], neurons.offset[i]
    fraction, top = neurons.fraction[i], neurons.saturation[i]
    if kind == HARD_SIGMOID:
        for sample in range(together):
            before = v[i, sample]
            moved = before + fraction * (current(after[i, sample], bias, gain, offset) - before)
            after[i, sample] = min(max(moved, zero), top)
    else:
        for sample in range(together):
            before = v[i, sample]
            after[i, sample] = before + fraction * (current(after[i, sample], bias, gain, offset) - before)


@separate_kernel
def _flow(
    together: int,
    kind: int,
    v: Matrix[np.floating],
    drive: Matrix[np.floating],
    neurons: Neurons,
    i: int,
    worst: Vector[np.floating],
) -> None:
    """Take neuron ``i`` into the largest |τ dV/dt| of each sample; a NaN comes out as NaN."""
    zero = v.dtype.type(0)
    bias, gain, offset, top = neurons.bias[i], neurons.gain[i], neurons.offset[i], neurons.saturation[i]
    for sample in range(together):
        here = v[i, sample]
        flow = current(drive[i, sample], bias, gain, offset) - here
        held = kind == HARD_SIGMOID and ((here <= zero and flow < zero) or (here >= top and flow > zero))
        size = zero if held else abs(flow)  # a rail holds it
        worst[sample] = size if size > worst[sample] or size != size else worst[sample]


@separate_kernel
def _steps(
    together: int,
    kind: int,
    ticks: int,
    voltage: Matrix[np.floating],
    from_input: Matrix[np.floating],
    neurons: Neurons,
    paths: Paths,
    room: Room,
    largest: Vector[np.float64],
) -> None:
    """Take all steps, of some samples after the others, and write how far from rest each sample is then.

    ``voltage`` and ``from_input`` are T[sample, neuron]. A place without a sample repeats the last one.
    """
    v, after, base, sent, worst = room.v, room.after, room.base, room.sent, room.worst
    n, inputs, last = v.shape[0], from_input.shape[1], voltage.shape[0] - 1
    for first in range(0, voltage.shape[0], together):
        silent = True
        for sample in range(together):
            row = min(first + sample, last)
            for i in range(n):
                v[i, sample] = voltage[row, i]
                silent = silent and voltage[row, i] == 0
            for i in range(inputs):
                base[i, sample] = from_input[row, i]
            worst[sample] = 0
        for tick in range(ticks + 1):
            if kind != HARD_SIGMOID:
                for i in range(n):
                    for sample in range(together):
                        sent[i, sample] = neurons.saturation[i] * np.tanh(v[i, sample])
            for i in range(n):
                _gather(together, paths, v if kind == HARD_SIGMOID else sent, base, after, i, silent)
                if tick < ticks:
                    _relax(together, kind, v, after, neurons, i)
                else:
                    _flow(together, kind, v, after, neurons, i, worst)
            if tick < ticks:
                v, after = after, v
                silent = False
        for sample in range(min(together, last + 1 - first)):
            for i in range(n):
                voltage[first + sample, i] = v[i, sample]
            largest[first + sample] = worst[sample]


@entry
def _many(
    kind: int,
    ticks: int,
    voltage: Matrix[np.floating],
    from_input: Matrix[np.floating],
    neurons: Neurons,
    paths: Paths,
    room: Room,
    largest: Vector[np.float64],
) -> None:
    """Take steps of so many samples together that the compiler knows their number: a fifth faster."""
    _steps(_TOGETHER, kind, ticks, voltage, from_input, neurons, paths, room, largest)


@entry
def _few(
    kind: int,
    ticks: int,
    voltage: Matrix[np.floating],
    from_input: Matrix[np.floating],
    neurons: Neurons,
    paths: Paths,
    room: Room,
    largest: Vector[np.float64],
) -> None:
    """Take steps of fewer samples."""
    _steps(room.v.shape[1], kind, ticks, voltage, from_input, neurons, paths, room, largest)
