"""Steps of a vector field that is handed in as compiled functions.

Beside `neurochip.analog.step` and not in its place: an entry that takes a function is compiled anew for each, and the
built-in field with its rails must not wait for that.
"""

from __future__ import annotations

import numpy as np

from neurochip.analog.step import Driven, nudged, resting_point
from neurochip.kernels._jit import Kernel, unstored_entry
from neurochip.kernels.types import Matrix, Real, Vector

__all__ = ["activities", "flow_rates", "flow_step"]


@unstored_entry
def flow_step(
    flow: Kernel[[Real, Real], Real], at: Driven, noise: Matrix[np.floating], is_noisy: bool
) -> None:
    """Take one Euler step in place, as `neurochip.analog.step.relax` does; ``flow`` is a function of two numbers."""
    for sample in range(at.voltage.shape[0]):
        for i in range(at.voltage.shape[1]):
            v = at.voltage[sample, i]
            speed = nudged(flow(v, resting_point(at, sample, i)), at, sample, i)
            v = v + at.neurons.fraction[i] * speed
            if is_noisy:
                v += noise[sample, i]
            at.voltage[sample, i] = v


@unstored_entry
def flow_rates(flow: Kernel[[Real, Real], Real], at: Driven, out: Matrix[np.floating]) -> None:
    """Write τ dV/dt of every neuron into ``out`` T[sample, neuron]."""
    for sample in range(at.voltage.shape[0]):
        for i in range(at.voltage.shape[1]):
            out[sample, i] = nudged(flow(at.voltage[sample, i], resting_point(at, sample, i)), at, sample, i)


@unstored_entry
def activities(
    activity: Kernel[[Real], Real],
    voltage: Matrix[np.floating],
    saturation: Vector[np.floating],
    out: Matrix[np.floating],
) -> None:
    """Write saturation × activity(V) into ``out`` T[sample, neuron]."""
    for sample in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            out[sample, i] = saturation[i] * activity(voltage[sample, i])
