"""Networks with numbers of their own on cores: every spike as a plain-Python Euler loop has it, and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.description.spiking import PARAMETERS, Connection, NeuronGroup, SpikingNetwork
from neurochip.replays.spiking import run_spiking

from ..oracle.spiking import run_slowly


def group(name: str, kind: Any, size: int, rng: np.random.Generator, **changes: Any) -> NeuronGroup:
    draw = {
        "tau": (5e-3, 30e-3), "tau_syn": (2e-3, 10e-3), "tau_mem": (5e-3, 30e-3), "r": (0.5, 2.0),
        "v_leak": (-0.3, 0.3), "v_threshold": (0.5, 1.5), "v_reset": (-0.5, 0.2), "w_in": (0.5, 2.0),
        "threshold": (0.5, 1.5),
    }  # fmt: skip
    parameters = {key: rng.uniform(*draw[key], size) for key in PARAMETERS[kind]}
    if kind == "IF":
        parameters["r"] = parameters["r"] * 300
    return NeuronGroup(name=name, kind=kind, size=size, parameters=parameters, **changes)


def drawn(seed: int, method: Any = "euler") -> tuple[SpikingNetwork, np.ndarray[Any, Any]]:
    """Return a network of all kinds with feedback, loops, skips, and its input."""
    rng = np.random.default_rng(seed)
    kinds = [
        str(kind) for kind in rng.choice(["IF", "LIF", "CubaLIF", "Threshold"], 2, p=[0.3, 0.3, 0.3, 0.1])
    ]
    kinds.append(str(rng.choice(["LI", "CubaLI", "I", "LIF", "Readout"])))
    sizes = [int(n) for n in rng.integers(1, 9, 4)]
    groups = [NeuronGroup(name="in", kind="Input", size=sizes[0])]
    for k, kind in enumerate(kinds, start=1):
        how: dict[str, Any] = {}
        if kind in ("IF", "LIF", "CubaLIF"):
            how = {"reset": str(rng.choice(["value", "subtract", "subtract-late", "value-late", "none"]))}
            how["refractory"] = 0 if how["reset"].endswith("late") else int(rng.integers(0, 4))
            how["fires_when"] = str(rng.choice(["above", "reached"]))
        if kind not in ("Threshold", "Readout"):
            how["start"] = str(rng.choice(["rest", "zero"]))
        how["begins"] = int(rng.integers(0, 4))
        groups.append(group(f"g{k}", kind, sizes[k], rng, **how))
    pairs = [(0, 1), (1, 2), (2, 3)] + [p for p in ((1, 1), (2, 1), (0, 2), (2, 2)) if rng.random() < 0.5]
    connections = []
    for k, (a, b) in enumerate(pairs):
        straight = sizes[a] == sizes[b] and a != b and rng.random() < 0.5
        connections.append(
            Connection(
                name=f"w{k}",
                source=groups[a].name,
                target=groups[b].name,
                weights=None if straight else rng.normal(0.5, 3.0, (sizes[a], sizes[b])),
                bias=rng.normal(0, 0.5, sizes[b]) if rng.random() < 0.5 else None,
                delay=int(rng.choice([1, 1, 2, 5])),
            )
        )
    network = SpikingNetwork(
        groups=tuple(groups), connections=tuple(connections), outputs={"out": "g3"}, dt=1e-3, method=method
    )
    return network, (rng.random((60, sizes[0])) < 0.3).astype(np.uint8)


@pytest.mark.parametrize("method", ["euler", "exact"])
@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_every_spike_and_potential(method: Any, seed: int) -> None:
    network, raster = drawn(seed, method)
    run = run_spiking(network, raster, "ideal-bits")
    spikes, potentials, idle = run_slowly(network, raster.tolist())
    for k, wanted in enumerate(spikes):
        assert run.replay.spikes[k].tolist() == wanted
    for name, group_name in network.outputs.items():
        if name in run.readout:
            k = [g.name for g in network.groups].index(group_name)
            assert run.readout[name] == pytest.approx(np.array(potentials[k]), rel=1e-9, abs=1e-9)
    assert run.replay.counters.counted.total("idle_updates") == idle


def test_the_examples_fire() -> None:
    """Most of the networks above send spikes of their own, or the comparison would say little."""
    active = sum(run_spiking(*drawn(seed), "ideal-bits").replay.spikes[1].any() for seed in range(20))
    assert active >= 15


def one(kind: Any, method: Any, dt: float, ticks: int, drive: float, **parameters: float) -> Any:
    """Run one neuron under a constant drive, without spikes from outside."""
    neuron = NeuronGroup(
        name="n", kind=kind, size=1, parameters={key: np.array([value]) for key, value in parameters.items()}
    )
    network = SpikingNetwork(
        groups=(NeuronGroup(name="in", kind="Input", size=1), neuron),
        connections=(
            Connection(name="w", source="in", target="n", weights=np.zeros((1, 1)), bias=np.array([drive])),
        ),
        outputs={"out": "n"},
        dt=dt,
        method=method,
    )
    return run_spiking(network, np.zeros((ticks, 1), np.uint8), "ideal-bits")


def test_a_leaky_integrator_charges_as_its_equation_says() -> None:
    """v(t) = v_leak + R x (1 − e^(−t/τ)) − v_leak e^… from rest; `exact` has it, Euler's error halves with dt."""
    tau, r, x, rest, seconds = 20e-3, 2.0, 0.7, -0.2, 50e-3
    errors = {}
    for method in ("exact", "euler"):
        for dt in (1e-3, 0.5e-3):
            ticks = round(seconds / dt)
            v = one("LI", method, dt, ticks, x, tau=tau, r=r, v_leak=rest).readout["out"][:, 0]
            t = dt * np.arange(1, ticks + 1)
            errors[method, dt] = np.abs(v - (rest + r * x * (1 - np.exp(-t / tau)))).max()
    assert errors["exact", 1e-3] < 1e-12
    assert errors["exact", 0.5e-3] < 1e-12
    assert 0.005 < errors["euler", 1e-3] < 0.02
    assert errors["euler", 0.5e-3] == pytest.approx(errors["euler", 1e-3] / 2, rel=0.05)


@pytest.mark.parametrize("kind", ["LIF", "IF"])
def test_the_interval_between_spikes(kind: Any) -> None:
    """T = τ ln(R x / (R x − θ)) for a LIF, θ / (R x) for an IF, to the tick after it."""
    dt, theta = 1e-4, 1.0
    if kind == "LIF":
        tau, r, x = 10e-3, 1.0, 1.6
        parameters = {"tau": tau, "r": r, "v_leak": 0.0, "v_threshold": theta, "v_reset": 0.0}
        interval = tau * math.log(r * x / (r * x - theta))
    else:
        r, x = 100.0, 0.83
        parameters = {"r": r, "v_threshold": theta, "v_reset": 0.0}
        interval = theta / (r * x)
    spikes = one(kind, "exact", dt, 2000, x, **parameters).replay.spikes[1][:, 0]
    gaps = np.diff(np.flatnonzero(spikes))
    assert len(gaps) > 10
    assert set(gaps.tolist()) == {math.floor(interval / dt) + 1}


def test_a_synaptic_filter_decays() -> None:
    """One spike through weight 1: I decays by e^(−dt/τ) a tick, and the integrated v is that of the sum."""
    dt, tau_syn, tau_mem = 1e-3, 5e-3, 20e-3
    names = {"tau_syn": tau_syn, "tau_mem": tau_mem, "r": 1.0, "v_leak": 0.0, "w_in": 3.0}
    neuron = NeuronGroup(
        name="n", kind="CubaLI", size=1, parameters={key: np.array([value]) for key, value in names.items()}
    )
    network = SpikingNetwork(
        groups=(NeuronGroup(name="in", kind="Input", size=1), neuron),
        connections=(Connection(name="w", source="in", target="n", weights=np.ones((1, 1))),),
        outputs={"out": "n"}, dt=dt, method="exact",
    )  # fmt: skip
    raster = np.zeros((30, 1), np.uint8)
    raster[0] = 1
    v = run_spiking(network, raster, "ideal-bits").readout["out"][:, 0]
    a, b = math.exp(-dt / tau_syn), math.exp(-dt / tau_mem)
    for t in range(1, 30):
        # Σ over the ticks since the spike arrived in tick 1: current a^k, membrane b^(t − 1 − k).
        wanted = (1 - b) * (1 - a) * 3.0 * sum(a**k * b ** (t - 1 - k) for k in range(t))
        assert v[t] == pytest.approx(wanted, rel=1e-12)
    assert v[0] == 0.0


def test_integer_weights_on_loihi() -> None:
    network, raster = drawn(3)
    rounded = SpikingNetwork(
        groups=network.groups,
        connections=tuple(
            Connection(name=c.name, source=c.source, target=c.target,
                       weights=None if c.weights is None else np.rint(c.weights).astype(np.int16), bias=c.bias)
            for c in network.connections
        ),
        dt=1e-3,
    )  # fmt: skip
    run = run_spiking(rounded, raster, "loihi", timing="cycle")
    assert run.replay.hardware.weight_format.startswith("int")
    assert run.replay.time.cycles is not None
    spikes, _, _ = run_slowly(rounded, raster.tolist())
    # The membrane is float32 there: the first ticks agree, spike by spike.
    assert [bits[:10].tolist() for bits in run.replay.spikes] == [layer[:10] for layer in spikes]


def test_weights_that_a_chip_cannot_hold() -> None:
    network, raster = drawn(4)
    with pytest.raises(Exception) as caught:
        run_spiking(network, raster, "loihi")
    assert str(caught.value) == (
        "weights: are not whole numbers, and loihi has integers of 1 to 9 bits; scale and round them first: "
        "neurochip import NET.nir OUT.npz --bits N"
    )
