"""The kernels of one step against plain Python written from the equation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from neurochip.analog.noise import normals
from neurochip.analog.step import HARD_SIGMOID, TANH, Driven, Neurons, gather, pair, push, relax, residuals

pytestmark = pytest.mark.interp

BATCH, N, FIRST_OUTPUT = 2, 7, 4
RNG = np.random.default_rng(8)


def problem() -> tuple[Any, ...]:
    rng = np.random.default_rng(3)
    voltage = rng.uniform(0, 1, (BATCH, N))
    voltage[0, 0] = 0.0
    forward, backward = rng.normal(0, 1, (2, BATCH, N))
    neurons = Neurons(
        bias=rng.normal(0, 0.3, N),
        gain=rng.uniform(0.5, 1.5, N),
        offset=rng.normal(0, 0.1, N),
        fraction=rng.uniform(0.2, 0.8, N),
        saturation=rng.uniform(0.7, 1.2, N),
    )
    return (
        voltage,
        forward,
        backward,
        neurons,
        rng.uniform(0, 1, (BATCH, N - FIRST_OUTPUT)),
        rng.normal(0, 0.1, (BATCH, N)),
    )


def by_hand(kind: int, beta: float, noisy: bool) -> tuple[Any, Any]:
    """Return the voltages after a step and the residuals before it, neuron by neuron."""
    voltage, forward, backward, neurons, target, noise = problem()
    after, worst = [], []
    for sample in range(BATCH):
        row, largest = [], 0.0
        for i in range(N):
            v = float(voltage[sample, i])
            current = float(neurons.gain[i]) * (
                float(forward[sample, i]) + float(backward[sample, i]) + float(neurons.bias[i])
            )
            speed = current + float(neurons.offset[i]) - v
            if i >= FIRST_OUTPUT:
                speed += 2 * beta * (float(target[sample, i - FIRST_OUTPUT]) - v)
            top = float(neurons.saturation[i])
            held = kind == HARD_SIGMOID and ((v <= 0 and speed < 0) or (v >= top and speed > 0))
            largest = max(largest, 0.0 if held else abs(speed))
            moved = v + float(neurons.fraction[i]) * speed + (float(noise[sample, i]) if noisy else 0.0)
            row.append(min(max(moved, 0.0), top) if kind == HARD_SIGMOID else moved)
        after.append(row)
        worst.append(largest)
    return np.array(after), np.array(worst)


@pytest.mark.parametrize("kind", [HARD_SIGMOID, TANH])
@pytest.mark.parametrize("beta", [0.0, -0.3])
@pytest.mark.parametrize("noisy", [False, True])
def test_a_step(kind: int, beta: float, noisy: bool) -> None:
    voltage, forward, backward, neurons, target, noise = problem()
    expected, worst = by_hand(kind, beta, noisy)
    largest = np.zeros(BATCH)
    at = Driven(voltage, forward, backward, neurons, FIRST_OUTPUT, 2 * beta, target)
    residuals(kind, at, largest)
    np.testing.assert_allclose(largest, worst, rtol=1e-12)
    relax(kind, at, noise, noisy)
    np.testing.assert_allclose(voltage, expected, rtol=0, atol=1e-14)


def test_what_has_changed_is_sent() -> None:
    sent = RNG.normal(size=(3, 30))
    now = sent.copy()
    changed = RNG.random((3, 30)) < 0.6
    now[changed] += RNG.normal(size=int(changed.sum()))
    weights, drive = RNG.normal(size=(20, 6)), RNG.normal(size=(3, 11))
    index, moved = np.zeros((3, 30), np.int32), np.zeros((3, 30))
    count, before, difference = np.zeros(3, np.int64), drive.copy(), now - sent
    first, last, into = 5, 25, 4
    held = sent.copy()
    assert gather(sent, now, 0, 30, 0.0, 2, index, moved, count) == -1
    np.testing.assert_array_equal(sent, held)  # too many: nothing is sent
    n = gather(sent, now, first, last, 0.0, 1000, index, moved, count)
    assert n == changed[:, first:last].sum() > 24
    np.testing.assert_array_equal(count, changed[:, first:last].sum(axis=1))
    beside = np.concatenate([np.full(7, np.nan), weights.ravel()])  # of other projections
    push(index, moved, count, beside, 7, 6, drive, into, np.zeros(20))
    before[:, into : into + 6] += difference[:, first:last] @ weights
    np.testing.assert_allclose(drive, before, atol=1e-12)
    np.testing.assert_array_equal(sent[:, first:last], now[:, first:last])
    assert gather(sent, now, first, last, 0.0, 1000, index, moved, count) == 0
    np.testing.assert_array_equal(sent[:, :first], held[:, :first])
    np.testing.assert_array_equal(sent[:, last:], held[:, last:])


def test_the_pair() -> None:
    voltage, rails = np.linspace(-2, 2, 10).reshape(2, 5), np.linspace(0.5, 1.5, 5)
    out = np.zeros((2, 5))
    pair(voltage, rails, out)
    for sample in range(2):
        for i in range(5):
            assert out[sample, i] == pytest.approx(rails[i] * math.tanh(voltage[sample, i]), rel=1e-12)


def test_normal_numbers() -> None:
    out = np.zeros((4, 500))
    with np.errstate(over="ignore"):  # a hash wraps; the kernel as plain Python would warn of it
        normals(np.uint64(3), np.arange(4, dtype=np.uint64), np.uint64(7), 0, 2.0, out)
    assert out.mean() == pytest.approx(0, abs=0.2) and out.std() == pytest.approx(2, rel=0.08)
    part = np.zeros((1, 100))
    with np.errstate(over="ignore"):
        normals(np.uint64(3), np.array([2], np.uint64), np.uint64(7), 300, 2.0, part)
    np.testing.assert_array_equal(part[0], out[2, 300:400])


def test_a_neuron_that_a_rail_holds_is_at_rest() -> None:
    one, zero = np.ones(1), np.zeros(1)
    neurons = Neurons(bias=zero, gain=one, offset=zero, fraction=one, saturation=0.8 * one)
    largest = np.zeros(1)
    for voltage, drive, expected in (
        (0.8, 2.0, 0.0),  # at the upper rail, pressed against it
        (0.8, 0.5, 0.3),  # pulled off it
        (0.0, -2.0, 0.0),
        (0.0, 0.5, 0.5),
    ):
        here, push_of = np.full((1, 1), voltage), np.full((1, 1), drive)
        at = Driven(here, push_of, np.zeros((1, 1)), neurons, 1, 0.0, np.zeros((1, 0)))
        residuals(HARD_SIGMOID, at, largest)
        assert largest[0] == pytest.approx(expected)
        # A differential pair has no rails.
        residuals(TANH, at, largest)
        assert largest[0] == pytest.approx(abs(drive - voltage))
