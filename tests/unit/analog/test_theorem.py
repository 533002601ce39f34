"""Theorem 1 of Scellier et al. 2018 on the circuit: the rule against its closed form, the closed form against
finite differences, and both against each other where the weights are symmetric."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.diagnostics import alignment, cosine, diagnose, exact_copy, theorem
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.vector_field import load_vector_field
from neurochip.description import LearningSpec, PhasesSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import Network, layered
from neurochip.substrate import Observable, Parameters, Phase

SIZES, BATCH = (4, 5, 4, 3), 2
NUMBERS = np.arange(BATCH, dtype=np.uint64)
RNG = np.random.default_rng(2)
X = RNG.uniform(0.2, 0.8, (BATCH, SIZES[0]))
Y = np.array([[0.9, 0.1, 0.2], [0.2, 0.7, 0.1]])
MISMATCH = MismatchSpec(sigma=0.1, saturation=0.0)
FIELD = """
import math

def activity(voltage):
    return voltage / math.sqrt(1 + voltage * voltage)

def flow(voltage, drive):
    return drive - voltage - 0.3 * voltage * voltage * voltage
"""


def parameters(network: Network) -> Parameters:
    """Draw weights whose states all stay inside (0, 1), where the dynamics are smooth."""
    rng = np.random.default_rng(2)
    weights = tuple(rng.uniform(-0.15, 0.25, shape) for shape in zip(SIZES, SIZES[1:], strict=False))
    feedback = () if network.tied else tuple(rng.uniform(-0.15, 0.25, w.T.shape) for w in weights[1:])
    return Parameters(weights, feedback, tuple(rng.uniform(0.2, 0.4, size) for size in SIZES[1:]))


def made(
    what: str, folder: Path | None = None, *, tied: bool = False, mismatch: Any = MISMATCH
) -> AnalogSubstrate:
    network = layered(SIZES, tied=tied)
    settle = SettleSpec(until="residual", residual=1e-12, method="euler" if what == "file" else "exponential")
    spec = AnalogSpec(settle=settle, mismatch=mismatch)
    field = None
    if what == "file":
        assert folder is not None
        (folder / "field.py").write_text(FIELD)
        spec = replace(spec, characteristic="file", vector_field=str(folder / "field.py"))
        field = load_vector_field(str(folder / "field.py"), allow_code=True)
    else:
        spec = replace(spec, characteristic=what)
    substrate = AnalogSubstrate(
        network,
        spec,
        dtype=np.float64,
        flow=field,
        activity=None if field is None else field.activity,
    )
    substrate.load(parameters(network))
    return substrate


def cost(substrate: AnalogSubstrate, what: Parameters) -> float:
    """Sum over samples of ‖y − s*‖²."""
    substrate.load(what)
    substrate.begin(X, NUMBERS)
    substrate.run(Phase.FREE, 2000)
    assert substrate.residual().max() < 1e-11
    if substrate.spec.characteristic == "hard-sigmoid":
        assert np.all((substrate.voltages() > 0.02) & (substrate.voltages() < 0.98))
    return float(np.sum((Y - substrate.observe(Observable.VALUE, -1)) ** 2))


def change(substrate: AnalogSubstrate, beta: float, reference: Any) -> list[Any]:
    """Return ΔW of every projection with η = N."""
    network = substrate.network
    learning = LearningSpec(rates=(float(BATCH),) * 3, epochs=1)
    rule = EquilibriumPropagation(network, learning, PhasesSpec(free=2000, nudged=2000, reference=reference))
    substrate.begin(X, NUMBERS)
    found = rule.present(substrate, Y, beta)
    changes = [np.zeros((SIZES[p.source], SIZES[p.target])) for p in network.projections]
    for update in found.updates:
        k = update.projection
        changes[k] = update.rate * sum(pre.T @ post for pre, post in update.terms)
    return changes


@pytest.mark.parametrize("what", ["hard-sigmoid", "tanh", "file"])
def test_the_gradient_is_that_of_finite_differences(what: str, tmp_path: Path) -> None:
    substrate = made(what, tmp_path)
    given = parameters(substrate.network)
    gradient = theorem(substrate, X, Y).gradient
    n, h = 3, 1e-5
    looked_at = 0
    for family, offset in (("weights", 0), ("feedback", n)):
        for k, matrix in enumerate(getattr(given, family)):
            for at in list(np.ndindex(*matrix.shape))[::5]:
                ends = []
                for sign in (1, -1):
                    moved = matrix.copy()
                    moved[at] += sign * h
                    arrays = getattr(given, family)
                    ends.append(
                        cost(substrate, replace(given, **{family: (*arrays[:k], moved, *arrays[k + 1 :])}))
                    )
                slope = -(ends[0] - ends[1]) / (2 * h)
                assert gradient[offset + k][at] == pytest.approx(slope, abs=1e-6, rel=1e-5)
                looked_at += 1
    assert looked_at > 15


@pytest.mark.parametrize("what", ["hard-sigmoid", "tanh", "file"])
@pytest.mark.parametrize(("reference", "order"), [("before", 1), ("opposite", 2)])
def test_the_rule_is_nu_as_beta_vanishes(what: str, reference: str, order: int, tmp_path: Path) -> None:
    """ΔW → ν of the closed form, with an error of order β (before) and β² (opposite)."""
    substrate = made(what, tmp_path)
    nu = theorem(substrate, X, Y).nu
    errors = []
    for beta in (0.08, 0.04, 0.02):
        found = change(substrate, beta, reference)
        errors.append(max(float(np.abs(a - b).max()) for a, b in zip(found, nu, strict=True)))
    largest = max(float(np.abs(b).max()) for b in nu)
    assert errors[-1] < 0.1 * largest
    for large, small in zip(errors, errors[1:], strict=False):
        assert np.log2(large / small) == pytest.approx(order, abs=0.15)


def test_symmetric_weights_give_the_gradient() -> None:
    """With W_ij = W_ji and no mismatch, ν = −∂J/∂W to 1e-4, from the two phases as well."""
    substrate = made("hard-sigmoid", mismatch=MismatchSpec())
    given = parameters(layered(SIZES, tied=True))
    feedback = tuple(np.ascontiguousarray(w.T) for w in given.weights[1:])
    substrate.load(replace(given, feedback=feedback))
    both = theorem(substrate, X, Y)
    found = change(substrate, 1e-4, "opposite")
    assert np.nanmin(both.cosines) > 1 - 1e-9
    for k in range(5):
        scale = np.abs(both.gradient[k]).max()
        assert scale > 1e-3
        np.testing.assert_allclose(both.nu[k], both.gradient[k], atol=1e-9 * scale)
        np.testing.assert_allclose(found[k], both.gradient[k], atol=1e-4 * scale)


def test_asymmetric_weights_do_not() -> None:
    both = theorem(made("hard-sigmoid"), X, Y)
    assert 0.1 < cosine(both.nu[0], both.gradient[0]) < 0.999
    # The output's own weights feel no asymmetry to first order: their error is e itself.
    assert cosine(both.nu[2], both.gradient[2]) > 0.9


def test_alignment() -> None:
    w = RNG.normal(size=(5, 4))
    assert alignment(w, w.T) == pytest.approx(1)
    assert alignment(w, -w.T) == pytest.approx(-1)
    b = RNG.normal(size=(4, 5))
    assert alignment(w, b) == pytest.approx(np.trace(w @ b) / np.linalg.norm(w) / np.linalg.norm(b))


def test_diagnostics_of_a_die() -> None:
    substrate = made("hard-sigmoid")
    biases = [b.copy() for b in parameters(substrate.network).biases]
    biases[2][1] = -5.0  # one class can never answer
    biases[1][2] = -5.0
    substrate.load(replace(parameters(substrate.network), biases=tuple(biases)))
    x = np.random.default_rng(5).uniform(0.2, 0.8, (6, 4))
    table = diagnose(substrate, x, np.array([0, 1, 2, 0, 1, 2]), solved=4)
    assert table["dead"] == [1] and table["dead_classes"] == pytest.approx(1 / 3)
    assert table["clipped"] == pytest.approx(1 / 9)
    assert table["residual"] < 1e-8 and table["unsettled"] == 0
    assert -1.5 < table["spectral_abscissa"] < 0
    assert 0 < table["asymmetry"] < 1
    assert list(table["alignment"]) == ["hidden1 ↔ hidden2", "hidden2 ↔ output"]
    assert list(table["cosine"])[0] == "input → hidden1"
    assert -1 <= table["cosine_all"] <= 1


def test_samples_that_are_fitted_exactly_say_nothing() -> None:
    """Outputs that rest on their targets, 0 and 1, leave no error and no angle: such samples are passed over."""
    substrate = made("hard-sigmoid")
    drawn = parameters(substrate.network)
    biases = (*drawn.biases[:2], np.array([-5.0, 5.0, -5.0]))
    substrate.load(replace(drawn, biases=biases))
    x = np.random.default_rng(5).uniform(0.2, 0.8, (4, 4))
    fitted = diagnose(substrate, x, np.array([1, 1, 1, 1]), solved=3)
    assert fitted["solved"] == 0 and np.isnan(fitted["cosine_all"])
    substrate.load(replace(drawn, biases=(*drawn.biases[:2], np.array([-5.0, 5.0, 0.2]))))
    table = diagnose(substrate, x, np.array([1, 1, 1, 1]), solved=3)
    assert table["solved"] == 3 and -1 <= table["cosine_all"] <= 1


def test_the_copy_leaves_the_chip_alone() -> None:
    substrate = made("hard-sigmoid")
    substrate.begin(X, NUMBERS)
    substrate.run(Phase.FREE, 3)
    before = substrate.voltages()
    theorem(substrate, X[::-1], Y)
    np.testing.assert_array_equal(substrate.voltages(), before)
    assert exact_copy(substrate).die is substrate.die
