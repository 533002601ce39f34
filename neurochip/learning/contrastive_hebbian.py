"""Contrastive Hebbian learning (Mesnard, Gerstner & Brea 2016, eq. 3): Δw_ij ∝ ρ(s_i^β) ρ(s_j^β) − ρ(s_i*) ρ(s_j*)."""

from __future__ import annotations

from neurochip.learning.readings import Readings
from neurochip.learning.rule import LearningRule
from neurochip.learning.schedule import Moment
from neurochip.network import Projection
from neurochip.substrate import WeightUpdate

__all__ = ["ContrastiveHebbian"]


class ContrastiveHebbian(LearningRule):
    """The rule: the change is the same at both ends of a connection, so tied weights stay tied without being told."""

    @property
    def reads_pre(self) -> frozenset[Moment]:
        """The activity before synapses is that of both phases that are compared."""
        return frozenset({"nudged", "free" if self.phases.reference == "before" else "reference"})

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        source, target = projection.source, projection.target
        terms = (
            (seen.plus.pre[source], seen.plus.value[target]),
            (-seen.minus.pre[source], seen.minus.value[target]),
        )
        # Both products need what stands at the far end, once in each phase.
        return WeightUpdate(projection.index, terms, seen.scale(rate), 2 * self.words_per_axon)
