"""Weights from one population to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections import Connection
from neurochip.network.convolution import Convolution

__all__ = ["Projection", "as_matrix", "turned"]


@dataclass(frozen=True, slots=True)
class Projection:
    """Weights from one population to another, or to itself.

    Attributes
    ----------
    source, target
        Indices of the populations.
    feedback_of
        Index of the projection that this one leads back; `None` for one that leads forward.
    tied
        Whether feedback is the transpose of what it leads back, and so has no weights of its own.
    connection
        Which unit reaches which; `None`: all reach all, and weights are [pre, post].
    convolution
        In the place of a connection: a kernel after a mean over squares, shared by all positions; feedback has the same
        one, run backwards.
    delay
        Ticks from a spike to its arrival, from 1.
    gain
        The bound of the first weights is so many times the usual one.
    index
        Which of the network's projections it is; `Network` sets it.
    """

    source: int
    target: int
    feedback_of: int | None = None
    tied: bool = False
    connection: Connection | None = None
    convolution: Convolution | None = None
    delay: int = 1
    gain: float = 1.0
    index: int = -1

    @property
    def backward(self) -> bool:
        """Whether it is the feedback of another one."""
        return self.feedback_of is not None

    @property
    def transpose_of(self) -> int | None:
        """Index of the projection whose weights it has, transposed; `None` for weights of its own."""
        return self.feedback_of if self.tied else None


def as_matrix(projection: Projection, weights: NDArray[Any]) -> NDArray[Any]:
    """Return f64[pre, post]: the weight of each synapse, and 0 where there is none.

    A kernel after a mean has no such matrix here; a substrate that takes it does the mean itself.
    """
    connection = projection.connection
    if connection is None:
        return np.asarray(weights, dtype=np.float64)
    matrix = np.zeros((connection.sources, connection.targets))
    source, target, weight = connection.edges()
    values = np.asarray(weights, dtype=np.float64).reshape(-1)
    matrix[source, target] = connection.scale * (values[weight] if values.size else 1.0)
    return matrix


def turned(projection: Projection, weights: NDArray[Any]) -> NDArray[Any]:
    """Return the weights of the projection that is the transpose of this one."""
    connection = projection.connection
    return weights.T if connection is None else connection.transposed_weights(weights)
