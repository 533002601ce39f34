"""White noise of currents: added up over a neuron's synapses, of the variance that 2qI gives, and in ngspice."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.shot_noise import CHARGE, current_noise, excess
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.catalogue import find_cells
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase
from tests.unit.analog.extracted_cells import CARDS
from tests.unit.analog.test_spice import NEEDS_NGSPICE

NETWORK = layered((3, 2, 2), tied=False)
PAIRS = "sky130-subthreshold"


def die(network: Any = NETWORK, seed: int = 1, **how: Any) -> AnalogSubstrate:
    spec = AnalogSpec(**{"characteristic": "tanh", "cells": PAIRS, "noise": NoiseSpec(currents=1.0)} | how)
    substrate = AnalogSubstrate(network, spec, dtype=np.float64, seed=seed)
    rng = np.random.default_rng(2)
    shapes = [(network.sizes[p.source], network.sizes[p.target]) for p in network.projections]
    drawn = [rng.normal(0, 3, shape) for shape in shapes]
    biases = tuple(rng.normal(0, 1, n) for n in network.sizes[1:])
    forward = len(network.sizes) - 1
    substrate.load(Parameters(tuple(drawn[:forward]), tuple(drawn[forward:]), biases))
    return substrate


def test_the_noise_of_a_neuron_is_that_of_all_its_tails() -> None:
    substrate = die(mismatch=MismatchSpec(saturation=0.3, neuron_gain=0.2, time_constant=0.2))
    circuit, library = substrate.circuit, substrate.cells
    assert library is not None
    n, total = circuit.neurons, np.abs(circuit.neurons.bias).copy()
    for i in range(2):
        total[i] += np.abs(circuit.weights[0][:, i]).sum()
        total[2 + i] += (n.saturation[:2] * np.abs(circuit.weights[1][:, i])).sum()
        total[i] += (n.saturation[2:] * np.abs(circuit.weights[2][:, i])).sum()
    # S/(4 g_L C V₀²) = ½ step² with S = 2 q I₀ × the tails, I₀ = g_L V₀.
    wanted = circuit.rate * n.gain * np.sqrt(CHARGE / library.charge * total)
    np.testing.assert_allclose(current_noise(circuit, substrate.spec), wanted, rtol=1e-12)
    more = replace(substrate.spec, noise=NoiseSpec(currents=4.0))
    np.testing.assert_allclose(current_noise(circuit, more), 2 * wanted, rtol=1e-12)


def test_less_noise_of_a_current_in_strong_inversion() -> None:
    """2 q I below threshold; 4 k T ⅔ g_ms, g_ms = I/(U_T √i), far above it."""
    assert excess(np.array([1e-9]))[0] == pytest.approx(1, rel=1e-6)
    assert excess(np.array([1e6]))[0] == pytest.approx(4 / 3 / 1e3, rel=2e-3)
    strong, weak = (
        current_noise(
            die(characteristic="ekv", inversion=i).circuit, die(characteristic="ekv", inversion=i).spec
        )
        for i in (100.0, 1e-3)
    )
    assert (strong < 0.6 * weak).all()


@pytest.mark.parametrize(
    "settle", [SettleSpec(step=0.2), SettleSpec(step=0.5), SettleSpec(method="heun", error=1e-4)]
)
def test_voltages_fluctuate_by_it(settle: SettleSpec) -> None:
    """Outputs that nothing listens to: Ornstein–Uhlenbeck processes, whose variance is ½ step² of each."""
    alone = layered((3, 4), tied=False)
    substrate = die(
        alone, settle=settle, mismatch=MismatchSpec(neuron_gain=0.2, time_constant=0.2, sigma=0.0)
    )
    samples = 4000
    substrate.begin(np.tile([0.5, 0.2, 0.9], (samples, 1)), np.arange(samples, dtype=np.uint64))
    substrate.run(Phase.FREE, round(8 / settle.step))
    found = substrate.voltages().var(axis=0)
    circuit = substrate.circuit
    wanted = current_noise(circuit, substrate.spec) ** 2 / (2 * circuit.rate)
    within = 4 * np.sqrt(2 / samples)
    np.testing.assert_allclose(found, wanted, rtol=within)
    assert (np.abs(found / (2 * wanted) - 1) > within).all()  # control: twice the charge of an electron


def test_without_it_every_bit_stays() -> None:
    plain, none = die(noise=NoiseSpec()), die(noise=NoiseSpec(currents=0.0))
    for substrate in (plain, none):
        substrate.begin(np.full((2, 3), 0.4), np.arange(2, dtype=np.uint64))
        substrate.run(Phase.FREE, 20)
    np.testing.assert_array_equal(plain.voltages(), none.voltages())
    noisy = die()
    noisy.begin(np.full((2, 3), 0.4), np.arange(2, dtype=np.uint64))
    noisy.run(Phase.FREE, 20)
    assert np.abs(noisy.voltages() - plain.voltages()).max() > 1e-4


def test_mirrors_and_steps_that_end_by_rest_are_refused(tmp_path: Path) -> None:
    mirrors = find_cells(PAIRS)[0].replace('"differential-pair"', '"mirror"')
    (tmp_path / "mine.toml").write_text(mirrors)
    with pytest.raises(ConfigError, match=r"analog\.noise\.currents: needs synapses that draw their tails"):
        die(cells=str(tmp_path / "mine.toml"))
    with pytest.raises(ConfigError, match=r"analog\.noise\.currents: keeps a neuron from ever resting"):
        die(settle=SettleSpec(until="residual"))


@NEEDS_NGSPICE
def test_a_node_of_pairs_in_ngspice(tmp_path: Path) -> None:
    """Three pairs with their tails, balanced and steered, into a capacitor and a leak: ``.noise`` within 5 %.

    The card's model of thermal noise is BSIM4's second; its 1/f noise is off. A resistor beside it has kT/C.
    """
    full, unit, c = 67.2e-3, 10e-9, 100e-15
    card = CARDS.partition("\n")[2].replace("cit=0", "cit=0 tnoimod=2 noia=0 noib=0 noic=0")
    deck = ["* a node", card, "Vdd dd 0 1.4", "Vg g 0 0.36", "Vref ref 0 0.9"]
    for k, volts in enumerate((0.0, 0.04, -0.2)):
        deck += [
            f"Vin{k} in{k} 0 {0.9 + volts} ac 1", f"Va{k} dd a{k} 0", f"Vb{k} dd b{k} 0",
            f"Ma{k} a{k} in{k} s{k} 0 nch w=4u l=4u", f"Mb{k} b{k} ref s{k} 0 nch w=4u l=4u",
            f"Vt{k} s{k} t{k} 0", f"Mt{k} t{k} g 0 0 nch w={4 * (k + 1)}u l=4u",
            f"Fa{k} 0 node Va{k} 1", f"Fb{k} node 0 Vb{k} 1",
        ]  # fmt: skip
    deck += [f"C1 node 0 {c}", f"Gl node 0 node 0 {unit / full}", "R9 r 0 1e6", f"C9 r 0 {c}"]
    deck += [".options gmin=1e-16 abstol=1e-16 reltol=1e-5", ".control", "op"]
    deck += [f"print i(Vt{k})" for k in range(3)]
    for node in ("node", "r"):
        deck += [f"noise v({node}) Vin0 dec 20 1 1e10", "print onoise_total"]
    (tmp_path / "node.cir").write_text("\n".join([*deck, ".endc", ".end"]) + "\n")
    ran = subprocess.run(
        ["ngspice", "-b", "node.cir"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    tails = np.array([float(i) for i in re.findall(r"i\(vt\d\) = (\S+)", ran.stdout)])
    found, resistor = (float(v) for v in re.findall(r"onoise_total = (\S+)", ran.stdout))
    assert resistor**2 == pytest.approx(1.380649e-23 * 300.15 / c, rel=2e-3)  # what ngspice calls total
    text = find_cells(PAIRS)[0].replace('full_scale = "75.5 mV"', f'full_scale = "{1e3 * full} mV"')
    (tmp_path / "mine.toml").write_text(text)
    substrate = die(layered((3, 1), tied=False), cells=str(tmp_path / "mine.toml"))
    substrate.load(Parameters(((tails / unit)[:, None],), (), (np.zeros(1),)))
    ours = current_noise(substrate.circuit, substrate.spec)[0] * full / np.sqrt(2)
    assert ours == pytest.approx(found, rel=0.05)
    assert ours * np.sqrt(2) != pytest.approx(found, rel=0.3)  # control: the loads that are not there
