"""The two-compartment neuron against its closed forms, and what it refuses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF, fire, nudged_drive
from neurochip.errors import ConfigError

pytestmark = pytest.mark.interp

DRIVES = np.linspace(1.05, 1.97, 12)  # not 2, where the exact interval is a whole number of ticks


def intervals(neuron: TwoCompartmentLIF, drive: float, ticks: int) -> list[int]:
    """Return the ticks between spikes under a constant drive, from u_r on."""
    u, waiting, last, found = -neuron.fall, 0.0, None, []
    keep = math.exp(-1 / neuron.membrane)
    for t in range(ticks):
        fires, u, waiting = fire(
            float(u),
            drive - neuron.margin,
            float(waiting),
            keep,
            -neuron.fall,
            float(neuron.refractory),
            neuron.reset == "carry",
            0.0,
            1.0,
        )
        if fires:
            if last is not None:
                found.append(t - last)
            last = t
    return found


@pytest.mark.parametrize("membrane", [20.0, 100.0])
@pytest.mark.parametrize("refractory", [0, 3])
def test_intervals_after_a_reset_to_a_value_are_the_closed_form_in_whole_ticks(
    membrane: float, refractory: int
) -> None:
    """Δ + ⌈τ ln(1 + (θ − u_r)/x)⌉."""
    neuron = TwoCompartmentLIF(membrane=membrane, refractory=refractory, period=8, reset="value")
    for drive in DRIVES:
        exact = membrane * math.log1p(neuron.fall / (drive - neuron.margin))
        assert set(intervals(neuron, drive, 400)) == {refractory + math.ceil(exact)}


def test_carrying_the_overshoot_makes_the_mean_interval_that_of_continuous_time() -> None:
    neuron = TwoCompartmentLIF(membrane=100.0, period=8.0, refractory=1)
    for drive in DRIVES:
        rate = neuron.period / np.mean(intervals(neuron, drive, 4000))
        assert rate == pytest.approx(float(neuron.rate_at(drive)), rel=0.01)


def test_the_f_i_curve_runs_close_to_rho() -> None:
    """Within 0.05 over the range used, and through both of its ends."""
    neuron = TwoCompartmentLIF()
    x = np.linspace(0, 1, 101)
    assert np.abs(neuron.rate_at(neuron.margin + x) - x).max() < 0.06
    assert neuron.rate_at([neuron.margin, neuron.margin + 1]).tolist() == pytest.approx([0.0, 1.0])


def test_drive_at_is_the_inverse_of_rate_at() -> None:
    neuron = TwoCompartmentLIF(membrane=30.0, margin=0.5)
    rates = np.array([[0.05, 0.3], [0.8, 1.0]])
    np.testing.assert_allclose(neuron.rate_at(neuron.drive_at(rates)), rates, rtol=1e-12)
    assert neuron.drive_at(0.0) == neuron.margin
    assert neuron.drive_at(1e-9) == pytest.approx(neuron.margin)


def test_the_nudge_is_the_printed_one() -> None:
    v, ri = 0.8, 1.4
    factor = ri / (ri + v)
    assert nudged_drive(v, ri, 1.0, 0.0, 1.0) == pytest.approx((1 - factor) * v + factor * ri)


@pytest.mark.parametrize("v", [-0.5, 0.0, 0.3, 1.5, 40.0])
@pytest.mark.parametrize("ri", [0.0, 1.0, 2.0])
def test_a_nudge_never_goes_beyond_its_target(v: float, ri: float) -> None:
    after = nudged_drive(v, ri, 1.0, 0.0, 1.0)
    assert min(v, ri) <= after <= max(v, ri)
    # −β mirrors it.
    assert nudged_drive(v, ri, -1.0, 0.0, 1.0) == pytest.approx(2 * v - after)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"membrane": 0}, "membrane: must be > 0 and finite, got 0"),
        ({"synapse": float("nan")}, "synapse: must be > 0 and finite, got nan"),
        ({"rate": "long"}, "rate: must be a number, got 'long'"),
        ({"margin": -1}, "margin: must be ≥ 0 and finite, got -1"),
        ({"refractory": 1.5}, "refractory: must be a whole number of ticks, 0 or more, got 1.5"),
        ({"refractory": 6}, "period: must be ≥ refractory + 1 = 7 ticks, got 6"),
        ({"period": 1001.0}, "period: must be at most 1000 ticks, got 1001"),
        (
            {"membrane": 0.01},
            "membrane: must be at least (period − refractory) / 80 ticks, else the fall of a spike leaves float32, "
            "got 0.01",
        ),
        ({"depth": 0.0}, "depth: must be > 0 and finite, got 0"),
        ({"reset": "zero"}, 'reset: must be "value" or "carry", got \'zero\''),
        ({"start": "x"}, 'start: must be "rest" or "spread", got \'x\''),
    ],
)
def test_refuses(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TwoCompartmentLIF(**wrong)
    assert str(caught.value) == sentence
