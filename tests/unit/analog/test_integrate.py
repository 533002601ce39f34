"""The integrators: each other's fixed points, closed forms, and the order of the error."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.elements import Constant
from neurochip.errors import ConfigError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.network import layered
from neurochip.substrate import Observable, Parameters, Phase
from neurochip.training.streams import glorot

NETWORK = layered((20, 15, 12, 5), tied=False)
X = np.random.default_rng(1).random((6, 20))
NUMBERS = np.arange(6, dtype=np.uint64)


def weights() -> Parameters:
    drawn = glorot(NETWORK, 3)
    return replace(drawn, biases=tuple(np.full(n, 0.1) for n in NETWORK.sizes[1:]))


def made(spec: AnalogSpec, dtype: Any = np.float64) -> AnalogSubstrate:
    substrate = AnalogSubstrate(NETWORK, spec, dtype=dtype)
    substrate.load(weights())
    substrate.begin(X, NUMBERS)
    return substrate


def spec(**settle: Any) -> AnalogSpec:
    return AnalogSpec(mismatch=MismatchSpec(sigma=0.3), settle=SettleSpec(**settle))


@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
def test_all_methods_find_the_same_fixed_point(characteristic: str) -> None:
    ends = []
    for settle in (
        SettleSpec(method="exponential", step=0.5),
        SettleSpec(method="euler", step=0.2),
        SettleSpec(method="heun", step=0.5, error=1e-6),
        SettleSpec(until="residual", residual=1e-10),
    ):
        substrate = made(replace(spec(), settle=settle, characteristic=characteristic))  # type: ignore[arg-type]
        substrate.run(Phase.FREE, 2000)
        ends.append(substrate.voltages())
    assert np.any((ends[0] > 0.1) & (ends[0] < 0.9))
    for end in ends[1:]:
        np.testing.assert_allclose(end, ends[0], atol=2e-6)


def test_the_ideal_die_is_the_ideal_network() -> None:
    """analog (σ = 0) and ideal have the same fixed point, free and nudged."""
    analog = made(AnalogSpec())
    ideal = IdealSubstrate(NETWORK, Constant(0.5), dtype=np.float64)
    ideal.load(weights())
    ideal.begin(X, NUMBERS)
    y = np.eye(5)[[0, 1, 2, 3, 4, 0]]
    for phase, beta in ((Phase.FREE, 0.0), (Phase.NUDGED, 0.4)):
        for substrate in (analog, ideal):
            substrate.run(phase, 500, beta=beta, targets=y)
        for layer in range(4):
            a, b = (s.observe(Observable.VALUE, layer) for s in (analog, ideal))
            np.testing.assert_allclose(a, b, atol=1e-10)


def test_one_neuron_decays_as_an_exponential() -> None:
    """`heun` follows V = V∞ (1 − e^(−κt)), and halving its error limit brings it nearer."""
    network = layered((1, 1), tied=False)
    errors = []
    for limit in (1e-3, 1e-4, 1e-5):
        substrate = AnalogSubstrate(
            network, AnalogSpec(settle=SettleSpec(method="heun", step=0.5, error=limit)), dtype=np.float64
        )
        substrate.load(Parameters((np.array([[0.8]]),), (), (np.array([0.1]),)))
        substrate.begin(np.array([[1.0]]), np.zeros(1, np.uint64))
        substrate.run(Phase.FREE, 3)
        errors.append(abs(float(substrate.voltages()[0, 0]) - 0.9 * (1 - np.exp(-1.5))))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-4


def test_euler_converges_with_order_one() -> None:
    network = layered((1, 1), tied=False)
    errors = []
    for step in (0.2, 0.1, 0.05):
        what = AnalogSpec(settle=SettleSpec(method="euler", step=step))
        substrate = AnalogSubstrate(network, what, dtype=np.float64)
        substrate.load(Parameters((np.array([[0.8]]),), (), (np.array([0.1]),)))
        substrate.begin(np.array([[1.0]]), np.zeros(1, np.uint64))
        substrate.run(Phase.FREE, round(1 / step))
        errors.append(abs(float(substrate.voltages()[0, 0]) - 0.9 * (1 - np.exp(-1))))
    for large, small in zip(errors, errors[1:], strict=False):
        assert np.log2(large / small) == pytest.approx(1, abs=0.1)


def test_two_runs_are_one_run() -> None:
    for settle in ({}, {"method": "euler", "step": 0.3}):
        whole, parts = made(spec(**settle), np.float32), made(spec(**settle), np.float32)
        whole.run(Phase.FREE, 17)
        for ticks in (4, 13):
            parts.run(Phase.FREE, ticks)
        np.testing.assert_array_equal(whole.voltages(), parts.voltages())


def test_samples_do_not_influence_one_another() -> None:
    """Alone or side by side, to rounding: which samples are looked at together decides how sums are ordered."""
    for settle in ({}, {"until": "residual", "residual": 1e-4}, {"method": "heun"}):
        together = made(spec(**settle))
        together.run(Phase.FREE, 60)
        for sample in range(3):
            alone = AnalogSubstrate(NETWORK, spec(**settle), dtype=np.float64)
            alone.load(weights())
            alone.begin(X[sample : sample + 1], NUMBERS[sample : sample + 1])
            alone.run(Phase.FREE, 60)
            np.testing.assert_allclose(alone.voltages()[0], together.voltages()[sample], atol=1e-12)


def test_sending_only_changes_is_exact_to_rounding() -> None:
    """Against the whole matrix product at every step."""
    sparse = made(spec())
    dense = made(spec())
    for _ in range(50):
        sparse.run(Phase.FREE, 1)
        dense.batch.stale = True
        dense.run(Phase.FREE, 1)
    np.testing.assert_allclose(sparse.voltages(), dense.voltages(), atol=1e-13)
    coarse = made(spec(change=1e-3))
    coarse.run(Phase.FREE, 50)
    assert 0 < np.abs(coarse.voltages() - dense.voltages()).max() < 0.02


def test_samples_stop_when_they_rest() -> None:
    substrate = made(spec(until="residual", residual=1e-3))
    took = substrate.run(Phase.FREE, 400).ticks
    assert 4 <= took < 100
    assert substrate.residual().max() <= 1e-3
    table = substrate.settling.as_table()["free"]
    assert table["unsettled"] == 0 and 0 < table["largest_residual"] <= 1e-3
    substrate.begin(X, NUMBERS)
    substrate.run(Phase.FREE, 2)
    assert substrate.settling.as_table()["free"]["unsettled"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: SettleSpec(step=1.5),
            "analog.settle.step: must be at most 1 time constant, beyond which Euler overshoots, got 1.5; "
            'use "heun"',
        ),
        (lambda: SettleSpec(residual=0.0), "analog.settle.residual: must be > 0, got 0"),
        (lambda: SettleSpec(error=-1.0), "analog.settle.error: must be > 0, got -1"),
    ],
)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make()
    assert str(refused.value) == sentence


def test_as_many_numbers_as_samples() -> None:
    """Noise is drawn by the number of a presentation, so every sample needs one."""
    with pytest.raises(ConfigError, match=r"presentations: .*shape \(6,\), got \(5,\)"):
        AnalogSubstrate(NETWORK, spec(), dtype=np.float64).begin(X, NUMBERS[:5])


@pytest.mark.parametrize(("beta", "rate"), [(1.0, 1.6), (2.0, 1.0), (5.0, 30.0), (0.25, 1.0)])
def test_a_nudged_neuron_comes_to_rest_at_any_ratio_of_time_constants(beta: float, rate: float) -> None:
    """Pulled towards 1 from a current of 0, an output rests at 2β/(1 + 2β)."""
    network = layered((1, 2), tied=True)
    substrate = AnalogSubstrate(network, AnalogSpec(), dtype=np.float64)
    substrate.circuit.rate[:] = rate
    substrate.circuit.neurons.fraction[:] = 1 - 0.5**rate
    substrate.load(Parameters((np.zeros((1, 2)),), (), (np.array([0.0, 0.5]),)))
    substrate.begin(np.zeros((1, 1)), np.zeros(1, np.uint64))
    kept = substrate.circuit.neurons.fraction
    substrate.run(Phase.NUDGED, 40, beta=beta, targets=np.ones((1, 2)))
    rest = (np.array([0.0, 0.5]) + 2 * beta) / (1 + 2 * beta)
    np.testing.assert_allclose(substrate.voltages()[0], rest, atol=1e-6)
    assert substrate.circuit.neurons.fraction is kept  # free phases go on as they were
    # Where Euler does not overshoot, its step is what it was: the control is that elsewhere it has no rest there.
    overshoots = (1 - 0.5**rate) * (1 + 2 * beta)
    v, stepped = 0.0, []
    for _ in range(40):
        v = min(max(v + (1 - 0.5**rate) * (-v + 2 * beta * (1 - v)), 0.0), 1.0)
        stepped.append(v)
    assert (abs(stepped[-1] - rest[0]) > 0.1) == (overshoots > 2)
    assert (substrate.circuit.nudged_fractions(2 * beta) is kept) == (overshoots <= 1.5)
