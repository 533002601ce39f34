"""Solve the circuit equation: steps of equal length, until the samples are at rest, or with a controlled error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.evaluation import evaluate_steps
from neurochip.analog.step import HARD_SIGMOID, Driven, residuals
from neurochip.description.die.settling import SettleSpec
from neurochip.kernels.types import Real

__all__ = [
    "Drawing",
    "Flow",
    "Nudge",
    "driven",
    "fixed_steps",
    "heun",
    "rates",
    "residual",
    "until_rest",
    "within_rails",
]

Array = NDArray[np.floating]
Drawing = Callable[[int], Array]  # tick of the phase → noise of that step, T[sample, neuron]

_LOOK_EVERY = 4  # steps between two looks at the residual
_SMALLEST_STEP = 1e-4  # of `heun`, in time constants
_SAFETY, _MOST_GROWTH, _MOST_SHRINKING = 0.9, 2.0, 0.2


@dataclass(frozen=True)
class Nudge:
    """The pull on the output neurons: 2β, and where to."""

    strength: Real  # T
    target: Array  # T[sample, output]

    def only(self, keep: NDArray[np.intp]) -> Nudge:
        """Return the pull on some of the samples."""
        return Nudge(self.strength, np.ascontiguousarray(self.target[keep]))


class Flow(Protocol):
    """A vector field other than the built-in ones.

    Attributes
    ----------
    leaks_at_most_linearly
        Whether a neuron alone goes back to rest with a slope between 0 and 1, whatever its voltage.
    has_leak_offset
        Whether what leaks follows the voltage less the offset that a die has at the input of its leaks.
    rest
        At the beginning of a presentation, of each state of a neuron; the voltage, which is sent, first.
    """

    leaks_at_most_linearly: bool
    has_leak_offset: bool
    rest: tuple[float, ...]

    def step(self, batch: Batch, nudge: Nudge, noise: Array | None) -> None:
        """Take one Euler step."""
        ...

    def rate(self, batch: Batch, nudge: Nudge, out: Array) -> None:
        """Write τ dx/dt of every state of every neuron, T as `Batch.state`."""
        ...

    def speed(self, voltage: Array, drive: Array) -> Array:
        """Return τ dV/dt without a nudge, of neurons that no rail holds, f64[neuron]; all states as in `slopes`."""
        ...

    def slopes(self, voltage: Array, drive: Array, saturation: Array) -> tuple[Array, Array, Array | None]:
        """Return ∂flow/∂V, ∂flow/∂drive and ∂activity/∂V, f64[neuron] each; `None`: activities are the circuit's.

        ``voltage`` is f64[neuron], with further states of all neurons behind it, one after the other.
        """
        ...

    def jacobian(self, voltage: Array, drive: Array) -> tuple[Array, Array] | None:
        """Return ∂flow/∂x f64[neuron, state, state] and ∂flow/∂drive f64[neuron, state]; `None`: there is V alone."""
        ...


def driven(batch: Batch, nudge: Nudge) -> Driven:
    """Return what a step has to know of the samples."""
    circuit = batch.circuit
    return Driven(
        batch.voltage,
        batch.forward,
        batch.backward,
        circuit.neurons,
        int(circuit.starts[-2]),
        nudge.strength,
        nudge.target,
    )


def _steps(batch: Batch, ticks: int, nudge: Nudge, noise: Array | None, flow: Flow | None) -> None:
    """Take steps; those with ``noise`` one by one."""
    if flow is None:
        batch.step(ticks, driven(batch, nudge), noise)
        return
    for _ in range(ticks):
        batch.transmit()
        flow.step(batch, nudge, noise)
        batch.update_activity()


def residual(batch: Batch, nudge: Nudge, flow: Flow | None) -> NDArray[np.float64]:
    """Return the largest |τ dx/dt| of each sample, f64[sample], in full scales; currents are made up to date first."""
    batch.transmit()
    largest = np.zeros(len(batch))
    if flow is not None:
        speed = np.empty_like(batch.state)
        flow.rate(batch, nudge, speed)
        return np.asarray(np.abs(speed).max(axis=1), dtype=np.float64)
    residuals(batch.circuit.kind, driven(batch, nudge), largest)
    return largest


def fixed_steps(
    batch: Batch,
    ticks: int,
    nudge: Nudge,
    *,
    flow: Flow | None = None,
    noise: Drawing | None = None,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Take ``ticks`` steps; ``watch`` is called after each with its number."""
    if noise is None and watch is None:
        _steps(batch, ticks, nudge, None, flow)
        return
    for tick in range(ticks):
        _steps(batch, 1, nudge, None if noise is None else noise(tick), flow)
        if watch is not None:
            watch(tick)


def until_rest(
    batch: Batch, ticks: int, nudge: Nudge, limit: float, *, flow: Flow | None = None, plain: bool = False
) -> NDArray[np.int64]:
    """Step each sample until its residual is at most ``limit``, but no more than ``ticks`` steps.

    Returns the steps that each sample took, i64[sample]. A sample is looked at every few steps, whatever the others do.
    ``plain`` says that nothing pulls the neurons, which are built-in ones and send every signal on.
    """
    took = np.zeros(len(batch), dtype=np.int64)
    here = np.arange(len(batch))
    part, pull, done = batch, nudge, 0
    while done < ticks and here.size:
        steps = min(_LOOK_EVERY, ticks - done)
        if plain:
            left = evaluate_steps(part, steps)
        else:
            _steps(part, steps, pull, None, flow)
            left = residual(part, pull, flow)
        done += steps
        took[here] = done
        moving = ~(left <= limit)
        if moving.all():
            continue
        if part is not batch:
            batch.put(here, part)
        keep = np.flatnonzero(moving)
        here = here[keep]
        if here.size:
            part, pull = part.only(keep), pull.only(keep)
    if part is not batch and here.size:
        batch.put(here, part)
    return took


def heun(
    batch: Batch, duration: float, nudge: Nudge, settle: SettleSpec, *, flow: Flow | None = None
) -> tuple[int, float]:
    """Integrate for ``duration`` nominal time constants by Heun's method, each sample with a step of its own.

    The step follows the difference between its two stages, which the local error ``settle.error`` limits; a sample
    whose residual is at most ``settle.residual`` stops early where ``settle.until`` is ``residual``. Returns the
    number of steps of the slowest sample and the longest time that a sample took.
    """
    dtype = batch.state.dtype
    n = len(batch)
    time = np.zeros(n)
    step = np.full(n, min(settle.step, duration))
    rests = np.zeros(n, dtype=bool)
    first, second = np.empty_like(batch.state), np.empty_like(batch.state)
    steps = 0
    while True:
        if settle.until == "residual":
            rests |= residual(batch, nudge, flow) <= settle.residual
        busy = ~rests & (time < duration * (1 - 1e-12))
        if not busy.any():
            return steps, float(time.max(initial=0.0))
        steps += 1
        h = np.where(busy, np.minimum(step, duration - time), 0.0)
        column = h.astype(dtype)[:, None]
        before = batch.state.copy()
        rates(batch, nudge, flow, first)
        batch.state[...] = within_rails(before + column * first, batch)
        batch.update_activity()
        ahead = batch.state.copy()
        rates(batch, nudge, flow, second)
        after = within_rails(before + column / 2 * (first + second), batch)
        error = np.abs(after - ahead).max(axis=1).astype(np.float64)
        good = busy & ((error <= settle.error) | (h <= _SMALLEST_STEP))
        batch.state[...] = np.where(good[:, None], after, before)
        batch.update_activity()
        time[good] += h[good]
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = _SAFETY * np.sqrt(settle.error / error)
        factor = np.where(np.isfinite(factor), factor, np.where(error == 0, _MOST_GROWTH, _MOST_SHRINKING))
        step = np.where(busy, h * np.clip(factor, _MOST_SHRINKING, _MOST_GROWTH), step)
        step = np.maximum(step, _SMALLEST_STEP)


def rates(batch: Batch, nudge: Nudge, flow: Flow | None, out: Array) -> None:
    """Write τ_nominal dx/dt of all states, T as `Batch.state`; neurons may leave their rails until `within_rails`."""
    batch.transmit()
    if flow is not None:
        flow.rate(batch, nudge, out)
    else:
        neurons, first = batch.circuit.neurons, int(batch.circuit.starts[-2])
        drive = batch.forward + batch.backward
        out[...] = neurons.gain * (drive + neurons.bias) + neurons.offset - batch.voltage
        out[:, first:] += nudge.strength * (nudge.target - batch.voltage[:, first:])
    each = out.reshape(len(batch), -1, batch.circuit.rate.size)
    each *= batch.circuit.rate


def within_rails(state: Array, batch: Batch) -> Array:
    """Return a state with neurons that have rails put back between them."""
    if batch.circuit.kind != HARD_SIGMOID:
        return state
    return np.clip(state, 0, batch.circuit.neurons.saturation)
