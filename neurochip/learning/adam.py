"""Adam (Kingma & Ba 2015): steps of a size of their own for every weight, from running moments of its changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adam"]


class Adam:
    """Turns wanted changes (not gradients: their sign is the weight's) into steps.

    Parameters
    ----------
    shapes
        Of the arrays that learn.
    rate
        Size of a step.
    decays
        Of the running mean and of the running square.
    floor
        Added to the root of the running square.
    """

    def __init__(
        self,
        shapes: Sequence[tuple[int, ...]],
        rate: float = 1e-3,
        decays: tuple[float, float] = (0.9, 0.999),
        floor: float = 1e-8,
    ) -> None:
        self._rate, self._decays, self._floor = rate, decays, floor
        self._means = [np.zeros(shape) for shape in shapes]
        self._squares = [np.zeros(shape) for shape in shapes]
        self._steps = 0

    def steps(self, changes: Sequence[NDArray[Any]]) -> list[NDArray[np.float64]]:
        """Return what to add to each array."""
        self._steps += 1
        first, second = self._decays
        found = []
        for mean, square, change in zip(self._means, self._squares, changes, strict=True):
            mean += (1 - first) * (change - mean)
            square += (1 - second) * (change**2 - square)
            straight = mean / (1 - first**self._steps)
            size = np.sqrt(square / (1 - second**self._steps)) + self._floor
            found.append(self._rate * straight / size)
        return found
