"""IR drop: a comb by its closed form, a grid by ngspice, currents that follow the drop, and lines of no resistance."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from neurochip.analog.diagnostics import exact_copy
from neurochip.analog.floorplan import Block, Floorplan, floorplan_of
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.analog.supply_lines import Lines, LocalSupply, carried
from neurochip.analog.supply_table import drop_table, drop_words
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.supply_lines import SupplyLinesSpec
from neurochip.errors import CapabilityError, ConfigError, NumericError
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase
from tests.unit.analog.test_spice import NEEDS_NGSPICE

NETWORK = layered((6, 5, 3), tied=False)
PLAN = Floorplan((Block("an array", 0.0, 0.0, 40, 30, 10.0),), ())  # 400 × 300 µm
RNG = np.random.default_rng(4)
WEIGHTS = Parameters(
    weights=(RNG.normal(0, 0.5, (6, 5)), RNG.normal(0, 0.5, (5, 3))),
    feedback=(RNG.normal(0, 0.5, (3, 5)),),
    biases=(RNG.normal(0, 0.2, 5), RNG.normal(0, 0.2, 3)),
)


def spec(characteristic: Any = "tanh", **lines: Any) -> AnalogSpec:
    return AnalogSpec(
        characteristic=characteristic,
        cells="sky130-subthreshold",
        mismatch=MismatchSpec(synapse_gain=0.2),
        supply_lines=SupplyLinesSpec(**({"width_um": 0.5, "pitch_um": 20.0} | lines)),
    )


def die(asked: AnalogSpec) -> AnalogSubstrate:
    substrate = AnalogSubstrate(NETWORK, asked, dtype=np.float64)
    substrate.load(WEIGHTS)
    return substrate


@pytest.mark.parametrize("pad", ["left", "right"])
def test_a_comb_with_a_spread_load_drops_half_of_r_i(pad: Any) -> None:
    lines = Lines(SupplyLinesSpec(sheet_mohm=80.0, width_um=2.0, pitch_um=20.0, pad=pad), PLAN)
    assert lines.shape == (15, 20)
    total, resistance = 3e-6, 0.08 * 400 / 2.0  # A and Ω of each line
    drops = lines.drops(np.full(300, total / 20)).reshape(15, 20)
    far = -1 if pad == "left" else 0
    np.testing.assert_allclose(drops[:, far], resistance * total / 2, rtol=1e-9)
    x = (np.arange(20) + 0.5) / 20  # of the line, from the pad
    at = drops[3] if pad == "left" else drops[3, ::-1]
    np.testing.assert_allclose(at, resistance * total * (x - x**2 / 2 + 1 / 3200), rtol=1e-9)


def test_the_other_side_of_the_pad_mirrors_the_drop() -> None:
    for layout in ("comb", "grid"):
        one, other = (
            Lines(SupplyLinesSpec(sheet_mohm=50.0, pitch_um=25.0, layout=layout, pad=pad), PLAN)
            for pad in ("left", "right")
        )
        currents = RNG.random(one.shape)
        mirrored = other.drops(currents[:, ::-1].ravel()).reshape(one.shape)
        np.testing.assert_allclose(
            one.drops(currents.ravel()).reshape(one.shape), mirrored[:, ::-1], rtol=1e-9
        )
        assert not np.allclose(
            other.drops(currents.ravel()), one.drops(currents.ravel()), rtol=0.1
        )  # control


@NEEDS_NGSPICE
def test_a_grid_is_what_ngspice_finds(tmp_path: Path) -> None:
    asked = SupplyLinesSpec(sheet_mohm=125.0, width_um=0.8, pitch_um=60.0, layout="grid", pad="right")
    lines = Lines(asked, PLAN)
    rows, columns = lines.shape
    currents = np.random.default_rng(2).random((rows, columns)) * 1e-3
    ohms = 0.125 * 60 / 0.8
    deck = ["* a grid", "Vpad pad 0 0"]
    for r in range(rows):
        for c in range(columns):
            deck.append(f"I{r}_{c} n{r}_{c} 0 {currents[r, c]:.12g}")
            if c + 1 < columns:
                deck.append(f"Rx{r}_{c} n{r}_{c} n{r}_{c + 1} {ohms:.12g}")
            if r + 1 < rows:
                deck.append(f"Ry{r}_{c} n{r}_{c} n{r + 1}_{c} {ohms:.12g}")
        deck.append(f"Rp{r} n{r}_{columns - 1} pad {ohms / 2:.12g}")
    names = [f"v(n{r}_{c})" for r in range(rows) for c in range(columns)]
    deck += [".control", "set numdgt=12", "op", *(f"print {name}" for name in names), ".endc", ".end"]
    (tmp_path / "grid.cir").write_text("\n".join(deck) + "\n")
    ran = subprocess.run(
        ["ngspice", "-b", "grid.cir"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    found = dict(re.findall(r"^(v\(n\d+_\d+\)) = (\S+)", ran.stdout, re.MULTILINE))
    volts = np.array([-float(found[name]) for name in names])
    np.testing.assert_allclose(lines.drops(currents.ravel()), volts, rtol=1e-6)
    comb = Lines(replace(asked, layout="comb"), PLAN).drops(currents.ravel())
    assert np.abs(comb / volts - 1).max() > 0.05  # control


@pytest.mark.parametrize("inversion", [1e-12, 0.01, 1.0, 100.0])
def test_a_tail_on_a_raised_ground(inversion: float) -> None:
    """Against the voltage that is found by a root finder, and the slope by differences."""

    def current(v: float) -> float:
        return float(np.logaddexp(0, v / 2) ** 2)

    v = brentq(lambda v: np.log(current(v)) - np.log(inversion), -60, 60, xtol=1e-12)
    for drop in (0.0, 0.3, 2.0):
        share, slope = (float(part[0]) for part in carried(np.array([inversion]), np.array([drop])))
        assert share == pytest.approx(current(v - drop) / inversion, rel=1e-6)
        more, less = (
            float(carried(np.array([inversion]), np.array([drop + h]))[0][0]) for h in (1e-5, -1e-5)
        )
        assert slope == pytest.approx((more - less) / 2e-5, rel=1e-5)


@pytest.mark.parametrize("characteristic", ["tanh", "ekv"])
def test_currents_and_drops_agree(characteristic: Any) -> None:
    """What the cells carry falls over the lines to the drop that makes them carry it."""
    asked = spec(characteristic, sheet_mohm=3e6)
    supply = LocalSupply(NETWORK, asked)
    tails = [np.abs(w) for w in (*WEIGHTS.weights, *WEIGHTS.feedback)]
    found = supply.settle(tails, np.concatenate(WEIGHTS.biases))
    assert 0.003 < found.largest < 0.2
    plan = floorplan_of(NETWORK, asked)
    library = asked.library
    assert library is not None
    unit = library.full_scale_current(asked.tau_s)
    amps = np.zeros(supply.lines.shape[0] * supply.lines.shape[1])
    for tail, share, block in zip(tails, found.synapses, plan.synapses, strict=True):
        np.add.at(amps, supply.lines.nodes(block), unit * tail * share)
    start = 0
    for layer, block in enumerate(plan.neurons):
        end = start + block.columns
        carries = np.abs(WEIGHTS.biases[layer]) * found.neurons[0][start:end] + found.neurons[1][start:end]
        np.add.at(amps, supply.lines.nodes(block)[0], unit * carries)
        start = end
    drops = supply.lines.drops(amps)
    at = np.concatenate([supply.lines.nodes(block).ravel() for block in plan.neurons])
    np.testing.assert_allclose(drops[at], found.volts, rtol=1e-5)
    assert drops.max() == pytest.approx(found.largest, rel=1e-5)
    assert found.current == pytest.approx(amps.sum(), rel=1e-9)


def test_lines_of_no_resistance_leave_every_bit() -> None:
    plain = die(replace(spec(), supply_lines=SupplyLinesSpec()))
    none, little, much = (die(spec(sheet_mohm=r)) for r in (0.0, 1e-3, 3e6))
    for substrate in (plain, none, little, much):
        substrate.begin(RNG_INPUTS, np.arange(4, dtype=np.uint64))
        substrate.run(Phase.FREE, 30)
    np.testing.assert_array_equal(none.voltages(), plain.voltages())
    np.testing.assert_allclose(little.voltages(), plain.voltages(), atol=1e-8)
    assert np.abs(much.voltages() - plain.voltages()).max() > 1e-2
    assert plain.circuit.drops is None and much.circuit.drops is not None
    assert (much.circuit.rate < 1).all() and (
        np.abs(much.circuit.weights[0]) <= np.abs(plain.circuit.weights[0])
    ).all()
    np.testing.assert_array_equal(much.parameters().weights[0], WEIGHTS.weights[0])  # what is stored stays


RNG_INPUTS = np.random.default_rng(9).random((4, 6))


def test_what_is_learnt_draws_its_own_current() -> None:
    substrate = die(spec(sheet_mohm=3e6))
    before = substrate.circuit.drops
    substrate.load(replace(WEIGHTS, weights=(2 * WEIGHTS.weights[0], WEIGHTS.weights[1])))
    after = substrate.circuit.drops
    assert before is not None and after is not None and after.largest > before.largest
    substrate.load(WEIGHTS)
    again = substrate.circuit.drops
    assert again is not None and again.largest == before.largest  # no memory of what was there


def test_the_exact_copy_has_the_same_lines() -> None:
    substrate = die(spec(sheet_mohm=3e6))
    copy = exact_copy(substrate)
    np.testing.assert_array_equal(copy.circuit.weights[0], substrate.circuit.weights[0])
    assert not np.array_equal(copy.circuit.weights[0], exact_copy(die(spec())).circuit.weights[0])


def test_the_report_says_where() -> None:
    drops = die(spec(sheet_mohm=3e6)).circuit.drops
    table = drop_table(drops)
    assert drops is not None and table is not None and drop_table(None) is None
    assert table["largest_v"] == drops.largest and 0 < table["least_share"] < 1
    words = drop_words(table)
    assert f"{1e3 * drops.largest:.3g} mV at most" in words and table["where"]["block"] in words


def test_neurons_have_the_room_that_their_supply_leaves() -> None:
    plain, dropped = die(spec()), die(spec(sheet_mohm=3e6))
    room, library = plain.rails.limit, plain.cells
    assert room is not None and library is not None and dropped.circuit.drops is not None
    lost = (np.asarray(room) - np.asarray(dropped.rails.limit)) * library.full_scale
    np.testing.assert_allclose(lost, dropped.circuit.drops.volts, rtol=1e-9)


def test_lines_that_lose_half_of_the_supply_are_refused() -> None:
    with pytest.raises(NumericError, match="of a supply of 1.8 V on the way to"):
        die(spec(sheet_mohm=1e25))
    with pytest.raises(ConfigError, match="pieces of lines"):
        die(spec(sheet_mohm=1.0, pitch_um=0.01))


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("scipy", "scipy.sparse", "scipy.sparse.linalg"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(CapabilityError, match=r"neurochip\[analog\]"):
        die(spec(sheet_mohm=1.0))
    die(spec())  # the rest does without
