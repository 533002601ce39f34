"""The Jacobian of the circuit at a point, and exact solves with it and its transpose.

The vector field is μ_i(V) = g_i (Σ_j W_ji ρ(V_j) + b_i) + o_i − V_i, without the time constants, which move no fixed
point. Neurons that a rail holds do not move, whatever their current: they are left out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.circuit import Circuit
from neurochip.analog.ekv import slopes
from neurochip.analog.integrate import Flow
from neurochip.analog.step import HARD_SIGMOID

__all__ = ["Point", "linearised", "solve"]

Array = NDArray[np.float64]


class Point(NamedTuple):
    """The circuit linearised at the voltages of one sample.

    Attributes
    ----------
    jacobian
        f64[free, free], ∂μ_i/∂V_j among the neurons that no rail holds.
    free
        Their indices among all neurons.
    """

    jacobian: Array
    free: NDArray[np.intp]

    def free_from(self, first: int) -> NDArray[np.intp]:
        """Return those of the free neurons that are not before ``first``, counted from there."""
        return self.free[self.free >= first] - first


def linearised(batch: Batch, sample: int, flow: Flow | None = None) -> Point:
    """Return the Jacobian of μ (β = 0) at the voltages of a sample."""
    batch.transmit()
    circuit, starts = batch.circuit, batch.circuit.starts
    neurons = circuit.neurons
    voltage = batch.voltage[sample].astype(np.float64)
    drive = neurons.gain * (batch.forward[sample] + batch.backward[sample] + neurons.bias) + neurons.offset
    drive = drive.astype(np.float64)
    by_voltage, by_drive, of_flow = -np.ones_like(voltage), np.ones_like(voltage), None
    if flow is not None:
        leaks = voltage - circuit.leak_offset
        by_voltage, by_drive, of_flow = flow.slopes(leaks, drive, neurons.saturation.astype(np.float64))
    slope = _activity_slopes(circuit, voltage) if of_flow is None else of_flow
    free = np.arange(voltage.size)
    if circuit.kind == HARD_SIGMOID:
        speed = drive - voltage if flow is None else flow.speed(voltage - circuit.leak_offset, drive)
        held = ((voltage <= 0) & (speed < 0)) | ((voltage >= neurons.saturation) & (speed > 0))
        free = np.flatnonzero(~held)
    jacobian = np.zeros((voltage.size, voltage.size))
    for k, projection in enumerate(circuit.network.projections):
        if projection.source == 0:
            continue
        rows = slice(int(starts[projection.target - 1]), int(starts[projection.target]))
        columns = slice(int(starts[projection.source - 1]), int(starts[projection.source]))
        jacobian[rows, columns] = circuit.weights[k].T
    jacobian *= (by_drive * neurons.gain)[:, None] * slope[None, :]
    jacobian[np.diag_indices_from(jacobian)] += by_voltage
    return Point(jacobian[np.ix_(free, free)], free)


def _activity_slopes(circuit: Circuit, voltage: Array) -> Array:
    """Return ∂activity/∂V of built-in neurons, f64[neuron]."""
    if circuit.pair_offset is not None:
        voltage = voltage - circuit.pair_offset
    own = slopes(circuit.curve, voltage) if circuit.curve is not None else None
    if circuit.kind == HARD_SIGMOID:
        return np.ones_like(voltage) if own is None else own
    return np.asarray(circuit.neurons.saturation * (1 - np.tanh(voltage) ** 2 if own is None else own))


def solve(point: Point, error: Any, *, transposed: bool) -> Array:
    """Return x with J x = e (or Jᵀ x = e) among the free neurons, 0 at the others; ``error`` f64[neuron]."""
    matrix = point.jacobian.T if transposed else point.jacobian
    found = np.zeros(len(error))
    if point.free.size:
        found[point.free] = np.linalg.solve(matrix, np.asarray(error, dtype=np.float64)[point.free])
    return found
