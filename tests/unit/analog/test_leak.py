"""A leak that saturates: rests of the equation by another way, the linear leak as its limit, its energy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import fsolve

from neurochip.analog.jacobian import adjoint
from neurochip.analog.leak import Amplifier
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.cells import LeakSpec, MirrorSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import NeurochipError
from neurochip.network import Network, layered
from neurochip.substrate import Parameters, Phase
from neurochip.training.streams import glorot
from tests.unit.analog.test_supply import settle_joules

SIZES = (16, 12, 6)
INPUTS = np.random.default_rng(1).random((3, 16))
WEAK: dict[str, Any] = {"characteristic": "amplifier", "inversion": 1e-3}  # whose pair is tanh within 2 %


def made(characteristic: str = "tanh", *, leak: LeakSpec | None = None, **more: Any) -> AnalogSubstrate:
    more = {"mismatch": MismatchSpec(sigma=0.2), **more}
    spec = AnalogSpec(characteristic=characteristic, leak=leak or LeakSpec(), **more)  # type: ignore[arg-type]
    substrate = AnalogSubstrate(layered(SIZES, tied=False), spec, dtype=np.float64)
    substrate.load(glorot(substrate.network, 5))
    return substrate


def blank(network: Network) -> Parameters:
    """Return synapses that carry nothing."""
    same = glorot(network, 1)
    arrays = (same.weights, same.feedback, same.biases)
    return Parameters(*(tuple(0 * a for a in some) for some in arrays))


def rest(substrate: AnalogSubstrate, beta: float = 0.0, targets: Any = None) -> Any:
    substrate.begin(INPUTS, np.arange(len(INPUTS), dtype=np.uint64))
    substrate.run(Phase.NUDGED if beta else Phase.FREE, 600, beta=beta, targets=targets)
    return substrate.voltages()


def drive_of(substrate: AnalogSubstrate, inputs: Any, v: Any) -> Any:
    """Return g(Σ I + b) + o of the neurons, written down a second time."""
    neurons, (first, forward, backward) = substrate.circuit.neurons, substrate.circuit.weights
    sent = neurons.saturation * np.tanh(v)
    drive = np.concatenate([inputs @ first + sent[12:] @ backward, sent[:12] @ forward])
    return neurons.gain * (drive + neurons.bias) + neurons.offset


@pytest.mark.parametrize(("reach", "share"), [(1.0, 0.2), (2.0, 0.1), (0.7, 0.5)])
@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_a_neuron_rests_where_its_amplifier_carries_its_current(
    reach: float, share: float, beta: float
) -> None:
    substrate = made(leak=LeakSpec(range=reach, conductance=share, asymmetry=0.05, **WEAK))
    targets = np.full((3, 6), 0.3)
    found = rest(substrate, beta, targets if beta else None)

    def leak(v: Any) -> Any:
        return (1 - share) * reach * (np.tanh(v / reach) + 0.05) + share * v

    for k, inputs in enumerate(INPUTS):

        def flow(v: Any, inputs: Any = inputs) -> Any:
            speed = drive_of(substrate, inputs, v) - leak(v)
            speed[12:] += 2 * beta * (0.3 - v[12:])
            return speed

        wanted = fsolve(flow, found[k], xtol=1e-10)
        assert np.abs(flow(wanted)).max() < 1e-8
        # A pair of inversion 0.001 is tanh within 2 % of its tail.
        np.testing.assert_allclose(found[k], wanted, atol=0.05 * reach)
    # The control: the linear leak rests elsewhere.
    linear = rest(made(leak=LeakSpec()), beta, targets if beta else None)
    assert np.abs(found - linear).max() > 0.1


def test_its_law_is_that_of_a_pair_beside_a_conductance() -> None:
    amplifier = Amplifier(AnalogSpec(leak=LeakSpec(range=0.8, conductance=0.25, asymmetry=-0.1, **WEAK)))
    at = np.linspace(-30, 30, 601)
    wanted = 0.6 * (np.tanh(at / 0.8) - 0.1) + 0.25 * at
    np.testing.assert_allclose(amplifier.current(at), wanted, atol=0.02)
    slope = -amplifier.slopes(at, at, np.ones(601))[0]
    fine = (amplifier.current(at + 1e-5) - amplifier.current(at - 1e-5)) / 2e-5
    np.testing.assert_allclose(slope, fine, atol=1e-4)
    assert slope[300] == pytest.approx(1, abs=1e-6) and (slope > 0).all() and (slope <= 1 + 1e-6).all()


@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
def test_a_wide_or_a_conducting_amplifier_is_a_linear_leak(characteristic: str) -> None:
    linear = rest(made(characteristic))
    wide = rest(made(characteristic, leak=LeakSpec(range=1000.0, **WEAK)))
    conducting = rest(made(characteristic, leak=LeakSpec(conductance=1.0, **WEAK)))
    np.testing.assert_allclose(wide, linear, atol=1e-3)
    np.testing.assert_allclose(conducting, linear, atol=1e-7)
    narrow = rest(made(characteristic, leak=LeakSpec(range=0.5, conductance=0.1, **WEAK)))
    assert np.abs(narrow - linear).max() > 0.05


def test_rails_hold_and_their_residual_is_none() -> None:
    substrate = made("hard-sigmoid", leak=LeakSpec(range=0.5, conductance=0.1, **WEAK))
    voltage = rest(substrate)
    top = np.broadcast_to(substrate.circuit.neurons.saturation, voltage.shape)
    assert (voltage >= 0).all() and (voltage <= top).all() and (voltage == 0).any() and (voltage == top).any()
    assert float(substrate.residual().max()) < 1e-8


def test_its_way_to_rest_is_that_of_an_independent_solver() -> None:
    leak = LeakSpec(range=1.5, conductance=0.1, **WEAK)
    settle = SettleSpec(method="heun", error=1e-7, step=0.5, until="steps")
    substrate = made(leak=leak, settle=settle)
    substrate.begin(INPUTS[:1], np.zeros(1, np.uint64))
    substrate.run(Phase.FREE, 4)
    amplifier = Amplifier(substrate.spec)

    def flow(_: float, v: Any) -> Any:
        return substrate.circuit.rate * (drive_of(substrate, INPUTS[0], v) - amplifier.current(v))

    wanted = solve_ivp(flow, (0, 2), np.zeros(18), rtol=1e-8, atol=1e-9).y[:, -1]
    np.testing.assert_allclose(substrate.voltages()[0], wanted, atol=1e-4)


@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "ekv"])
def test_the_adjoint_is_that_of_finite_differences(characteristic: str) -> None:
    substrate = made(
        characteristic,
        leak=LeakSpec(range=0.8, conductance=0.2, **WEAK),
        **({"mirror": MirrorSpec(conductance=0.03)} if characteristic == "hard-sigmoid" else {}),
    )
    targets = np.full((3, 6), 0.3)
    rest(substrate)
    wanted = adjoint(substrate.batch, targets, substrate.flow)[0]
    for neuron in (0, 3, 7):

        def cost(bias: float, neuron: int = neuron) -> float:
            substrate.circuit.neurons.bias[neuron] += bias
            out = rest(substrate)[:, -6:]
            substrate.circuit.neurons.bias[neuron] -= bias
            return float(((out[0] - targets[0]) ** 2).sum())

        slope = -(cost(1e-4) - cost(-1e-4)) / 2e-4
        assert slope == pytest.approx(wanted[0, neuron], rel=1e-3, abs=1e-6)


def test_a_nudged_leak_is_stable_at_any_ratio() -> None:
    substrate = made(
        leak=LeakSpec(range=1.0, conductance=0.3, **WEAK), mismatch=MismatchSpec(time_constant=1.0)
    )
    found = rest(substrate, 5.0, np.full((3, 6), 0.3))
    assert np.isfinite(found).all()
    batch = substrate.batch
    assert float(np.abs(batch.voltage[:, 12:] - 0.3).max()) < 0.5


def test_the_keys_are_refused_where_they_have_no_effect() -> None:
    from neurochip.description import read_run

    with pytest.raises(NeurochipError, match=r"analog.leak.range: .*amplifier"):
        read_run("analog-mnist-small", ["analog.leak.range=2"])
    with pytest.raises(NeurochipError, match=r"analog.mirror.conductance: .*hard-sigmoid"):
        read_run("analog-mnist-small", ["analog.characteristic=tanh", "analog.mirror.conductance=0.01"])


def test_the_energy_counts_its_tail() -> None:
    cells: dict[str, Any] = {"cells": "sky130-subthreshold", "mismatch": MismatchSpec()}

    def joules(leak: LeakSpec) -> float:
        substrate = made("tanh", leak=leak, **cells)
        substrate.load(blank(substrate.network))
        rest(substrate)
        return settle_joules(substrate)

    linear, amplifier = joules(LeakSpec()), joules(LeakSpec(range=2.0, conductance=0.1, **WEAK))
    assert linear > 0 and amplifier == pytest.approx(1.8 * linear, rel=1e-3)
