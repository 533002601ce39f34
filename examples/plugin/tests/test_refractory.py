"""The encoder keeps the contract of encoders, and does what its paper says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from neurochip_example.refractory import Refractory

import neurochip
from neurochip.testing import EncoderContract


class SlowRefractory:
    """The same neuron, one object for each."""

    def __init__(self, spec: Refractory) -> None:
        self.threshold, self.ticks = spec.threshold, spec.ticks
        self.charge, self.waits = 0.0, 0

    def bit(self, value: float) -> int:
        if self.waits:
            self.waits -= 1
            return 0
        self.charge += value
        if self.charge <= self.threshold:
            return 0
        self.charge -= 1
        self.waits = self.ticks
        return 1


class TestRefractory(EncoderContract):
    specs = (Refractory(), Refractory(ticks=3), Refractory(threshold=0.9, ticks=0, lam="as-decoder"))

    def slow(self, spec: Any, draw: Any) -> SlowRefractory:
        return SlowRefractory(spec)


def settled(encoder: Any) -> list[Any]:
    random = np.random.default_rng(1)
    weights, biases = [random.normal(0, 0.5, (12, 5))], [np.full(5, 0.2)]
    return neurochip.settle(weights, biases, random.random((3, 12)), encoder=encoder, n_free=50).spikes


def test_without_a_wait_it_is_sigma_delta() -> None:
    for a, b in zip(settled(Refractory(ticks=0)), settled(neurochip.SigmaDelta(lam=None)), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("ticks", [1, 4])
def test_it_never_fires_before_it_may(ticks: int) -> None:
    for layer in settled(Refractory(ticks=ticks)):
        fired = np.lib.stride_tricks.sliding_window_view(layer, ticks + 1, axis=0).sum(axis=-1)
        assert layer.any() and fired.max() == 1


@pytest.mark.parametrize(("field", "value"), [("threshold", 0.0), ("ticks", -1), ("lam", 2.0)])
def test_it_refuses(field: str, value: float) -> None:
    with pytest.raises(neurochip.ConfigError):
        Refractory(**{field: value})
