"""Frozen feedback leaves the backward weights alone; recurrent backpropagation is the gradient."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.analog.diagnostics import theorem
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description import LearningSpec, PhasesSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.elements import Constant
from neurochip.errors import CapabilityError, ConfigError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.recurrent_backprop import RecurrentBackpropagation
from neurochip.learning.rules import rule_for
from neurochip.network import layered
from neurochip.training.streams import glorot

SIZES, BATCH = (6, 8, 5, 3), 4
X = np.random.default_rng(1).random((BATCH, 6))
Y = np.eye(3)[[0, 1, 2, 0]]
PHASES = PhasesSpec(free=400, nudged=30)


def made(*, tied: bool = False, sigma: float = 0.2) -> AnalogSubstrate:
    network = layered(SIZES, tied=tied)
    # Synapses alone are nominal: the rule takes the gradient by the weight that a device makes of a programmed one.
    mismatch = MismatchSpec(sigma=sigma, synapse_gain=0.0)
    spec = AnalogSpec(mismatch=mismatch, settle=SettleSpec(until="residual", residual=1e-12))
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    drawn = glorot(network, 2)
    substrate.load(replace(drawn, biases=tuple(np.full(n, 0.2) for n in SIZES[1:])))
    substrate.begin(X, np.arange(BATCH, dtype=np.uint64))
    return substrate


def learning(rule: str, **how: Any) -> LearningSpec:
    return LearningSpec(rule=rule, rates=(1.0,) * 3, epochs=1, **how)  # type: ignore[arg-type]


def test_random_feedback() -> None:
    substrate = made()
    rule = rule_for(substrate.network, learning("random-feedback"), PHASES)
    rule.check(substrate)
    before = substrate.parameters()
    found = rule.present(substrate, Y, 0.3)
    substrate.write_weights(found.updates, found.biases)
    after = substrate.parameters()
    for a, b in zip(before.feedback, after.feedback, strict=True):
        np.testing.assert_array_equal(a, b)
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(before.weights, after.weights, strict=True))
    tied = rule_for(layered(SIZES), learning("random-feedback"), PHASES)
    with pytest.raises(ConfigError) as refused:
        tied.check(made(tied=True))
    assert str(refused.value) == (
        'network.tied: must be false with learning.rule = "random-feedback", which freezes the feedback'
    )


def test_recurrent_backpropagation_is_the_gradient() -> None:
    substrate = made()
    gradient = theorem(substrate, X, Y).gradient
    rule = rule_for(substrate.network, learning("recurrent-backprop"), PHASES)
    rule.check(substrate)
    found = rule.present(substrate, Y, 0.3)
    assert len(found.updates) == 5
    for update in found.updates:
        k = update.projection
        change = update.rate * sum(pre.T @ post for pre, post in update.terms)
        assert np.abs(gradient[k]).max() > 1e-3
        np.testing.assert_allclose(change, gradient[k] / BATCH, atol=1e-9)


def test_recurrent_backpropagation_of_tied_weights_is_both_halves() -> None:
    substrate = made(tied=True, sigma=0.0)
    gradient = theorem(substrate, X, Y).gradient
    found = rule_for(substrate.network, learning("recurrent-backprop"), PHASES).present(substrate, Y, 0.3)
    for update, (forward, backward) in zip(found.updates, ((0, None), (1, 3), (2, 4)), strict=True):
        change = update.rate * sum(pre.T @ post for pre, post in update.terms)
        whole = gradient[forward] + (0 if backward is None else gradient[backward].T)
        np.testing.assert_allclose(change, whole / BATCH, atol=1e-9)


def test_a_substrate_without_a_jacobian() -> None:
    network = layered(SIZES)
    rule = RecurrentBackpropagation(network, learning("recurrent-backprop"), PHASES)
    with pytest.raises(CapabilityError) as refused:
        rule.check(IdealSubstrate(network, Constant(0.5)))
    assert str(refused.value) == ("learning: needs adjoint, which the ideal substrate does not keep")
