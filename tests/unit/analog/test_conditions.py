"""Temperature, supply, corner: kT/q, I_spec, kT/C, rails, and currents of fixed gate voltages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.chronicle import die_table
from neurochip.analog.rails import full_scale_v, headroom, supply_v
from neurochip.analog.spread import spreads
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.biasing import current_factor
from neurochip.description.die.cell_library import read_cells
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.conditions import ConditionsSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
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
    library = under(characteristic="tanh", cells=CELLS, tau_us=2.0).library
    assert library is not None
    nominal = read_cells(CELLS).full_scale_current(2e-6)
    assert library.full_scale_current(2e-6 * RATIO) / nominal == pytest.approx(1)


def test_cells_keep_their_distance_from_the_rails() -> None:
    """0.2 V above and below a signal, of a supply of 1.8 V; rest in the middle."""
    library = AnalogSpec(cells=CELLS, supply_v=1.2).library
    assert library is not None
    assert (library.supply, library.low, library.high, library.rest) == pytest.approx((1.2, 0.2, 1.0, 0.6))
    joules, nominal = (s.energies().energies["synapse_charge"].value_j for s in (library, read_cells(CELLS)))
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


BATCH, NEURONS = 60, 200


def rested(spec: AnalogSpec) -> AnalogSubstrate:
    """Return neurons alone that rest at ½, after 24 steps."""
    network = layered((1, NEURONS), tied=True)
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    substrate.load(Parameters((np.zeros((1, NEURONS)),), (), (np.full(NEURONS, 0.5),)))
    substrate.begin(np.zeros((BATCH, 1)), np.arange(BATCH, dtype=np.uint64))
    substrate.run(Phase.FREE, 24)
    return substrate


@pytest.mark.parametrize("celsius", [27.0, 127.0])
def test_neurons_fluctuate_by_kt_over_c(celsius: float) -> None:
    """Boltzmann's kT/C of 100 fF, in V², at any step."""
    wanted = 2.5 * 1.380649e-23 * (celsius + 273.15) / 100e-15
    error = 4 / np.sqrt(2 * BATCH * NEURONS) * 2  # of a variance of 12 000 numbers, four standard errors
    for step in (0.2, 0.5):
        spec = AnalogSpec(
            cells=CELLS,
            characteristic="tanh",
            conditions=ConditionsSpec(celsius=celsius),
            noise=NoiseSpec(thermal=2.5),
            settle=SettleSpec(step=step),
        )
        assert spec.library is not None
        volts = rested(spec).voltages() * spec.library.full_scale
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
    assert error / wanted == pytest.approx(1, abs=4 * np.sqrt(2 / (BATCH * NEURONS)))
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


# The card of SKY130 in ngspice 39.3, corner tt, all mismatch terms drawn 1000 times: W, L (µm), °C, I (A), σ(ln I)·√WL
# (µm). `python -m benchmarks.sky130_mismatch conditions PDK --draws 1000`, every fourth line.
DRAWN = [
    (7, 20, -40, 1.76e-09, 0.2514), (7, 20, -40, 3.99e-07, 0.0936), (7, 20, 0, 6.73e-09, 0.2057),
    (7, 20, 0, 5.98e-07, 0.0809), (7, 20, 60, 2.65e-08, 0.1646), (7, 20, 60, 8.79e-07, 0.0677),
    (7, 20, 85, 1.5e-08, 0.1615), (7, 20, 85, 5.32e-07, 0.0875), (7, 20, 125, 1.19e-08, 0.1494),
    (7, 20, 125, 3.49e-07, 0.1006), (1, 1, -40, 2.71e-08, 0.1547), (1, 1, 0, 1.24e-09, 0.2324),
    (1, 1, 0, 2.21e-07, 0.1022), (1, 1, 60, 8.03e-09, 0.1796), (1, 1, 60, 5.17e-07, 0.0890),
    (1, 1, 85, 4.69e-09, 0.1769), (1, 1, 85, 2.9e-07, 0.1065), (1, 1, 125, 1.45e-09, 0.1687),
    (1, 1, 125, 8.07e-08, 0.1309), (1, 1, 125, 1.78e-06, 0.0587), (2, 5, -40, 9.62e-08, 0.1502),
    (2, 5, 0, 4.86e-09, 0.1979), (2, 5, 0, 5.03e-07, 0.0914), (2, 5, 60, 7.15e-09, 0.1659),
    (2, 5, 60, 3.82e-07, 0.1016), (2, 5, 85, 4.42e-09, 0.1587), (2, 5, 85, 2.13e-07, 0.1174),
    (2, 5, 125, 4.04e-09, 0.1443), (2, 5, 125, 1.42e-07, 0.1203),
]  # fmt: skip
# The same, without mismatch: W, L (µm), °C, corner, I (A) at 27 °C and tt, and I of the same gate voltage over it.
FIXED = [
    (7, 20, -40, "tt", 3e-10, 0.0357), (7, 20, 0, "tt", 3.96e-09, 0.434), (7, 20, 60, "tt", 4.3e-08, 1.73),
    (7, 20, 85, "tt", 3.33e-07, 1.59), (7, 20, 27, "ff", 3e-10, 1.5), (7, 20, 27, "ss", 3.96e-09, 0.662),
    (7, 20, 27, "fs", 4.3e-08, 0.559), (7, 20, 27, "sf", 3.33e-07, 1.6), (1, 1, 0, "tt", 1.89e-10, 0.285),
    (1, 1, 60, "tt", 3.17e-09, 2.53), (1, 1, 85, "tt", 4.01e-08, 2.85), (1, 1, 125, "tt", 3.39e-07, 2.79),
    (1, 1, 27, "ss", 1.89e-10, 0.451), (1, 1, 27, "fs", 3.17e-09, 0.33), (1, 1, 27, "sf", 4.01e-08, 2.58),
    (3, 3, -40, "tt", 6.23e-09, 0.0672), (3, 3, 0, "tt", 6.91e-08, 0.533), (3, 3, 60, "tt", 5.94e-07, 1.43),
    (3, 3, 125, "tt", 4.77e-10, 19.0), (3, 3, 27, "ff", 6.23e-09, 1.78), (3, 3, 27, "ss", 6.91e-08, 0.588),
    (3, 3, 27, "fs", 5.94e-07, 0.533),
]  # fmt: skip


def card(width: float, length: float, current: float) -> dict[str, Any]:
    return {
        "process": "sky130", "width_um": float(width), "length_um": float(length), "region": "bias",
        "bias_na": current * 1e9,
    }  # fmt: skip


@pytest.mark.parametrize(("width", "length", "celsius", "current", "drawn"), DRAWN)
def test_sigma_of_sky130_at_other_temperatures(
    width: float, length: float, celsius: float, current: float, drawn: float
) -> None:
    found = sigma(celsius, **card(width, length, current)) * np.sqrt(width * length)
    assert found / drawn == pytest.approx(1, abs=0.1)


def test_the_sigma_of_27_degrees_would_be_noticed() -> None:
    """The control of the tests above."""
    nominal = [sigma(27, **card(wide, long, i)) * np.sqrt(wide * long) for wide, long, _, i, _ in DRAWN]
    assert np.abs(np.array(nominal) / [row[-1] for row in DRAWN] - 1).max() > 0.1


@pytest.mark.parametrize(("width", "length", "celsius", "corner", "current", "times"), FIXED)
def test_currents_of_fixed_gate_voltages(
    width: float, length: float, celsius: float, corner: Any, current: float, times: float
) -> None:
    conditions = ConditionsSpec(celsius=celsius, corner=corner, bias="voltage")
    mismatch = MismatchSpec(**card(width, length, current))
    factor = current_factor(mismatch, conditions)
    assert factor / times == pytest.approx(1, abs=0.1)
    assert abs(times - 1) > 0.1  # the control: currents that stayed would be noticed
    spec = AnalogSpec(characteristic="tanh", mismatch=mismatch, conditions=conditions)
    assert spec.tau_s == pytest.approx(1e-6 * (celsius + 273.15) / 300.15 / factor)


def test_every_table_has_its_conditions() -> None:
    for name in ("sky130", "sky130-pfet"):
        conditions = ConditionsSpec(celsius=60.0, corner="ss", bias="voltage")
        mismatch = MismatchSpec(process=name, width_um=2.0, length_um=2.0)
        assert 0.5 < current_factor(mismatch, conditions) < 5
        assert 0.7 < sigma(60.0, process=name) / sigma(27.0, process=name) < 1.2


def test_currents_of_a_reference_stay() -> None:
    mismatch = MismatchSpec(process="sky130")
    assert current_factor(mismatch, ConditionsSpec(celsius=HOT)) == 1
    nominal = ConditionsSpec(bias="voltage")
    assert current_factor(mismatch, nominal) == 1
