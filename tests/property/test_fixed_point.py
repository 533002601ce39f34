"""Bits find the fixed point of real numbers: `digital` and `ideal` settle to the same state (design §8)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import settle
from neurochip.elements import OSA, Constant, Identity, PowerLaw, Predictive
from neurochip.network import layered
from neurochip.training.streams import glorot

SIZES, TICKS = (30, 20, 15, 10), 2000
SCHEMES: dict[str, dict[str, Any]] = {
    "identity, 1/sqrt t": {"decoder": Identity(), "annealer": PowerLaw(1.0, 0.5)},
    "predictive, 1/sqrt t": {"decoder": Predictive(PowerLaw(0.67, 0.578)), "annealer": PowerLaw(1.0, 0.5)},
    "identity, OSA": {"decoder": Identity(), "annealer": OSA(0.01, 1e-9)},
    "predictive, OSA": {"decoder": Predictive(PowerLaw(0.67, 0.578)), "annealer": OSA(0.01, 1e-9)},
}


def problem(seed: int) -> tuple[list[Any], list[Any], Any, Any]:
    """Draw a network with one fixed point: the largest eigenvalue of its symmetric weights is 0.8."""
    rng = np.random.default_rng(seed)
    weights = list(glorot(layered(SIZES), seed).weights)
    edges = np.cumsum((0, *SIZES[1:]))
    all_of_them = np.zeros((edges[-1], edges[-1]))
    for k in (1, 2):
        block = slice(edges[k - 1], edges[k]), slice(edges[k], edges[k + 1])
        all_of_them[block] = weights[k]
    largest = np.linalg.eigvalsh(all_of_them + all_of_them.T)[-1]
    weights[1:] = [w * 0.8 / largest for w in weights[1:]]
    biases = [rng.uniform(-0.1, 0.3, size) for size in SIZES[1:]]
    return weights, biases, rng.uniform(0, 1, (3, SIZES[0])), np.eye(SIZES[-1])[:3]


@pytest.mark.parametrize("seed", [4, 5, 6])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_free_and_nudged_fixed_points(scheme: str, seed: int) -> None:
    weights, biases, x, y = problem(seed)
    how: dict[str, Any] = {"beta": 0.5, "precision": "float64", "record": ("states",)}
    real = settle(
        weights,
        biases,
        x,
        y,
        encoder=None,
        decoder=None,
        annealer=Constant(0.5),
        n_free=400,
        n_nudged=400,
        **how,
    )
    bits = settle(weights, biases, x, y, **SCHEMES[scheme], n_free=TICKS, n_nudged=TICKS, **how)
    # The predictive encoder finds the fixed point; the plain one stays as far from it as its last step is.
    within = 0.001 if scheme.startswith("predictive") else 0.01
    for slow, fast in ((399, TICKS - 1), (799, 2 * TICKS - 1)):
        for layer in range(1, len(SIZES)):
            assert np.abs(real.states[layer][slow] - real.states[layer][slow - 20]).max() < 1e-9
            error = np.abs(bits.states[layer][fast] - real.states[layer][slow]).mean()
            assert error < within, (layer, error)
