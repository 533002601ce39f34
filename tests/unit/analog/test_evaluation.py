"""All steps of an evaluation at once are the steps that are otherwise taken one by one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import DefectsSpec, MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.training.streams import glorot

STATES = np.random.default_rng(4).random((131, 12))  # two whole groups of samples and a part of one


def made(layers: tuple[int, ...], dtype: Any, **options: Any) -> AnalogSubstrate:
    spec = AnalogSpec(
        mismatch=MismatchSpec(sigma=0.3), defects=DefectsSpec(stuck_neurons=0.1, dead_synapses=0.1), **options
    )
    network = layered(layers, tied=False)
    substrate = AnalogSubstrate(network, spec, dtype=dtype)
    substrate.load(glorot(network, 3))
    return substrate


def settled(substrate: AnalogSubstrate, phase: Phase, ticks: tuple[int, ...] = (9,)) -> tuple[Any, Any]:
    substrate.begin(STATES, np.arange(len(STATES), dtype=np.uint64))
    for n in ticks:
        substrate.run(phase, n)
    return substrate.voltages(), substrate.residual()


@pytest.mark.parametrize("layers", [(12, 5), (12, 9, 5), (12, 9, 7, 5)])
@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_as_step_by_step(layers: tuple[int, ...], characteristic: Any, dtype: Any) -> None:
    substrate = made(layers, dtype, characteristic=characteristic)
    near = 20 * np.finfo(dtype).eps
    at_once, left = settled(substrate, Phase.EVALUATION)
    step_by_step, rest = settled(substrate, Phase.FREE)
    np.testing.assert_allclose(at_once, step_by_step, rtol=0, atol=near)
    np.testing.assert_allclose(left, rest, rtol=0, atol=4 * near)
    assert np.ptp(at_once) > 0.1 and left.max() > near
    # One and the same to the last bit, however the steps are grouped.
    np.testing.assert_array_equal(settled(substrate, Phase.EVALUATION, (4, 5))[0], at_once)


def test_until_rest() -> None:
    settle = SettleSpec(until="residual", residual=1e-6)
    substrate = made((12, 9, 5), np.float64, settle=settle)
    at_once, left = settled(substrate, Phase.EVALUATION, (400,))
    step_by_step, rest = settled(substrate, Phase.FREE, (400,))
    np.testing.assert_allclose(at_once, step_by_step, rtol=0, atol=1e-14)
    assert left.max() <= 1e-6 and rest.max() <= 1e-6


def test_the_residual_that_is_noted_is_the_one_that_is_left() -> None:
    substrate = made((12, 9, 5), np.float64, settle=SettleSpec(residual=1e-3))
    _, left = settled(substrate, Phase.EVALUATION, (7,))
    [noted] = [record for phase, record in substrate.settling.phases.items() if phase is Phase.EVALUATION]
    assert noted.largest == pytest.approx(left.max(), rel=1e-9)


@pytest.mark.parametrize(
    "options", [{"settle": SettleSpec(change=0.01)}, {"settle": SettleSpec(method="heun")}]
)
def test_what_is_no_plain_evaluation_goes_step_by_step(options: Any) -> None:
    """A signal that is sent on only when it has changed enough is not what `evaluate_steps` does."""
    substrate = made((12, 9, 5), np.float64, **options)
    one, _ = settled(substrate, Phase.EVALUATION)
    other, _ = settled(substrate, Phase.FREE)
    np.testing.assert_array_equal(one, other)
    plain = made(
        (12, 9, 5), np.float64, **{"settle": replace(options["settle"], change=0.0, method="exponential")}
    )
    assert np.abs(settled(plain, Phase.EVALUATION)[0] - one).max() > 1e-6
