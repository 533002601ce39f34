"""The Jacobian of the circuit at a point, and exact solves with it and its transpose.

The vector field is μ_i(V) = g_i (Σ_j W_ji ρ(V_j) + b_i) + o_i − V_i, without the time constants, which move no fixed
point. Neurons that a rail holds do not move, whatever their current: they are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.circuit import Circuit
from neurochip.analog.ekv import slopes
from neurochip.analog.integrate import Flow
from neurochip.analog.step import HARD_SIGMOID

__all__ = ["Point", "adjoint", "linearised", "solve"]

Array = NDArray[np.float64]


class Point(NamedTuple):
    """The circuit linearised at the voltages of one sample.

    Attributes
    ----------
    jacobian
        f64[free, free], ∂μ_i/∂V_j among the neurons that no rail holds.
    free
        Their indices among all neurons.
    dynamics
        f64[state × neuron, state × neuron], ∂(dx/dt)/∂x of all states in 1/τ_nominal, where neurons have several, which
        the Jacobian of voltages takes as following them; else `None`.
    """

    jacobian: Array
    free: NDArray[np.intp]
    dynamics: Array | None = None

    def free_from(self, first: int) -> NDArray[np.intp]:
        """Return those of the free neurons that are not before ``first``, counted from there."""
        return self.free[self.free >= first] - first


def linearised(batch: Batch, sample: int, flow: Flow | None = None) -> Point:
    """Return the Jacobian of μ (β = 0) at the voltages of a sample."""
    batch.transmit()
    circuit, starts = batch.circuit, batch.circuit.starts
    neurons = circuit.neurons
    state = batch.state[sample].astype(np.float64)
    voltage = state[: neurons.gain.size]
    drive = neurons.gain * (batch.forward[sample] + batch.backward[sample] + neurons.bias) + neurons.offset
    drive = drive.astype(np.float64)
    by_voltage, by_drive, of_flow = -np.ones_like(voltage), np.ones_like(voltage), None
    at_leaks = state
    if flow is not None:
        at_leaks = state.copy()
        if flow.has_leak_offset:
            at_leaks[: voltage.size] -= circuit.leak_offset
        by_voltage, by_drive, of_flow = flow.slopes(at_leaks, drive, neurons.saturation.astype(np.float64))
    slope = _activity_slopes(circuit, voltage) if of_flow is None else of_flow
    coupling = np.zeros((voltage.size, voltage.size))
    for k, projection in enumerate(circuit.network.projections):
        if projection.source == 0:
            continue
        rows = slice(int(starts[projection.target - 1]), int(starts[projection.target]))
        columns = slice(int(starts[projection.source - 1]), int(starts[projection.source]))
        coupling[rows, columns] = circuit.weights[k].T
    free = np.arange(voltage.size)
    if circuit.kind == HARD_SIGMOID:
        speed = drive - voltage if flow is None else flow.speed(at_leaks, drive)
        held = ((voltage <= 0) & (speed < 0)) | ((voltage >= neurons.saturation) & (speed > 0))
        free = np.flatnonzero(~held)
    jacobian = coupling * ((by_drive * neurons.gain)[:, None] * slope[None, :])
    jacobian[np.diag_indices_from(jacobian)] += by_voltage
    of_states = None if flow is None else flow.jacobian(at_leaks, drive)
    dynamics = None
    if of_states is not None:
        dynamics = _dynamics(
            of_states, neurons.gain[:, None] * coupling * slope, circuit.rate.astype(np.float64)
        )
    return Point(jacobian[np.ix_(free, free)], free, dynamics)


def _dynamics(
    of_states: tuple[NDArray[np.floating], NDArray[np.floating]], coupling: Array, rate: Array
) -> Array:
    """Return ∂(dx/dt)/∂x of all states of all neurons; ``coupling`` f64[neuron, neuron] is ∂drive/∂V."""
    by_state, by_drive = of_states
    n, states = by_drive.shape
    whole = np.zeros((states, n, states, n))
    here = np.arange(n)
    for a in range(states):
        for b in range(states):
            whole[a, here, b, here] = by_state[:, a, b]
        whole[a, :, 0, :] += by_drive[:, a, None] * coupling
    return (whole * rate[:, None, None]).reshape(states * n, states * n)


def _activity_slopes(circuit: Circuit, voltage: Array) -> Array:
    """Return ∂activity/∂V of built-in neurons, f64[neuron]."""
    if circuit.pair_offset is not None:
        voltage = voltage - circuit.pair_offset
    own = slopes(circuit.curve, voltage) if circuit.curve is not None else None
    if circuit.kind == HARD_SIGMOID:
        return np.ones_like(voltage) if own is None else own
    return np.asarray(circuit.neurons.saturation * (1 - np.tanh(voltage) ** 2 if own is None else own))


def solve(point: Point, error: Array, *, transposed: bool) -> Array:
    """Return x with J x = e (or Jᵀ x = e) among the free neurons, 0 at the others; ``error`` f64[neuron]."""
    matrix = point.jacobian.T if transposed else point.jacobian
    found = np.zeros(len(error))
    if point.free.size:
        found[point.free] = np.linalg.solve(matrix, np.asarray(error, dtype=np.float64)[point.free])
    return found


def adjoint(
    batch: Batch, targets: NDArray[np.floating], flow: Flow | None = None
) -> list[NDArray[np.floating]]:
    """Return −dC/dI of layers 1 …, T[sample, neuron] each: the gradient by the current into each neuron.

    That is g Jᵀ⁻¹ ∂C/∂s at the present voltages, C = ‖y − s‖², by exact solves.
    No measurement gives this: it is for the rule that serves as a yardstick.
    """
    starts = batch.circuit.starts
    found = np.zeros_like(batch.voltage)
    for sample in range(len(batch)):
        error = np.zeros(int(starts[-1]))
        error[starts[-2] :] = 2 * (batch.voltage[sample, starts[-2] :] - targets[sample])
        found[sample] = solve(linearised(batch, sample, flow), error, transposed=True)
    found *= batch.circuit.neurons.gain
    return [found[:, a:b] for a, b in zip(starts, starts[1:], strict=False)]
