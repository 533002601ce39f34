"""Offsets where they sit, at the inputs of pairs of a die and of transistors; a σ for each cell by its own gate."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog import die as die_module
from neurochip.analog.cell_spread import die_spreads
from neurochip.analog.die_file import read_die, write_die
from neurochip.analog.drawing import draw_die, drawn_sigmas
from neurochip.analog.jacobian import linearised
from neurochip.analog.rails import full_scale_v
from neurochip.analog.spice import spice_netlist
from neurochip.analog.spread import current_sigma
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.cells import LeakSpec
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MISMATCH_KINDS, MismatchSpec
from neurochip.description.die.learning_path import LearningPathSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase
from tests.unit.analog.extracted_cells import CARDS
from tests.unit.analog.test_spice import NEEDS_NGSPICE, ngspice

SIZES = (4, 3, 2)
NETWORK = layered(SIZES, tied=False)
INPUTS = np.random.default_rng(3).random((5, 4))
LEAK = LeakSpec(characteristic="amplifier", range=1.2, conductance=0.1)


def die(**how: Any) -> AnalogSubstrate:
    mismatch = MismatchSpec(**{"pair_offset": 0.2, "synapse_gain": 0.1} | how.pop("mismatch", {}))
    spec = AnalogSpec(**{"characteristic": "tanh", "die": 4} | how, mismatch=mismatch)
    substrate = AnalogSubstrate(NETWORK, spec, dtype=np.float64)
    rng = np.random.default_rng(5)
    weights = (rng.normal(0, 0.5, (4, 3)), rng.normal(0, 0.5, (3, 2)))
    substrate.load(Parameters(weights, (rng.normal(0, 0.4, (2, 3)),), (np.full(3, 0.2), np.full(2, -0.1))))
    substrate.begin(INPUTS, np.arange(5, dtype=np.uint64))
    return substrate


def drift(substrate: AnalogSubstrate, voltage: Any, leak: Any) -> Any:
    """Return τ dV/dt of one sample from the equation, with every pair's voltage less its offset."""
    circuit, starts = substrate.circuit, substrate.circuit.starts
    offset = np.concatenate(
        [np.zeros(n) if o is None else o for n, o in zip(SIZES[1:], circuit.die.pair_offset, strict=True)]
    )
    sent = circuit.neurons.saturation * np.tanh(voltage - offset)
    drive = np.zeros_like(voltage)
    for k, p in enumerate(NETWORK.projections):
        to = slice(starts[p.target - 1], starts[p.target])
        given = INPUTS[0] if p.source == 0 else sent[starts[p.source - 1] : starts[p.source]]
        drive[to] += given @ circuit.weights[k]
    n = circuit.neurons
    return n.gain * (drive + n.bias) + n.offset - leak(voltage)


def test_a_pair_is_steered_by_what_its_offset_leaves() -> None:
    substrate = die()
    substrate.run(Phase.FREE, 300)
    rest = substrate.voltages()[0]
    np.testing.assert_allclose(drift(substrate, rest, lambda v: v), 0, atol=1e-9)
    plain = die(mismatch={"pair_offset": 0.0})
    plain.run(Phase.FREE, 300)
    assert np.abs(plain.voltages()[0] - rest).max() > 0.01  # control
    assert plain.circuit.pair_offset is None
    for other in (plain, substrate):
        other.begin(INPUTS, np.arange(5, dtype=np.uint64))
        other.run(Phase.EVALUATION, 300)
    np.testing.assert_allclose(substrate.voltages()[0], rest, atol=1e-9)  # no quick way leaves it out


@pytest.mark.parametrize("settle", [SettleSpec(), SettleSpec(method="heun", error=1e-6)])
def test_a_leak_pulls_to_where_its_offset_lies(settle: SettleSpec) -> None:
    substrate = die(leak=LEAK, mismatch={"leak_offset": 0.3}, settle=settle)
    substrate.load(
        Parameters((np.zeros((4, 3)), np.zeros((3, 2))), (np.zeros((2, 3)),), (np.zeros(3), np.zeros(2)))
    )
    substrate.begin(INPUTS, np.arange(5, dtype=np.uint64))
    substrate.run(Phase.FREE, 200)
    wanted = np.concatenate([np.asarray(part) for part in substrate.die.leak_offset])
    np.testing.assert_allclose(substrate.voltages()[0], wanted, atol=1e-5)
    assert np.abs(wanted).max() > 0.1


def test_the_jacobian_is_that_of_shifted_pairs_and_leaks() -> None:
    substrate = die(leak=LEAK, mismatch={"leak_offset": 0.3})
    substrate.run(Phase.FREE, 10)
    batch, flow = substrate.batch, substrate.flow
    at, h = batch.voltage[0].copy(), 1e-6
    assert flow is not None

    def leak(v: Any) -> Any:
        return flow.current(v - substrate.circuit.leak_offset)  # type: ignore[attr-defined]

    steps = [
        (drift(substrate, at + h * e, leak) - drift(substrate, at - h * e, leak)) / (2 * h) for e in np.eye(5)
    ]
    np.testing.assert_allclose(linearised(batch, 0, flow).jacobian, np.stack(steps, 1), atol=1e-5)


def test_other_kinds_keep_their_draw() -> None:
    plain = AnalogSpec(characteristic="tanh", mismatch=MismatchSpec(sigma=0.2))
    more = replace(plain, mismatch=MismatchSpec(sigma=0.2, pair_offset=0.1))
    before, after = draw_die(NETWORK, plain), draw_die(NETWORK, more)
    assert before.pair_offset == (None, None) and after.pair_offset[0] is not None
    np.testing.assert_array_equal(before.synapse_gain[0], after.synapse_gain[0])
    assert replace(after, pair_offset=()).digest == before.digest != after.digest
    assert [s.kind for s in die_spreads(plain)] == list(MISMATCH_KINDS[:6])


def test_dies_as_files_have_their_offsets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = draw_die(NETWORK, AnalogSpec(mismatch=MismatchSpec(sigma=0.2, pair_offset=0.1)))
    write_die(tmp_path / "die.h5", drawn)
    assert read_die(tmp_path / "die.h5").digest == drawn.digest
    (tmp_path / "one.csv").write_text(
        "kind,layer,neuron,from,to,pre,post,value\npair_offset,1,2,,,,,0.07\nleak_offset,2,0,,,,,-0.02\n"
    )
    listed = read_die(tmp_path / "one.csv", NETWORK)
    assert listed.pair_offset[0] is not None and listed.leak_offset[1] is not None
    assert listed.pair_offset[0].tolist() == [0, 0, 0.07] and listed.leak_offset[1].tolist() == [-0.02, 0]
    # A file of the version before there were such offsets.
    old = draw_die(NETWORK, AnalogSpec(mismatch=MismatchSpec(sigma=0.2)))
    families = tuple(name for name in die_module.DIE_FAMILIES if name not in die_module.LATER_FAMILIES)
    with monkeypatch.context() as patch:
        patch.setattr(die_module, "DIE_FAMILIES", families)
        write_die(tmp_path / "old.h5", old)
    assert read_die(tmp_path / "old.h5").digest == old.digest


PROCESS = MismatchSpec(process="own", a_vt=5.0, gates="cells")


def cells(**how: Any) -> AnalogSpec:
    return AnalogSpec(**{"characteristic": "tanh", "cells": "sky130-subthreshold", "mismatch": PROCESS} | how)


def test_each_cell_has_the_sigma_of_its_own_gate() -> None:
    spec = cells()
    found = {s.kind: s.sigma for s in die_spreads(spec)}
    one = replace(PROCESS, gates="one")
    assert found["synapse_gain"] == current_sigma(replace(one, width_um=1.0, length_um=1.0))[0]
    assert found["time_constant"] == current_sigma(replace(one, width_um=2.0, length_um=2.0))[0]
    full_mv = 1e3 * full_scale_v(spec)
    assert found["pair_offset"] * full_mv == pytest.approx(np.sqrt(2) * 5.0, rel=1e-9)  # √2 A_VT/√(WL)
    assert found["neuron_offset"] * full_mv == pytest.approx(np.sqrt(2) * 5.0 / 2, rel=1e-9)
    assert found["synapse_offset"] == found["saturation"] == found["leak_offset"] == 0
    amplified = {s.kind: s.sigma for s in die_spreads(cells(leak=LEAK))}
    assert amplified["leak_offset"] == pytest.approx(found["neuron_offset"], rel=1e-2)
    assert not amplified["neuron_offset"]


def test_a_pair_of_stronger_inversion_has_less_of_threshold_and_more_of_beta() -> None:
    how = {"characteristic": "ekv", "inversion": 20.0}
    region = {"region": "bias", "bias_na": 10.0, "i_spec_na": 0.5}
    volts = {}
    for name, more in (("threshold", {}), ("beta", {"a_vt": 1e-9, "a_beta": 2.0})):
        spec = cells(**how, mismatch=replace(PROCESS, **region | more))
        found = {s.kind: s.sigma for s in die_spreads(spec)}
        volts[name] = found["pair_offset"] * full_scale_v(spec)
    assert 1e3 * volts["threshold"] == pytest.approx(np.sqrt(2) * 5.0, rel=0.01)  # a threshold is a threshold
    root = np.sqrt(10.0)  # (σ_β/β)/(g_m/I), IC of one transistor 10
    law = np.sqrt(2) * 0.02 * 1.3 * 25.85 * (0.5 + np.sqrt(0.25 + root**2))
    assert 1e3 * volts["beta"] == pytest.approx(law, rel=0.02)


def test_a_die_of_cells_is_drawn_so() -> None:
    wide = layered((50, 600, 10), tied=False)
    drawn = draw_die(wide, cells())
    sigmas = drawn_sigmas(drawn, wide)
    for spread in die_spreads(cells()):
        assert sigmas[spread.kind] == pytest.approx(spread.sigma, rel=0.1), spread.kind
    rate, gain = drawn.rate[0], drawn.neuron_gain[0]
    assert rate is not None and gain is not None
    np.testing.assert_allclose(rate * gain, 1.0, rtol=1e-12)  # one tail
    still = draw_die(wide, cells(mismatch=replace(PROCESS, synapse_gain=0.0)))
    assert still.synapse_gain == (None, None, None)  # control: one cell alone is nominal
    np.testing.assert_array_equal(still.rate[0], rate)
    no_pair = draw_die(wide, cells(mismatch=replace(PROCESS, pair_offset=0.0)))
    assert no_pair.pair_offset == (None, None)


def test_a_cell_without_a_gate_of_the_process_is_named(tmp_path: Path) -> None:
    from neurochip.description.catalogue import find_cells

    text = find_cells("sky130-subthreshold")[0].replace('width = "2 um"\nlength = "2 um"\n', "", 1)
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"cells\.leak\.width: and length are missing"):
        die_spreads(cells(cells=str(tmp_path / "mine.toml")))
    with pytest.raises(ConfigError, match=r"cells\.leak: "):
        (tmp_path / "mine.toml").write_text(
            find_cells("sky130-subthreshold")[0].replace('width = "2 um"', 'width = "0.01 um"', 1)
        )
        die_spreads(
            cells(cells=str(tmp_path / "mine.toml"), mismatch=MismatchSpec(process="sky130", gates="cells"))
        )


def test_a_twin_has_offsets_of_its_own() -> None:
    substrate = die(learning_path=LearningPathSpec(circuits="twin"))
    twin = substrate._twin
    assert twin is not None and twin.pair_offset is not None and substrate.circuit.pair_offset is not None
    assert not np.array_equal(twin.pair_offset, substrate.circuit.pair_offset)


@NEEDS_NGSPICE
def test_the_behavioural_deck_has_them(tmp_path: Path) -> None:
    substrate = die()
    substrate.run(Phase.FREE, 400)
    theirs = ngspice(spice_netlist(substrate, INPUTS[0]), tmp_path)[0, 1:]
    np.testing.assert_allclose(theirs, substrate.voltages()[0], rtol=1e-3, atol=1e-4)


@NEEDS_NGSPICE
def test_a_threshold_shifts_the_argument_of_a_pair(tmp_path: Path) -> None:
    """Transistors whose thresholds are drawn: pairs are the nominal pair at V − offset, and not it plus a current."""
    area, a_vt, n = 4.0, 5.0, 24
    shifts = np.random.default_rng(8).normal(0, a_vt / area, (n, 2)) * 1e-3
    shifts[0], shifts[1] = 0, (6e-3, -6e-3)  # the nominal pair, and one far out
    deck = ["* pairs", CARDS.partition("\n")[2], "Vdd dd 0 1.4", "Vin in 0 0.9", "Vref ref 0 0.9"]
    size = f"w={area:g}u l={area:g}u"
    for k, (one, other) in enumerate(shifts):
        deck += [
            f"Va{k} dd a{k} 0", f"Vb{k} dd b{k} 0", f"It{k} s{k} 0 10n",
            f"Ma{k} a{k} in s{k} 0 nch {size} delvto={one:.9g}", f"Mb{k} b{k} ref s{k} 0 nch {size} delvto={other:.9g}",
        ]  # fmt: skip
    names = " ".join(f"i(Va{k}) i(Vb{k})" for k in range(n))
    deck += [
        ".options gmin=1e-16 reltol=1e-5 abstol=1e-16",
        ".control",
        "set numdgt=12",
        "set wr_singlescale",
    ]
    deck += ["dc Vin 0.74 1.06 4e-3", f"wrdata out.txt {names}", ".endc", ".end"]
    (tmp_path / "pairs.cir").write_text("\n".join(deck) + "\n")
    ran = subprocess.run(
        ["ngspice", "-b", "pairs.cir"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (tmp_path / "out.txt").is_file(), ran.stdout + ran.stderr
    table = np.loadtxt(tmp_path / "out.txt")
    v, sent = table[:, 0] - 0.9, (table[:, 1::2] - table[:, 2::2]) / 10e-9
    offsets = np.array([np.interp(0, sent[:, k], v) for k in range(n)])
    np.testing.assert_allclose(offsets, shifts[:, 0] - shifts[:, 1], rtol=0.03, atol=1e-6)
    inside = np.abs(v) < 0.15
    nominal = sent[:, 0]
    shifted = np.interp(v[inside] - offsets[1], v, nominal)
    added = nominal[inside] + np.interp(-offsets[1], v, nominal)
    assert np.abs(shifted - sent[inside, 1]).max() < 2e-3
    assert np.abs(added - sent[inside, 1]).max() > 0.1  # control
    # σ that a die draws for such a gate.
    spec = AnalogSpec(
        characteristic="tanh", cells="sky130-subthreshold",
        mismatch=MismatchSpec(process="own", a_vt=a_vt * 1 / area, gates="cells"),
    )  # fmt: skip
    asked = next(s.sigma for s in die_spreads(spec) if s.kind == "pair_offset") * full_scale_v(spec)
    assert offsets[2:].std() == pytest.approx(asked, rel=3 / np.sqrt(2 * (n - 2)))
