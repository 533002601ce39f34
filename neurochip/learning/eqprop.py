"""Equilibrium propagation (Scellier & Bengio 2017; with bits, O'Connor, Gavves & Welling 2019, eq. 4).

Tied weights take the contrast of both phases, untied ones the general-dynamics form (Scellier et al. 2018):
each direction learns from presynaptic activity × change of postsynaptic state. With ``pre = "trace"`` a core uses
the trace that it keeps of each axon, and nothing but bits ever crosses between cores.
"""

from __future__ import annotations

from neurochip.learning.readings import Readings
from neurochip.learning.rule import LearningRule
from neurochip.learning.schedule import Moment
from neurochip.network import Projection
from neurochip.substrate import WeightUpdate

__all__ = ["EquilibriumPropagation"]


class EquilibriumPropagation(LearningRule):
    """The rule (Scellier & Bengio 2017): ρ(s_pre)(s_post⁺ − s_post⁻), for each direction on its own.

    Tied weights take the sum of both directions.

    Parameters
    ----------
    network
        Populations and projections; feedback tied or with weights of its own.
    learning, phases
        Constants of the rule, and lengths of its phases and what they are compared with.

    Raises
    ------
    ConfigError
        When there is not one rate for each forward projection.
    """

    @property
    def reads_pre(self) -> frozenset[Moment]:
        """The activity before synapses is that of the free phase; real states are those of the run that went on."""
        goes_on = self.phases.reference == "parallel" and self.learning.pre == "oracle"
        return frozenset({"reference"} if goes_on else {"free"})

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        source, target, scale = projection.source, projection.target, seen.scale(rate)
        pre = seen.minus.pre if "reference" in self.reads_pre else seen.free.pre
        if not self.has_tied_feedback(projection):
            terms = ((pre[source], seen.moved(target)),)
            return WeightUpdate(projection.index, terms, scale, self.words_per_axon)
        if self.learning.product == "full":
            plus, minus = seen.plus.value, seen.minus.value
            whole = ((plus[source], plus[target]), (-minus[source], minus[target]))
            return WeightUpdate(projection.index, whole, scale, 2)
        both = ((pre[source], seen.moved(target)), (seen.moved(source), pre[target]))
        return WeightUpdate(projection.index, both, scale, 2)
