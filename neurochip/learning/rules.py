"""The rules of a run, by name."""

from __future__ import annotations

from collections.abc import Callable

from neurochip.description.rule_names import plugged_rule
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.errors import ConfigError
from neurochip.learning.associative import AssociativeRule
from neurochip.learning.contrastive_hebbian import ContrastiveHebbian
from neurochip.learning.delta_rule import DeltaRule
from neurochip.learning.eqprop import EquilibriumPropagation
from neurochip.learning.eqspike import EqSpike
from neurochip.learning.random_feedback import RandomFeedback
from neurochip.learning.rate_of_change import RateOfChange
from neurochip.learning.recurrent_backprop import RecurrentBackpropagation
from neurochip.learning.rule import Rule
from neurochip.network import Network

__all__ = ["RULES", "Rule", "rule_for"]

# Name → what makes the rule of a network; the names are those of `neurochip.description.rule_keys`.
RULES: dict[str, Callable[[Network, LearningSpec, PhasesSpec], Rule]] = {
    "eqprop": EquilibriumPropagation,
    "contrastive-hebbian": ContrastiveHebbian,
    "delta": DeltaRule,
    "rate-of-change": RateOfChange,
    "eqspike": EqSpike,
    "associative": AssociativeRule,
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
