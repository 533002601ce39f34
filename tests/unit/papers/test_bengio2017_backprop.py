"""The gradient that early inference is compared with, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.papers.bengio2017_networks import HARD, SIZES, SMOOTH, drawn, first_changes


@pytest.mark.parametrize("rho", [HARD, SMOOTH], ids=lambda rho: rho.name)
def test_the_gradient_is_that_of_the_cost(rho) -> None:
    net = drawn(1, 0, rho)
    draws = np.random.default_rng(3)
    x, y = draws.uniform(-0.5, 0.5, (1, SIZES[0])), draws.uniform(-0.5, 0.5, (1, SIZES[-1]))
    states, moving = net.settled(x)
    assert moving.max() < 1e-12
    gradients = net.gradients(states, y)

    def cost(layer: int, value: np.ndarray) -> float:
        """Move one layer and let the layers above follow, each from the one below and its old upper neighbour."""
        moved = [s.copy() for s in states]
        moved[layer] = value
        for above in range(layer + 1, len(SIZES)):
            seen = [s.copy() for s in states]
            seen[above - 1] = moved[above - 1]
            moved[above] = net.pressure(seen)[above]
        return float(0.5 * np.sum((moved[-1] - y) ** 2))

    for layer in range(1, len(SIZES) - 1):
        for unit in range(0, SIZES[layer], 7):
            plus, minus = states[layer].copy(), states[layer].copy()
            plus[0, unit] += 1e-5
            minus[0, unit] -= 1e-5
            slope = (cost(layer, plus) - cost(layer, minus)) / 2e-5
            assert gradients[layer - 1][0, unit] == pytest.approx(slope, abs=1e-8)


def test_a_layer_first_moves_when_the_nudge_reaches_it() -> None:
    net = drawn(1, 1, HARD)
    draws = np.random.default_rng(4)
    x, y = draws.uniform(-0.5, 0.5, (2, SIZES[0])), draws.uniform(-0.5, 0.5, (2, SIZES[-1]))
    states, _ = net.settled(x)
    changes = first_changes(net, states, y, 0.3)
    exact = [-(0.3 ** (4 - k)) * g for k, g in enumerate(net.gradients(states, y)[:-1])]
    for change, wanted in zip(changes, exact, strict=True):
        np.testing.assert_allclose(change, wanted, rtol=1e-7, atol=1e-13)
