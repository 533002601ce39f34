"""What a mirror sends: its gain falls as its current rises, for its input's voltage rises and its output's does not.

With the Early voltage V_A of its output, held at V_out, and a gate that rises with the current,

    I_out = g I (1 + (V_out − V_GS(I))/V_A),   V_GS(I) = V_T + n U_T v(I/(I_spec W/L)),   v(i) = 2 ln(e^√i − 1)

(Enz, Krummenacher & Vittoz 1995). Taking the gain at full scale as 1, a signal s is sent as

    ρ(s) = s (1 − d (v(IC s) − v(IC))),   d = n U_T/V_A.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.circuit import Circuit
from neurochip.analog.ekv import Curve, ekv_pair, pair_curve, pinch_off
from neurochip.analog.step import HARD_SIGMOID
from neurochip.description.die.circuit import AnalogSpec

__all__ = ["gate_rise", "mirror_curve", "mirrored", "synapse_curve"]

_TOP = 8.0  # full scales, beyond any rail
_POINTS = 4096
_LEAST = 1e-300

Array = NDArray[np.float64]


def gate_rise(current: Array, inversion: float) -> Array:
    """Return v(IC s) − v(IC), n U_T: how far a gate lies above that of full scale; ``current`` in full scales."""
    return pinch_off(np.maximum(np.asarray(current, np.float64), _LEAST) * inversion) - pinch_off(
        np.asarray(inversion)
    )


@functools.lru_cache(maxsize=16)
def mirror_curve(conductance: float, inversion: float) -> Curve:
    """Return what a mirror sends of a signal, at equal steps of it from 0."""
    signal = np.linspace(0, _TOP, _POINTS + 1)
    step = _TOP / _POINTS
    value = signal * (1 - conductance * gate_rise(signal, inversion))
    root = np.sqrt(np.maximum(signal, step / 4) * inversion)
    rise = root / -np.expm1(-root)  # dv/d ln i
    slope = 1 - conductance * (gate_rise(np.maximum(signal, step / 4), inversion) + rise)
    return Curve(value, slope * step, step, 0.0)


def synapse_curve(spec: AnalogSpec) -> Curve | None:
    """Return what a synapse sends of a signal; `None` where that is the signal itself, or its tanh."""
    if spec.characteristic == "ekv":
        return pair_curve(spec.pair_inversion, spec.asymmetry)
    if spec.characteristic == "hard-sigmoid" and spec.mirror.conductance:
        return mirror_curve(spec.mirror.conductance, spec.mirror_inversion)
    return None


def mirrored(circuit: Circuit, inputs: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return what the mirrors of the clamped layer send, T[sample, unit]; the inputs where mirrors have one gain."""
    curve = circuit.curve
    if circuit.kind != HARD_SIGMOID or curve is None:
        return inputs
    sent = np.empty_like(inputs)
    ekv_pair(inputs, np.ones(inputs.shape[1], inputs.dtype), *curve, sent)
    return sent
