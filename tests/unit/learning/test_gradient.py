"""As β → 0 the weight change is gradient descent on C = ‖y − s*‖² (Scellier & Bengio 2017, theorem 1).

With F = E + βC and E = ½Σs² − Σ w s s − Σ b s the dynamics of design §3 are ds/dt = −∂F/∂s, since −β ∂C/∂s =
2β(y − s). Hence dC/dW = lim (∂F/∂W⁺ − ∂F/∂W⁻)/β = −lim (s s⁺ − s s⁻)/β: the change with η = 1 is −dC/dW itself, the
factor 2 of ∂C/∂s is in the nudge. The mean over samples is what is descended.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from neurochip.description import LearningSpec, PhasesSpec
from neurochip.elements import Constant
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import layered
from neurochip.substrate import Observable, Parameters, Phase

SIZES, BATCH, STEPS = (4, 5, 4, 3), 2, 300
NUMBERS = np.arange(BATCH, dtype=np.uint64)
Y = np.array([[0.9, 0.1, 0.2], [0.2, 0.7, 0.1]])


@cache
def problem() -> tuple[Parameters, Any]:
    """Draw a network whose states all stay inside (0, 1), where the dynamics are smooth."""
    rng = np.random.default_rng(2)
    weights = tuple(rng.uniform(-0.15, 0.25, shape) for shape in zip(SIZES, SIZES[1:], strict=False))
    biases = tuple(rng.uniform(0.2, 0.4, size) for size in SIZES[1:])
    return Parameters(weights, (), biases), rng.uniform(0.2, 0.8, (BATCH, SIZES[0]))


def settled_output(parameters: Parameters) -> Any:
    substrate = IdealSubstrate(layered(SIZES), Constant(0.5), dtype=np.float64)
    substrate.load(parameters)
    substrate.begin(problem()[1], NUMBERS)
    substrate.run(Phase.FREE, STEPS)
    states = [substrate.observe(Observable.VALUE, k) for k in range(1, 4)]
    assert all(np.all((0.05 < s) & (s < 0.95)) for s in states)
    return states[-1]


def cost(parameters: Parameters) -> float:
    """Mean over samples of ‖y − s*‖²."""
    return float(np.mean(np.sum((Y - settled_output(parameters)) ** 2, axis=1)))


@cache
def descent() -> list[Any]:
    """−dC/dW of each projection by central differences."""
    parameters, _ = problem()
    h, slopes = 1e-5, []
    for k, matrix in enumerate(parameters.weights):
        slope = np.zeros_like(matrix)
        for at in np.ndindex(*matrix.shape):
            ends = []
            for sign in (1, -1):
                moved = matrix.copy()
                moved[at] += sign * h
                weights = (*parameters.weights[:k], moved, *parameters.weights[k + 1 :])
                ends.append(cost(replace(parameters, weights=weights)))
            slope[at] = -(ends[0] - ends[1]) / (2 * h)
        slopes.append(slope)
    return slopes


def change(beta: float, **how: Any) -> list[Any]:
    """Return ΔW of each projection with η = 1."""
    parameters, x = problem()
    network = layered(SIZES)
    substrate = IdealSubstrate(network, Constant(0.5), dtype=np.float64)
    substrate.load(parameters)
    substrate.begin(x, NUMBERS)
    phases = PhasesSpec(free=STEPS, nudged=STEPS, reference=how.pop("reference", "before"))
    learning = LearningSpec(rates=(1.0,) * 3, epochs=1, **how)
    rule = EquilibriumPropagation(network, learning, phases)
    presented = rule.present(substrate, Y, beta)
    before = substrate.parameters()
    substrate.write_weights(presented.updates, presented.biases)
    after = substrate.parameters()
    return [a - b for a, b in zip(after.weights, before.weights, strict=True)]


def error(beta: float, **how: Any) -> float:
    return max(float(np.abs(a - b).max()) for a, b in zip(change(beta, **how), descent(), strict=True))


@pytest.mark.parametrize("product", ["linear", "full"])
@pytest.mark.parametrize("reference", ["before", "opposite"])
def test_small_nudges_descend_the_cost(product: str, reference: str) -> None:
    assert max(np.abs(slope).max() for slope in descent()) > 0.1
    assert error(1e-5, product=product, reference=reference) < 3e-5


@pytest.mark.parametrize("product", ["linear", "full"])
@pytest.mark.parametrize(("reference", "order"), [("before", 1), ("opposite", 2)])
def test_order_of_the_error_in_beta(product: str, reference: str, order: int) -> None:
    """Halving β halves the error of a one-sided nudge and quarters that of a centred one."""
    errors = [error(beta, product=product, reference=reference) for beta in (0.04, 0.02, 0.01)]
    for large, small in zip(errors, errors[1:], strict=False):
        assert np.log2(large / small) == pytest.approx(order, abs=0.1)


def test_both_signs_of_beta_miss_to_opposite_sides() -> None:
    """The mean of +β and −β is much closer: what a random sign of β does over many minibatches."""
    plus, minus = change(0.02), change(-0.02)
    mean = max(float(np.abs((a + b) / 2 - s).max()) for a, b, s in zip(plus, minus, descent(), strict=True))
    assert mean < error(0.02) / 10
