"""Fit the laws of a transistor and of a pair to what ngspice finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.ekv import ekv_pair, pair_curve
from neurochip.analog.mirror import gate_rise
from neurochip.analog.spread import THERMAL_MV, efficiency
from neurochip.description.die.biasing import steepness
from neurochip.description.die.conditions import thermal_ratio

__all__ = [
    "LeakFit",
    "MirrorFit",
    "PairFit",
    "TransistorFit",
    "fit_leak",
    "fit_mirror",
    "fit_pair",
    "fit_transistor",
    "thermal_v",
]

Array = NDArray[np.float64]

_INVERSIONS = np.geomspace(1e-3, 1e3, 31)  # of the tail of a leak


class TransistorFit(NamedTuple):
    """g_m/I = efficiency(I/I_spec)/(n U_T): n, I_spec of a square gate in A, and the largest relative error."""

    slope_factor: float
    i_spec: float
    error: float


class PairFit(NamedTuple):
    """I = tail · (f((ΔV − offset)/V₀) + asymmetry): A, V, V, a share, and the largest error as a share of the tail."""

    tail: float
    offset: float
    full_scale: float
    asymmetry: float
    error: float


class LeakFit(NamedTuple):
    """I = tail · (f((V − offset)/V_L) + asymmetry) + conductance · (V − offset): A, V, V, a share, S, and the error.

    f is of an ``inversion`` of its own, which its shape tells; the largest error is a share of the tail.
    """

    inversion: float
    tail: float
    offset: float
    reach: float
    asymmetry: float
    conductance: float
    error: float

    @property
    def unsaturated(self) -> float:
        """Share of the conductance at rest that never saturates."""
        at_rest = self.tail / self.reach
        return self.conductance / (at_rest + self.conductance)


class MirrorFit(NamedTuple):
    """Gain at the bias, the loss of it by n U_T of the gate, and the largest errors.

    Of the law and of one gain, to the mean of the mirrors; and of the law to each mirror with a gain of its own: what a
    mismatch of threshold makes of a gain is less where the gate is in stronger inversion.
    """

    gain: float
    conductance: float
    error: float
    error_constant: float
    error_each: float


def thermal_v(celsius: float) -> float:
    """Return kT/q, V."""
    return 1e-3 * THERMAL_MV * thermal_ratio(celsius)


def fit_transistor(voltage: Array, square: Array, celsius: float) -> TransistorFit:
    """Fit n and I_spec to the currents of a square gate, A, at rising gate voltages, V."""
    measured = np.gradient(np.log(square), voltage)[1:-1] * thermal_v(celsius)
    current = square[1:-1]

    def law(p: Array) -> Array:
        return np.asarray([efficiency(i / np.exp(p[1])) for i in current] / np.exp(p[0]))

    start = np.array([np.log(1.4), np.log(4e-7)])
    fitted = _least_squares(lambda p: measured / law(p) - 1, start)
    error = float(np.abs(measured / law(fitted) - 1).max())
    return TransistorFit(float(np.exp(fitted[0])), float(np.exp(fitted[1])), error)


def fit_pair(
    voltage: Array, current: Array, inversion: float, start: TransistorFit, celsius: float
) -> PairFit:
    """Fit tail, offset and V₀ to what a pair sends, A, at its input voltages, V; the inversion of its tail is known."""
    curve = pair_curve(min(max(inversion, 1e-3), 1e4))

    def law(p: Array) -> Array:
        out = np.empty((1, len(voltage)))
        ekv_pair(((voltage - p[1]) / np.exp(p[2]))[None], np.ones(len(voltage)), *curve, out)
        return np.asarray((out[0] + p[3]) * np.exp(p[0]))

    scale = float(np.abs(current).max())
    guess = 2 * start.slope_factor * thermal_v(celsius) * steepness(inversion)
    first = np.array([np.log(scale), 0.0, np.log(guess), 0.0])
    fitted = _least_squares(lambda p: (current - law(p)) / scale, first)
    tail = float(np.exp(fitted[0]))
    error = float(np.abs(current - law(fitted)).max()) / tail
    return PairFit(tail, float(fitted[1]), float(np.exp(fitted[2])), float(fitted[3]), error)


def fit_leak(voltage: Array, current: Array) -> LeakFit:
    """Fit what an amplifier with its output at its input carries, A, at voltages above rest, V.

    In weak inversion all curves are one, and the least of `_INVERSIONS` that fits within a thousandth of the best is
    taken.
    """
    fits = [_leak_of(voltage, current, float(inversion)) for inversion in _INVERSIONS]
    best = min(fit.error for fit in fits)
    return next(fit for fit in fits if fit.error <= best + 1e-3)


def _leak_of(voltage: Array, current: Array, inversion: float) -> LeakFit:
    curve = pair_curve(inversion)

    def law(p: Array) -> Array:
        out, at = np.empty((1, len(voltage))), (voltage - p[1]) / np.exp(p[2])
        ekv_pair(at[None], np.ones(len(voltage)), *curve, out)
        return np.asarray((out[0] + p[3] + (p[4] * at if len(p) > 4 else 0)) * np.exp(p[0]))

    scale = float(np.abs(current).max())
    guess = scale / float(np.gradient(current, voltage).max())
    first = np.array([np.log(scale), 0.0, np.log(guess), 0.0, 0.0])
    fitted = _least_squares(lambda p: (current - law(p)) / scale, first)
    if fitted[4] < 0:  # an output that gives way the wrong way is none
        fitted = _least_squares(lambda p: (current - law(p)) / scale, first[:4])
    tail, reach = float(np.exp(fitted[0])), float(np.exp(fitted[2]))
    error = float(np.abs(current - law(fitted)).max()) / tail
    conductance = float(fitted[4]) * tail / reach if len(fitted) > 4 else 0.0
    return LeakFit(inversion, tail, float(fitted[1]), reach, float(fitted[3]), conductance, error)


def fit_mirror(current: Array, gains: Array, inversion: float) -> MirrorFit:
    """Fit the gains of mirrors, f64[current, mirror], at currents of their input, over a bias of known inversion.

    All have one law beside the gain of each.
    """
    each = np.exp(np.log(gains).mean(axis=0))
    gain = np.exp(np.log(gains).mean(axis=1))
    law = np.stack([np.ones(len(current)), -gate_rise(current, inversion)], axis=1)
    fitted = np.linalg.lstsq(law / gain[:, None], np.ones(len(gain)), rcond=None)[0]
    if fitted[1] < 0:  # a gain that rises with the current is not the Early effect
        fitted = np.array([float(np.exp(np.log(gain).mean())), 0.0])
    shape = law @ fitted
    alone = gains / each / (shape / np.exp(np.log(shape).mean()))[:, None]
    return MirrorFit(
        float(fitted[0]),
        float(fitted[1] / fitted[0]),
        float(np.abs(gain / shape - 1).max()),
        float(np.abs(gain / np.exp(np.log(gain).mean()) - 1).max()),
        float(np.abs(alone - 1).max()),
    )


def _least_squares(residual: Callable[[Array], Array], start: Array) -> Array:
    """Return the parameters with the smallest sum of squares near ``start`` (Levenberg 1944, Marquardt 1963)."""
    p, damping = start.copy(), 1e-3
    here = residual(p)
    for _ in range(200):
        steps = 1e-6 * np.maximum(np.abs(p), 1e-3)
        slopes = np.stack(
            [(residual(p + s * e) - here) / s for s, e in zip(steps, np.eye(len(p)), strict=True)], 1
        )
        normal, pull = slopes.T @ slopes, -slopes.T @ here
        move = np.linalg.lstsq(normal + damping * np.diag(np.diag(normal)), pull, rcond=None)[0]
        there = residual(p + move)
        if there @ there < here @ here:
            p, here, damping = p + move, there, max(damping / 5, 1e-12)
            if np.abs(move).max() < 1e-10:
                break
        else:
            damping *= 4
            if damping > 1e12:
                break
    return p
