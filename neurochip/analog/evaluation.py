"""All steps of an evaluation at once, for a few lanes at a time that stay in the cache.

`neurochip.analog.integrate` takes one step after the other for all lanes, because a phase may be watched, nudged, noisy
or left early. An evaluation that is none of these is the same steps in another order of lanes. Currents are summed one
sender after the other, so that a lane's steps do not depend on its neighbours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.lanes import Lanes
from neurochip.analog.step import HARD_SIGMOID, Neurons, current
from neurochip.kernels._jit import entry, separate_kernel

__all__ = ["evaluate_steps"]

# Lanes. A loop of so many becomes vectors; one that is much shorter is unrolled into single numbers, ten times as slow.
_TOGETHER = 64


def evaluate_steps(lanes: Lanes, ticks: int) -> NDArray[np.float64]:
    """Take ``ticks`` steps of equal length without nudge and noise, in place.

    Returns the residual that is left, f64[lane], as `neurochip.analog.integrate.residual` does.
    """
    circuit = lanes.circuit
    n, dtype = int(circuit.starts[-1]), lanes.voltage.dtype
    outline, weights = _outline(circuit)
    v, drive, sent = (np.empty((n, _TOGETHER), dtype) for _ in range(3))
    largest = np.zeros(len(lanes))
    _steps(
        circuit.kind,
        ticks,
        lanes.voltage,
        lanes.from_input,
        circuit.neurons,
        outline,
        weights,
        v,
        np.empty((lanes.from_input.shape[1], _TOGETHER), dtype),
        drive,
        v if circuit.kind == HARD_SIGMOID else sent,
        largest,
    )
    lanes.update_activity()
    lanes.stale = True
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
def _add(
    weights: Any, at: int, sent: Any, source: int, senders: int, drive: Any, target: int, receivers: int
) -> None:
    """Add what senders send to what their receivers get, T[neuron, lane] both."""
    for i in range(receivers):
        for j in range(senders):
            w = weights[at + j * receivers + i]
            for lane in range(_TOGETHER):
                drive[target + i, lane] += w * sent[source + j, lane]


@separate_kernel
def _start(drive: Any, base: Any) -> None:
    """Begin a step with what the clamped layer sends."""
    for i in range(drive.shape[0]):
        if i < base.shape[0]:
            for lane in range(_TOGETHER):
                drive[i, lane] = base[i, lane]
        else:
            for lane in range(_TOGETHER):
                drive[i, lane] = 0


@separate_kernel
def _relax(kind: int, v: Any, drive: Any, neurons: Neurons) -> None:
    """Take a step of every neuron, as `neurochip.analog.step.relax` does; T[neuron, lane] both."""
    zero = v.dtype.type(0)
    for i in range(v.shape[0]):
        bias, gain, offset = neurons.bias[i], neurons.gain[i], neurons.offset[i]
        fraction, top = neurons.fraction[i], neurons.saturation[i]
        if kind == HARD_SIGMOID:
            for lane in range(_TOGETHER):
                before = v[i, lane]
                after = before + fraction * (current(drive[i, lane], bias, gain, offset) - before)
                v[i, lane] = min(max(after, zero), top)
        else:
            for lane in range(_TOGETHER):
                before = v[i, lane]
                v[i, lane] = before + fraction * (current(drive[i, lane], bias, gain, offset) - before)


@entry
def _steps(
    kind: int,
    ticks: int,
    voltage: Any,
    from_input: Any,
    neurons: Neurons,
    outline: Any,
    weights: Any,
    v: Any,
    base: Any,
    drive: Any,
    sent: Any,
    largest: Any,
) -> None:
    """Take all steps, of some lanes after the others, and write how far from rest each lane is then.

    ``voltage`` and ``from_input`` are T[lane, neuron]; ``v``, ``drive`` and ``sent`` T[neuron, lane] are scratch, the
    last the same as the first where a neuron sends its voltage; so is ``base`` T[neuron of layer 1, lane]. A place
    without a lane repeats the last one.
    """
    n, inputs, last = v.shape[0], from_input.shape[1], voltage.shape[0] - 1
    for first in range(0, voltage.shape[0], _TOGETHER):
        for lane in range(_TOGETHER):
            row = min(first + lane, last)
            for i in range(n):
                v[i, lane] = voltage[row, i]
            for i in range(inputs):
                base[i, lane] = from_input[row, i]
        for tick in range(ticks + 1):
            if kind != HARD_SIGMOID:
                for i in range(n):
                    for lane in range(_TOGETHER):
                        sent[i, lane] = neurons.saturation[i] * np.tanh(v[i, lane])
            _start(drive, base)
            at = 0
            for k in range(outline.shape[0]):
                senders, receivers = outline[k, 1], outline[k, 3]
                _add(weights, at, sent, outline[k, 0], senders, drive, outline[k, 2], receivers)
                at += senders * receivers
            if tick < ticks:
                _relax(kind, v, drive, neurons)
        for lane in range(min(_TOGETHER, last + 1 - first)):
            worst = 0.0
            for i in range(n):
                voltage[first + lane, i] = v[i, lane]
                flow = (
                    current(drive[i, lane], neurons.bias[i], neurons.gain[i], neurons.offset[i]) - v[i, lane]
                )
                if kind == HARD_SIGMOID and (
                    (v[i, lane] <= 0 and flow < 0) or (v[i, lane] >= neurons.saturation[i] and flow > 0)
                ):
                    continue  # a rail holds it
                if not abs(flow) <= worst:  # so that a NaN comes out as NaN
                    worst = abs(flow)
            largest[first + lane] = worst
