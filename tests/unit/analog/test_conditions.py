"""Temperature, supply, corner: kT/q, I_spec, kT/C, rails, and currents of fixed gate voltages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.chronicle import die_table
from neurochip.analog.rails import full_scale_v, headroom, supply_v
from neurochip.analog.spread import spreads
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.analog_sections import AnalogSpec, NoiseSpec, SettleSpec
from neurochip.description.biasing import current_factor
from neurochip.description.cell_sheet import read_cells
from neurochip.description.condition_section import ConditionsSpec
from neurochip.description.die_sections import MismatchSpec
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.substrate import Observable, Parameters, Phase

HOT = 85.0
RATIO = (85 + 273.15) / (27 + 273.15)
CELLS = "sky130-subthreshold"


def sigma(celsius: float, **how: Any) -> float:
    return spreads(MismatchSpec(**how), ConditionsSpec(celsius=celsius))[0].sigma


def under(celsius: float = HOT, **more: Any) -> AnalogSpec:
    return AnalogSpec(conditions=ConditionsSpec(celsius=celsius), **more)


def test_below_threshold_mismatch_goes_with_one_over_kt() -> None:
    own = {"process": "own", "a_vt": 4.0, "v_off": 3.0}
    assert sigma(HOT, **own) * RATIO == pytest.approx(sigma(27, **own), rel=1e-12)
    # A shift of V_T of so many mV is the same share of the overdrive at any temperature.
    strong = {"process": "own", "a_vt": 4.0, "region": "strong"}
    assert sigma(HOT, **strong) == sigma(27, **strong)
    # At a current: as below threshold at a small one, and with I_spec ∝ √T at a large one: √(√T)/T.
    bias = {"process": "own", "a_vt": 4.0, "i_spec_na": 400.0, "region": "bias"}
    weak, large = ({**bias, "bias_na": current} for current in (1e-4, 4e8))
    assert sigma(HOT, **weak) * RATIO == pytest.approx(sigma(27, **weak), rel=1e-5)
    assert sigma(HOT, **large) / sigma(27, **large) == pytest.approx(RATIO**-0.75, rel=1e-2)
    # What a run says of its own devices is no matter of temperature.
    assert sigma(HOT, sigma=0.2) == 0.2


def test_a_full_scale_of_a_pair_goes_with_kt() -> None:
    assert full_scale_v(under(characteristic="tanh")) == pytest.approx(RATIO * 2 * 1.3 * 0.02585)
    assert full_scale_v(under(characteristic="tanh", full_scale_mv=80.0)) == pytest.approx(RATIO * 0.08)
    assert full_scale_v(under(characteristic="tanh", cells=CELLS)) == pytest.approx(RATIO * 0.0755)
    assert full_scale_v(under(cells=CELLS)) == 0.0755  # a hard-sigmoid has rails
    warm, nominal = (headroom(under(celsius, characteristic="tanh")) for celsius in (HOT, 27.0))
    assert warm is not None and warm * RATIO == pytest.approx(nominal)


def test_a_circuit_of_constant_current_is_slower_when_it_is_hot() -> None:
    """τ = C V₀/I."""
    assert under(characteristic="tanh", tau_us=2.0).tau_s == pytest.approx(2e-6 * RATIO)
    assert under(tau_us=2.0).tau_s == 2e-6
    sheet = under(characteristic="tanh", cells=CELLS, tau_us=2.0).sheet
    assert sheet is not None
    nominal = read_cells(CELLS).full_scale_current(2e-6)
    assert sheet.full_scale_current(2e-6 * RATIO) / nominal == pytest.approx(1)


def test_cells_keep_their_distance_from_the_rails() -> None:
    """0.2 V above and below a signal, of a supply of 1.8 V; rest in the middle."""
    sheet = AnalogSpec(cells=CELLS, supply_v=1.2).sheet
    assert sheet is not None
    assert (sheet.supply, sheet.low, sheet.high, sheet.rest) == pytest.approx((1.2, 0.2, 1.0, 0.6))
    joules, nominal = (s.prices().prices["synapse_charge"].value_j for s in (sheet, read_cells(CELLS)))
    assert joules / nominal == pytest.approx(1.2 / 1.8)
    assert supply_v(AnalogSpec(cells=CELLS)) == 1.8 == supply_v(AnalogSpec())
    with pytest.raises(ConfigError) as told:
        AnalogSpec(cells=CELLS, supply_v=0.4)
    assert str(told.value) == (
        "analog.supply_v: must be above 0.4 V for sky130-subthreshold, whose cells need 0.2 V below a signal and 0.2 V "
        "above, got 0.4"
    )
    with pytest.raises(ConfigError, match=r"analog.cells: leaves 0.66 full scales above rest"):
        AnalogSpec(cells=CELLS, supply_v=0.5)


LANES, NEURONS = 60, 200


def rested(spec: AnalogSpec) -> AnalogSubstrate:
    """Return neurons alone that rest at ½, after 24 steps."""
    network = layered((1, NEURONS), tied=True)
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    substrate.load(Parameters((np.zeros((1, NEURONS)),), (), (np.full(NEURONS, 0.5),)))
    substrate.begin(np.zeros((LANES, 1)), np.arange(LANES, dtype=np.uint64))
    substrate.run(Phase.FREE, 24)
    return substrate


@pytest.mark.parametrize("celsius", [27.0, 127.0])
def test_neurons_fluctuate_by_kt_over_c(celsius: float) -> None:
    """Boltzmann's kT/C of 100 fF, in V², at any step."""
    wanted = 2.5 * 1.380649e-23 * (celsius + 273.15) / 100e-15
    error = 4 / np.sqrt(2 * LANES * NEURONS) * 2  # of a variance of 12 000 numbers, four standard errors
    for step in (0.2, 0.5):
        spec = AnalogSpec(
            cells=CELLS,
            characteristic="tanh",
            conditions=ConditionsSpec(celsius=celsius),
            noise=NoiseSpec(thermal=2.5),
            settle=SettleSpec(step=step),
        )
        assert spec.sheet is not None
        volts = rested(spec).voltages() * spec.sheet.full_scale
        settled = 1 - (1 - step) ** 48  # of the variance, after 24 steps from rest
        assert volts.var() / wanted == pytest.approx(settled, abs=error)
        # The control: half a capacitor would be noticed.
        assert volts.var() / (2 * wanted) != pytest.approx(settled, abs=error)


def test_a_held_reading_has_the_noise_of_its_own_capacitor() -> None:
    """50 fF beside the neuron's 100 fF: their difference is noise of kT/C, and of `read`."""
    spec = AnalogSpec(cells=CELLS, noise=NoiseSpec(thermal=1.0, read=0.01))
    substrate = rested(spec)
    error = (substrate.observe(Observable.VALUE, 1) - substrate.voltages()).var()
    wanted = 1.380649e-23 * 300.15 / 50e-15 / 0.0755**2 + 0.01**2
    assert error / wanted == pytest.approx(1, abs=4 * np.sqrt(2 / (LANES * NEURONS)))
    assert spec.noise_step == pytest.approx(np.sqrt(2 * 1.380649e-23 * 300.15 / 100e-15) / 0.0755)


def test_a_report_says_what_a_die_works_under() -> None:
    substrate = rested(under(characteristic="tanh", cells=CELLS, supply_v=1.5))
    table = die_table(substrate, [])
    assert table["conditions"] == {
        "celsius": 85.0, "supply_v": 1.5, "bias": "current", "corner": "tt", "current_factor": 1.0,
        "noise_step": 0.0, "noise_read": 0.0,
    }  # fmt: skip
    assert table["tau_us"] == pytest.approx(RATIO)


@pytest.mark.parametrize(
    ("mismatch", "conditions", "sentence"),
    [
        (
            {"process": "sky130"},
            {"celsius": 140.0},
            "analog.conditions.celsius: must be -40 to 125 °C, which the table of the foundry's card reaches, got 140",
        ),
        (
            {"process": "gf180"},
            {"bias": "voltage"},
            'analog.conditions.bias: cannot be "voltage" for gf180, of whose currents there is no table; leave it at '
            '"current"',
        ),
        (
            {"process": "sky130", "region": "strong"},
            {"bias": "voltage"},
            'analog.conditions.bias: needs the current of a transistor to be "voltage"; set analog.mismatch.region to '
            '"bias"',
        ),
    ],
)
def test_conditions_that_are_not_known(
    mismatch: dict[str, Any], conditions: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as told:
        AnalogSpec(mismatch=MismatchSpec(**mismatch), conditions=ConditionsSpec(**conditions))
    assert str(told.value) == sentence


def test_currents_of_a_reference_stay() -> None:
    mismatch = MismatchSpec(process="sky130")
    assert current_factor(mismatch, ConditionsSpec(celsius=HOT)) == 1
    nominal = ConditionsSpec(bias="voltage")
    assert current_factor(mismatch, nominal) == 1
