"""A learning rule as it crosses to a device: the keys of a run that say which it is, as JSON; never any code.

The device looks the rule up by its name, among those of neurochip and of packages that are installed beside it.
"""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from firmware_sim.codes import Code, Refusal
from neurochip.description.run_sections import LearningSpec, PhasesSpec
from neurochip.errors import NeurochipError
from neurochip.keys.reading import build
from neurochip.learning.rule import LearningRule
from neurochip.learning.rules import rule_for
from neurochip.network import Network

__all__ = ["EQPROP", "is_programmable", "rule_of", "text_of"]

_LEARNING = ("rule", "product", "pre", "trace", "own")
_PHASES = ("nudged", "reference")
_LONGEST = 1 << 16


def text_of(learning: LearningSpec, phases: PhasesSpec) -> bytes:
    """Return what a device has to know of a rule, beside its rates, β and the lengths of its phases."""
    tables: dict[str, dict[str, Any]] = {"learning": {}, "phases": {}}
    for section, keys, spec in (("learning", _LEARNING, learning), ("phases", _PHASES, phases)):
        for key in keys:
            value = getattr(spec, key)
            if dataclasses.is_dataclass(value) and not isinstance(value, type):
                value = {k: v for k, v in dataclasses.asdict(value).items() if v is not None}
            if value is not None:
                tables[section][key] = value
    return json.dumps(tables, sort_keys=True).encode()


EQPROP = text_of(LearningSpec(rates=(), epochs=1), PhasesSpec())  # what a device has until it is told


def rule_of(network: Network, text: bytes, rates: tuple[float, ...]) -> LearningRule:
    """Return the rule that a text and rates describe.

    Raises
    ------
    Refusal
        For a text that is none, a rule that the device does not have, or one that has no update of its own.
    """
    if not all(math.isfinite(rate) for rate in rates):
        raise Refusal(Code.BAD_VALUE, f"RATES must be finite, got {rates}")
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"{len(text)} bytes")
        tables = json.loads(text)
        if set(tables) != {"learning", "phases"}:
            raise ValueError("has no learning and phases")
        learning, phases = dict(tables["learning"]), dict(tables["phases"])
        unknown = [*(set(learning) - {*_LEARNING}), *(set(phases) - {*_PHASES})]
        if unknown:
            raise ValueError(f"has {unknown[0]}")
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal(Code.BAD_BLOCK, f"is no description of a rule: {error}") from None
    try:
        spec = build(LearningSpec, learning | {"rates": list(rates), "epochs": 1}, "learning")
        rule = rule_for(network, spec, build(PhasesSpec, phases, "phases"))
    except NeurochipError as error:
        raise Refusal(Code.BAD_VALUE, f"{error.place}: {error.problem}") from None
    if not isinstance(rule, LearningRule):
        raise Refusal(Code.BAD_VALUE, f"{spec.rule} has no update that a program could ask for")
    return rule


def is_programmable(rule: object) -> bool:
    """Whether a program can carry out a rule: its phases are those of a schedule, and only its update is its own."""
    if not isinstance(rule, LearningRule):
        return False
    kind = type(rule)
    return kind.present is LearningRule.present and kind.read is LearningRule.read
