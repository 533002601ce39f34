"""Parts of the elements that their contracts (tests/contract) leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.elements import OSA, Predictive, SigmaDelta
from neurochip.elements.encoders.predictive import predict
from neurochip.elements.encoders.stochastic import stochastic
from neurochip.elements.stages import element_constants, stage_of
from neurochip.kernels.random_bits import tick_key, uniform
from tests.oracle import coders

pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
NEURONS, TICKS = 6, 40
FIRST, LAST = np.uint64(2), np.uint64(2 + NEURONS)
SLOTS = NEURONS + 4
OWN = slice(2, 2 + NEURONS)


def drawn(seed: int = 1, low: float = -0.5, high: float = 1.5) -> Any:
    """Values [tick, neuron]: random, but for one that is always 0, one always ½, one always 1."""
    values = np.random.default_rng(seed).uniform(low, high, (TICKS, NEURONS))
    values[:, 0], values[:, 1], values[:, 2] = 0.0, 0.5, 1.0
    return values


def room(dtype: Any = np.float64) -> Any:
    """Slots of which only some are worked on; the others hold a mark."""
    array = np.zeros(SLOTS, dtype)
    array[:2] = array[OWN.stop :] = 9
    return array


def untouched(*arrays: Any) -> None:
    for array in arrays:
        assert np.all(array[:2] == 9) and np.all(array[OWN.stop :] == 9)


def key_of(tick: int) -> np.uint64:
    return np.uint64(tick_key(np.uint64(3), np.uint64(17), np.uint64(tick)))


def test_a_draw_that_equals_the_activity_does_not_fire() -> None:
    """q ~ Bernoulli(a) for draws in [0, 1): a = 0 never fires, and a = 1 always."""
    draw = uniform(key_of(1), np.uint64(5))
    assert not stochastic(draw, key_of(1), np.uint64(5))
    assert stochastic(np.nextafter(draw, 1), key_of(1), np.uint64(5))


def test_float32_residues_stay_float32() -> None:
    coded, residue, second = room(np.float32), room(np.float32), room(np.float32)
    bits = room(np.uint8)
    coded[OWN] = np.float32(0.3)
    encode, expected = stage_of("encoder", SigmaDelta()), np.float32(0)
    for tick in range(1, 60):
        encode(FIRST, LAST, coded, residue, second, np.arange(SLOTS, dtype=np.uint64), key_of(tick), (), bits)
        expected = expected + np.float32(0.3)
        fires = expected > 0.5
        expected = np.float32(expected - np.float32(fires))
        assert np.all(residue[OWN] == expected) and np.all(bits[OWN] == fires)


@pytest.mark.parametrize("lam", [coders.Constant(0.275), coders.PowerLaw(0.67, 0.578), coders.Constant(1.0)])
def test_predictive_front_and_decoder(lam: Any) -> None:
    values = drawn(low=0.0, high=1.0)

    class Wire(coders.SigmaDelta):
        """Hands on what it is given to code."""

        def bit(self, a: float) -> int:
            received.append(a)
            return 0

    for j in range(NEURONS):
        received: list[float] = []
        slow, back = coders.PredictiveEncoder(Wire(), lam), coders.PredictiveDecoder(lam)
        previous, value = 0.0, room()
        for tick in range(1, TICKS + 1):
            s = values[tick - 1, j]
            slow.bit(s)
            share = lam.at(tick)
            a = float(predict(s, previous, share, 1.0 - share))
            assert a == received[-1]
            previous = s
            drive = room()
            drive[OWN] = a
            stage_of("decoder", Predictive())(FIRST, LAST, drive, np.float64(share), (), value)
            assert np.all(value[OWN] == back.value(a))
            # What was coded with the same λ comes back, as long as nothing is rounded to bits.
            assert value[2] == pytest.approx(s, abs=1e-13)
        untouched(value)


@pytest.mark.parametrize("regulariser", [1e-15, 1e-7, 1.0])
def test_osa_never_leaves_its_range(regulariser: float) -> None:
    """0 < ε ≤ 1 whatever the pressure, a silent or a constant one included."""
    spec = OSA(0.05, regulariser)
    pressures = drawn(5, -100.0, 100.0)
    z, pressure, sizes = np.array([room() for _ in range(4)]), room(), room()
    anneal, constants = stage_of("annealer", spec), element_constants(spec, np.dtype(np.float64))
    for tick, nu in enumerate(spec.rates(1, TICKS), start=1):
        pressure[OWN] = pressures[tick - 1]
        anneal(FIRST, LAST, pressure, tick, nu, z, constants, sizes)
        assert np.all(np.isfinite(sizes[OWN]))
        assert np.all((sizes[OWN] >= -1e-15) & (sizes[OWN] <= 1))
