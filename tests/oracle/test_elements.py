"""The elements of the slow chip against closed forms and hand-worked numbers."""

from __future__ import annotations

import random

import pytest

from tests.oracle.annealers import OSA, Kesten, Scheduled
from tests.oracle.coders import (
    Constant,
    PowerLaw,
    PredictiveDecoder,
    PredictiveEncoder,
    SecondOrderSigmaDelta,
    SigmaDelta,
    Stochastic,
    Threshold,
)
from tests.oracle.learning import count, tied_change, trace, untied_change


def test_sigma_delta_by_hand() -> None:
    encoder = SigmaDelta()
    assert [encoder.bit(0.5) for _ in range(6)] == [0, 1, 0, 1, 0, 1]
    assert encoder.phi == 0.0


def test_sigma_delta_keeps_what_a_bit_cannot_say() -> None:
    encoder = SigmaDelta()
    assert [encoder.bit(a) for a in (3.0, 0.0, 0.0, 0.0)] == [1, 1, 1, 0]


def test_second_order_by_hand() -> None:
    encoder = SecondOrderSigmaDelta()
    # p1, p2: (.25, .25) (.5, .75) fires and leaves (-.5, -.25); then (-.25, -.5) (0, -.5) (.25, -.25)
    # (.5, .25) (.75, 1) fires
    assert [encoder.bit(0.25) for _ in range(7)] == [0, 1, 0, 0, 0, 0, 1]
    assert (encoder.phi1, encoder.phi2) == (-0.25, 0.0)


def test_threshold_and_stochastic_compare_strictly() -> None:
    assert [Threshold().bit(a) for a in (0.5, 0.5000001)] == [0, 1]
    encoder = Stochastic(lambda tick: tick / 10)
    assert [encoder.bit(0.2) for _ in range(3)] == [1, 0, 0]


@pytest.mark.parametrize("lam", [Constant(0.275), Constant(1.0)])
def test_decoder_undoes_predictive_encoder(lam: Constant) -> None:
    """Without quantisation the decoder gives back what the encoder got, since both hold the same lambda."""
    received: list[float] = []

    class Wire(SigmaDelta):
        def bit(self, a: float) -> int:
            received.append(a)
            return 0

    encoder, decoder = PredictiveEncoder(Wire(), lam), PredictiveDecoder(lam)
    values = [0.3, 0.9, 0.1, 0.1, 0.7]
    for x in values:
        encoder.bit(x)
    assert [decoder.value(a) for a in received] == pytest.approx(values, abs=1e-15)


def test_encoder_and_decoder_clocks_start_at_one() -> None:
    lam = PowerLaw(0.5, 1.0)
    encoder, decoder = PredictiveEncoder(SigmaDelta(), lam), PredictiveDecoder(lam)
    assert encoder.bit(0.2) == 0  # a = .2 / .5 = .4
    assert encoder.bit(0.2) == 1  # a = (.2 - .75 * .2) / .25 = .2
    assert decoder.value(1.0) == 0.5
    assert decoder.value(1.0) == 0.75 * 0.5 + 0.25


def test_scheduled_steps() -> None:
    annealer = Scheduled(PowerLaw(0.8, 0.5))
    assert [annealer.step(9.0) for _ in range(4)] == pytest.approx([0.8, 0.8 / 2**0.5, 0.8 / 3**0.5, 0.4])


def test_osa_closed_form() -> None:
    """With r = 0, eps = (Lambda + B^2 / D) / (1 + Lambda) from the second tick on."""
    rng = random.Random(1)
    annealer = OSA(0.0346, 0.0)
    assert annealer.step(rng.random()) == 1.0
    for _ in range(200):
        spread = annealer.spread
        epsilon = annealer.step(rng.random())
        expected = (spread + annealer.bias**2 / annealer.deviation) / (1.0 + spread)
        assert epsilon == pytest.approx(expected, abs=1e-14)
        assert spread / (1.0 + spread) - 1e-14 <= epsilon <= 1.0 + 1e-14


def test_osa_of_a_silent_neuron() -> None:
    annealer = OSA(0.0346, 1e-15)
    assert [annealer.step(0.0) for _ in range(5)] == [1.0, 0.0, 0.0, 0.0, 0.0]


def test_kesten_by_hand() -> None:
    annealer = Kesten(4.0, 6.0)
    # errors: 1; 1 - .5 > 0; 0 - theta < 0 (changes); < 0 again (does not); 1 - theta > 0 (changes)
    steps = [annealer.step(p) for p in (1.0, 1.0, 0.0, 0.0, 1.0)]
    assert steps == pytest.approx([4 / 8, 4 / 9, 4 / 10, 4 / 10, 4 / 11])


def test_weight_changes_by_hand() -> None:
    minus = [[[0.5, 1.0]], [[0.25]], [[0.5]]]
    plus = [[[0.5, 1.0]], [[0.75]], [[1.0]]]
    assert tied_change(minus, plus, 0, rate=0.1, span=0.5) == [[pytest.approx(0.05)], [pytest.approx(0.1)]]
    linear = tied_change(minus, plus, 1, rate=1.0, span=0.5)
    assert linear == [[pytest.approx((0.25 * 0.5 + 0.5 * 0.5) / 0.5)]]
    full = tied_change(minus, plus, 1, rate=1.0, span=0.5, product="full")
    assert full == [[pytest.approx((0.75 * 1.0 - 0.25 * 0.5) / 0.5)]]
    assert untied_change([[0.25]], [[0.5]], [[1.0]], rate=1.0, span=0.5) == [[pytest.approx(0.25)]]


def test_traces_of_an_axon() -> None:
    assert trace([1, 0, 1], Constant(0.5)) == 0.5 * (0.5 * 0.5) + 0.5
    assert count([1, 1, 0, 1], 2) == pytest.approx(2 / 3)
