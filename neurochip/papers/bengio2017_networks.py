"""The energy-based networks of `bengio2017_backprop`: a step, the fixed point, and when a nudge reaches a layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.training.streams import stream

__all__ = [
    "HARD",
    "SCALE",
    "SIZES",
    "SMOOTH",
    "EnergyNetwork",
    "Nonlinearity",
    "drawn",
    "first_changes",
    "pairs",
]

Array = NDArray[np.float64]

SIZES = (10, 30, 25, 20, 10)
SCALE = 0.25


class Nonlinearity(NamedTuple):
    """ρ and its derivative."""

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


HARD = Nonlinearity(
    "piecewise linear",
    lambda s: np.clip(s + 0.5, 0.0, 1.0),
    lambda s: ((s >= -0.5) & (s <= 0.5)).astype(np.float64),
)
SMOOTH = Nonlinearity(
    "logistic",
    lambda s: 1 / (1 + np.exp(-4 * s)),
    lambda s: 4 * np.exp(-4 * s) / (1 + np.exp(-4 * s)) ** 2,
)


@dataclass(frozen=True)
class EnergyNetwork:
    """E(s) = Σ s²/2 − Σ ρ(s)ᵀ W ρ(s) − Σ bρ(s) in layers, symmetric (eq. 2.7); the first layer is clamped."""

    weights: tuple[Array, ...]
    rho: Nonlinearity
    centred: bool = True  # biases −½ Σ W, or none
    gated: bool = True  # R with its factor ρ′(s); without it a neuron is pressed on beyond its thresholds too

    def pressure(self, states: list[Array]) -> list[Array]:
        """Return R of each layer (eq. 2.9), zeros for the clamped one."""
        rates = [self.rho.value(s) for s in states]
        pressed = [np.zeros_like(states[0])]
        for k in range(1, len(states)):
            drive = rates[k - 1] @ self.weights[k - 1]
            if k + 1 < len(states):
                drive = drive + rates[k + 1] @ self.weights[k].T
            if self.centred:
                drive = drive - 0.5 * self.weights[k - 1].sum(axis=0)
                if k + 1 < len(states):
                    drive = drive - 0.5 * self.weights[k].sum(axis=1)
            pressed.append(self.rho.slope(states[k]) * drive if self.gated else drive)
        return pressed

    def step(
        self,
        states: list[Array],
        epsilon: float,
        target: Array | None = None,
        noise: list[Array] | None = None,
    ) -> list[Array]:
        """Return s + ε(R(s + η) − s), the output also pulled by ε(y − s) (eqs 2.1 and 3.2)."""
        seen = states if noise is None else [s + n for s, n in zip(states, noise, strict=True)]
        pressed = self.pressure(seen)
        new = [states[0]]
        new += [s + epsilon * (r - s) for s, r in zip(states[1:], pressed[1:], strict=True)]
        if target is not None:
            new[-1] = new[-1] + epsilon * (target - states[-1])
        return new

    def settled(self, x: Array, steps: int = 600) -> tuple[list[Array], Array]:
        """Return the fixed point for inputs [sample, unit], and what is left of its movement per sample."""
        states = [x] + [np.zeros((len(x), w.shape[1])) for w in self.weights]
        for _ in range(steps):
            states = self.step(states, 0.3)
        pressed = self.pressure(states)
        moving = [np.abs(r - s).max(axis=1) for r, s in zip(pressed[1:], states[1:], strict=True)]
        return states, np.asarray(np.max(moving, axis=0))

    def gradients(self, states: list[Array], target: Array, *, straight: bool = False) -> list[Array]:
        """Return ∂C/∂h of each hidden layer and ∂C/∂ŷ, by the chain rule through R (eq. 3.10).

        ``straight`` takes ρ for the identity: that is not the gradient, but what it is without its ρ′.
        """
        found = [states[-1] - target]
        for k in range(len(states) - 2, 0, -1):
            above = found[0] if straight else found[0] * self.rho.slope(states[k + 1])
            back = above @ self.weights[k].T
            found.insert(0, back if straight else self.rho.slope(states[k]) * back)
        return found


def drawn(
    seed: int, net: int, rho: Nonlinearity, scale: float = SCALE, *, centred: bool = True
) -> EnergyNetwork:
    """Return the network ``net`` of a seed."""
    draws = stream(seed, "weights", net)
    bounds = [scale * np.sqrt(6 / (n + m)) for n, m in zip(SIZES[:-1], SIZES[1:], strict=True)]
    shapes = zip(SIZES[:-1], SIZES[1:], strict=True)
    weights = [draws.uniform(-b, b, shape) for b, shape in zip(bounds, shapes, strict=True)]
    return EnergyNetwork(tuple(weights), rho, centred)


def pairs(seed: int, net: int, n: int) -> tuple[Array, Array, np.random.Generator]:
    """Return ``n`` inputs and targets for the network ``net`` of a seed, in [−½, ½], and where they were drawn from."""
    draws = stream(seed, "samples", net)
    return draws.uniform(-0.5, 0.5, (n, SIZES[0])), draws.uniform(-0.5, 0.5, (n, SIZES[-1])), draws


def first_changes(net: EnergyNetwork, states: list[Array], target: Array, epsilon: float) -> list[Array]:
    """Return the change of each hidden layer at the step in which the nudge first reaches it."""
    layers = len(states) - 2
    changes: list[Array] = []
    now = states
    for k in range(layers + 1):
        following = net.step(now, epsilon, target)
        if k:
            changes.insert(0, following[layers + 1 - k] - now[layers + 1 - k])
        now = following
    return changes
