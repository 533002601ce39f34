"""Steps of any length with noise: the order of their error on one path, the variance, and that the path stays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.brownian import path_over
from neurochip.analog.integrate import Nudge, rates
from neurochip.analog.stochastic import sra1_step
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot

SIGMA, TICKS, TICK, SAMPLES, FINEST = 0.3, 3, 1.0, 60, 9
NETWORK = layered((6, 5, 3), tied=False)
NUMBERS = np.arange(SAMPLES, dtype=np.uint64)


def made(error: float = 1e-4, *, sigma: float = SIGMA, step: float = TICK, **how: Any) -> AnalogSubstrate:
    spec = AnalogSpec(
        characteristic="tanh",
        settle=SettleSpec(method="heun", step=step, error=error),
        noise=NoiseSpec(step=sigma, **how),
        mismatch=MismatchSpec(sigma=0.3),
    )
    substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float64, seed=5)
    drawn = glorot(NETWORK, 1)
    substrate.load(Parameters(tuple(3 * w for w in drawn.weights), drawn.feedback, drawn.biases))
    substrate.begin(np.random.default_rng(1).random((SAMPLES, 6)), NUMBERS)
    return substrate


def on_the_path(depth: int, *, sigma: float = SIGMA, euler: bool = False) -> np.ndarray:
    """Return where the voltages are after all ticks, by steps of 2^−depth ticks on the one path of the seed."""
    batch = made().batch
    none = Nudge(0.0, np.zeros((SAMPLES, 3)))
    w, a = np.empty_like(batch.state), np.empty_like(batch.state)
    h = TICK / 2**depth
    for tick in range(TICKS):
        for part in range(2**depth):
            depths, parts = np.full(SAMPLES, depth), np.full(SAMPLES, part)
            path_over(np.uint64(5), NUMBERS, np.uint64(tick), TICK, depths, parts, w, a)
            if euler:
                speed = np.empty_like(batch.state)
                rates(batch, none, None, speed)
                batch.state += h * speed + sigma * w
                batch.update_activity()
            else:
                sra1_step(batch, none, None, np.full((SAMPLES, 1), h), (sigma * w, sigma * a))
    return batch.state.copy()


def order(*, euler: bool) -> float:
    """Return the slope of the root mean square error over the length of the step, against steps of 2^−9 of a tick.

    Noise is so strong that its part of the error is the larger one: the other falls with the square of the step.
    """
    sigma, depths = 10 * SIGMA, np.arange(3, 7)
    fine = on_the_path(FINEST, sigma=sigma)
    errors = [np.sqrt(np.mean((on_the_path(int(d), sigma=sigma, euler=euler) - fine) ** 2)) for d in depths]
    return float(-np.polyfit(depths, np.log2(errors), 1)[0])


def test_the_strong_order_is_one_and_a_half() -> None:
    assert order(euler=False) == pytest.approx(1.5, abs=0.15)
    # The control: Euler & Maruyama, of order 1 where noise is additive, is not within these bounds.
    assert order(euler=True) == pytest.approx(1.0, abs=0.15)


def test_chosen_steps_follow_the_same_path() -> None:
    """Steps that were taken back have met no other noise: a smaller error leads to the path of the finest steps."""
    fine, far = on_the_path(FINEST), []
    for error in (1e-2, 1e-3, 1e-4):
        substrate = made(error)
        substrate.run(Phase.FREE, TICKS)
        far.append(float(np.sqrt(np.mean((substrate.voltages() - fine) ** 2))))
    assert far[0] > 2 * far[1] > 4 * far[2]
    assert far[2] < 5e-4 < SIGMA / 100


def test_phases_in_pieces_and_samples_alone_are_the_same() -> None:
    whole, pieces = made(1e-3), made(1e-3)
    whole.run(Phase.FREE, 2)
    for _ in range(2):
        pieces.run(Phase.FREE, 1)
    np.testing.assert_allclose(pieces.voltages(), whole.voltages(), atol=5e-3)
    alone = made(1e-3)
    alone.begin(np.random.default_rng(1).random((SAMPLES, 6))[7:8], NUMBERS[7:8])
    alone.run(Phase.FREE, 2)
    np.testing.assert_allclose(alone.voltages()[0], whole.voltages()[7], atol=1e-12)


def variance(step: float, error: float, *, beta: float = 0.0, rate: float = 1.0) -> float:
    """Return the variance of 12 000 neurons alone that rest at ½, in units of that of a nominal leak, σ²/2."""
    network, sigma, n = layered((1, 200), tied=True), 0.05, 60
    spec = AnalogSpec(
        characteristic="tanh",
        noise=NoiseSpec(step=sigma),
        settle=SettleSpec(method="heun", step=step, error=error),
    )
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    substrate.circuit.rate[:] = rate
    substrate.load(Parameters((np.zeros((1, 200)),), (), (np.full(200, 0.5),)))
    substrate.begin(np.zeros((n, 1)), np.arange(n, dtype=np.uint64))
    how: dict[str, Any] = {"beta": beta, "targets": np.full((n, 200), 0.5)} if beta else {}
    substrate.run(Phase.NUDGED if beta else Phase.FREE, int(np.ceil(8 / step)), **how)
    return float(substrate.voltages().var() / (sigma**2 / 2))


@pytest.mark.parametrize("step", [0.1, 0.5, 1.0])
def test_the_variance_does_not_depend_on_the_tick(step: float) -> None:
    # 2 %, and the sampling error of 1.3 % twice.
    assert variance(step, 1e-3) == pytest.approx(1, abs=0.02 + 2 * 0.013)


def test_one_step_for_each_tick_would_be_noticed() -> None:
    """The control: with an error that lets every step be a whole time constant the variance is a tenth too small."""
    assert variance(1.0, 1e9) < 0.93
    assert variance(0.5, 1e-3, rate=1.6) == pytest.approx(1 / 1.6, rel=0.05)
    assert variance(0.5, 1e-3, beta=0.25) == pytest.approx(1 / 1.5, rel=0.05)


def test_without_noise_it_is_the_circuit() -> None:
    quiet, noisy = made(sigma=0.0), made(sigma=1e-12)
    for substrate in (quiet, noisy):
        substrate.run(Phase.FREE, 3)
    np.testing.assert_allclose(noisy.voltages(), quiet.voltages(), atol=1e-3)


def test_slow_noise_of_currents_is_there() -> None:
    slow, none = made(1e-3, sigma=0.0, flicker=0.1), made(1e-3, sigma=0.0)
    for substrate in (slow, none):
        substrate.run(Phase.FREE, 3)
    assert 0.02 < float((slow.voltages() - none.voltages()).std()) < 0.5
