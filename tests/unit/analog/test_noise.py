"""A neuron alone in noise is an Ornstein–Uhlenbeck process, whose variance is known and does not depend on the step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase

SIGMA, NEURONS, BATCH = 0.05, 200, 60
NETWORK = layered((1, NEURONS), tied=True)


def variance(method: str, step: float, *, beta: float = 0.0, rate: float = 1.0) -> float:
    """Return the variance of neurons that rest at ½, in units of that of a nominal leak, σ²/2."""
    spec = AnalogSpec(
        noise=NoiseSpec(step=SIGMA),
        settle=SettleSpec(method=method, step=step),  # type: ignore[arg-type]
    )
    substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float64)
    fraction = 1 - (1 - step) ** rate if method == "exponential" and step < 1 else step * rate
    substrate.circuit.rate[:] = rate
    substrate.circuit.neurons.fraction[:] = fraction
    substrate.load(Parameters((np.zeros((1, NEURONS)),), (), (np.full(NEURONS, 0.5),)))
    substrate.begin(np.zeros((BATCH, 1)), np.arange(BATCH, dtype=np.uint64))
    how: dict[str, Any] = {"beta": beta, "targets": np.full((BATCH, NEURONS), 0.5)} if beta else {}
    substrate.run(Phase.NUDGED if beta else Phase.FREE, int(np.ceil(12 / step)), **how)
    return float(substrate.voltages().var() / (SIGMA**2 / 2))


@pytest.mark.parametrize("method", ["exponential", "euler"])
@pytest.mark.parametrize("step", [0.02, 0.2, 0.5, 0.9, 1.0])
def test_the_variance_does_not_depend_on_the_step(method: str, step: float) -> None:
    # 12 000 neurons: the standard error of a variance is 1.3 %, so five of them in all would be too narrow at 2 %.
    assert variance(method, step) == pytest.approx(1, abs=0.02 + 2 * 0.013)


def test_a_fast_neuron_and_a_nudged_one_fluctuate_less() -> None:
    assert variance("exponential", 0.5, rate=1.6) == pytest.approx(1 / 1.6, rel=0.05)
    assert variance("exponential", 0.5, beta=0.25) == pytest.approx(1 / 1.5, rel=0.05)


def test_noise_of_the_root_of_the_step_would_be_noticed() -> None:
    """What a step of Euler adds by itself: σ²h / (1 − (1 − h)²), a third too much at h = ½."""
    too_much = 0.5 / (1 - 0.5**2) * 2
    assert abs(too_much - 1) > 0.05
