"""The energy of a settle is the integral of what the supply of its netlist delivers in ngspice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.cells_table import cells_table
from neurochip.analog.diagnostics import exact_copy
from neurochip.analog.spice import spice_netlist, supply_energy
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description import read_energies
from neurochip.description.catalogue import find_cells
from neurochip.description.die.cell_library import cells_from_toml, read_cells
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.conditions import ConditionsSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.energy import HardwareUse, energy_report
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.substrate import Phase
from neurochip.training.streams import glorot
from tests.unit.analog.test_spice import ngspice

NEEDS_NGSPICE = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
TICKS, STEP = 24, 0.5
REAL_VALUED = HardwareUse.at("float32", (), sends_bits_only=False)
PAIRS = find_cells("sky130-subthreshold")[0]


def library(folder: Path, kind: str, **changes: str) -> str:
    """Return the file of a specification whose synapses are of a kind."""
    text = PAIRS.replace('kind = "differential-pair"', f'kind = "{kind}"').replace('"75.5 mV"', '"300 mV"')
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{kind}.toml"
    path.write_text(text)
    return str(path)


def settled(
    sizes: tuple[int, ...], characteristic: str, cells: str, **conditions: float
) -> tuple[AnalogSubstrate, Any]:
    spec = AnalogSpec(
        characteristic=characteristic,  # type: ignore[arg-type]
        cells=cells,
        die=2,
        mismatch=MismatchSpec(sigma=0.2),
        tau_us=3.0,
        supply_v=conditions.get("supply_v"),
        conditions=ConditionsSpec(celsius=conditions.get("celsius", 27.0)),
    )
    substrate = AnalogSubstrate(layered(sizes, tied=False), spec, dtype=np.float64)
    substrate.load(glorot(substrate.network, 5))
    inputs = np.random.default_rng(3).random((1, sizes[0]))
    substrate.begin(inputs, np.zeros(1, np.uint64))
    substrate.run(Phase.FREE, TICKS)
    return substrate, inputs[0]


def settle_joules(substrate: AnalogSubstrate) -> float:
    assert substrate.cells is not None
    paid = energy_report(substrate.counters(), REAL_VALUED, substrate.cells.energies())
    return sum(line.joules for line in paid.lines if line.event in ("synapse_charge", "neuron_charge"))


@NEEDS_NGSPICE
@pytest.mark.parametrize(
    ("sizes", "characteristic", "kind"),
    [
        ((8, 4, 2), "hard-sigmoid", "mirror"),
        ((6, 5, 4, 3), "tanh", "mirror"),
        ((8, 6, 3), "tanh", "differential-pair"),
    ],
)
def test_joules_are_the_integral_of_the_supply(
    sizes: tuple[int, ...], characteristic: str, kind: str, tmp_path: Path
) -> None:
    cells = library(tmp_path, kind)
    substrate, inputs = settled(sizes, characteristic, cells)
    assert substrate.cells is not None
    duration = TICKS * STEP * 3e-6
    netlist = spice_netlist(substrate, inputs, duration=duration, cells=substrate.cells)
    out = ngspice(netlist, tmp_path)
    theirs = supply_energy(out[:, 0], out[:, -1], substrate, substrate.cells)
    ours = settle_joules(substrate)
    assert ours / theirs == pytest.approx(1, abs=0.05)
    # At another supply and temperature, with V₀ = 2nU_T and τ of that temperature.
    if characteristic == "tanh":
        warm, inputs = settled(sizes, characteristic, cells, supply_v=1.3, celsius=85.0)
        assert warm.cells is not None
        netlist = spice_netlist(warm, inputs, duration=TICKS * STEP * warm.spec.tau_s, cells=warm.cells)
        out = ngspice(netlist, tmp_path)
        warmly = supply_energy(out[:, 0], out[:, -1], warm, warm.cells)
        assert settle_joules(warm) / warmly == pytest.approx(1, abs=0.05)
        assert settle_joules(warm) / theirs != pytest.approx(1, abs=0.05)  # the control: those of before
        print(f"{sizes} {characteristic} {kind}, 1.3 V, 85 °C: {settle_joules(warm) / warmly:.4f}")
    # Controls: the other kind of synapse, and a settle of one step in ten less.
    other = "differential-pair" if kind == "mirror" else "mirror"
    wrong, _ = settled(sizes, characteristic, library(tmp_path, other))
    assert settle_joules(wrong) / theirs != pytest.approx(1, abs=0.05)
    assert 0.9 * ours / theirs != pytest.approx(1, abs=0.05)
    print(f"{sizes} {characteristic} {kind}: {ours / theirs:.4f}")


def test_energy_of_pairs_is_arithmetic(tmp_path: Path) -> None:
    """V_DD C V₀ for every full-scale current and time constant: Σ|w| + Σ|b| + a tail for each leak."""
    cells = library(tmp_path, "differential-pair")
    substrate, _ = settled((5, 4, 2), "hard-sigmoid", cells)
    currents = (
        sum(np.abs(w).sum() for w in substrate.circuit.weights) + np.abs(substrate.circuit.neurons.bias).sum()
    )
    expected = 1.8 * 100e-15 * 0.3 * (currents + 6) * TICKS * STEP
    assert settle_joules(substrate) / expected == pytest.approx(1, abs=1e-4)
    assert read_cells(cells).full_scale_current(3e-6) * 3e-6 / (100e-15 * 0.3) == pytest.approx(1)


def test_cells_have_gates_currents_and_inversion(tmp_path: Path) -> None:
    """I₀ = C V₀/τ = 10 nA for 100 fF, 300 mV and 3 µs; IC = I₀/(I_spec W/L) with 400 nA of gf180's nMOS."""
    cells = library(tmp_path, "differential-pair")
    mismatch = MismatchSpec(process="gf180", width_um=2.0, length_um=2.0)
    substrate = AnalogSubstrate(layered((5, 4, 2)), AnalogSpec(cells=cells, mismatch=mismatch, tau_us=3.0))
    assert substrate.cells is not None
    table = cells_table(substrate, substrate.cells)
    rows = {row["name"]: row for row in table["cells"]}
    assert rows["leak"]["current_a"] / 10e-9 == pytest.approx(1)
    assert rows["leak"]["inversion"] == pytest.approx(10 / 400)
    assert rows["synapse"]["count"] == 5 * 4 + 2 * 4 * 2 and rows["dac"]["inversion"] is None
    # Five transistors of 1 × 1 µm in a synapse and of 2 × 2 µm in a leak.
    assert rows["synapse"]["area_m2"] / 1e-12 == pytest.approx(36 * 5)
    assert rows["leak"]["area_m2"] / 1e-12 == pytest.approx(6 * 5 * 4)


def test_fixed_points_of_mirrors_can_be_looked_at(tmp_path: Path) -> None:
    substrate, _ = settled((5, 4, 2), "hard-sigmoid", library(tmp_path, "mirror"))
    assert exact_copy(substrate).cells is None


def test_a_missing_energy_is_refused(tmp_path: Path) -> None:
    cells = library(tmp_path, "differential-pair")
    substrate, _ = settled((5, 4, 2), "hard-sigmoid", cells)
    lacking = tmp_path / "lacking.toml"
    lacking.write_text(PAIRS[: PAIRS.index("[cells.dac]")] + PAIRS[PAIRS.index("[cells.store]") :])
    with pytest.raises(
        ConfigError, match=r"lacking: energies.dac_conversion: is missing, and the run has this event"
    ):
        energy_report(substrate.counters(), REAL_VALUED, read_energies(lacking))
    assert energy_report(substrate.counters(), REAL_VALUED, read_energies("loihi")).total_j is None


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            'voltage = "1.8 V"',
            'voltage = "1.8 A"',
            'supply.voltage: expected a voltage such as "0.9 V", got "1.8 A"',
        ),
        ('rest = "0.9 V"', 'rest = "1.7 V"', "signal.rest: must lie between supply.low and supply.high"),
        (
            'kind = "mirror"',
            'kind = "adc"',
            "cells.synapse.kind: must be differential-pair or mirror, got adc",
        ),
        ('figure_of_merit = "50 fJ"\n', "", "cells.adc.bits: and figure_of_merit make an energy together"),
        ("[cells.capacitor]", "[cells.inductor]", "cells.inductor: unknown"),
        ("branches = 1.0", "branches = 0.0", "cells.synapse.branches: must be > 0"),
        ('capacitance = "100 fF"', 'capacitance = "0 fF"', "cells.capacitor.capacitance: must be positive"),
    ],
)
def test_libraries_that_cannot_be(old: str, new: str, sentence: str) -> None:
    text = PAIRS.replace('kind = "differential-pair"', 'kind = "mirror"')
    assert old in text
    with pytest.raises(ConfigError) as refused:
        cells_from_toml(text.replace(old, new), "mine.toml")
    assert str(refused.value).startswith(f"mine.toml: {sentence}")


def test_cells_that_a_signal_leaves_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tight.toml"
    path.write_text(PAIRS.replace('"75.5 mV"', '"800 mV"'))
    with pytest.raises(ConfigError, match=r"analog.cells: leaves 0.88 full scales above rest"):
        AnalogSpec(cells=str(path))
