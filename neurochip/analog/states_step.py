"""Steps of a vector field with several states for each neuron, handed in as a compiled function."""

from __future__ import annotations

import numpy as np

from neurochip.analog.step import Driven, nudged, resting_point
from neurochip.kernels._jit import Kernel, unstored_entry
from neurochip.kernels.types import Matrix, Vector

__all__ = ["states_rates", "states_step"]


@unstored_entry
def states_step(
    flow: Kernel[..., None],
    at: Driven,
    state: Matrix[np.floating],
    now: Vector[np.float64],
    speed: Vector[np.float64],
    noise: Matrix[np.floating],
    is_noisy: bool,
) -> None:
    """Take one Euler step of all states in place; the first is the voltage, which alone is nudged and noisy.

    ``state`` is T[sample, state × neuron], one state after the other, and ``at.voltage`` its first part; ``flow``
    takes the states of a neuron f64[state], its drive, and what it writes, f64[state]. ``now`` and ``speed`` are room.
    """
    n = at.voltage.shape[1]
    for sample in range(state.shape[0]):
        for i in range(n):
            for k in range(now.shape[0]):
                now[k] = state[sample, k * n + i]
            flow(now, resting_point(at, sample, i), speed)
            speed[0] = nudged(speed[0], at, sample, i)
            for k in range(now.shape[0]):
                state[sample, k * n + i] = now[k] + at.neurons.fraction[i] * speed[k]
            if is_noisy:
                state[sample, i] += noise[sample, i]


@unstored_entry
def states_rates(
    flow: Kernel[..., None],
    at: Driven,
    state: Matrix[np.floating],
    now: Vector[np.float64],
    speed: Vector[np.float64],
    out: Matrix[np.floating],
) -> None:
    """Write τ dx/dt of every state into ``out``, as ``state``."""
    n = at.voltage.shape[1]
    for sample in range(state.shape[0]):
        for i in range(n):
            for k in range(now.shape[0]):
                now[k] = state[sample, k * n + i]
            flow(now, resting_point(at, sample, i), speed)
            speed[0] = nudged(speed[0], at, sample, i)
            for k in range(now.shape[0]):
                out[sample, k * n + i] = speed[k]
