"""Pairs from weak to strong inversion: the exact law by another way, both limits, and what a die does with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from neurochip.analog.ekv import ekv_pair, pair_curve, slopes
from neurochip.analog.jacobian import adjoint
from neurochip.analog.rails import full_scale_v
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.biasing import current_factor, steepness
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.conditions import ConditionsSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.errors import CapabilityError
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.training.streams import glorot

VOLTAGES = np.linspace(-14, 14, 2001)


def sent(inversion: float, voltage: Any = VOLTAGES) -> Any:
    out = np.zeros((1, len(voltage)))
    ekv_pair(np.array([voltage]), np.ones(len(voltage)), *pair_curve(inversion), out)
    return out[0]


def exactly(inversion: float, voltage: float) -> float:
    """Solve for the currents: v(i) = 2 ln(e^√i − 1), i₁ + i₂ = IC, v₁ − v₂ = ΔV/(n U_T)."""

    def pinch(current: float) -> float:
        root = np.sqrt(current)
        return float(2 * (root + np.log(-np.expm1(-root))))

    apart = 2 * steepness(inversion) * voltage

    def over(first: float) -> float:
        return pinch(first) - pinch(inversion - first) - apart

    low, high = 1e-12 * inversion, (1 - 1e-12) * inversion
    if over(low) > 0 or over(high) < 0:
        return float(np.sign(voltage))  # one of the two has all of it
    first = brentq(over, low, high, xtol=1e-15 * inversion, rtol=1e-14)
    return float(2 * first / inversion - 1)


@pytest.mark.parametrize("inversion", [1e-3, 0.1, 1.0, 10.0, 1e3])
def test_the_curve_solves_the_law(inversion: float) -> None:
    at = np.linspace(-3, 3, 61)
    wanted = np.array([exactly(inversion, v) for v in at])
    np.testing.assert_allclose(sent(inversion, at), wanted, atol=1e-7)
    # The control: at a tenth of the inversion the same check fails, where the two differ at all.
    if inversion >= 1:
        assert np.abs(sent(inversion / 10, at) - wanted).max() > 1e-2


def test_weak_inversion_is_tanh_and_strong_a_square_law() -> None:
    # tanh to first order in √IC.
    np.testing.assert_allclose(sent(1e-3), np.tanh(VOLTAGES), atol=2e-2)
    assert np.abs(sent(1.0) - np.tanh(VOLTAGES)).max() > 2e-2
    # x √(1 − x²/4) with x in V₀ = n U_T √(2 IC), up to where all of the tail flows on one side.
    x = np.linspace(-1.3, 1.3, 101)
    np.testing.assert_allclose(sent(1e4, x), x * np.sqrt(1 - x**2 / 4), atol=2e-2)


@pytest.mark.parametrize("inversion", [1e-3, 1.0, 1e4])
def test_a_curve_is_odd_rising_and_bounded(inversion: float) -> None:
    curve = sent(inversion)
    np.testing.assert_array_equal(curve, -sent(inversion, -VOLTAGES))
    assert (np.diff(curve) >= -1e-12).all() and np.abs(curve).max() <= 1
    fine = np.linspace(-6, 6, 4001)
    difference = np.gradient(sent(inversion, fine), fine)
    np.testing.assert_allclose(slopes(pair_curve(inversion), fine)[1:-1], difference[1:-1], atol=1e-4)
    assert slopes(pair_curve(inversion), np.zeros(1)) == pytest.approx(1, abs=1e-6)
    assert np.isnan(sent(inversion, np.array([np.nan]))).all()


def test_a_full_scale_follows_the_inversion() -> None:
    weak, strong = (AnalogSpec(characteristic="ekv", inversion=ic) for ic in (1e-3, 200.0))
    assert full_scale_v(weak) == pytest.approx(2 * 1.3 * 0.02585, rel=0.02)
    assert full_scale_v(strong) == pytest.approx(2 * 1.3 * 0.02585 * 10, rel=1e-3)  # √(IC/2)
    hot = AnalogSpec(characteristic="ekv", inversion=200.0, conditions=ConditionsSpec(celsius=85.0))
    ratio = 358.15 / 300.15
    assert hot.pair_inversion == pytest.approx(200 / ratio**0.5)
    assert full_scale_v(hot) / full_scale_v(strong) == pytest.approx(ratio**0.75, rel=1e-3)
    assert current_factor(MismatchSpec(), ConditionsSpec()) == 1


def settled(characteristic: str, **more: Any) -> AnalogSubstrate:
    network = layered((20, 15, 8), tied=False)
    spec = AnalogSpec(characteristic=characteristic, **more)  # type: ignore[arg-type]
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    substrate.load(glorot(network, 3))
    substrate.begin(np.random.default_rng(1).random((4, 20)), np.arange(4, dtype=np.uint64))
    substrate.run(Phase.EVALUATION, 400)
    return substrate


def test_a_die_of_pairs_in_weak_inversion_is_one_of_tanh() -> None:
    weak, strong, tanh = settled("ekv", inversion=1e-3), settled("ekv", inversion=100.0), settled("tanh")
    assert np.abs(weak.voltages() - tanh.voltages()).max() < 0.02
    assert np.abs(strong.voltages() - tanh.voltages()).max() > 0.02
    assert float(weak.residual().max()) < 1e-9


def test_the_adjoint_of_a_die_is_that_of_finite_differences() -> None:
    substrate = settled("ekv", inversion=5.0)
    targets = np.full((4, 8), 0.3)
    wanted = adjoint(substrate.batch, targets, substrate.flow)[0][0, 3]

    def cost(bias: float) -> float:
        substrate.circuit.neurons.bias[3] += bias
        substrate.begin(np.random.default_rng(1).random((4, 20)), np.arange(4, dtype=np.uint64))
        substrate.run(Phase.EVALUATION, 200)
        substrate.circuit.neurons.bias[3] -= bias
        return float(((substrate.voltages()[0, -8:] - targets[0]) ** 2).sum())

    assert -(cost(1e-4) - cost(-1e-4)) / 2e-4 == pytest.approx(wanted, rel=1e-4)


def test_no_netlist_is_made_of_it() -> None:
    from neurochip.analog.spice import spice_netlist

    with pytest.raises(CapabilityError, match=r'has no source for a pair of characteristic = "ekv"'):
        spice_netlist(settled("ekv"), np.zeros(20))
