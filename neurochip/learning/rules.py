"""The rules of a run, by name."""

from __future__ import annotations

from typing import Protocol

from neurochip.description.network import Network
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.learning.eqprop import Array, EquilibriumPropagation, Presented
from neurochip.learning.random_feedback import RandomFeedback
from neurochip.learning.recurrent_backprop import RecurrentBackpropagation
from neurochip.substrate import Substrate

__all__ = ["Rule", "rule_for"]


class Rule(Protocol):
    """What the training loop asks of a rule."""

    def check(self, substrate: Substrate) -> None:
        """Raise if the substrate lacks what the rule needs."""
        ...

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases on lanes that have just begun, and return what should change."""
        ...


def rule_for(network: Network, learning: LearningSpec, phases: PhasesSpec) -> Rule:
    """Return the rule that ``learning.rule`` names."""
    if learning.rule == "random-feedback":
        return RandomFeedback(network, learning, phases)
    if learning.rule == "recurrent-backprop":
        return RecurrentBackpropagation(network, learning, phases)
    return EquilibriumPropagation(network, learning, phases)
