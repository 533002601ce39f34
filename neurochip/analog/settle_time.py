"""How long a circuit takes to come to rest, to a small part of a time constant and whatever the step of the run.

The steps of a run say how it is emulated: at half a time constant each, a settle looks up to a quarter quicker than it
is. Here the same differential equation is solved once more, with its local error controlled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.diagnostics import exact_copy
from neurochip.analog.integrate import Nudge, rates, within_rails
from neurochip.analog.step import HARD_SIGMOID
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.substrate import Phase

__all__ = ["WITHIN", "settle_times"]

Array = NDArray[np.floating]

WITHIN = 0.01  # full scales
_ERROR = 1e-6  # local error of a step, full scales
_LONGEST = 60.0  # τ
_LARGEST_STEP, _SMALLEST_STEP = 1.0, 1e-5  # τ
_SAFETY, _MOST_GROWTH, _MOST_SHRINKING = 0.9, 3.0, 0.2
_MOST_STEPS = 4000
_LOOKS = np.linspace(0, 1, 9)  # within a step


class _Step(NamedTuple):
    """One step of every sample: where it would end, how fast neurons are then, and its local error."""

    after: Array  # f64[sample, neuron]
    speed: Array  # f64[sample, neuron]
    error: Array  # f64[sample]


def settle_times(
    substrate: AnalogSubstrate,
    inputs: NDArray[np.floating],
    *,
    within: float = WITHIN,
    beta: float = 0.0,
    targets: NDArray[np.floating] | None = None,
) -> Array:
    """Return how long the voltages of each sample take until they stay near where they end.

    They start from rest, or with ``beta`` from where the free phase ends, pulled to ``targets`` [sample, output]. The
    die and the weights of ``substrate`` are used in a copy without noise; ``inputs`` [sample, unit]. The result is
    f64[sample] in nominal time constants, NaN for a sample that is not there after 60 of them; near is ``within`` full
    scales. Steps are those of Bogacki & Shampine 1989 (third order, error from the second), with cubics between.
    """
    exact = exact_copy(substrate)
    numbers = np.arange(len(inputs), dtype=np.uint64)
    exact.begin(inputs, numbers)
    batch = exact.batch
    start = batch.state.copy()
    exact.run(Phase.EVALUATION, _MOST_STEPS)
    if beta:
        start = batch.state.copy()
        exact.run(Phase.NUDGED, _MOST_STEPS, beta=beta, targets=targets)
    goal = batch.state.copy()
    aim = np.zeros((len(batch), exact.network.sizes[-1])) if targets is None else np.asarray(targets, float)
    nudge = Nudge(2 * beta, aim)

    def speed_at(voltage: Array) -> Array:
        batch.state[...] = voltage
        batch.update_activity()
        out = np.empty_like(voltage)
        rates(batch, nudge, exact.flow, out)
        if batch.circuit.kind == HARD_SIGMOID:
            out[
                ((voltage <= 0) & (out < 0)) | ((voltage >= batch.circuit.neurons.saturation) & (out > 0))
            ] = 0
        return out

    return _follow(speed_at, lambda v: within_rails(v, batch), start, goal, within)


def _follow(
    speed_at: Callable[[Array], Array],
    bounded: Callable[[Array], Array],
    voltage: Array,
    goal: Array,
    within: float,
) -> Array:
    """Return when each sample was last further than ``within`` from ``goal``, f64[sample]; NaN: it still is."""
    n = len(voltage)
    time, step, last = np.zeros(n), np.full(n, 0.01), np.zeros(n)
    speed = speed_at(voltage)
    far = np.abs(voltage - goal).max(axis=1, initial=0.0)
    while True:
        busy = (far > within / 10) & (time < _LONGEST)
        if not busy.any():
            return np.where(far > within, np.nan, last)
        h = np.where(busy, step, 0.0)
        taken = _bogacki_shampine(speed_at, bounded, voltage, speed, h[:, None])
        good = busy & ((taken.error <= _ERROR) | (h <= _SMALLEST_STEP))
        for sample in np.flatnonzero(good).tolist():
            path = _between(voltage[sample], speed[sample], taken, sample, h[sample])
            left = _last_outside(np.abs(path - goal[sample]).max(axis=1), within)
            if left is not None:
                last[sample] = time[sample] + left * h[sample]
            voltage[sample], speed[sample] = taken.after[sample], taken.speed[sample]
            far[sample] = np.abs(voltage[sample] - goal[sample]).max()
        time[good] += h[good]
        with np.errstate(divide="ignore"):
            factor = _SAFETY * np.cbrt(_ERROR / taken.error)
        factor = np.clip(factor, _MOST_SHRINKING, _MOST_GROWTH)
        step = np.clip(np.where(busy, h * factor, step), _SMALLEST_STEP, _LARGEST_STEP)


def _bogacki_shampine(
    speed_at: Callable[[Array], Array],
    bounded: Callable[[Array], Array],
    voltage: Array,
    first: Array,
    h: Array,
) -> _Step:
    second = speed_at(bounded(voltage + h / 2 * first))
    third = speed_at(bounded(voltage + 3 * h / 4 * second))
    after = bounded(voltage + h * (2 * first + 3 * second + 4 * third) / 9)
    fourth = speed_at(after)
    lower = bounded(voltage + h * (7 * first / 24 + second / 4 + third / 3 + fourth / 8))
    return _Step(after, fourth, np.abs(after - lower).max(axis=1, initial=0.0))


def _between(voltage: Array, speed: Array, taken: _Step, sample: int, h: float) -> Array:
    """Return the voltages of a sample at looks within its step, f64[look, neuron], by a cubic through both ends."""
    t = _LOOKS[:, None]
    u = 1 - t
    after, then = taken.after[sample], taken.speed[sample]
    return np.asarray(
        u**2 * ((1 + 2 * t) * voltage + t * h * speed) + t**2 * ((1 + 2 * u) * after - u * h * then)
    )


def _last_outside(far: Array, within: float) -> float | None:
    """Return the last moment of a step, 0 to 1, that is further than ``within`` from the goal; `None`: none is."""
    outside = np.flatnonzero(far > within)
    if not outside.size:
        return None
    k = int(outside[-1])
    if k == len(far) - 1:
        return 1.0
    return float(_LOOKS[k] + (far[k] - within) / (far[k] - far[k + 1]) * (_LOOKS[k + 1] - _LOOKS[k]))
