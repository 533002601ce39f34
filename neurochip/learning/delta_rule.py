"""The delta rule between two phases (Mesnard, Gerstner & Brea 2016, eq. 4): Δw_ij ∝ (ρ(s_i^β) − ρ(s_i*)) ρ(s_j*)."""

from __future__ import annotations

from neurochip.learning.two_phases import Contrast, TwoPhaseRule
from neurochip.substrate import WeightUpdate

__all__ = ["DeltaRule"]


class DeltaRule(TwoPhaseRule):
    """The rule, for one network: presynaptic activity × change of the postsynaptic one.

    The change is not the same in both directions of a connection. Feedback of its own learns by the rule in its
    direction; tied feedback follows the forward weights, and has to be told.

    With ``against = "opposite"`` the presynaptic activity is the mean of both phases, so that the rule stays centred.
    Parameters are those of `TwoPhaseRule`.
    """

    def update_of(self, seen: Contrast, source: int, target: int, rate: float) -> WeightUpdate:
        """Return the change of the weights from one layer to another."""
        heard = seen.heard_minus[source]
        if self.phases.against == "opposite":
            heard = (heard + seen.heard_plus[source]) / 2
        told = self.phases.words_per_axon
        if self.network.tied and source > 0:
            # Tied feedback cannot work out this change from what it hears: it is told the postsynaptic one.
            told = max(told, 1)
        return WeightUpdate(source, target, ((heard, seen.plus[target] - seen.minus[target]),), rate, told)
