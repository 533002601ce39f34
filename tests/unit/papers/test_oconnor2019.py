"""Parts of the figures of O'Connor et al. that have an answer of their own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import butter, lfilter

from neurochip.description import read_run
from neurochip.papers.oconnor2019_fig1 import TICKS, WEIGHTS, butterworth, followed
from neurochip.papers.oconnor2019_fig2 import SCHEMES, mersenne_weights


def test_the_low_pass_is_a_butterworth_filter() -> None:
    signal = np.random.default_rng(1).normal(size=300)
    b, a = butter(2, 0.03)
    np.testing.assert_allclose(butterworth(signal, 0.03), lfilter(b, a, signal), atol=1e-12)


def test_constant_inputs_are_found() -> None:
    """Bits of a constant average out; the neuron ends at the weighted sum."""
    inputs = np.tile([0.1, 0.4, 0.2], (TICKS, 1))
    found = followed(inputs)
    assert set(np.unique(found.bits)) == {0.0, 1.0}
    assert found.real[-1] == pytest.approx(float(WEIGHTS @ inputs[0]), abs=1e-9)
    assert found.binary[-1] == pytest.approx(found.real[-1], abs=0.01)
    assert found.binary[0] == found.real[0] == 0.0  # nothing has been sent before the first tick


def test_the_reference_weights_are_those_of_its_generator() -> None:
    """The first fractions of seed 1234, as its framework prints them."""
    weights = mersenne_weights(1234).weights
    bound = np.sqrt(6 / 1000)
    shares = (weights[0].ravel()[:5] / bound + 1) / 2
    np.testing.assert_allclose(shares, [0.0290, 0.4019, 0.2598, 0.3666, 0.0583], atol=5e-5)
    assert [w.shape for w in weights] == [(500, 500), (500, 10)]


def test_every_scheme_is_a_run() -> None:
    kinds = set()
    for scheme in SCHEMES:
        coding = read_run("convergence", scheme.coding).coding
        assert coding.encoder is not None and coding.decoder is not None
        kinds.add((coding.encoder.kind, coding.decoder.kind, coding.annealer.kind))
    assert len(kinds) == 5  # two of the six differ in constants and λ only
