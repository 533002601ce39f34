"""Every element of coding, tick by tick, against the slow chip's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.coding import ANNEALERS, DECODERS, ENCODERS, OSA, Kesten, PowerLaw
from neurochip.coding.annealers.table import anneal
from neurochip.coding.decoders.table import decode
from neurochip.coding.encoders.predictive import predict
from neurochip.coding.encoders.stochastic import stochastic
from neurochip.coding.encoders.table import encode
from neurochip.kernels.random_bits import tick_key, uniform
from tests.oracle import annealers, coders

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


SLOW_ENCODERS: dict[str, Any] = {
    "sigma-delta": lambda _: coders.SigmaDelta(),
    "second-order-sigma-delta": lambda _: coders.SecondOrderSigmaDelta(),
    "stochastic": coders.Stochastic,
    "threshold": lambda _: coders.Threshold(),
}


def key_of(tick: int) -> np.uint64:
    return np.uint64(tick_key(np.uint64(3), np.uint64(17), np.uint64(tick)))


def test_all_encoders_are_here() -> None:
    assert set(SLOW_ENCODERS) == set(ENCODERS)


@pytest.mark.parametrize("kind", SLOW_ENCODERS)
def test_encoders(kind: str) -> None:
    values = drawn()
    neuron = np.arange(100, 100 + SLOTS, dtype=np.uint64)

    def of_neuron(j: int) -> Any:
        return lambda tick: float(uniform(key_of(tick), neuron[2 + j]))

    slow = [SLOW_ENCODERS[kind](of_neuron(j)) for j in range(NEURONS)]
    coded, residue, second, bits = room(), room(), room(), room(np.uint8)
    opcode = list(ENCODERS).index(kind)
    for tick in range(1, TICKS + 1):
        coded[OWN] = values[tick - 1]
        encode(opcode, FIRST, LAST, coded, residue, second, neuron, key_of(tick), bits)
        assert bits[OWN].tolist() == [e.bit(a) for e, a in zip(slow, values[tick - 1], strict=True)], tick
    untouched(coded, residue, second, bits)
    if kind == "sigma-delta":
        assert residue[OWN].tolist() == [e.phi for e in slow]
    if kind == "second-order-sigma-delta":
        assert residue[OWN].tolist() == [e.phi1 for e in slow]
        assert second[OWN].tolist() == [e.phi2 for e in slow]


def test_a_draw_that_equals_the_activity_does_not_fire() -> None:
    """q ~ Bernoulli(a) for draws in [0, 1): a = 0 never fires, and a = 1 always."""
    draw = uniform(key_of(1), np.uint64(5))
    assert not stochastic(draw, key_of(1), np.uint64(5))
    assert stochastic(np.nextafter(draw, 1), key_of(1), np.uint64(5))


def test_float32_residues_stay_float32() -> None:
    coded, residue, second = room(np.float32), room(np.float32), room(np.float32)
    bits = room(np.uint8)
    coded[OWN] = np.float32(0.3)
    expected = np.float32(0)
    for tick in range(1, 60):
        encode(0, FIRST, LAST, coded, residue, second, np.arange(SLOTS, dtype=np.uint64), key_of(tick), bits)
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
            heard.append(a)
            return 0

    for j in range(NEURONS):
        heard: list[float] = []
        slow, back = coders.PredictiveEncoder(Wire(), lam), coders.PredictiveDecoder(lam)
        previous, value = 0.0, room()
        for tick in range(1, TICKS + 1):
            s = values[tick - 1, j]
            slow.bit(s)
            share = lam.at(tick)
            a = float(predict(s, previous, share, 1.0 - share))
            assert a == heard[-1]
            previous = s
            drive = room()
            drive[OWN] = a
            decode(list(DECODERS).index("predictive"), FIRST, LAST, drive, np.float64(share), value)
            assert np.all(value[OWN] == back.value(a))
            # What was coded with the same λ comes back, as long as nothing is rounded to bits.
            assert value[2] == pytest.approx(s, abs=1e-13)
        untouched(value)


def test_identity_decoder() -> None:
    drive, value = room(), room()
    drive[OWN] = drawn()[0]
    decode(list(DECODERS).index("identity"), FIRST, LAST, drive, np.float64(0.3), value)
    assert value[OWN].tolist() == [coders.IdentityDecoder().value(u) for u in drive[OWN]]
    untouched(value)


SPECS: dict[str, tuple[Any, Any]] = {
    "power-law": (PowerLaw(0.775, 0.313), lambda: annealers.Scheduled(coders.PowerLaw(0.775, 0.313))),
    "kesten": (Kesten(4.02, 5.28), lambda: annealers.Kesten(4.02, 5.28)),
    "osa": (OSA(0.0346, 1e-9), lambda: annealers.OSA(0.0346, 1e-9)),
}


@pytest.mark.parametrize("kind", SPECS)
def test_annealers(kind: str) -> None:
    spec, make = SPECS[kind]
    pressures = drawn(2, -1.0, 2.0)
    slow = [make() for _ in range(NEURONS)]
    rates = (
        spec.rates(1, TICKS)
        if kind == "osa"
        else spec.at(1, TICKS)
        if kind == "power-law"
        else np.zeros(TICKS)
    )
    a, b = (spec.a, spec.b) if kind == "kesten" else (getattr(spec, "regulariser", 0.0), 0.0)
    pressure, sizes = room(), room()
    z = [room() for _ in range(4)]
    opcode = list(ANNEALERS).index(kind)
    for tick in range(1, TICKS + 1):
        pressure[OWN] = pressures[tick - 1]
        anneal(opcode, FIRST, LAST, pressure, tick, rates[tick - 1], np.float64(a), np.float64(b), *z, sizes)
        expected = [s.step(p) for s, p in zip(slow, pressures[tick - 1], strict=True)]
        np.testing.assert_allclose(sizes[OWN], expected, rtol=0, atol=1e-13, err_msg=str(tick))
    untouched(pressure, sizes, *z)


@pytest.mark.parametrize("regulariser", [1e-15, 1e-7, 1.0])
def test_osa_never_leaves_its_range(regulariser: float) -> None:
    """0 < ε ≤ 1 whatever the pressure, a silent or a constant one included."""
    spec = OSA(0.05, regulariser)
    pressures = drawn(5, -100.0, 100.0)
    z, pressure, sizes = [room() for _ in range(4)], room(), room()
    for tick, nu in enumerate(spec.rates(1, TICKS), start=1):
        pressure[OWN] = pressures[tick - 1]
        anneal(3, FIRST, LAST, pressure, tick, nu, np.float64(regulariser), np.float64(0), *z, sizes)
        assert np.all(np.isfinite(sizes[OWN]))
        assert np.all((sizes[OWN] >= -1e-15) & (sizes[OWN] <= 1))
