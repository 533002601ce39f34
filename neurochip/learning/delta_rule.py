"""The delta rule between two phases (Mesnard, Gerstner & Brea 2016, eq. 4): Δw_ij ∝ (ρ(s_i^β) − ρ(s_i*)) ρ(s_j*)."""

from __future__ import annotations

from neurochip.learning.readings import Readings
from neurochip.learning.rule import LearningRule
from neurochip.learning.schedule import Moment
from neurochip.network import Projection
from neurochip.substrate import WeightUpdate

__all__ = ["DeltaRule"]


class DeltaRule(LearningRule):
    """The rule: presynaptic activity × change of the postsynaptic one.

    The change is not the same in both directions of a connection. Feedback of its own learns by the rule in its
    direction; tied feedback follows the forward weights, and has to be told.

    With ``phases.reference = "opposite"`` the presynaptic activity is the mean of both phases, so that the rule stays
    centred.
    """

    @property
    def reads_pre(self) -> frozenset[Moment]:
        """The activity before synapses is that of the reference, or the mean of two opposite phases."""
        words: dict[str, frozenset[Moment]] = {
            "before": frozenset({"free"}),
            "parallel": frozenset({"reference"}),
            "opposite": frozenset({"nudged", "reference"}),
        }
        return words[self.phases.reference]

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        source, target = projection.source, projection.target
        pre = seen.minus.pre[source]
        if self.phases.reference == "opposite":
            pre = (pre + seen.plus.pre[source]) / 2
        told = self.words_per_axon
        if self.has_tied_feedback(projection):
            # Tied feedback cannot work out this change from what it receives: it is told the postsynaptic one.
            told = max(told, 1)
        return WeightUpdate(projection.index, ((pre, seen.moved(target)),), seen.scale(rate), told)
