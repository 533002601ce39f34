"""The time to rest is that of an independent solver of the same differential equation, whatever the step of the run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurochip.analog.settle_time import settle_times
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot

SIZES = (16, 12, 6)
INPUTS = np.random.default_rng(1).random((2, 16))
TARGETS = np.eye(6)[[0, 3]]


def made(characteristic: str, mismatch: MismatchSpec | None = None, **settle: Any) -> AnalogSubstrate:
    spec = AnalogSpec(
        characteristic=characteristic,  # type: ignore[arg-type]
        mismatch=MismatchSpec(sigma=0.2) if mismatch is None else mismatch,
        settle=SettleSpec(**settle),
    )
    substrate = AnalogSubstrate(layered(SIZES, tied=False), spec, dtype=np.float64)
    drawn = glorot(substrate.network, 5)
    parts = ([0.7 * w for w in drawn.weights], [0.7 * w for w in drawn.feedback], drawn.biases)
    substrate.load(Parameters(*map(tuple, parts)))
    return substrate


def exact(substrate: AnalogSubstrate, beta: float, *, within: float = 0.01) -> list[float]:
    """Return the time after which every voltage stays near its end, in nominal time constants, by LSODA."""
    circuit, neurons = substrate.circuit, substrate.circuit.neurons
    first, forward, backward = circuit.weights
    is_pair = substrate.spec.characteristic == "tanh"

    def solve(x: np.ndarray, y: np.ndarray, start: np.ndarray, pull: float) -> Any:
        def flow(_: float, v: np.ndarray) -> np.ndarray:
            sent = neurons.saturation * np.tanh(v) if is_pair else np.clip(v, 0, neurons.saturation)
            drive = np.concatenate([x @ first + sent[12:] @ backward, sent[:12] @ forward])
            speed = neurons.gain * (drive + neurons.bias) + neurons.offset - v
            speed[12:] += 2 * pull * (y - v[12:])
            if not is_pair:  # a rail holds what would leave it
                speed = speed + 1e4 * (np.clip(v, 0, neurons.saturation) - v)
            return np.asarray(circuit.rate * speed)

        return solve_ivp(flow, (0, 300), start, method="LSODA", rtol=1e-9, atol=1e-10, dense_output=True)

    found = []
    for x, y in zip(INPUTS, TARGETS, strict=True):
        path = solve(x, y, np.zeros(18), 0.0)
        if beta:
            path = solve(x, y, path.y[:, -1], beta)
        times = np.arange(0, 60, 0.002)
        voltage = path.sol(times)
        far = np.abs(voltage - voltage[:, -1:]).max(axis=0) > within
        found.append(float(times[np.flatnonzero(far)[-1]]))
    return found


@pytest.mark.parametrize("beta", [0.0, 0.5, -0.25])
@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
@pytest.mark.parametrize(
    "mismatch",
    [
        MismatchSpec(sigma=0.2),
        MismatchSpec(sigma=0.1, time_constant=0.5),  # neurons four times as quick as others
    ],
)
def test_settle_times_are_those_of_another_solver(
    characteristic: str, mismatch: MismatchSpec, beta: float
) -> None:
    substrate = made(characteristic, mismatch)
    theirs = exact(substrate, beta)
    assert min(theirs) > 0.5 and max(theirs) < 50
    ours = settle_times(substrate, INPUTS, beta=beta, targets=TARGETS)
    np.testing.assert_allclose(ours, theirs, rtol=0.02)


@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
def test_counting_the_steps_of_a_run_would_be_noticed(characteristic: str) -> None:
    """The control: counted in steps of half a time constant a settle is not within 2 %, it looks too quick."""
    substrate = made(characteristic)
    substrate.begin(INPUTS, np.arange(2, dtype=np.uint64))
    states = np.concatenate(substrate.run(Phase.FREE, 200, record=["states"]).states[1:], axis=2)
    far = np.abs(states - states[-1]).max(axis=2) > 0.01
    counted = 0.5 * np.array([1.5 + np.flatnonzero(sample)[-1] for sample in far.T])
    assert (counted / exact(substrate, 0.0) < 0.98).all()


def test_they_do_not_depend_on_the_step_or_the_method() -> None:
    times = [
        settle_times(made("tanh", **how), INPUTS)
        for how in ({}, {"step": 0.1}, {"method": "euler"}, {"method": "heun"}, {"until": "residual"})
    ]
    for other in times[1:]:
        np.testing.assert_allclose(other, times[0], rtol=1e-6)


def test_a_sample_that_does_not_come_to_rest_has_no_time() -> None:
    substrate = made("tanh")
    n = substrate.network.sizes
    push, pull = (np.full((n[1], n[2]), 4.0),), (np.full((n[2], n[1]), -4.0),)  # a loop that rings
    drawn = glorot(substrate.network, 5)
    substrate.load(Parameters((*drawn.weights[:1], *push), pull, drawn.biases))
    assert np.isnan(settle_times(substrate, INPUTS)).all()
