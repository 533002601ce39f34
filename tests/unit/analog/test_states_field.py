"""Neurons with several states: an independent solver, the gradient, learning, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurochip.analog.diagnostics import cosine, diagnose, theorem
from neurochip.analog.jacobian import adjoint, linearised
from neurochip.analog.settle_time import settle_times
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.vector_field import load_vector_field
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.errors import CapabilityError, ConfigError, NeurochipError, NumericError
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.network import layered
from neurochip.substrate import Observable, Parameters, Phase
from neurochip.training.streams import glorot

NETWORK = layered((6, 5, 3), tied=False)
X = np.random.default_rng(1).random((2, 6))
Y = np.eye(3)[:2]
NUMBERS = np.arange(2, dtype=np.uint64)

ADAPTING = """
import math

states = ("voltage", "adaptation")
rest = (0.0, 0.1)

def activity(voltage):
    return math.tanh(voltage)

def flow(state, drive, speed):
    speed[0] = drive - state[0] - 0.8 * state[1]
    speed[1] = 0.3 * (math.tanh(state[0]) - state[1])
"""
# FitzHugh 1961 and Nagumo et al. 1962, at rest for a small drive.
FITZHUGH_NAGUMO = """
import math

states = ("voltage", "recovery")
rest = (-1.1, -0.6)

def activity(voltage):
    return 0.5 * (1.0 + math.tanh(voltage))

def flow(state, drive, speed):
    v, w = state[0], state[1]
    speed[0] = v - v * v * v / 3.0 - w + 0.2 * drive
    speed[1] = 0.08 * (v + 0.7 - 0.8 * w)
"""


def adapting(state: np.ndarray, drive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    v, a = state
    return drive - v - 0.8 * a, 0.3 * (np.tanh(v) - a)


def fitzhugh_nagumo(state: np.ndarray, drive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    v, w = state
    return v - v**3 / 3 - w + 0.2 * drive, 0.08 * (v + 0.7 - 0.8 * w)


FIELDS: dict[str, Any] = {}  # what is compiled already, by its text


def made(folder: Path, text: str, **settle: Any) -> AnalogSubstrate:
    path = folder / "field.py"
    path.write_text(text)
    if text not in FIELDS:
        FIELDS[text] = load_vector_field(str(path), allow_code=True)
    field = FIELDS[text]
    spec = AnalogSpec(
        characteristic="file",
        vector_field=str(path),
        settle=SettleSpec(**{"method": "heun", "step": 0.5, "error": 1e-6} | settle),
        mismatch=MismatchSpec(sigma=0.2),
    )
    substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float64, flow=field, activity=field.activity)
    substrate.load(glorot(NETWORK, 1))
    substrate.begin(X, NUMBERS)
    return substrate


def solved(
    substrate: AnalogSubstrate, what: Any, sent: Any, sample: int, start: np.ndarray, beta: float
) -> np.ndarray:
    """Return all states of a sample after ten time constants, by LSODA."""
    circuit, neurons = substrate.circuit, substrate.circuit.neurons
    first, forward, backward = circuit.weights

    def flow(_: float, state: np.ndarray) -> np.ndarray:
        x = state.reshape(2, 8)
        s = neurons.saturation * sent(x[0])
        drive = np.concatenate([X[sample] @ first + s[5:] @ backward, s[:5] @ forward])
        dv, dw = what(x, neurons.gain * (drive + neurons.bias) + neurons.offset)
        dv[5:] += 2 * beta * (Y[sample] - x[0, 5:])
        return np.concatenate([circuit.rate * dv, circuit.rate * dw])

    return np.asarray(solve_ivp(flow, (0, 10), start, method="LSODA", rtol=1e-10, atol=1e-12).y[:, -1])


@pytest.mark.parametrize(
    ("text", "what", "sent"),
    [
        (ADAPTING, adapting, np.tanh),
        (FITZHUGH_NAGUMO, fitzhugh_nagumo, lambda v: 0.5 * (1 + np.tanh(v))),
    ],
)
def test_all_states_are_those_of_another_solver(text: str, what: Any, sent: Any, tmp_path: Path) -> None:
    substrate = made(tmp_path, text)
    start = substrate.batch.state.copy()
    for phase, beta in ((Phase.FREE, 0.0), (Phase.NUDGED, 0.3)):
        substrate.run(phase, 20, beta=beta, targets=Y)
        theirs = np.stack([solved(substrate, what, sent, k, start[k], beta) for k in range(2)])
        np.testing.assert_allclose(substrate.batch.state, theirs, atol=1e-4)
        np.testing.assert_array_equal(substrate.voltages(), substrate.batch.state[:, :8])
        start = theirs
    # The control: the slow state matters.
    assert np.abs(theirs[:, 8:] - np.array([substrate._rest[1]])).max() > 0.05


@pytest.mark.parametrize("method", ["euler", "heun"])
@pytest.mark.interp
def test_one_state_written_as_several_is_one_state(method: str, tmp_path: Path) -> None:
    one = """
import math

def activity(voltage):
    return math.tanh(voltage)

def flow(voltage, drive):
    return drive - voltage
"""
    listed = one.replace("(voltage, drive)", "(state, drive, speed)").replace(
        "return drive - voltage", "speed[0] = drive - state[0]"
    )
    ends = []
    for text in (one, listed + '\nstates = ("voltage",)\n'):
        substrate = made(tmp_path, text, method=method, step=0.3)
        substrate.run(Phase.FREE, 30)
        substrate.run(Phase.NUDGED, 10, beta=0.3, targets=Y)
        ends.append(substrate.voltages())
    np.testing.assert_array_equal(*ends)


def cost(substrate: AnalogSubstrate, what: Parameters) -> float:
    substrate.load(what)
    substrate.begin(X, NUMBERS)
    substrate.run(Phase.FREE, 400)
    assert substrate.residual().max() < 1e-11
    return float(np.sum((Y - substrate.observe(Observable.VALUE, -1)) ** 2))


def test_the_gradient_is_that_of_finite_differences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    substrate = made(tmp_path, ADAPTING, method="euler", step=0.5)
    gradient, given, h = theorem(substrate, X, Y).gradient, glorot(NETWORK, 1), 1e-5
    assert gradient[0].shape == (6, 5)
    for family, k, projection in (("weights", 0, 0), ("weights", 1, 1), ("feedback", 0, 2)):
        matrix = getattr(given, family)[k]
        for at in list(np.ndindex(*matrix.shape))[::11]:
            ends = []
            for sign in (1, -1):
                moved = [w.copy() for w in getattr(given, family)]
                moved[k][at] += sign * h
                ends.append(cost(substrate, replace(given, **{family: tuple(moved)})))
            assert gradient[projection][at] == pytest.approx(
                -(ends[0] - ends[1]) / (2 * h), rel=1e-4, abs=1e-8
            )
    # The control: without what follows the voltage the solves are of another circuit.
    substrate.load(given)
    whole = substrate.flow.slopes

    def alone(state: Any, drive: Any, saturation: Any) -> Any:
        by_state, by_drive = substrate.flow.jacobian(state, drive)
        return by_state[:, 0, 0], by_drive[:, 0], whole(state, drive, saturation)[2]

    monkeypatch.setattr(substrate.flow, "slopes", alone)
    assert cosine(theorem(substrate, X, Y).gradient[0], gradient[0]) < 0.99


def test_a_leak_of_ones_own_has_no_offset_of_an_amplifier(tmp_path: Path) -> None:
    """A die file may have offsets of leaks; a field that does not know of them has the Jacobian of its dynamics."""
    substrate = made(tmp_path, ADAPTING, method="euler", step=0.5)
    substrate.run(Phase.FREE, 100)
    before = linearised(substrate.batch, 0, substrate.flow)
    substrate.circuit.leak_offset = substrate.circuit.leak_offset + 0.4
    after = linearised(substrate.batch, 0, substrate.flow)
    np.testing.assert_array_equal(after.jacobian, before.jacobian)


def test_the_rule_follows_what_theorem_1_says(tmp_path: Path) -> None:
    """ΔW → ν as β → 0: a rule that sees voltages alone learns on neurons that have more."""
    substrate = made(tmp_path, ADAPTING, method="euler", step=0.5)
    learning = LearningSpec(rates=(2.0, 2.0), epochs=1)
    phases = PhasesSpec(free=400, nudged=400, reference="opposite")
    rule = EquilibriumPropagation(NETWORK, learning, phases)
    nu, errors = theorem(substrate, X, Y).nu, []
    for beta in (0.2, 0.1):
        substrate.begin(X, NUMBERS)
        updates = rule.present(substrate, Y, beta).updates
        found = {u.projection: u.rate * sum(pre.T @ post for pre, post in u.terms) for u in updates}
        errors.append(max(np.abs(found[k] - nu[k]).max() / np.abs(nu[k]).max() for k in range(3)))
    assert errors[1] < 0.02
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)  # centred: of second order


def test_what_oscillates_is_not_called_stable(tmp_path: Path) -> None:
    """A rest that the voltages' equation alone calls stable, and that all states together leave."""
    ringing = """
states = ("voltage", "recovery")

def activity(voltage):
    return 0.1 * voltage

def flow(state, drive, speed):
    speed[0] = 0.2 * state[0] - state[1] + 0.1 * drive
    speed[1] = 0.1 * (2.0 * state[0] - state[1])
"""
    substrate = made(tmp_path, ringing, method="euler", step=0.05)
    drawn = glorot(NETWORK, 1)
    alone = Parameters(
        tuple(0 * w for w in drawn.weights), tuple(0 * w for w in drawn.feedback), drawn.biases
    )
    substrate.load(alone)
    table = diagnose(substrate, X[:1], np.array([1]), solved=1)
    assert table["spectral_abscissa"] > 0.01
    # The control: damped as it is in what lies at rest, the same network is stable.
    calm = made(tmp_path, ADAPTING, method="euler", step=0.5)
    assert diagnose(calm, X[:1], np.array([1]), solved=1)["spectral_abscissa"] < 0


def test_snapshots_and_noise_and_settle_times_know_all_states(tmp_path: Path) -> None:
    substrate = made(tmp_path, ADAPTING, method="euler", step=0.2)
    substrate.run(Phase.FREE, 5)
    kept = substrate.snapshot()
    substrate.run(Phase.FREE, 5)
    there = substrate.batch.state.copy()
    substrate.restore(kept)
    substrate.run(Phase.FREE, 5)
    np.testing.assert_array_equal(substrate.batch.state, there)
    assert np.all(settle_times(substrate, X) > 1)
    noise = replace(substrate.spec, noise=replace(substrate.spec.noise, step=0.1))
    for method in ("euler", "heun"):
        spec = replace(noise, settle=SettleSpec(method=method, step=0.2))  # type: ignore[arg-type]
        noisy = AnalogSubstrate(
            NETWORK, spec, dtype=np.float64, flow=substrate.flow, activity=substrate.activity
        )
        noisy.load(glorot(NETWORK, 1))
        noisy.begin(X, NUMBERS)
        noisy.run(Phase.FREE, 10)
        assert 0.01 < np.abs(noisy.batch.state - there).std() < 0.3
        assert np.abs(noisy.batch.state - there)[:, 8:].max() < np.abs(noisy.batch.state - there)[:, :8].max()


def test_samples_that_stop_early_keep_their_states(tmp_path: Path) -> None:
    slow = made(tmp_path, ADAPTING, method="euler", step=0.5, until="residual", residual=1e-9)
    slow.run(Phase.FREE, 1000)
    alone = made(tmp_path, ADAPTING, method="euler", step=0.5, until="residual", residual=1e-9)
    alone.begin(X[1:], NUMBERS[1:])
    alone.run(Phase.FREE, 1000)
    np.testing.assert_allclose(alone.batch.state[0], slow.batch.state[1], atol=1e-12)
    assert slow.residual().max() <= 1e-9


def sentence(error: type[NeurochipError], path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(error) as refused:
        load_vector_field(str(path), allow_code=True)
    return str(refused.value).replace(str(path), "FILE")


def test_refused(tmp_path: Path) -> None:
    path = tmp_path / "field.py"
    assert sentence(ConfigError, path, ADAPTING.replace('("voltage", "adaptation")', '"voltage"')) == (
        "analog.vector_field: FILE: states must be a tuple of 1 to 16 different names, that of the voltage first, e.g. "
        '("voltage", "recovery"), got \'voltage\''
    )
    assert sentence(ConfigError, path, ADAPTING.replace("(0.0, 0.1)", "(0.0,)")) == (
        "analog.vector_field: FILE: rest must be a finite number for each of voltage, adaptation, got (0.0,)"
    )
    assert sentence(ConfigError, path, 'activity = abs\nstates = ("v",)') == (
        "analog.vector_field: FILE must define flow(state, drive, speed), and does not"
    )
    assert sentence(NumericError, path, ADAPTING.replace("speed[1] =", "ignored =")) == (
        "analog.vector_field: flow([0.0, 0.1], 0.5, speed) must write a finite number into speed[1], of adaptation, "
        "got nan"
    )
    assert sentence(ConfigError, path, ADAPTING.replace("state[1])", "state[1] + undefined)")).startswith(
        "analog.vector_field: flow([0.0, 0.1], 0.5, speed) does not work: "
    )


def test_what_it_cannot_serve(tmp_path: Path) -> None:
    substrate = made(tmp_path, ADAPTING)
    with pytest.raises(
        CapabilityError, match=r"analog.cells: counts what one capacitor .* names 2 states for each"
    ):
        spec = replace(substrate.spec, cells="sky130-subthreshold", settle=SettleSpec(method="euler"))
        AnalogSubstrate(NETWORK, spec, flow=substrate.flow, activity=substrate.activity)
    integrating = made(tmp_path, ADAPTING.replace("(math.tanh(state[0]) - state[1])", "state[0]"))
    with pytest.raises(NumericError, match=r"analog.vector_field: leaves adaptation free at rest"):
        adjoint(integrating.batch, Y, integrating.flow)
