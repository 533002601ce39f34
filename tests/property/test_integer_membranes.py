"""Networks with whole weights on chips of integers: every spike, potential and overflow as plain integers have it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neurochip.description import MembranesSpec, read_chip
from neurochip.description.spiking import Connection, NeuronGroup, SpikingNetwork
from neurochip.errors import ConfigError
from neurochip.replays.spiking import SpikingRun, run_spiking

from ..oracle.integer_membranes import run_in_integers
from .test_spiking_equals_oracle import drawn

_POTENTIALS = ("v_leak", "v_threshold", "v_reset", "threshold")


def chip(**membranes: Any) -> Any:
    """Return a chip without limits and with such membranes."""
    return replace(read_chip("ideal-bits"), membranes=MembranesSpec(**membranes))


def whole(seed: int, method: Any, steps: float) -> tuple[SpikingNetwork, Any]:
    """Return a drawn network of all kinds with whole weights, its potentials in as many steps."""
    network, raster = drawn(seed, method)
    groups = [
        replace(
            g,
            parameters={key: v * steps if key in _POTENTIALS else v for key, v in g.parameters.items()},
        )
        for g in network.groups
    ]
    connections = [
        replace(
            c,
            weights=None if c.weights is None else np.rint(c.weights * steps).astype(np.int16),
            bias=None if c.bias is None else c.bias * steps,
        )
        for c in network.connections
    ]
    return replace(network, groups=tuple(groups), connections=tuple(connections)), raster


def compared(network: SpikingNetwork, raster: Any, spec: MembranesSpec) -> SpikingRun:
    """Hold a run against plain integers and return it."""
    run = run_spiking(network, raster, replace(read_chip("ideal-bits"), membranes=spec), potentials=True)
    assert run.membranes is not None
    spikes, potentials, met, idle = run_in_integers(network, raster.tolist(), spec, run.membranes.fraction)
    assert [bits.tolist() for bits in run.replay.spikes] == spikes
    for group, wanted in zip(network.groups, potentials, strict=True):
        assert run.potentials[group.name].tolist() == wanted
    assert run.membranes.met == met
    assert run.replay.counters.counted.total("idle_updates") == idle
    return run


@pytest.mark.parametrize("method", ["euler", "exact"])
@given(
    seed=st.integers(0, 10**6),
    bits=st.sampled_from([8, 10, 12, 16, 24, 32, 48]),
    leak_bits=st.integers(6, 14),
    overflow=st.sampled_from(["saturate", "wrap"]),
    fraction=st.sampled_from([None, None, 0, 2, 5]),
    steps=st.sampled_from([5.0, 20.0, 60.0]),
)
@settings(max_examples=20, deadline=None)
def test_every_spike_and_potential(
    method: Any, seed: int, bits: int, leak_bits: int, overflow: Any, fraction: int | None, steps: float
) -> None:
    network, raster = whole(seed, method, steps)
    spec = MembranesSpec(bits=bits, leak_bits=leak_bits, overflow=overflow, fraction=fraction)
    try:
        compared(network, raster, spec)
    except ConfigError as error:
        assert "bits" in error.problem  # a number that does not fit, said so
        assume(False)


def test_the_examples_fire_overflow_and_are_refused() -> None:
    """The networks above send spikes of their own and meet their limits, or the comparison would say little."""
    seen: Counter[str] = Counter()
    for seed in range(24):
        network, raster = whole(seed, "euler", 60.0)
        spec = MembranesSpec(bits=8 + 2 * (seed % 3), overflow="wrap" if seed % 2 else "saturate")
        try:
            run = compared(network, raster, spec)
        except ConfigError:
            seen["refused"] += 1
            continue
        assert run.membranes is not None
        seen["fires"] += bool(run.replay.spikes[1].any())
        seen["overflows"] += any(run.membranes.met.values())
    assert min(seen["fires"], seen["overflows"]) >= 8


def one(
    weights: Any, threshold: float, kind: Any = "IF", bias: float | None = None, **more: float
) -> SpikingNetwork:
    """Return one neuron behind whole weights."""
    matrix = np.asarray(weights).astype(np.int16).reshape(-1, 1)
    numbers = {"r": 1e4, "v_threshold": threshold, "v_reset": 0.0} | more
    return SpikingNetwork(
        groups=(
            NeuronGroup(name="in", kind="Input", size=len(matrix)),
            NeuronGroup(
                name="n",
                kind=kind,
                size=1,
                parameters={key: np.array([float(value)]) for key, value in numbers.items()},
            ),
        ),
        connections=(
            Connection(
                name="w",
                source="in",
                target="n",
                weights=matrix,
                bias=None if bias is None else np.array([bias]),
            ),
        ),
        outputs={"out": "n"},
        dt=1e-4,
    )


@pytest.mark.parametrize("name", ["cmos45", "loihi"])
def test_a_potential_beyond_float32_moves_by_one(name: str) -> None:
    """3000 × 255 for 22 ticks, then 1 a tick: 16 830 050 is passed in tick 73; in float32 it never is."""
    raster = np.zeros((100, 3001), np.uint8)
    raster[:22, :3000] = 1
    raster[22:, 3000] = 1
    network = one([255] * 3000 + [1], 16830050.0)
    assert np.flatnonzero(run_spiking(network, raster, name).replay.spikes[1]).tolist() == [73]
    as_float = replace(
        network,
        connections=(replace(network.connections[0], weights=np.float32(network.connections[0].weights)),),
    )
    assert not run_spiking(as_float, raster, "ideal-bits").replay.spikes[1].any()


def test_a_potential_far_below_rest_is_exact() -> None:
    raster = np.ones((1000, 3000), np.uint8)
    run = run_spiking(one([-255] * 3000, 1000.0), raster, "loihi", potentials=True)
    assert run.potentials["n"][-1].tolist() == [-255.0 * 3000 * 999]
    assert not run.replay.spikes[1].any()


def test_a_large_bias_fires_at_every_tick() -> None:
    run = run_spiking(one([3] * 10, 1e9, bias=2.0**31), np.zeros((5, 10), np.uint8), "loihi")
    assert run.replay.spikes[1].ravel().tolist() == [1] * 5


def test_saturation_and_wrap() -> None:
    """100 a tick into 8 bits: held at 127, or 100 + 100 − 256 = −56, 44, −112, …"""
    raster = np.ones((5, 1), np.uint8)
    network = replace(one([100], 120.0), outputs={})
    network = replace(network, groups=(network.groups[0], replace(network.groups[1], reset="subtract")))
    network = replace(network, groups=(network.groups[0], replace(
        network.groups[1], kind="I", reset="value", parameters={"r": np.array([1e4])})))  # fmt: skip
    seen = {}
    for overflow in ("saturate", "wrap"):
        run = run_spiking(network, raster, chip(bits=8, overflow=overflow), potentials=True)
        assert run.membranes is not None
        seen[overflow] = run.potentials["n"].ravel().tolist(), run.membranes.met["n"]
    assert seen["saturate"] == ([0, 100, 127, 127, 127], 3)
    assert seen["wrap"] == ([0, 100, -56, 44, -112], 2)


def test_where_the_point_stands() -> None:
    """Nothing behind it where all is whole, as much as is needed for halves, and as much as fits where v leaks."""
    raster = np.ones((3, 1), np.uint8)

    def fraction(network: SpikingNetwork, **membranes: Any) -> int:
        found = run_spiking(network, raster, chip(**membranes)).membranes
        assert found is not None
        return found.fraction["n"]

    assert fraction(one([5], 100.0)) == 0
    assert fraction(one([5], 100.0, bias=0.5)) == 1
    leaky = one([5], 100.0, "LIF", tau=1e-3, v_leak=0.0, r=10.0)
    # Inputs can drive it to 5 / (dt / tau) = 50, which is marked by the threshold 100: 7 bits of 16, a sign.
    assert fraction(leaky, bits=16) == 8
    assert fraction(leaky, bits=48) == 16
    assert fraction(leaky, bits=16, fraction=3) == 3


@pytest.mark.parametrize(
    ("network", "membranes", "sentence"),
    [
        (one([5], 40000.0), {"bits": 16}, "n.v_threshold[0]: is 40000, and membranes of 16 bits hold -32768 to 32767"),
        (one([5], 1.0, bias=-1e6), {"bits": 16}, "n.bias[0]: is -1000000, and membranes of 16 bits hold"),
        (
            one([5], 900.0, "LIF", tau=1e-3, v_leak=0.0, r=10.0),
            {"bits": 12, "fraction": 4},
            "n.v_threshold[0]: is 900, and membranes of 12 bits hold -128 to 127.9375; use a chip with fewer",
        ),
        (
            one([5], 100.0, "LIF", tau=10.0, v_leak=0.0, r=1e5),
            {"leak_bits": 12},
            "n.tau[0]: makes a leak of 1e-05 a tick, which is none in 12 bits",
        ),
        (one([5], 100.0, r=0.1), {}, "n.r[0]: makes a gain of 1e-05 a tick, which is none in 12 bits"),
        (one([5], 100.0, r=1e12), {"bits": 48}, "n.r: makes products of more than 62 bits"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(network: SpikingNetwork, membranes: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run_spiking(network, np.ones((3, 1), np.uint8), chip(**membranes))
    assert str(caught.value).startswith(sentence)


def test_a_leak_ends_at_rest() -> None:
    """Products round towards 0: nothing gets stuck, and a neuron that was hit once is idle in the end."""
    raster = np.zeros((400, 1), np.uint8)
    raster[0] = 1
    for sign in (1, -1):
        network = one([100 * sign], 1000.0, "LIF", tau=1e-3, v_leak=0.0, r=10.0)
        run = run_spiking(network, raster, chip(bits=32), potentials=True)
        assert run.potentials["n"][1] == 100 * sign and run.potentials["n"][-1] == 0
        assert run.replay.counters.counted.total("idle_updates") > 100
