"""Every rule that a run can name keeps the contract of rules."""

from __future__ import annotations

from typing import Any

from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.rule_names import RULES as NAMES
from neurochip.learning.rules import RULES
from neurochip.network import Network
from neurochip.substrate import Substrate
from neurochip.testing import RuleContract


class TestEqProp(RuleContract):
    """Tied weights, the state before and after."""

    rule = "eqprop"
    learns_on = ("`ideal`", "cores")


class TestEqPropByBits(RuleContract):
    """Untied weights, from traces, centred: what only bits cross for."""

    rule = "eqprop"
    tied = False
    learning = {"pre": "trace"}
    reference = "opposite"
    learns_on = ("cores",)
    refused_on = ("`ideal`", "analog die, mismatch 0.2")


class TestRandomFeedback(RuleContract):
    """Only the forward weights change."""

    rule = "random-feedback"
    tied = False
    learns_on = ("cores",)


class TestContrastiveHebbian(RuleContract):
    """Tied weights, against a free run of equal length."""

    rule = "contrastive-hebbian"
    reference = "parallel"
    learns_on = ("`ideal`",)


class TestDelta(RuleContract):
    """Untied weights, from traces."""

    rule = "delta"
    tied = False
    learning = {"pre": "trace"}
    reference = "parallel"
    learns_on = ("cores",)


class TestRateOfChange(RuleContract):
    """Each synapse watches its two neurons move."""

    rule = "rate-of-change"
    tied = False
    learns_on = ("cores",)


class TestRateOfChangeAgainstOpposite(RuleContract):
    """And what they do under the opposite nudge is taken away."""

    rule = "rate-of-change"
    learning = {"own": {"steps": 2}}
    reference = "opposite"


class TestEqSpike(RuleContract):
    """Spikes as they arrive, and nothing else."""

    rule = "eqspike"
    tied = False
    learning = {"pre": "trace", "trace": "count", "own": {"window": 5}}
    learns_on = ("cores",)
    refused_on = ("`ideal`", "analog die, mismatch 0.2")


class TestEqSpikeTied(RuleContract):
    """Both directions of one synapse, filtered, against the opposite nudge."""

    rule = "eqspike"
    learning = {"own": {"filter": 4.0}}
    reference = "opposite"


class TestAssociative(RuleContract):
    """One free phase, and no neuron learns of an error."""

    rule = "associative"
    tied = False


class TestRecurrentBackprop(RuleContract):
    """The exact gradient, on the substrate that gives its Jacobian away."""

    rule = "recurrent-backprop"
    refused_on = ("`ideal`", "cores")

    def substrate(self, network: Network, x: Any) -> Substrate:
        return AnalogSubstrate(network, AnalogSpec())


def test_all_are_here() -> None:
    contracts = [c for c in globals().values() if isinstance(c, type) and issubclass(c, RuleContract)]
    assert {c.rule for c in contracts if c.rule} == set(RULES) == set(NAMES)
