"""The rule keeps the contract of rules: where it learns is a claim, and tested."""

from __future__ import annotations

from typing import Any

from neurochip_example.sign_eqprop import SignEqProp

from neurochip import LearningSpec, Network, PhasesSpec
from neurochip.testing import RuleContract


class TestSignEqProp(RuleContract):
    rule = "sign-eqprop"
    tied = False
    learns_on = ("`ideal`", "analog die, mismatch 0.2")


class TestFromTraces(RuleContract):
    """With ``pre = "trace"`` nothing but bits crosses."""

    rule = "sign-eqprop"
    tied = False
    learning = {"pre": "trace"}
    learns_on = ("cores",)
    refused_on = ("`ideal`",)

    def make(self, network: Network, learning: LearningSpec, phases: PhasesSpec) -> Any:
        """Make it without the entry point."""
        return SignEqProp(network, learning, phases)
