"""1/f noise: the same variance in every decade, the same noise in every phase of a presentation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.analog.flicker import flicker
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.description.die.circuit import AnalogSpec
from neurochip.description.die.noise import NoiseSpec
from neurochip.description.die.settling import SettleSpec
from neurochip.errors import ConfigError
from neurochip.network import layered
from neurochip.substrate import Parameters, Phase

SEED = np.uint64(5)


def noise(times: Any, batch: int = 1, neurons: int = 40, decades: int = 6) -> Any:
    """Return f64[time, sample, neuron] of a variance of 1 in a decade."""
    out = np.empty((len(times), batch, neurons))
    for k, time in enumerate(times):
        flicker(SEED, np.arange(batch, dtype=np.uint64), float(time), 3 * decades, np.sqrt(2 / 3), out[k])
    return out


def test_every_decade_has_the_same_variance() -> None:
    """By a discrete Fourier transform of 20 000 time constants; white noise of the same variance is the control."""
    n = 40_000
    samples = noise(np.arange(n) * 0.5, neurons=12)[:, 0]

    def decades(series: Any) -> list[float]:
        power = 2 * np.abs(np.fft.rfft(series * np.hanning(n)[:, None], axis=0)) ** 2 / (n * (3 * n / 8))
        frequency = np.fft.rfftfreq(n, 0.5)
        edges = [0.5, 0.05, 0.005, 5e-4]
        found = [(frequency <= a) & (frequency > b) for a, b in zip(edges, edges[1:], strict=False)]
        return [float(power[here].sum(axis=0).mean()) for here in found]

    assert decades(samples) == pytest.approx([1, 1, 1], abs=0.05)
    white = np.random.default_rng(1).standard_normal(samples.shape)
    assert decades(white) != pytest.approx([1, 1, 1], abs=0.5)


def test_its_variance_over_presentations_and_neurons() -> None:
    at = noise(np.array([3.0]), batch=200, neurons=100)[0]
    # A sum of 18 cosines is nearly normal: the standard error of a variance of 20 000 of them is 1 %.
    assert at.var() == pytest.approx(6, rel=4 * np.sqrt(2 / at.size))
    assert abs(np.corrcoef(at.T)[np.triu_indices(100, 1)]).max() < 5 / np.sqrt(200)


def rested(batch: Any, step: float = 0.5, ticks: int = 40, **more: Any) -> AnalogSubstrate:
    network = layered((1, 50), tied=True)
    spec = AnalogSpec(
        noise=NoiseSpec(flicker=0.01, **more), settle=SettleSpec(step=step), characteristic="tanh"
    )
    substrate = AnalogSubstrate(network, spec, dtype=np.float64)
    substrate.load(Parameters((np.zeros((1, 50)),), (), (np.zeros(50),)))
    substrate.begin(np.zeros((len(batch), 1)), batch)
    substrate.run(Phase.FREE, ticks)
    return substrate


def test_no_grouping_of_samples_changes_it() -> None:
    together = rested(np.arange(4, dtype=np.uint64)).voltages()
    alone = np.concatenate([rested(np.array([k], np.uint64)).voltages() for k in range(4)])
    np.testing.assert_array_equal(together, alone)
    assert np.unique(together).size == together.size


def test_neurons_follow_what_is_slower_than_they_are() -> None:
    """A pole at 1/(2π) of a cycle in a time constant, whatever the step."""
    lines = 0.5 * 10.0 ** (-(np.arange(6) + 0.5) / 3)
    wanted = (0.01**2 / 3) * np.sum(1 / (1 + (2 * np.pi * lines) ** 2))
    batch = np.arange(150, dtype=np.uint64)
    for step in (0.05, 0.2):
        within = 4 * np.sqrt(2 / 7500) + step / 2
        variance = rested(batch, step, round(20 / step), flicker_decades=2).voltages().var()
        assert variance / wanted == pytest.approx(1, abs=within)
        assert 2 * 0.01**2 / wanted != pytest.approx(
            1, abs=within
        )  # the control: all of both decades, without the pole


def test_a_difference_between_phases_does_not_see_what_is_slow() -> None:
    """The later phase of a presentation goes on where the earlier was; another presentation is another draw."""
    substrate = rested(np.arange(150, dtype=np.uint64))
    first = substrate.voltages()
    substrate.run(Phase.FREE, 20)
    within = (substrate.voltages() - first).std()
    apart = (first[1:] - first[:-1]).std()
    assert 0.2 < within / apart < 0.9
    repeated = rested(np.arange(150, dtype=np.uint64), ticks=60).voltages()
    np.testing.assert_allclose(substrate.voltages(), repeated, atol=1e-12)


def test_where_it_cannot_be() -> None:
    with pytest.raises(ConfigError, match=r"analog.noise.flicker: keeps a neuron from ever resting"):
        AnalogSpec(noise=NoiseSpec(flicker=0.01), settle=SettleSpec(until="residual"))
