"""ngspice solves the exported circuit: operating point and transient agree with ours at every node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.analog.spice import spice_netlist
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.differences import MismatchSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import CapabilityError
from neurochip.network import layered
from neurochip.substrate import Observable, Parameters, Phase

NEEDS_NGSPICE = pytest.mark.skipif(shutil.which("ngspice") is None, reason="ngspice is not installed")
SIZES = (4, 3, 2)
X = np.array([[0.9, 0.2, 0.6, 0.4]])
Y = np.array([[1.0, 0.0]])
TAU = 1e-6


def made(characteristic: str, step: float = 0.5, method: str = "exponential") -> AnalogSubstrate:
    spec = AnalogSpec(
        die=3,
        characteristic=characteristic,  # type: ignore[arg-type]
        mismatch=MismatchSpec(sigma=0.2),
        settle=SettleSpec(step=step, method=method, until="steps", error=1e-7),  # type: ignore[arg-type]
    )
    network = layered(SIZES, tied=False)
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    rng = np.random.default_rng(4)
    weights = (rng.normal(0, 0.6, (4, 3)), rng.normal(0, 0.6, (3, 2)))
    feedback = (rng.normal(0, 0.4, (2, 3)),)
    substrate.load(Parameters(weights, feedback, (np.array([0.3, 0.1, 0.4]), np.array([0.3, 0.2]))))
    return substrate


def ngspice(netlist: str, folder: Path) -> Any:
    """Return what ngspice wrote: f64[time, 1 + node]."""
    (folder / "chip.cir").write_text(netlist)
    done = subprocess.run(
        ["ngspice", "-b", "chip.cir"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert (folder / "out.txt").is_file(), done.stdout + done.stderr
    return np.loadtxt(folder / "out.txt", skiprows=1, ndmin=2)


@NEEDS_NGSPICE
@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
@pytest.mark.parametrize("beta", [0.0, 0.4])
def test_the_operating_point(characteristic: str, beta: float, tmp_path: Path) -> None:
    substrate = made(characteristic)
    substrate.begin(X, np.zeros(1, np.uint64))
    substrate.run(Phase.FREE, 400)
    if beta:
        substrate.run(Phase.NUDGED, 400, beta=beta, targets=Y)
    ours = substrate.voltages()[0]
    theirs = ngspice(spice_netlist(substrate, X[0], beta=beta, targets=Y[0]), tmp_path)[0, 1:]
    assert ours.size == theirs.size == 5 and np.count_nonzero(np.abs(ours) > 0.05) >= 3
    np.testing.assert_allclose(theirs, ours, rtol=0.01, atol=1e-4)


@NEEDS_NGSPICE
@pytest.mark.parametrize("characteristic", ["hard-sigmoid", "tanh"])
def test_the_transient(characteristic: str, tmp_path: Path) -> None:
    """From rest, at forty times over eight time constants, each neuron with a time constant of its own."""
    substrate = made(characteristic, step=0.2, method="heun")
    substrate.begin(X, np.zeros(1, np.uint64))
    states = substrate.run(Phase.FREE, 40, record=("states",)).states
    ours = np.concatenate(states[1:], axis=2)[:, 0]
    theirs = ngspice(spice_netlist(substrate, X[0], duration=8 * TAU), tmp_path)
    times = 0.2 * TAU * np.arange(1, 41)
    assert theirs[-1, 0] == pytest.approx(8 * TAU, rel=1e-6)
    for node in range(5):
        at = np.interp(times, theirs[:, 0], theirs[:, 1 + node])
        assert np.abs(ours[:, node]).max() > 0 or np.abs(at).max() < 1e-3
        np.testing.assert_allclose(at, ours[:, node], rtol=0.01, atol=0.002)


def test_a_chip_too_large_is_refused() -> None:
    network = layered((784, 512, 10), tied=False)
    substrate = AnalogSubstrate(network, AnalogSpec())
    substrate.load(
        Parameters(
            (np.zeros((784, 512)), np.zeros((512, 10))),
            (np.zeros((10, 512)),),
            (np.zeros(512), np.zeros(10)),
        )
    )
    with pytest.raises(CapabilityError) as refused:
        spice_netlist(substrate, np.zeros(784))
    assert str(refused.value) == (
        "export --spice: is for small chips: this one has 411648 synapses, the limit is 200000"
    )
    assert substrate.observe  # nothing was presented
    with pytest.raises(CapabilityError):
        substrate.observe(Observable.VALUE, 1)
