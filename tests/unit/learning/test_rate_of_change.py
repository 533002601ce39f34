"""ΔW ∝ ρ(s_j) ṡ_i, watched through the protocol."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.description import LearningSpec, PhasesSpec
from neurochip.elements import Constant
from neurochip.errors import CapabilityError, ConfigError, DataError
from neurochip.ideal.substrate import IdealSubstrate
from neurochip.learning.rate_of_change import RateOfChange
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase

SIZES = (3, 5, 2)
X = np.array([[0.2, 0.9, 0.5], [0.7, 0.1, 0.6]])
PHASES = PhasesSpec(free=40, nudged=12)
Y = np.array([[0.3, 0.6], [0.9, 0.2]])

ENDS = ((0, 1), (1, 2), (2, 1))  # of the projections


def begun(tied: bool) -> IdealSubstrate:
    random = np.random.default_rng(11)
    weights = [random.uniform(-0.3, 0.5, shape) for shape in ((3, 5), (5, 2), (2, 5))]
    biases = (random.uniform(0.1, 0.4, 5), random.uniform(-0.1, 0.1, 2))
    substrate = IdealSubstrate(layered(SIZES, tied=tied), Constant(0.5), dtype=np.float64)
    substrate.load(Parameters(tuple(weights[:2]), () if tied else (weights[2],), biases))
    substrate.begin(X, np.arange(2, dtype=np.uint64))
    return substrate


def made(
    tied: bool = False,
    rates: tuple[float, ...] = (0.1, 0.02),
    steps: int = 4,
    pre: Any = "oracle",
    phases: PhasesSpec = PHASES,
) -> RateOfChange:
    learning = LearningSpec(rule="rate-of-change", rates=rates, epochs=1, pre=pre, own={"steps": steps})
    return RateOfChange(layered(SIZES, tied=tied), learning, phases)


def change_of(update: Any) -> Any:
    return update.rate * sum(pre.T @ post for pre, post in update.terms)


@pytest.mark.parametrize("tied", [True, False])
def test_the_sum_is_that_of_the_recorded_states(tied: bool) -> None:
    found = made(tied).present(begun(tied), Y, 0.4)
    other = begun(tied)
    before = other.run(Phase.FREE, 40, record=("states",))
    after = other.run(Phase.NUDGED, 12, beta=0.4, targets=Y, record=("states",))
    states = [np.concatenate([a[-1:], b]) for a, b in zip(before.states, after.states, strict=True)]
    watched = [s[::3] for s in states]  # every third tick: five moments, four steps
    for update in found.updates:
        pre, post = (watched[k] for k in ENDS[update.projection])
        wanted = sum(pre[t].T @ (post[t + 1] - post[t]) for t in range(4))
        if tied and update.projection == 1:
            wanted = wanted + sum((pre[t + 1] - pre[t]).T @ post[t] for t in range(4))
        rate = (0.1, 0.02, 0.02)[update.projection]
        np.testing.assert_allclose(change_of(update), rate * wanted / (0.4 * 2), atol=1e-14)
        assert update.words_per_axon == 4
    assert [u.projection for u in found.updates] == [0, 1] + ([] if tied else [2])
    moved = states[2][-1] - states[2][0]
    np.testing.assert_allclose(found.biases[1], 0.02 / 0.4 * moved.mean(axis=0), atol=1e-14)
    np.testing.assert_allclose(found.output, states[2][0], atol=1e-14)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("reference", ["parallel", "opposite"])
def test_what_a_reference_does_by_itself_is_taken_away(tied: bool, reference: Any) -> None:
    """A free phase of 3 ticks has not settled: what still drifts cancels where the reference drifts alike."""
    phases = PhasesSpec(free=3, nudged=12, reference=reference)
    found = made(tied, phases=phases).present(begun(tied), Y, 0.4)
    paths = {}
    for sign, beta in ((1, 0.4), (-1, 0.0 if reference == "parallel" else -0.4)):
        other = begun(tied)
        before = other.run(Phase.FREE, 3, record=("states",))
        after = other.run(Phase.NUDGED, 12, beta=beta, targets=Y, record=("states",))
        paths[sign] = [
            np.concatenate([a[-1:], b])[::3] for a, b in zip(before.states, after.states, strict=True)
        ]
    span = 0.4 if reference == "parallel" else 0.8
    for update in found.updates:
        wanted = 0.0
        for sign, path in paths.items():
            pre, post = (path[k] for k in ENDS[update.projection])
            wanted = wanted + sign * sum(pre[t].T @ (post[t + 1] - post[t]) for t in range(4))
            if tied and update.projection == 1:
                wanted = wanted + sign * sum((pre[t + 1] - pre[t]).T @ post[t] for t in range(4))
        rate = (0.1, 0.02, 0.02)[update.projection]
        np.testing.assert_allclose(change_of(update), rate * wanted / (span * 2), atol=1e-14)
        assert update.words_per_axon == 8
    moved = paths[1][2][-1] - paths[-1][2][-1]
    np.testing.assert_allclose(found.biases[1], 0.02 / span * moved.mean(axis=0), atol=1e-14)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"steps": 0}, "learning.own.steps: must be at least 1, got 0"),
        ({"steps": 7}, "learning.own.steps: must divide the 12 nudged ticks, got 7"),
        ({"steps": 24}, "learning.own.steps: must divide the 12 nudged ticks, got 24"),
        ({"rates": (0.1,)}, "learning.rates: must be 2, one for each projection, got 1"),
    ],
)
def test_constants_that_cannot_be(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        made(**changes)
    assert str(error.value) == sentence


def test_targets_are_rates_and_traces_need_bits() -> None:
    rule = made(pre="trace")
    with pytest.raises(DataError, match=r"targets: must lie in \[0, 1\], the range of a rate, got 1.2"):
        rule.present(begun(False), Y + 0.6, 0.5)
    with pytest.raises(
        CapabilityError, match="learning: needs trace, which the ideal substrate does not keep"
    ):
        rule.check(begun(False))
