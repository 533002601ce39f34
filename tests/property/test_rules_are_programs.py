"""Every rule is a program of the chip's sequencer: driven through firmware, a chip learns as it does directly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_sim.codes import FirmwareError
from firmware_sim.device import Device
from firmware_sim.driver import DrivenChip
from firmware_sim.image import tables_of
from firmware_sim.local import LocalLink
from firmware_sim.programs import shipped
from firmware_sim.rule_text import is_programmable, text_of
from firmware_sim.schedule import ProgrammedRule, schedule_of, with_services
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description import LearningSpec, PhasesSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.learning.rule import LearningRule
from neurochip.learning.rules import RULES as NAMES
from neurochip.learning.rules import rule_for
from neurochip.network import layered
from neurochip.substrate import Parameters
from neurochip.testing.networks import Net, draw_net
from tests.plugin_packages import package, site
from tests.property.test_driven_equals_direct import CODINGS, driver, pair, same_parameters

assert site  # a fixture
RULES: dict[str, dict[str, Any]] = {
    "eqprop": {},
    "contrastive-hebbian": {},
    "delta": {},
    "rate-of-change": {"own": {"steps": 3}},
    "eqspike": {"own": {"window": 2, "filter": 3.0}, "trace": "count"},
    "associative": {"own": {"draw": 4, "limit": 0.5}},
    "random-feedback": {"tied": False},
    "recurrent-backprop": {},
}


def test_all_rules_are_here() -> None:
    assert set(RULES) == set(NAMES)


def learnt_alike(direct: Any, chip: DrivenChip, rule: LearningRule, net: Net) -> None:
    """Let a chip learn directly and through its firmware, and compare weights, answers and counts."""
    programmed = ProgrammedRule(rule)
    chip.set_rule(*programmed.registers())
    targets = np.eye(net.sizes[-1])[np.arange(len(net.x)) % net.sizes[-1]]
    for step in range(2):
        answers = []
        for substrate, how in ((direct, rule), (chip, programmed)):
            if step == 0:
                substrate.load(net.parameters)
                how.check(substrate)
            substrate.begin(net.x.astype(np.float32), np.arange(len(net.x), dtype=np.uint64) + 9 * step)
            shown = how.present(substrate, targets, 0.4, 0.9**step)
            assert shown.applied == (substrate is chip)
            if not shown.applied:
                substrate.write_weights(shown.updates, shown.biases)
            answers.append(shown.output)
        np.testing.assert_array_equal(*answers)
        same_parameters(direct.parameters(), chip.parameters())
    assert chip.counters().without_control().to_json() == direct.counters().to_json()
    fresh = chip.parameters()
    direct.load(net.parameters)
    pairs = zip(direct.parameters().weights, fresh.weights, strict=True)
    assert any(np.any(before != after) for before, after in pairs), "nothing was learnt"


@pytest.mark.parametrize("reference", ["before", "parallel", "opposite"])
@pytest.mark.parametrize("pre", ["oracle", "trace"])
@pytest.mark.parametrize("name", [name for name in RULES if name != "recurrent-backprop"])
def test_every_rule_is_a_program(name: str, pre: Any, reference: Any) -> None:
    how = dict(RULES[name])
    tied = how.pop("tied", pre == "oracle")
    net = draw_net(7, (6, 9, 4, 3), batch=3, tied=tied)
    precision = "int8" if pre == "trace" else "float32"
    direct, (device, image) = pair(net, CODINGS[0], precision, 4, rounding="stochastic", traced=True)
    learning = LearningSpec(rule=name, rates=(0.4, 0.3, 0.2), epochs=1, pre=pre, **how)
    rule = rule_for(
        layered(net.sizes, tied=tied), learning, PhasesSpec(free=8, nudged=6, reference=reference)
    )
    assert isinstance(rule, LearningRule) and is_programmable(rule)
    learnt_alike(direct, driver(device, image, schedule_of(rule)), rule, net)


@pytest.mark.parametrize("tied", [True, False])
def test_the_exact_gradient_is_a_program(tied: bool) -> None:
    """On a die, whose Jacobian the emulation knows; small weights, so that neurons are not at their limits."""
    net = draw_net(7, (6, 9, 4, 3), batch=3, tied=tied)
    small = Parameters(
        tuple(0.2 * w for w in net.parameters.weights),
        tuple(0.2 * w for w in net.parameters.feedback),
        tuple(np.full(b.shape, 0.3) for b in net.parameters.biases),
    )
    net = replace(net, parameters=small)
    network = layered(net.sizes, tied=tied)

    def die() -> AnalogSubstrate:
        return AnalogSubstrate(network, AnalogSpec(mismatch=MismatchSpec(sigma=0.1)), dtype=np.float32)

    learning = LearningSpec(rule="recurrent-backprop", rates=(0.4, 0.3, 0.2), epochs=1)
    rule = rule_for(network, learning, PhasesSpec(free=9))
    digest = "00" * 15 + "01"
    device = Device(die(), network, digest, tables_of(None))

    assert isinstance(rule, LearningRule)
    program = with_services(shipped(schedule_of(rule)))
    chip = DrivenChip(LocalLink(device), network, die().counters(), digest, tables_of(None), program)
    learnt_alike(die(), chip, rule, net)


COARSE = """
from dataclasses import dataclass
from neurochip import EquilibriumPropagation, WeightUpdate

class Coarse(EquilibriumPropagation):
    @dataclass(frozen=True)
    class Keys:
        threshold: float = 0.5

    def update_of(self, seen, projection, rate):
        whole = super().update_of(seen, projection, rate)
        [(pre, post), *_] = whole.terms
        bit = (pre > self.learning.own.threshold).astype(pre.dtype)
        return WeightUpdate(whole.projection, ((bit, post),), whole.rate, whole.words_per_axon)
"""


def test_a_rule_of_another_package_is_a_program(site: Path) -> None:
    """The device looks it up by its name, and it keeps its keys."""
    package(site, "coarse-rule", {"rules": {"coarse": "coarse_rule:Coarse"}}, COARSE)
    net = draw_net(7, (6, 9, 4, 3), batch=3, tied=False)
    network = layered(net.sizes, tied=False)
    learned = []
    for threshold in (0.2, 0.7):
        direct, (device, image) = pair(net, CODINGS[0], "float32", None)
        learning = LearningSpec(rule="coarse", rates=(0.4, 0.3, 0.2), epochs=1, own={"threshold": threshold})
        rule = rule_for(network, learning, PhasesSpec(free=8, nudged=6))
        assert isinstance(rule, LearningRule) and is_programmable(rule)
        chip = driver(device, image, schedule_of(rule))
        learnt_alike(direct, chip, rule, net)
        learned.append(chip.parameters().weights[1])
    assert np.any(learned[0] != learned[1])


def test_what_a_device_refuses_of_a_rule() -> None:
    net = draw_net(7, (6, 9, 4, 3), batch=3)
    _, (device, image) = pair(net, CODINGS[0], "float32", None)
    chip = driver(device, image, None)
    good = text_of(LearningSpec(rates=(), epochs=1), PhasesSpec())
    for text, sentence in (
        (b"\xff", "BAD_BLOCK: is no description of a rule"),
        (b"[1, 2]", "BAD_BLOCK: is no description of a rule: has no learning and phases"),
        (good.replace(b'"pre"', b'"epochs"'), "BAD_BLOCK: is no description of a rule: has epochs"),
        (good.replace(b'"eqprop"', b'"hebb"'), "BAD_VALUE: learning.rule: expected"),
        (good.replace(b'"before"', b'"after"'), 'BAD_VALUE: phases.reference: expected "before"'),
    ):
        with pytest.raises(FirmwareError) as caught:
            chip.set_rule((0.1, 0.1, 0.1), text, (1, 1, 0, 1))
        assert sentence in str(caught.value), str(caught.value)
    chip.set_rule((0.1, 0.1, 0.1), good, (1, 1, 0, 1))
