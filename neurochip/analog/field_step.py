"""Steps of a vector field that is handed in as compiled functions."""

from __future__ import annotations

from typing import Any

from neurochip.analog.step import Neurons, current
from neurochip.kernels._jit import unstored_entry

__all__ = ["activities", "flow_rates", "flow_step"]


@unstored_entry
def flow_step(
    flow: Any,
    voltage: Any,
    forward: Any,
    backward: Any,
    neurons: Neurons,
    first_output: int,
    nudge: Any,
    target: Any,
    noise: Any,
    is_noisy: bool,
) -> None:
    """Take one Euler step in place; arrays as in `neurochip.analog.step.relax`, ``flow`` a function of two numbers."""
    for lane in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            v = voltage[lane, i]
            drive = current(
                forward[lane, i] + backward[lane, i], neurons.bias[i], neurons.gain[i], neurons.offset[i]
            )
            speed = flow(v, drive)
            if i >= first_output:
                speed += nudge * (target[lane, i - first_output] - v)
            v = v + neurons.fraction[i] * speed
            if is_noisy:
                v += noise[lane, i]
            voltage[lane, i] = v


@unstored_entry
def flow_rates(
    flow: Any,
    voltage: Any,
    forward: Any,
    backward: Any,
    neurons: Neurons,
    first_output: int,
    nudge: Any,
    target: Any,
    out: Any,
) -> None:
    """Write τ dV/dt of every neuron into ``out`` T[lane, neuron]."""
    for lane in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            v = voltage[lane, i]
            drive = current(
                forward[lane, i] + backward[lane, i], neurons.bias[i], neurons.gain[i], neurons.offset[i]
            )
            speed = flow(v, drive)
            if i >= first_output:
                speed += nudge * (target[lane, i - first_output] - v)
            out[lane, i] = speed


@unstored_entry
def activities(activity: Any, voltage: Any, saturation: Any, out: Any) -> None:
    """Write saturation × activity(V) into ``out`` T[lane, neuron]."""
    for lane in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            out[lane, i] = saturation[i] * activity(voltage[lane, i])
