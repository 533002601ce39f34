"""One step of the circuit equation C dV/dt = −g_L V + Σ I_syn + I_nudge, for all neurons of all samples.

Voltages are in full scales V₀, currents in g_L V₀, times in nominal time constants C/g_L. A neuron integrates

    τ_i dV_i/dt = g_i (Σ_j W_ij ρ(V_j) + b_i) + o_i − V_i + 2β (y_i − V_i)

with the gain g, the offset o and the time constant τ of its own device.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.kernels._jit import entry, kernel, separate_kernel
from neurochip.kernels.types import Flag, Matrix, Real, Vector

__all__ = [
    "EKV",
    "HARD_SIGMOID",
    "TANH",
    "Driven",
    "Neurons",
    "gather",
    "held",
    "nudged",
    "pair",
    "push",
    "relax",
    "residuals",
    "resting_point",
]

HARD_SIGMOID, TANH, EKV = 0, 1, 2


class Neurons(NamedTuple):
    """Constants of all neurons that are not clamped, layer after layer; T[neuron] each."""

    bias: Vector[np.floating]  # b, in g_L V₀, as programmed
    gain: Vector[np.floating]  # g
    offset: Vector[np.floating]  # o
    fraction: Vector[np.floating]  # of the way to its resting point that a neuron goes in one step
    saturation: Vector[np.floating]  # upper rail


@kernel
def current(drive: Real, bias: Real, gain: Real, offset: Real) -> Real:
    """Return g(Σ I_syn + b) + o, the voltage at which a neuron with a leak of 1 would rest. All T scalars."""
    return gain * (drive + bias) + offset


class Driven(NamedTuple):
    """The voltages of all samples, and all that drives them.

    Attributes
    ----------
    voltage, forward, backward
        T[sample, neuron]: what is there, and what the layers below and above send.
    neurons
        Their constants.
    first_output, nudge, target
        From which neuron on there is a pull, its strength 2β, T, and where to, T[sample, output].
    """

    voltage: Matrix[np.floating]
    forward: Matrix[np.floating]
    backward: Matrix[np.floating]
    neurons: Neurons
    first_output: int
    nudge: Real
    target: Matrix[np.floating]


@kernel
def resting_point(at: Driven, sample: int, i: int) -> Real:
    """Return `current` of neuron i, from what the layers below and above send."""
    neurons = at.neurons
    return current(
        at.forward[sample, i] + at.backward[sample, i], neurons.bias[i], neurons.gain[i], neurons.offset[i]
    )


@kernel
def nudged(flow: Real, at: Driven, sample: int, i: int) -> Any:
    """Return τ dV/dt with the pull 2β(y − V) on neuron i added, where it is an output."""
    if i >= at.first_output:
        flow += at.nudge * (at.target[sample, i - at.first_output] - at.voltage[sample, i])
    return flow


@kernel
def held(kind: int, v: Real, flow: Real, saturation: Real) -> Flag:
    """Return whether a rail holds a neuron, which `HARD_SIGMOID` has."""
    return kind == HARD_SIGMOID and ((v <= 0 and flow < 0) or (v >= saturation and flow > 0))


@separate_kernel
def _relax_rails(
    voltage: Vector[np.floating],
    forward: Vector[np.floating],
    backward: Vector[np.floating],
    bias: Vector[np.floating],
    gain: Vector[np.floating],
    offset: Vector[np.floating],
    fraction: Vector[np.floating],
    saturation: Vector[np.floating],
    n: int,
) -> None:
    """Take one step of the first ``n`` hard-sigmoid neurons of a sample, which no target pulls; T[neuron] each."""
    zero = voltage.dtype.type(0)
    for i in range(n):
        v = voltage[i]
        v = v + fraction[i] * (current(forward[i] + backward[i], bias[i], gain[i], offset[i]) - v)
        voltage[i] = min(max(v, zero), saturation[i])


@entry
def relax(kind: int, at: Driven, noise: Matrix[np.floating], is_noisy: bool) -> None:
    """Take one step, in place.

    ``noise`` T[sample, neuron] is added where ``is_noisy``. Rails keep a hard-sigmoid neuron in [0, saturation]; a
    differential pair has none.
    """
    voltage, neurons, first_output = at.voltage, at.neurons, at.first_output
    zero = voltage.dtype.type(0)
    n = voltage.shape[1]
    for sample in range(voltage.shape[0]):
        if kind == HARD_SIGMOID and not is_noisy:
            _relax_rails(
                voltage[sample],
                at.forward[sample],
                at.backward[sample],
                neurons.bias,
                neurons.gain,
                neurons.offset,
                neurons.fraction,
                neurons.saturation,
                first_output,
            )
            for i in range(first_output, n):
                v = voltage[sample, i]
                v = v + neurons.fraction[i] * nudged(resting_point(at, sample, i) - v, at, sample, i)
                voltage[sample, i] = min(max(v, zero), neurons.saturation[i])
            continue
        for i in range(n):
            v = voltage[sample, i]
            v = v + neurons.fraction[i] * nudged(resting_point(at, sample, i) - v, at, sample, i)
            if is_noisy:
                v += noise[sample, i]
            if kind == HARD_SIGMOID:
                v = min(max(v, zero), neurons.saturation[i])
            voltage[sample, i] = v


@entry
def residuals(kind: int, at: Driven, largest: Vector[np.float64]) -> None:
    """Write into ``largest`` f64[sample] how far from rest the neuron of each sample is that is furthest from it.

    That is |τ dV/dt|, and 0 for a neuron that a rail holds. A NaN comes out as NaN.
    """
    for sample in range(at.voltage.shape[0]):
        worst = 0.0
        for i in range(at.voltage.shape[1]):
            v = at.voltage[sample, i]
            flow = nudged(resting_point(at, sample, i) - v, at, sample, i)
            if held(kind, v, flow, at.neurons.saturation[i]):
                continue
            size = abs(flow)
            if size > worst or size != size:
                worst = size
        largest[sample] = worst


@entry
def gather(
    sent: Matrix[np.floating],
    now: Matrix[np.floating],
    first: int,
    last: int,
    change: Real,
    most: int,
    index: Matrix[np.int32],
    moved: Matrix[np.floating],
    count: Vector[np.int64],
) -> int:
    """List the neurons ``first`` … ``last`` − 1 whose signal has changed, and take it as sent; −1: more than ``most``.

    ``sent`` and ``now`` are T[sample, neuron]; ``index`` i32[sample, neuron] takes the place of each within the layer,
    ``moved`` T[sample, neuron] its change, ``count`` i64[sample] how many there are. Returns how many in all samples. A
    change of at most ``change`` is left for later. Where −1 comes back, nothing is sent.
    """
    total = 0
    for sample in range(now.shape[0]):
        found = 0
        for j in range(first, last):
            difference = now[sample, j] - sent[sample, j]
            # Written without a branch, which would be taken at random.
            index[sample, found] = j - first
            moved[sample, found] = difference
            found += int(abs(difference) > change)
        count[sample] = found
        total += found
        if total > most:
            return -1
    for sample in range(now.shape[0]):
        for k in range(count[sample]):
            j = first + index[sample, k]
            sent[sample, j] = now[sample, j]
    return total


@entry
def push(
    index: Matrix[np.int32],
    moved: Matrix[np.floating],
    count: Vector[np.int64],
    weights: Vector[np.floating],
    at: int,
    receivers: int,
    drive: Matrix[np.floating],
    first: int,
    row: Vector[np.floating],
) -> None:
    """Add what has changed to the drive of a layer: drive[sample, first + i] += Σ_j moved_j · w[j, i].

    The ``weights`` T[weight] w[pre, post] of ``receivers`` neurons begin at ``at``. Eight rows of them in one pass over
    ``row`` T[post], which is scratch. Neurons are counted by u64: an index that may be negative keeps a loop from
    becoming vectors.
    """
    nothing, n, to, begin = np.uint64(0), np.uint64(receivers), np.uint64(first), np.uint64(at)
    for sample in range(drive.shape[0]):
        for i in range(nothing, n):
            row[i] = 0
        k, last = 0, count[sample]
        while k + 8 <= last:
            a = begin + np.uint64(index[sample, k]) * n
            b = begin + np.uint64(index[sample, k + 1]) * n
            c = begin + np.uint64(index[sample, k + 2]) * n
            d = begin + np.uint64(index[sample, k + 3]) * n
            e = begin + np.uint64(index[sample, k + 4]) * n
            f = begin + np.uint64(index[sample, k + 5]) * n
            g = begin + np.uint64(index[sample, k + 6]) * n
            h = begin + np.uint64(index[sample, k + 7]) * n
            p, q, r, s = moved[sample, k], moved[sample, k + 1], moved[sample, k + 2], moved[sample, k + 3]
            t, u, v, w = (
                moved[sample, k + 4],
                moved[sample, k + 5],
                moved[sample, k + 6],
                moved[sample, k + 7],
            )
            for i in range(nothing, n):
                row[i] += (
                    (p * weights[a + i] + q * weights[b + i]) + (r * weights[c + i] + s * weights[d + i])
                ) + ((t * weights[e + i] + u * weights[f + i]) + (v * weights[g + i] + w * weights[h + i]))
            k += 8
        while k < last:
            a, p = begin + np.uint64(index[sample, k]) * n, moved[sample, k]
            for i in range(nothing, n):
                row[i] += p * weights[a + i]
            k += 1
        for i in range(nothing, n):
            drive[sample, to + i] += row[i]


@entry
def pair(
    voltage: Matrix[np.floating], saturation: Vector[np.floating], activity: Matrix[np.floating]
) -> None:
    """Write what a sub-threshold differential pair sends: the current of its tail × tanh V. T[sample, neuron] each."""
    for sample in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            activity[sample, i] = saturation[i] * np.tanh(voltage[sample, i])
