"""Contrastive Hebbian learning (Mesnard, Gerstner & Brea 2016, eq. 3): Δw_ij ∝ ρ(s_i^β) ρ(s_j^β) − ρ(s_i*) ρ(s_j*)."""

from __future__ import annotations

from neurochip.learning.two_phases import Contrast, TwoPhaseRule
from neurochip.substrate import WeightUpdate

__all__ = ["ContrastiveHebbian"]


class ContrastiveHebbian(TwoPhaseRule):
    """The rule, for one network.

    The change is the same at both ends of a connection, so tied weights stay tied without being told, and feedback of
    its own takes the same one.

    Parameters are those of `TwoPhaseRule`.
    """

    def update_of(self, seen: Contrast, source: int, target: int, rate: float) -> WeightUpdate:
        """Return the change of the weights from one layer to another."""
        terms = (
            (seen.heard_plus[source], seen.plus[target]),
            (-seen.heard_minus[source], seen.minus[target]),
        )
        # Both products need what stands at the far end, once in each phase.
        return WeightUpdate(source, target, terms, rate, 2 * self.phases.words_per_axon)
