"""Recurrent backpropagation (Almeida 1987; Pineda 1987): the gradient itself, by the exact Jacobian of the circuit.

A yardstick, not a proposal: it takes the Jacobian, transposed, which nothing on a chip could measure.
"""

from __future__ import annotations

import numpy as np

from neurochip.learning.readings import Array, Readings
from neurochip.learning.rule import LearningRule
from neurochip.network import Projection
from neurochip.substrate import Observable, WeightUpdate

__all__ = ["RecurrentBackpropagation"]


class RecurrentBackpropagation(LearningRule):
    """The rule, −η dC/dW; of the phases it uses the free one alone, and β plays no part."""

    nudges = False

    @property
    def needs(self) -> frozenset[Observable]:
        """What it reads of a substrate: the gradient is that of its Jacobian."""
        return super().needs | {Observable.ADJOINT}

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        source, target, scale = projection.source, projection.target, seen.scale(rate)
        pre, adjoint = seen.free.pre, seen.free.adjoint
        forward = (pre[source], adjoint[target])
        if not self.has_tied_feedback(projection):
            return WeightUpdate(projection.index, (forward,), scale, 1)
        return WeightUpdate(projection.index, (forward, (adjoint[source], pre[target])), scale, 2)

    def bias_of(self, seen: Readings, population: int, rate: float) -> Array:
        """Return the change of the biases of a population, [unit]."""
        adjoint = seen.free.adjoint[population]
        return np.asarray(adjoint.dtype.type(rate) * np.mean(adjoint, axis=0))
