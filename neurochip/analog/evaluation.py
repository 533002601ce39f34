"""All steps of an evaluation at once, for a few samples at a time that stay in the cache.

`neurochip.analog.integrate` takes one step after the other for all samples, because a phase may be watched, nudged,
noisy or left early. An evaluation that is none of these is the same steps in another order of samples. Currents are
summed one sender after the other, so that a sample's steps do not depend on its neighbours.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.circuit import Circuit
from neurochip.analog.step import HARD_SIGMOID, Neurons, current
from neurochip.kernels._jit import entry, separate_kernel

__all__ = ["evaluate_steps"]

# Samples. A loop of so many becomes vectors; a much shorter one is unrolled into single numbers, ten times as slow.
_TOGETHER = 64


class Room(NamedTuple):
    """Scratch for some samples side by side."""

    v: Any  # T[neuron, sample]
    after: Any  # T[neuron, sample]
    base: Any  # T[neuron of layer 1, sample]
    sent: Any  # T[neuron, sample]
    worst: Any  # T[sample]


def evaluate_steps(batch: Batch, ticks: int) -> NDArray[np.float64]:
    """Take ``ticks`` steps of equal length without nudge and noise, in place.

    Returns the residual that is left, f64[sample], as `neurochip.analog.integrate.residual` does.
    """
    circuit = batch.circuit
    n, dtype = int(circuit.starts[-1]), batch.voltage.dtype
    outline, weights = _outline(circuit)
    v, after, sent = (np.empty((n, _TOGETHER), dtype) for _ in range(3))
    largest = np.zeros(len(batch))
    _steps(
        circuit.kind,
        ticks,
        batch.voltage,
        batch.from_input,
        circuit.neurons,
        outline,
        weights,
        Room(
            v,
            after,
            np.empty((batch.from_input.shape[1], _TOGETHER), dtype),
            sent,
            np.empty(_TOGETHER, dtype),
        ),
        largest,
    )
    batch.update_activity()
    batch.stale = True
    return largest


def _outline(circuit: Circuit) -> tuple[Any, Any]:
    """Return i64[projection, 4] (first sender, senders, first receiver, receivers) and all their weights in a row."""
    starts, network = [int(at) for at in circuit.starts], circuit.network
    rows, parts = [], []
    for k, projection in enumerate(network.projections):
        if projection.source == 0:
            continue
        pre, post = circuit.weights[k].shape
        rows.append((starts[projection.source - 1], pre, starts[projection.target - 1], post))
        parts.append(circuit.weights[k].ravel())
    flat = np.concatenate(parts) if parts else np.zeros(0, circuit.neurons.bias.dtype)
    return np.array(rows, np.int64).reshape(-1, 4), flat


@separate_kernel
def _add(weights: Any, at: int, step: int, sent: Any, source: int, senders: int, drive: Any, i: int) -> None:
    """Add what senders send to what neuron ``i`` gets, T[neuron, sample] both; its weights are every ``step``-th."""
    for j in range(senders):
        w = weights[at + j * step]
        for sample in range(_TOGETHER):
            drive[i, sample] += w * sent[source + j, sample]


@separate_kernel
def _gather(outline: Any, weights: Any, sent: Any, base: Any, drive: Any, i: int, silent: bool) -> None:
    """Write what neuron ``i`` gets from the clamped layer and, unless all are ``silent``, from the others."""
    if i < base.shape[0]:
        for sample in range(_TOGETHER):
            drive[i, sample] = base[i, sample]
    else:
        for sample in range(_TOGETHER):
            drive[i, sample] = 0
    at = 0
    for k in range(outline.shape[0]):
        source, senders, target, receivers = outline[k, 0], outline[k, 1], outline[k, 2], outline[k, 3]
        if target <= i < target + receivers and not silent:
            _add(weights, at + i - target, receivers, sent, source, senders, drive, i)
        at += senders * receivers


@separate_kernel
def _relax(kind: int, v: Any, after: Any, neurons: Neurons, i: int) -> None:
    """Take a step of neuron ``i``, as `neurochip.analog.step.relax` does.

    ``v`` is T[neuron, sample]; ``after`` holds what the neuron gets, and then its voltage.
    """
    zero = v.dtype.type(0)
    bias, gain, offset = neurons.bias[i], neurons.gain[i], neurons.offset[i]
    fraction, top = neurons.fraction[i], neurons.saturation[i]
    if kind == HARD_SIGMOID:
        for sample in range(_TOGETHER):
            before = v[i, sample]
            moved = before + fraction * (current(after[i, sample], bias, gain, offset) - before)
            after[i, sample] = min(max(moved, zero), top)
    else:
        for sample in range(_TOGETHER):
            before = v[i, sample]
            after[i, sample] = before + fraction * (current(after[i, sample], bias, gain, offset) - before)


@separate_kernel
def _flow(kind: int, v: Any, drive: Any, neurons: Neurons, i: int, worst: Any) -> None:
    """Take neuron ``i`` into the largest |τ dV/dt| of each sample; a NaN comes out as NaN."""
    zero = v.dtype.type(0)
    bias, gain, offset, top = neurons.bias[i], neurons.gain[i], neurons.offset[i], neurons.saturation[i]
    for sample in range(_TOGETHER):
        here = v[i, sample]
        flow = current(drive[i, sample], bias, gain, offset) - here
        held = kind == HARD_SIGMOID and ((here <= zero and flow < zero) or (here >= top and flow > zero))
        size = zero if held else abs(flow)  # a rail holds it
        worst[sample] = size if size > worst[sample] or size != size else worst[sample]


@entry
def _steps(
    kind: int,
    ticks: int,
    voltage: Any,
    from_input: Any,
    neurons: Neurons,
    outline: Any,
    weights: Any,
    room: Room,
    largest: Any,
) -> None:
    """Take all steps, of some samples after the others, and write how far from rest each sample is then.

    ``voltage`` and ``from_input`` are T[sample, neuron]. A place without a sample repeats the last one.
    """
    v, after, base, sent, worst = room.v, room.after, room.base, room.sent, room.worst
    n, inputs, last = v.shape[0], from_input.shape[1], voltage.shape[0] - 1
    for first in range(0, voltage.shape[0], _TOGETHER):
        silent = True
        for sample in range(_TOGETHER):
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
                    for sample in range(_TOGETHER):
                        sent[i, sample] = neurons.saturation[i] * np.tanh(v[i, sample])
            for i in range(n):
                _gather(outline, weights, v if kind == HARD_SIGMOID else sent, base, after, i, silent)
                if tick < ticks:
                    _relax(kind, v, after, neurons, i)
                else:
                    _flow(kind, v, after, neurons, i, worst)
            if tick < ticks:
                v, after = after, v
                silent = False
        for sample in range(min(_TOGETHER, last + 1 - first)):
            for i in range(n):
                voltage[first + sample, i] = v[i, sample]
            largest[first + sample] = worst[sample]
