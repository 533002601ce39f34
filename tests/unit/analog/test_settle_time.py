"""The time to rest is that of an independent solver of the same differential equation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurochip.analog.settle_time import settle_times
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.analog_sections import AnalogSpec
from neurochip.description.die_sections import MismatchSpec
from neurochip.network import layered
from neurochip.training.streams import glorot

SIZES = (16, 12, 6)


def made(characteristic: str) -> AnalogSubstrate:
    spec = AnalogSpec(characteristic=characteristic, mismatch=MismatchSpec(sigma=0.2))  # type: ignore[arg-type]
    substrate = AnalogSubstrate(layered(SIZES, tied=False), spec, dtype=np.float64)
    substrate.load(glorot(substrate.network, 5))
    return substrate


def by_radau(substrate: AnalogSubstrate, inputs: np.ndarray, within: float) -> float:
    """Return the time after which every voltage stays near its end, in nominal time constants."""
    circuit, neurons = substrate.circuit, substrate.circuit.neurons
    first, forward, backward = circuit.weights
    is_pair = substrate.spec.characteristic == "tanh"

    def flow(_: float, v: np.ndarray) -> np.ndarray:
        sent = neurons.saturation * np.tanh(v) if is_pair else np.clip(v, 0, neurons.saturation)
        drive = np.concatenate([inputs @ first + sent[12:] @ backward, sent[:12] @ forward])
        speed = neurons.gain * (drive + neurons.bias) + neurons.offset - v
        if not is_pair:  # a rail holds what would leave it
            speed = speed + 1e4 * (np.clip(v, 0, neurons.saturation) - v)
        return circuit.rate * speed

    found = solve_ivp(flow, (0, 60), np.zeros(18), method="Radau", rtol=1e-8, atol=1e-9, dense_output=True)
    times = np.arange(0, 60, 0.002)
    voltage = found.sol(times)
    far = np.abs(voltage - voltage[:, -1:]).max(axis=0) > within
    return float(times[np.flatnonzero(far)[-1]])


@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
def test_settle_times_are_those_of_radau(characteristic: str) -> None:
    substrate = made(characteristic)
    inputs = np.random.default_rng(1).random((2, 16))
    assert substrate.network.projections[0].source == 0 and len(substrate.circuit.weights) == 3
    theirs = [by_radau(substrate, x, 0.01) for x in inputs]
    assert min(theirs) > 2
    np.testing.assert_allclose(settle_times(substrate, inputs), theirs, rtol=0.02)
    # The control: with steps of half a time constant the times are not those.
    coarse = settle_times(substrate, inputs, step=0.5)
    assert np.abs(coarse / theirs - 1).max() > 0.02
