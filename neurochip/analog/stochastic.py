"""Solve the circuit equation with noise of voltages by a method of strong order 1.5, with a controlled error.

dV = f(V) dt + σ dW, with σ the same at any voltage (additive noise), is what a stochastic Runge–Kutta method of two
stages needs, SRA1 of Rößler 2010 (SIAM J. Numer. Anal. 48, 922–952, table 6.3):

    H = V + ¾ h f(V) + ³⁄₂ σ I/h,   V′ = V + h (f(V)/3 + 2 f(H)/3) + σ ΔW,   I = ∫ (W − W₀) dt over the step

Without noise it is a Runge–Kutta method of second order. Rails, which cut a path off, are met to the order of a step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.brownian import DEEPEST, path_over
from neurochip.analog.integrate import Flow, Nudge, rates, within_rails
from neurochip.description.die.settling import SettleSpec
from neurochip.kernels.types import Index

__all__ = ["Noise", "sra1_step", "stochastic_steps"]

Array = NDArray[np.floating]

# Of the difference of the two stages, the part that is taken for the local error (Rackauckas & Nie 2017, δ = 1/6).
_PART = 1 / 6
_GROWS_BELOW = 0.25  # of the error allowed: a step twice as long has 2^1.5 times as much


class Noise(NamedTuple):
    """What makes voltages and currents of some samples fluctuate.

    Attributes
    ----------
    seed, presentations
        u64 and u64[sample], of the paths.
    first_tick
        Number of the phase's first tick.
    strength
        σ, full scales in the root of a nominal time constant; of all neurons, or f64[neuron].
    slow
        Tick of the phase → current into each neuron beside its drive during that tick, T[sample, neuron]; or `None`.
    """

    seed: Index
    presentations: NDArray[np.uint64]
    first_tick: int
    strength: float | Array
    slow: Callable[[int], Array] | None = None


def sra1_step(
    batch: Batch,
    nudge: Nudge,
    flow: Flow | None,
    h: Array,
    path: tuple[Array, Array],
    slow: Array | None = None,
) -> NDArray[np.float64]:
    """Take one step of each sample in place, and return h |f(H) − f(V)| of its neuron that has most, f64[sample].

    ``h`` is T[sample, 1], 0 for a sample that stays; ``path`` σW and σH over the step, T[sample, neuron] both.
    """
    before, neurons = batch.state.copy(), batch.circuit.rate.size
    first, second = np.empty_like(before), np.empty_like(before)
    increment, area = path
    wandering = None if slow is None else batch.circuit.rate * slow
    rates(batch, nudge, flow, first)
    if wandering is not None:
        first[:, :neurons] += wandering
    three = before.dtype.type(3)
    stage = before + three * h / 4 * first
    stage[:, :neurons] += three / 2 * (increment / 2 + area)
    batch.state[...] = within_rails(stage, batch)
    batch.update_activity()
    rates(batch, nudge, flow, second)
    if wandering is not None:
        second[:, :neurons] += wandering
    after = before + h / 3 * (first + 2 * second)
    after[:, :neurons] += increment
    batch.state[...] = within_rails(after, batch)
    batch.update_activity()
    return np.asarray(np.abs(h * (second - first)).max(axis=1, initial=0.0), dtype=np.float64)


def stochastic_steps(
    batch: Batch,
    ticks: int,
    nudge: Nudge,
    settle: SettleSpec,
    noise: Noise,
    *,
    flow: Flow | None = None,
    watch: Callable[[int], None] | None = None,
) -> None:
    """Integrate for ``ticks`` ticks of ``settle.step``, each sample with steps of its own: a tick, halved and halved.

    A step whose error is above ``settle.error`` is taken back, and its halves are taken; the next is twice as long
    where that is a part of the tick again and the error lets it. ``watch`` is called after each tick.
    """
    n, dtype = len(batch), batch.voltage.dtype
    depth = np.zeros(n, dtype=np.int64)
    increment, area = np.empty_like(batch.voltage), np.empty_like(batch.voltage)
    end = 1 << DEEPEST
    for tick in range(ticks):
        slow = None if noise.slow is None else noise.slow(tick)
        at = np.zeros(n, dtype=np.int64)  # in parts of the deepest halving
        while True:
            busy = at < end
            if not busy.any():
                break
            length = np.left_shift(1, DEEPEST - depth)
            part = np.where(busy, at, 0) // length
            number = np.uint64(noise.first_tick + tick)
            path_over(noise.seed, noise.presentations, number, settle.step, depth, part, increment, area)
            moving = busy[:, None] * np.asarray(noise.strength, dtype)
            h = np.where(busy, settle.step * length / end, 0.0).astype(dtype)[:, None]
            before = batch.state.copy()
            error = _PART * sra1_step(batch, nudge, flow, h, (moving * increment, moving * area), slow)
            lost = ~np.isfinite(before).all(axis=1)  # for good: the end of the phase says so
            bad = busy & ~lost & ~(error <= settle.error) & (depth < DEEPEST)
            if bad.any():
                batch.state[bad] = before[bad]
                batch.update_activity()
            good = busy & ~bad
            at[good] += length[good]
            at[lost] = end
            fits = (at % (2 * length) == 0) & (depth > 0)
            depth = np.where(
                bad,
                depth + 1,
                np.where(good & fits & (error < _GROWS_BELOW * settle.error), depth - 1, depth),
            )
        if watch is not None:
            watch(tick)
