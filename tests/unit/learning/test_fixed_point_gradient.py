"""Exact directions against numerical derivatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from neurochip.errors import NumericError
from neurochip.papers.scellier2018_theorem import SIZES, field_at


@pytest.mark.parametrize("gated", [True, False])
def test_the_descent_is_minus_the_slope_of_the_cost(gated: bool) -> None:
    field = field_at(3, 0, 40.0, gated=gated)
    draws = np.random.default_rng(1)
    x, y = draws.uniform(0, 1, SIZES[0]), np.eye(SIZES[-1])[2]
    h = field.settled(x)
    assert np.abs(field.velocity(h, x, 0.0, y)).max() < 1e-12
    descent = field.descent(h, x, y)

    def cost(changed) -> float:
        out = changed.settled(x, start=h)[-y.size :]
        return float(0.5 * np.sum((out - y) ** 2))

    for k in range(len(field.forward) + len(field.feedback)):
        family, at = ("forward", k) if k < len(field.forward) else ("feedback", k - len(field.forward))
        whole = getattr(field, family)
        for i, j in ((0, 0), (3, 5), (7, 2)):
            costs = []
            for sign in (1, -1):
                matrix = whole[at].copy()
                matrix[i, j] += sign * 1e-5
                costs.append(cost(replace(field, **{family: (*whole[:at], matrix, *whole[at + 1 :])})))
            assert descent[k][i, j] == pytest.approx(-(costs[0] - costs[1]) / 2e-5, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("gated", [True, False])
def test_the_jacobian_is_the_slope_of_the_velocity(gated: bool) -> None:
    field = field_at(3, 1, 70.0, gated=gated)
    draws = np.random.default_rng(2)
    x, y = draws.uniform(0, 1, SIZES[0]), np.zeros(SIZES[-1])
    h = draws.uniform(0, 1, sum(SIZES[1:]))
    jacobian = field.jacobian(h, x)
    for j in (0, 31, 69):
        step = np.zeros(h.size)
        step[j] = 1e-6
        slope = (field.velocity(h + step, x, 0.0, y) - field.velocity(h - step, x, 0.0, y)) / 2e-6
        np.testing.assert_allclose(jacobian[:, j], slope, atol=1e-8)


def test_a_small_nudge_learns_nu_and_symmetry_makes_it_the_gradient() -> None:
    field = field_at(3, 2, 0.0, gated=True)
    draws = np.random.default_rng(4)
    x, y = draws.uniform(0, 1, SIZES[0]), np.eye(SIZES[-1])[7]
    h = field.settled(x)
    for exact, nudged, descent in zip(
        field.learned(h, x, y), field.nudged(h, x, y, 1e-5), field.descent(h, x, y), strict=True
    ):
        np.testing.assert_allclose(nudged, exact, rtol=1e-2, atol=1e-6)
        np.testing.assert_allclose(exact, descent, atol=1e-10)


def test_what_does_not_settle_says_so() -> None:
    field = field_at(3, 0, 90.0, gated=False)
    wild = replace(
        field, forward=tuple(60 * w for w in field.forward), feedback=tuple(-60 * w for w in field.feedback)
    )
    with pytest.raises(NumericError, match="fixed point: was not reached; use smaller weights"):
        for k in range(20):
            wild.settled(np.random.default_rng(k).uniform(0, 1, SIZES[0]))
