"""Contrastive Hebbian learning (Mesnard, Gerstner & Brea 2016, eq. 3): Δw_ij ∝ ρ(s_i^β) ρ(s_j^β) − ρ(s_i*) ρ(s_j*)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.learning.eqprop import Presented
from neurochip.learning.two_phases import TwoPhaseRule
from neurochip.substrate import Substrate, WeightUpdate

__all__ = ["ContrastiveHebbian"]

Array = NDArray[Any]


class ContrastiveHebbian(TwoPhaseRule):
    """The rule, for one network.

    A bias is a weight from a neuron that always fires: Δb_i ∝ ρ(s_i^β) − ρ(s_i*). The change is the same at both
    ends of a connection, so tied weights stay tied without being told, and feedback of its own takes the same one.

    Parameters are those of `TwoPhaseRule`.
    """

    def present(self, substrate: Substrate, targets: Array, share: float = 1.0) -> Presented:
        """Run all phases on lanes that have just begun, and return what should change; ``share`` scales all rates.

        Raises
        ------
        DataError
            For targets outside [0, 1].
        """
        seen = self.phases.run(substrate, targets, len(self.network.populations))
        lanes = seen.minus[0].shape[0]
        # Both products need what stands at the far end, once in each phase.
        told = 2 * self.phases.words_per_axon
        updates, biases = [], []

        def change(source: int, target: int, rate: float) -> WeightUpdate:
            terms = (
                (seen.heard_plus[source], seen.plus[target]),
                (-seen.heard_minus[source], seen.minus[target]),
            )
            return WeightUpdate(source, target, terms, rate, told)

        for k, rate in enumerate(self.rates):
            scale = rate * share / (seen.span * lanes)
            if scale:
                updates.append(change(k, k + 1, scale))
                if k > 0 and not self.network.tied and not self.fixed_feedback:
                    updates.append(change(k + 1, k, scale))
            moved = seen.plus[k + 1] - seen.minus[k + 1]
            biases.append(moved.dtype.type(scale) * np.sum(moved, axis=0))
        return Presented(seen.minus[-1], tuple(updates), tuple(biases))
