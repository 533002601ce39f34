"""The differential pair from weak to strong inversion, by the law of Enz, Krummenacher & Vittoz (1995).

A transistor in saturation carries i = ln²(1 + e^{v/2}) times I_spec W/L, where v is its pinch-off voltage over its
source in U_T. A pair shares the current IC of its tail: i₁ + i₂ = IC, v₁ − v₂ = ΔV/(n U_T), and sends (i₁ − i₂)/IC. In
weak inversion that is tanh ΔV/(2 n U_T); in strong inversion the pair turns over n U_T √(2 IC), and its signal ends
soon after.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.description.die.biasing import steepness
from neurochip.kernels._jit import entry
from neurochip.kernels.types import Matrix, Vector

__all__ = ["Curve", "ekv_pair", "pair_curve", "pinch_off", "slopes"]

_BENT, _TAIL = 1.5, 24.0  # a pair sends all but 10⁻¹⁰ of its tail after √2 full scales and so many n U_T
_POINTS = 2048

Array = NDArray[np.float64]


class Curve(NamedTuple):
    """What a pair sends of its tail, at equal steps of its voltage from 0: odd, of slope 1 at 0.

    Attributes
    ----------
    value, slope
        f64[point]; the slope by one step.
    step
        Full scales.
    level
        What a pair sends at balance besides, of its tail: of a load whose two sides are not alike.
    """

    value: Array
    slope: Array
    step: float
    level: float


@functools.lru_cache(maxsize=16)
def pair_curve(inversion: float, level: float = 0.0) -> Curve:
    """Return the curve of a pair whose tail has an inversion coefficient; voltages are in its V₀."""
    top = _BENT + _TAIL / (2 * steepness(inversion))
    voltage = np.linspace(0, top, _POINTS + 1)
    apart = 2 * steepness(inversion) * voltage  # v₁ − v₂
    low, high = np.full_like(voltage, -1500.0), np.full_like(voltage, 2 * np.sqrt(inversion) + 2)
    for _ in range(90):
        middle = (low + high) / 2
        is_more = _current(middle) + _current(middle + apart) > inversion
        low, high = np.where(is_more, low, middle), np.where(is_more, middle, high)
    second, first = _current(low), _current(low + apart)
    g1, g2 = _conductance(first), _conductance(second)
    slope = 2 * steepness(inversion) * 2 * g1 * g2 / (g1 + g2) / inversion
    step = top / _POINTS
    value = np.minimum((first - second) / inversion, 1.0)
    value[0] = 0.0
    return Curve(value, slope * step, step, level)


def pinch_off(current: Array) -> Array:
    """Return v(i) = 2 ln(e^√i − 1), U_T, of a current in units of I_spec W/L: the gate's way above the source."""
    root = np.sqrt(current)
    return np.asarray(2 * (root + np.log(-np.expm1(-root))))


def _current(v: Array) -> Array:
    return np.asarray(np.logaddexp(0, v / 2) ** 2)


def _conductance(current: Array) -> Array:
    """Return di/dv = √i (1 − e^{−√i})."""
    root = np.sqrt(current)
    return np.asarray(root * -np.expm1(-root))


@entry
def ekv_pair(
    voltage: Matrix[np.floating],
    saturation: Vector[np.floating],
    value: Vector[np.float64],
    slope: Vector[np.float64],
    step: float,
    level: float,
    activity: Matrix[np.floating],
) -> None:
    """Write what pairs send: the current of the tail × (the curve at V + ``level``). T[sample, neuron] each."""
    last = value.shape[0] - 1
    for sample in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            v = float(voltage[sample, i])
            at = abs(v) / step
            sent = value[last]
            if at < last:
                k = int(at)
                t = at - k
                u = 1 - t
                sent = u * u * ((1 + 2 * t) * value[k] + t * slope[k])
                sent += t * t * ((1 + 2 * u) * value[k + 1] - u * slope[k + 1])
            elif np.isnan(v):
                sent = v
            activity[sample, i] = saturation[i] * ((sent if v >= 0 else -sent) + level)


def slopes(curve: Curve, voltage: Array) -> Array:
    """Return ∂(what a pair sends)/∂V, f64[neuron], of the same cubics."""
    at = np.abs(voltage) / curve.step
    k = np.minimum(at.astype(np.int64), len(curve.value) - 2)
    t = at - k
    rise = curve.value[k + 1] - curve.value[k]
    found = (
        6 * t * (1 - t) * rise + (1 - t) * (1 - 3 * t) * curve.slope[k] + t * (3 * t - 2) * curve.slope[k + 1]
    )
    return np.where(at < len(curve.value) - 1, found / curve.step, 0.0)
