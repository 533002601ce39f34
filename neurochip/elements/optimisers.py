"""Optimisers: from the change that a learning rule wants of each weight to the step that is taken.

A change g is what a rule asks for with a rate of 1, so its sign is the weight's and not that of a gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.cost import HardwareCost

__all__ = ["DECAY_COST", "Adam", "Momentum", "Optimiser", "Plain"]

Array = NDArray[np.floating]

# W ← (1 − λ) W before the step is added: one multiplication, without state.
DECAY_COST = HardwareCost(multiplications=1)


@dataclass(frozen=True, slots=True)
class Plain:
    """Steps of η g: stochastic gradient descent."""

    kind: ClassVar[str] = "plain"
    moments: ClassVar[tuple[str, ...]] = ()
    hardware: ClassVar[HardwareCost] = HardwareCost()

    def step(self, change: Array, moments: Sequence[Array], number: int, rate: float) -> Array:
        """Return η g."""
        return np.asarray(rate * change)


@dataclass(frozen=True, slots=True)
class Momentum:
    """The heavy ball (Polyak 1964): v ← μ v + g, and a step of η v.

    Attributes
    ----------
    momentum
        μ, the share of the velocity that a change leaves.
    """

    kind: ClassVar[str] = "momentum"
    moments: ClassVar[tuple[str, ...]] = ("velocity",)
    # μ v + g, and η v.
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=1, multiplications=2).keeping(1)

    momentum: float = 0.9

    def step(self, change: Array, moments: Sequence[Array], number: int, rate: float) -> Array:
        """Change the velocity in place, and return η v."""
        (velocity,) = moments
        velocity *= self.momentum
        velocity += change
        return np.asarray(rate * velocity)


@dataclass(frozen=True, slots=True)
class Adam:
    """Steps of a size of their own for every weight (Kingma & Ba 2015, Algorithm 1).

    m ← m + (1 − β₁)(g − m), v ← v + (1 − β₂)(g² − v), and a step of η m̂ / (√v̂ + ε), with m̂ = m/(1 − β₁ᵗ) and
    v̂ = v/(1 − β₂ᵗ).

    Attributes
    ----------
    beta1, beta2
        What the running mean of changes, and of their squares, keeps at each step.
    epsilon
        Added to the root, in units of a change.
    """

    kind: ClassVar[str] = "adam"
    moments: ClassVar[tuple[str, ...]] = ("mean", "square")
    # The corrections for t are numbers of a core, folded into η and ε (end of the paper's section 2). A root takes
    # as many digits one after the other as a quotient does, and counts as a division.
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=5, multiplications=4, divisions=2).keeping(2)

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def step(self, change: Array, moments: Sequence[Array], number: int, rate: float) -> Array:
        """Change the moments in place, and return the step with the number ``number``, 1 for the first."""
        mean, square = moments
        mean += (1 - self.beta1) * (change - mean)
        square += (1 - self.beta2) * (change**2 - square)
        straight = mean / (1 - self.beta1**number)
        size = np.sqrt(square / (1 - self.beta2**number)) + self.epsilon
        return np.asarray(rate * straight / size)


Optimiser = Plain | Momentum | Adam
