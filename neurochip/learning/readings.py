"""What a rule is shown of a sample presentation, and what it answers with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import WeightUpdate

__all__ = ["Presented", "Reading", "Readings"]

Array = NDArray[np.floating]


class Reading(NamedTuple):
    """What was read of all populations at one moment; lists over populations of [sample, unit].

    Attributes
    ----------
    value
        The state s of each neuron.
    pre
        Its activity as the cores know it that receive from it: read out of its own core (``learning.pre = "oracle"``),
        or what they make of its spikes (``"trace"``; [sample, receiving core, unit] where packets can be lost). Empty
        where the rule does not ask for it.
    adjoint
        −dC/dI, the gradient by the current into each neuron; 0 for a clamped population. Empty but for rules that
        need it.
    """

    value: list[Array]
    pre: list[Array]
    adjoint: list[Array]


class Readings(NamedTuple):
    """Readings of one presentation of a minibatch.

    Attributes
    ----------
    free
        At the end of the free phase.
    nudged
        After each equal part of the phase that is nudged by +β; most rules have one part.
    reference
        After each part of what that phase is compared with: the free phase itself, which has one
        (``phases.reference = "before"``), a free run of the same length (``"parallel"``), or a phase nudged by −β
        (``"opposite"``).
    span
        By how much β differs between the nudged phase and its reference.
    targets
        y [sample, unit] of the output.
    """

    free: Reading
    nudged: tuple[Reading, ...]
    reference: tuple[Reading, ...]
    span: float
    targets: Array

    @property
    def minus(self) -> Reading:
        """The end of the reference."""
        return self.reference[-1]

    @property
    def plus(self) -> Reading:
        """The end of the nudged phase."""
        return self.nudged[-1]

    def moved(self, population: int) -> Array:
        """Return how far the states of a population are from the reference at the end, [sample, unit]."""
        moved: Array = self.plus.value[population] - self.minus.value[population]
        return moved

    def scale(self, rate: float) -> float:
        """Return η / (β N): what a sum of products over N samples is multiplied by."""
        return rate / (self.span * len(self.free.value[0]))


class Presented(NamedTuple):
    """What one minibatch came to.

    Attributes
    ----------
    output
        [sample, unit], the outputs at the end of the free phase, side by side: the network's answer.
    updates, biases
        The change of weights, and of biases of populations 1 … .
    applied
        Whether the substrate has made the change already, as a chip does that carries out the rule itself.
    """

    output: Array
    updates: tuple[WeightUpdate, ...]
    biases: tuple[Array, ...]
    applied: bool = False
