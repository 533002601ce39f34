"""The integrate-and-fire neuron by hand, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import LIF
from neurochip.elements.neurons.lif import Law, integrate_and_fire
from neurochip.errors import ConfigError

pytestmark = pytest.mark.interp


def run(neuron: LIF, drive: list[float], dtype: type = np.float64) -> tuple[list[int], list[float]]:
    """Return spikes and potentials."""
    v = waiting = zero = dtype(0)
    law = Law(
        dtype(neuron.threshold),
        dtype(neuron.leak),
        neuron.reset == "subtract",
        dtype(neuron.reset_value),
        dtype(neuron.refractory),
        neuron.resolution > 0,
        dtype(neuron.resolution),
    )
    spikes, potentials = [], []
    for u in drive:
        fires, v, waiting = integrate_and_fire(v, dtype(u), waiting, law, zero, dtype(1))
        v, waiting = dtype(v), dtype(waiting)
        spikes.append(int(fires))
        potentials.append(float(v))
    return spikes, potentials


def test_leak_comes_before_input() -> None:
    assert run(LIF(10.0, 0.5), [4, 4, 4])[1] == [4.0, 6.0, 7.0]


def test_fires_above_the_threshold_not_at_it() -> None:
    assert run(LIF(4.0, 1.0), [4.0, 0.25]) == ([0, 1], [4.0, 0.0])


def test_reset_to_a_value_and_by_subtraction() -> None:
    assert run(LIF(2.0, 1.0, reset_value=-1.0), [5.0, 0.0]) == ([1, 0], [-1.0, -1.0])
    assert run(LIF(2.0, 1.0, reset="subtract"), [5.0, 0.0, 0.0]) == ([1, 1, 0], [3.0, 1.0, 1.0])


def test_refractory_ticks_lose_their_input_and_hold_the_potential() -> None:
    spikes, potentials = run(LIF(2.0, 0.5, reset_value=1.0, refractory=2), [3, 9, 9, 0, 9])
    assert spikes == [1, 0, 0, 0, 1]
    assert potentials == [1.0, 1.0, 1.0, 0.5, 1.0]


def test_resolution_cuts_towards_zero_after_the_leak() -> None:
    assert run(LIF(9.0, 0.5, resolution=0.25), [1.75, 0.0, 0.0, 0.0])[1] == [1.75, 0.75, 0.25, 0.0]
    assert run(LIF(9.0, 0.5, resolution=0.25), [-1.75, 0.0, 0.0, 0.0])[1] == [-1.75, -0.75, -0.25, 0.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_charge_is_conserved_when_subtracting(dtype: type) -> None:
    """Without leak, what came in is what fired away and what is left."""
    drive = [0.75, 1.5, 0.25, 3.0, 0.0, 0.5]
    spikes, potentials = run(LIF(1.0, reset="subtract"), drive, dtype)
    assert sum(drive) == sum(spikes) * 1.0 + potentials[-1]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"threshold": 0}, "neuron.threshold: must be > 0, got 0"),
        ({"threshold": float("nan")}, "neuron.threshold: must be finite, got nan"),
        ({"threshold": "1"}, "neuron.threshold: must be a number, got '1'"),
        ({"leak": 1.5}, "neuron.leak: must be the part of v that a tick keeps, 0 to 1, got 1.5"),
        ({"leak": True}, "neuron.leak: must be a number, got True"),
        ({"reset": "zero"}, 'neuron.reset: must be "value" or "subtract", got \'zero\''),
        ({"reset_value": 2}, "neuron.reset_value: must not exceed the threshold, 1, got 2"),
        ({"refractory": -1}, "neuron.refractory: must be a whole number of ticks, 0 or more, got -1"),
        ({"refractory": 1.5}, "neuron.refractory: must be a whole number of ticks, 0 or more, got 1.5"),
        ({"resolution": -0.5}, "neuron.resolution: must be ≥ 0 (0 does not cut off), got -0.5"),
    ],
)
def test_refuses(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        LIF(**({"threshold": 1.0} | wrong))
    assert str(caught.value) == sentence


def test_declares_its_hardware() -> None:
    cost = LIF(1.0).hardware
    assert (cost.comparisons, cost.multiplications, cost.state_words_kept) == (1, 1, 2)
