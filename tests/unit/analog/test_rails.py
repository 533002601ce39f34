"""Voltages beyond the supply are noticed, and unfinished phases of every kind."""

from __future__ import annotations

import numpy as np
import pytest

from neurochip.analog.chronicle import after_epoch, die_table
from neurochip.analog.rails import full_scale_v, headroom
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase

NETWORK = layered((1, 4, 2), tied=True)


def settled(bias: float, characteristic: str = "tanh", supply_v: float = 1.8) -> AnalogSubstrate:
    """Return a die whose hidden neurons rest at ``bias`` full scales: neurons 0 and 1, the others at 0."""
    spec = AnalogSpec(characteristic=characteristic, diagnosed=0, supply_v=supply_v)  # type: ignore[arg-type]
    substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float64)
    biases = (np.array([bias, -bias, 0.0, 0.0]), np.zeros(2))
    substrate.load(Parameters((np.zeros((1, 4)), np.zeros((4, 2))), (), biases))
    substrate.begin(np.zeros((3, 1)), np.arange(3, dtype=np.uint64))
    substrate.run(Phase.FREE, 60)
    return substrate


def told(substrate: AnalogSubstrate) -> list[str]:
    epoch = after_epoch(substrate, 1, np.zeros((1, 1)), np.zeros(1, np.int64))
    return [
        sentence for sentence in die_table(substrate, [epoch])["warnings"] if "analog.supply_v" in sentence
    ]


def test_a_full_scale_is_2nUT() -> None:
    assert full_scale_v(AnalogSpec(characteristic="tanh")) == pytest.approx(2 * 1.3 * 0.02585)
    assert headroom(AnalogSpec(characteristic="tanh")) == pytest.approx(0.9 / (2 * 1.3 * 0.02585))
    gf = AnalogSpec(characteristic="tanh", mismatch=MismatchSpec(process="gf180"))
    assert full_scale_v(gf) == pytest.approx(2 * 1.48 * 0.02585)
    assert full_scale_v(AnalogSpec(characteristic="tanh", full_scale_mv=100.0)) == 0.1
    assert headroom(AnalogSpec()) is None  # the rails are part of that circuit


def test_voltages_beyond_the_rails_are_told_with_their_share() -> None:
    (sentence,) = told(settled(45.0))
    assert sentence.startswith(
        "analog.supply_v: 33 % of the voltages of the last epoch's free phases lay beyond the rails, up to 3 V from "
        "rest where a supply of 1.8 V leaves 0.9 V (one full scale is 67.2 mV)"
    )


def test_voltages_within_the_rails_are_not() -> None:
    assert told(settled(10.0)) == []
    assert len(told(settled(10.0, supply_v=1.0))) == 1  # the control: the same voltages at a smaller supply
    assert told(settled(45.0, "hard-sigmoid")) == []  # held at one full scale


def test_unfinished_nudged_phases_are_told() -> None:
    substrate = settled(1.0)
    targets = np.ones((3, 2))
    substrate.run(Phase.NUDGED, 1, beta=0.2, targets=targets)
    epoch = after_epoch(substrate, 1, np.zeros((1, 1)), np.zeros(1, np.int64))
    (sentence,) = die_table(substrate, [epoch])["warnings"]
    assert sentence.startswith("analog.settle: 100.0 % of the nudged phases of the last epoch ended above")
    substrate.run(Phase.NUDGED, 60, beta=0.2, targets=targets)
    epoch = after_epoch(substrate, 1, np.zeros((1, 1)), np.zeros(1, np.int64))
    assert die_table(substrate, [epoch])["warnings"] == []
