"""Axons that receive late: a spike of tick t acts in tick t + d, of inputs that are played back and of neurons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip import LIF
from neurochip.compile.placement import place
from neurochip.cores.arrays import aligned_zeros
from neurochip.cores.engine import LayerEngine
from neurochip.cores.raster import LayeredRaster
from neurochip.description import read_chip
from neurochip.elements.neurons.lif import VARIABLES

pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
SIZES, TICKS = (9, 5, 3), 24
NEURON = LIF(threshold=4.0, leak=0.5, refractory=1)


def run(delay: int, kind: Any) -> list[Any]:
    """Let a network run in which every spike of the input takes ``delay`` ticks to the first layer."""
    random = np.random.default_rng(3)
    weights = [
        random.integers(-3, 7, shape).astype(kind) for shape in zip(SIZES[:-1], SIZES[1:], strict=True)
    ]
    cores = [np.zeros(size, np.int64) for size in SIZES]
    placed = place(SIZES, [(0, 1), (1, 2)], cores, read_chip("ideal-bits"), weight_bits=32, state_bits=32)
    raster = LayeredRaster(SIZES, TICKS)
    raster.layer(0)[:] = random.random((TICKS, SIZES[0])) < 0.4
    state = np.dtype(np.float32)
    engine = LayerEngine(
        placed, weights, [NEURON.dynamics] * (len(SIZES) - 1), VARIABLES, raster, np.dtype(kind), state
    )
    sources = engine._wiring.sources
    sources[0, 1] = delay
    longest = int(sources[:, 1].max())
    bits = aligned_zeros((1, longest, raster.n_slots), np.uint8)
    engine._sample = engine._sample._replace(state=engine._sample.state._replace(bits=bits))
    engine.advance(TICKS)
    return [raster.layer(k).copy() for k in range(3)]


@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize("delay", [2, 3, 7])
def test_a_delay_shifts_what_follows(delay: int, kind: Any) -> None:
    prompt, late = run(1, kind), run(delay, kind)
    assert prompt[1].any() and prompt[2].any()
    np.testing.assert_array_equal(prompt[0], late[0])
    shift = delay - 1
    for before, after in zip(prompt[1:], late[1:], strict=True):
        np.testing.assert_array_equal(after[shift:], before[:-shift])
        assert not after[:shift].any()
    assert np.any(prompt[1] != late[1]), "without a shift the test would show nothing"
