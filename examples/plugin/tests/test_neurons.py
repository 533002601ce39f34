"""The neurons keep the contract of neurons, and do what their papers say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from neurochip_example.adaptive import AdaptiveLIF
from neurochip_example.izhikevich import Izhikevich

import neurochip
from neurochip.testing import NeuronContract


class SlowAdaptive:
    """The same neuron, one object for each."""

    def __init__(self, spec: AdaptiveLIF) -> None:
        self.leak, self.recovery = math.exp(-1 / spec.membrane), math.exp(-1 / spec.adaptation)
        self.jump, self.v, self.a = spec.jump, 0.0, 0.0

    def step(self, current: float) -> int:
        self.a *= self.recovery
        self.v = self.leak * self.v + current
        fires = int(self.v > 1 + self.jump * self.a)
        self.v -= fires
        self.a += fires
        return fires


class SlowIzhikevich:
    """The same neuron, written as in the program of the paper, but that v stops at its peak and at its lowest."""

    def __init__(self, spec: Izhikevich) -> None:
        self.spec = spec
        self.v, self.u = spec.rest

    def step(self, current: float) -> int:
        spec = self.spec
        for _ in range(2):
            self.v += 0.5 * (0.04 * self.v**2 + 5 * self.v + 140 - self.u + current)
            self.v = max(self.v, spec.lowest)
        fires = self.v > 30
        self.v = min(self.v, 30.0)
        self.u += spec.a * (spec.b * self.v - self.u)
        if fires:
            self.v = spec.c
            self.u += spec.d
        return int(fires)


class TestAdaptive(NeuronContract):
    specs = (AdaptiveLIF(), AdaptiveLIF(membrane=20.0, adaptation=200.0, jump=0.01))

    def slow(self, spec: Any, draw: Any) -> SlowAdaptive:
        return SlowAdaptive(spec)


class TestIzhikevich(NeuronContract):
    specs = (Izhikevich(), Izhikevich(period=40.0, a=0.02, d=8.0))
    tolerance = 0.4

    def slow(self, spec: Any, draw: Any) -> SlowIzhikevich:
        return SlowIzhikevich(spec)


def fired(neuron: Any, current: float, ticks: int) -> Any:
    """Ticks of its spikes under a constant current."""
    state, found = neuron.rest, []
    for tick in range(ticks):
        fires, *state = neuron.step(current, *state, *neuron.constants)
        if fires:
            found.append(tick)
    return np.array(found)


def test_adaptation_makes_intervals_longer() -> None:
    # A threshold that is remembered for longer than the potential: intervals grow from spike to spike.
    gaps = np.diff(fired(AdaptiveLIF(membrane=20.0, adaptation=200.0, jump=0.05), 0.2, 300))
    assert gaps[0] < gaps[-1]
    steady = np.diff(fired(AdaptiveLIF(membrane=20.0, adaptation=200.0, jump=0.0), 0.2, 300))
    assert steady.max() - steady.min() <= 1


def test_a_regular_spiking_cell_adapts_and_a_fast_one_does_not() -> None:
    """Izhikevich 2003, figure 2."""
    regular, fast = Izhikevich(a=0.02, d=8.0), Izhikevich(a=0.1, d=2.0)
    slow, quick = fired(regular, 10.0, 1000), fired(fast, 10.0, 1000)
    assert len(quick) > 2 * len(slow)
    assert np.diff(slow)[0] < np.diff(slow)[-1] and np.ptp(np.diff(quick)[5:]) <= 1


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: AdaptiveLIF(membrane=0.0), "membrane: must be > 0 ticks, got 0"),
        (lambda: AdaptiveLIF(jump=-1.0), "jump: must be ≥ 0, got -1"),
        (lambda: Izhikevich(c=30.0), "c: must be < 30 mV, where it fires, got 30"),
        (lambda: Izhikevich(b=0.5), "b: must leave a potential at which it rests, (5 − b)² > 22.4, got 0.5"),
        (lambda: Izhikevich(lowest=-60.0), "lowest: must be < c and < -70 mV, where it rests, got -60"),
    ],
)
def test_they_refuse(made: Any, sentence: str) -> None:
    with pytest.raises(neurochip.ConfigError) as caught:
        made()
    assert str(caught.value) == sentence
