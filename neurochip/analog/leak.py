"""The leak as the transconductance amplifier that it is in silicon: a follower-integrator, whose tail bounds it.

A neuron rests where its currents meet

    ℓ(V) = (1 − c) R (f(V/R) + a) + c V,

f the curve of the amplifier's pair (`neurochip.analog.ekv`), R the voltage over which that turns its tail, c the share
of the conductance at rest that never saturates, and a what it carries at rest, of its tail. ℓ has the slope 1 at rest,
and R → ∞ or c → 1 is the linear leak. Voltages are in full scales V₀, currents in g_L V₀.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.ekv import ekv_pair, pair_curve, slopes
from neurochip.analog.integrate import Nudge, driven
from neurochip.analog.step import HARD_SIGMOID, Driven, held, nudged, resting_point
from neurochip.description.die.circuit import AnalogSpec
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.types import Matrix, Vector

__all__ = ["Amplifier", "Leak"]

Array = NDArray[np.floating]


class Leak(NamedTuple):
    """The constants of ℓ: its tail (1 − c) R, R, c, a, and the curve of its pair as in `Curve`."""

    tail: float
    reach: float
    conductance: float
    asymmetry: float
    value: Vector[np.float64]  # f64[point]
    slope: Vector[np.float64]  # f64[point]
    step: float
    offset: Vector[np.float64]  # f64[neuron], at the input of its amplifier


class Amplifier:
    """The leak of a run, ready for the integrators.

    Parameters
    ----------
    spec
        The section ``[analog]``, whose ``leak`` is an amplifier.
    """

    leaks_at_most_linearly = True
    has_leak_offset = True
    rest: tuple[float, ...] = (0.0,)

    def __init__(self, spec: AnalogSpec) -> None:
        leak = spec.leak
        self._curve = pair_curve(spec.leak_inversion)
        self.leak = Leak(
            leak.tail,
            leak.range,
            leak.conductance,
            leak.asymmetry,
            self._curve.value,
            self._curve.slope,
            self._curve.step,
            np.zeros(0),
        )

    def step(self, batch: Batch, nudge: Nudge, noise: Array | None) -> None:
        """Take one step."""
        at = driven(batch, nudge)
        amplified_step(
            batch.circuit.kind, self._of(batch), at, at.voltage if noise is None else noise, noise is not None
        )

    def rate(self, batch: Batch, nudge: Nudge, out: Array) -> None:
        """Write τ dV/dt, 0 for a neuron that a rail holds."""
        amplified_rates(batch.circuit.kind, self._of(batch), driven(batch, nudge), out)

    def _of(self, batch: Batch) -> Leak:
        return self.leak._replace(offset=batch.circuit.leak_offset)

    def speed(self, voltage: Array, drive: Array) -> Array:
        """Return τ dV/dt without a nudge, f64[neuron]."""
        return np.asarray(drive - self.current(voltage))

    def jacobian(self, voltage: Array, drive: Array) -> None:
        """Return nothing: a neuron has its voltage alone."""

    def current(self, voltage: Array) -> Array:
        """Return ℓ(V), f64[neuron]."""
        out, leak = np.empty((1, voltage.size)), self.leak
        curve = self._curve._replace(level=leak.asymmetry)
        ekv_pair(voltage.astype(np.float64)[None] / leak.reach, np.full(voltage.size, leak.tail), *curve, out)
        return np.asarray(out[0] + leak.conductance * voltage)

    def slopes(self, voltage: Array, drive: Array, saturation: Array) -> tuple[Array, Array, Array | None]:
        """Return ∂flow/∂V and ∂flow/∂drive, f64[neuron] each; activities are those of the circuit."""
        steep = slopes(self._curve, voltage.astype(np.float64) / self.leak.reach)
        by_voltage = -((1 - self.leak.conductance) * steep + self.leak.conductance)
        return by_voltage, np.ones_like(by_voltage), None


@kernel
def leaked(leak: Leak, v: float) -> Any:
    """Return ℓ(V), f64 scalar, by the cubics of the curve."""
    last = leak.value.shape[0] - 1
    at = abs(v) / leak.reach / leak.step
    sent = leak.value[last]
    if at < last:
        k = int(at)
        t = at - k
        u = 1 - t
        sent = u * u * ((1 + 2 * t) * leak.value[k] + t * leak.slope[k])
        sent += t * t * ((1 + 2 * u) * leak.value[k + 1] - u * leak.slope[k + 1])
    elif np.isnan(v):
        sent = v
    return leak.tail * ((sent if v >= 0 else -sent) + leak.asymmetry) + leak.conductance * v


@entry
def amplified_step(kind: int, leak: Leak, at: Driven, noise: Matrix[np.floating], is_noisy: bool) -> None:
    """Take one step in place, as `neurochip.analog.step.relax` does."""
    voltage, neurons = at.voltage, at.neurons
    zero = voltage.dtype.type(0)
    for sample in range(voltage.shape[0]):
        for i in range(voltage.shape[1]):
            v = voltage[sample, i]
            speed = nudged(
                resting_point(at, sample, i) - leaked(leak, float(v) - leak.offset[i]), at, sample, i
            )
            after = voltage.dtype.type(v + neurons.fraction[i] * speed)
            if is_noisy:
                after += noise[sample, i]
            if kind == HARD_SIGMOID:
                after = min(max(after, zero), neurons.saturation[i])
            voltage[sample, i] = after


@entry
def amplified_rates(kind: int, leak: Leak, at: Driven, out: Matrix[np.floating]) -> None:
    """Write τ dV/dt of every neuron into ``out`` T[sample, neuron], and 0 for one that a rail holds."""
    for sample in range(at.voltage.shape[0]):
        for i in range(at.voltage.shape[1]):
            v = at.voltage[sample, i]
            speed = nudged(
                resting_point(at, sample, i) - leaked(leak, float(v) - leak.offset[i]), at, sample, i
            )
            out[sample, i] = 0.0 if held(kind, v, speed, at.neurons.saturation[i]) else speed
