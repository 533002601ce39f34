"""What a run's cores are made of, and that it survives a file."""

import json

import pytest

from neurochip.description import read_run
from neurochip.elements import HardwareCost
from neurochip.elements.encoders.predictive import PREDICTIVE_COST
from neurochip.energy import HardwareUse, hardware_of
from neurochip.errors import DataError


def hardware(*overrides, run="mnist-small"):
    return hardware_of(read_run(run, overrides))


def element(use, role):
    (found,) = use.in_role(role)
    return found


def test_the_default_run():
    use = hardware()
    assert [e.role for e in use.elements] == ["encoder", "decoder", "annealer", "neuron", "nudge"]
    assert element(use, "encoder").kind == "predictive sigma-delta"
    assert (use.weight_format, use.weight_bits, use.accumulator_format) == ("float32", 32, "float32")
    assert use.is_spiking and not use.sends_bits_only  # the oracle reads states out


def test_a_predictive_front_costs_extra():
    coded = element(hardware(), "encoder").cost
    plain = element(hardware("coding.encoder.lambda=none"), "encoder").cost
    assert coded == plain + PREDICTIVE_COST
    follows = element(hardware("coding.decoder=identity"), "encoder")
    assert (follows.cost, follows.kind) == (plain, "sigma-delta")


def test_osa_costs_more_than_a_power_law():
    power = hardware("coding.annealer={kind='power-law', coefficient=0.8, exponent=0.3}")
    assert element(power, "annealer").cost == HardwareCost()
    assert element(hardware(), "annealer").cost.divisions == 2


def test_formats():
    use = hardware("network.precision=int5")
    assert (use.weight_bits, use.state_format, use.state_bits) == (5, "float32", 32)
    assert use.accumulator_format == "int32"
    double = hardware("network.precision=float64", "chip=ideal-bits")
    assert (double.weight_bits, double.state_bits, double.accumulator_format) == (64, 64, "float64")


@pytest.mark.parametrize(("trace", "multiplications"), [("decoder", 2), ("count", 0)])
def test_traces(trace, multiplications):
    use = hardware("network.tied=false", "learning.pre=trace", f"learning.trace={trace}")
    assert element(use, "trace").cost.multiplications == multiplications
    assert use.sends_bits_only


def test_real_values_have_no_encoder():
    use = hardware(run="mnist-continuous")
    assert not use.is_spiking and not use.sends_bits_only


def test_round_trip():
    use = hardware("network.precision=int8")
    assert HardwareUse.from_json(json.loads(json.dumps(use.to_json()))) == use


def test_damage_is_one_sentence():
    table = hardware().to_json()
    table["elements"][1]["role"] = "wizard"
    with pytest.raises(DataError) as caught:
        HardwareUse.from_json(table)
    assert (
        str(caught.value)
        == "hardware.elements[1]: is not an element that this version knows; use the one that wrote it"
    )
    with pytest.raises(DataError) as caught:
        HardwareUse.from_json({"elements": []})
    assert str(caught.value) == "hardware: is damaged: KeyError at 'weight_format'; carry out the run again"
