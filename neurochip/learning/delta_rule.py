"""The delta rule between two phases (Mesnard, Gerstner & Brea 2016, eq. 4): Δw_ij ∝ (ρ(s_i^β) − ρ(s_i*)) ρ(s_j*)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.learning.eqprop import Presented
from neurochip.learning.two_phases import TwoPhaseRule
from neurochip.substrate import Substrate, WeightUpdate

__all__ = ["DeltaRule"]

Array = NDArray[Any]


class DeltaRule(TwoPhaseRule):
    """The rule, for one network: presynaptic activity × change of the postsynaptic one.

    The change is not the same in both directions of a connection. Feedback of its own learns by the rule in its
    direction; tied feedback follows the forward weights, and has to be told.

    With ``against = "opposite"`` the presynaptic activity is the mean of both phases, so that the rule stays centred.
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
        heard = seen.heard_minus
        if self.phases.against == "opposite":
            heard = [(a + b) / 2 for a, b in zip(seen.heard_minus, seen.heard_plus, strict=True)]
        moved = [p - m for p, m in zip(seen.plus, seen.minus, strict=True)]
        told = self.phases.words_per_axon
        updates, biases = [], []
        for k, rate in enumerate(self.rates):
            scale = rate * share / (seen.span * lanes)
            if scale:
                # Tied feedback cannot work out this change from what it hears: it is told the postsynaptic one.
                tied = int(k > 0 and self.network.tied)
                updates.append(WeightUpdate(k, k + 1, ((heard[k], moved[k + 1]),), scale, max(told, tied)))
                if k > 0 and not self.network.tied and not self.fixed_feedback:
                    updates.append(WeightUpdate(k + 1, k, ((heard[k + 1], moved[k]),), scale, told))
            biases.append(moved[k + 1].dtype.type(scale) * np.sum(moved[k + 1], axis=0))
        return Presented(seen.minus[-1], tuple(updates), tuple(biases))
