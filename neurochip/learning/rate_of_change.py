"""Presynaptic rate × rate of change of the postsynaptic state, while the output is nudged (Bengio et al. 2017, eq.
3.18).

ΔW_ij ∝ Σ_t ρ(s_j(t)) (s_i(t + δ) − s_i(t)) over the nudged phase in steps of δ ticks: nothing is compared with a
stored phase, each synapse watches its two neurons move. Where the presynaptic side hardly moves the sum is that of
vector-field equilibrium propagation, ρ(s_j⁻)(s_i⁺ − s_i⁻).
"""

from __future__ import annotations

from collections.abc import Iterator

from neurochip.description.rule_keys import RateOfChangeKeys
from neurochip.errors import ConfigError
from neurochip.learning.readings import Array, Reading, Readings
from neurochip.learning.rule import LearningRule
from neurochip.network import Projection
from neurochip.substrate import WeightUpdate

__all__ = ["RateOfChange"]


class RateOfChange(LearningRule):
    """The rule; the nudged phase is watched in ``learning.own.steps`` equal parts.

    Tied weights take both directions, ṡ_i ρ(s_j) + ρ(s_i) ṡ_j; untied ones each its own. With
    ``phases.reference = "before"`` nothing is compared. With another, the reference is watched in the same way, and
    what the neurons do in it by themselves is taken away again.
    """

    def __post_init__(self) -> None:
        """Check that the steps fit into the nudged phase."""
        super().__post_init__()
        if self.phases.nudged % self.parts:
            raise ConfigError(
                "learning.own.steps", f"must divide the {self.phases.nudged} nudged ticks, got {self.parts}"
            )

    @property
    def parts(self) -> int:
        """Equal parts of the nudged phase after which it reads."""
        own: RateOfChangeKeys = self.learning.own
        return own.steps

    def update_of(self, seen: Readings, projection: Projection, rate: float) -> WeightUpdate:
        """Return the change of the weights of one projection."""
        source, target = projection.source, projection.target
        paths = [(1, [seen.free, *seen.nudged])]
        if self.schedule.branches:
            paths.append((-1, [seen.free, *seen.reference]))
        terms: list[tuple[Array, Array]] = []
        for sign, path in paths:
            terms += [(pre, sign * moved) for pre, moved in _watched(path, source, target)]
        if self.has_tied_feedback(projection):
            for sign, path in paths:
                terms += [(sign * moved, pre) for pre, moved in _watched(path, target, source)]
        told = self.parts * len(paths) * self.words_per_axon
        return WeightUpdate(projection.index, tuple(terms), seen.scale(rate), told)


def _watched(path: list[Reading], source: int, target: int) -> Iterator[tuple[Array, Array]]:
    """Give the activity of one population at the beginning of each step, and how far another moves in it."""
    for now, then in zip(path[:-1], path[1:], strict=True):
        yield now.pre[source], then.value[target] - now.value[target]
