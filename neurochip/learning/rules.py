"""The rules of a run, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from neurochip.description.network import Network
from neurochip.description.rule_names import plugged_rule
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.errors import ConfigError
from neurochip.learning.eqprop import Array, EquilibriumPropagation, Presented
from neurochip.learning.random_feedback import RandomFeedback
from neurochip.learning.recurrent_backprop import RecurrentBackpropagation
from neurochip.substrate import Observable, Substrate

__all__ = ["RULES", "Rule", "rule_for"]


class Rule(Protocol):
    """What the training loop asks of a rule (Scellier & Bengio 2017, algorithm 1, with any rule in its middle)."""

    @property
    def needs(self) -> frozenset[Observable]:
        """What it reads of a substrate, but for `Observable.ACTIVITY`, which stands in for the value where kept."""
        ...

    def check(self, substrate: Substrate) -> None:
        """Raise if the substrate lacks what the rule needs."""
        ...

    def present(self, substrate: Substrate, targets: Array, beta: float, share: float = 1.0) -> Presented:
        """Run all phases on lanes that have just begun, and return what should change.

        Parameters
        ----------
        targets
            y, [lane, unit] of the last layer.
        beta
            Strength of the nudge, signed.
        share
            Scales all rates.
        """
        ...


# Name → what makes the rule of a network; the names are those of `neurochip.description.rule_names`.
RULES: dict[str, Callable[[Network, LearningSpec, PhasesSpec], Rule]] = {
    "eqprop": EquilibriumPropagation,
    "random-feedback": RandomFeedback,
    "recurrent-backprop": RecurrentBackpropagation,
}


def rule_for(network: Network, learning: LearningSpec, phases: PhasesSpec) -> Rule:
    """Return the rule that ``learning.rule`` names, built in or of another package.

    Raises
    ------
    ConfigError
        When a plug-in makes something that is no rule.
    """
    make = RULES.get(learning.rule) or plugged_rule(learning.rule)
    rule: Rule = make(network, learning, phases)
    missing = [name for name in ("needs", "check", "present") if not hasattr(rule, name)]
    if missing:
        raise ConfigError(
            "learning.rule", f"'{learning.rule}' made a {type(rule).__name__} without {' and '.join(missing)}"
        )
    return rule
