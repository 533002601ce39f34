"""Specs check themselves, and schedules give the numbers of their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neurochip.elements import (
    ANNEALERS,
    DECODERS,
    ENCODERS,
    OSA,
    Constant,
    Kesten,
    PowerLaw,
    Predictive,
    SecondOrderSigmaDelta,
    Shift,
    SigmaDelta,
    Stochastic,
    Threshold,
    as_schedule,
)
from neurochip.errors import ConfigError

nan, inf = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Constant(0), "value: must lie in (0, 1], got 0"),
        (lambda: Constant(1.5), "value: must lie in (0, 1], got 1.5"),
        (lambda: Constant(nan), "value: must lie in (0, 1], got nan"),
        (lambda: Constant(True), "value: must lie in (0, 1], got True"),
        (lambda: PowerLaw(0, 1), "coefficient: must lie in (0, 1], got 0"),
        (lambda: PowerLaw(nan, 1), "coefficient: must lie in (0, 1], got nan"),
        (lambda: PowerLaw(0.5, -0.1), "exponent: must be ≥ 0 and finite, got -0.1"),
        (lambda: PowerLaw(0.5, inf), "exponent: must be ≥ 0 and finite, got inf"),
        (lambda: Shift(13), "floor: must be a whole number of 0 to 12, got 13"),
        (lambda: Kesten(0, 1), "a: must be > 0 and finite, got 0"),
        (lambda: Kesten(1, -1), "b: must be ≥ 0 and finite, got -1"),
        (lambda: Kesten(4, 1), "a: must be ≤ b + 2 = 3 (the first step would exceed 1), got 4"),
        (lambda: OSA(0), "nu_bar: must lie in (0, 1), got 0"),
        (lambda: OSA(1), "nu_bar: must lie in (0, 1), got 1"),
        (
            lambda: OSA(0.1, 0),
            "regulariser: must be > 0 and finite (a silent neuron would divide 0 by 0), got 0",
        ),
        (
            lambda: OSA(0.1, nan),
            "regulariser: must be > 0 and finite (a silent neuron would divide 0 by 0), got nan",
        ),
        (lambda: Predictive(0), "lambda: must lie in (0, 1], got 0"),
        (lambda: Predictive("x"), "lambda: must be a number in (0, 1] or a power law, got 'x'"),  # type: ignore[arg-type]
        (lambda: SigmaDelta(2.0), "lambda: must lie in (0, 1], got 2.0"),
        (
            lambda: SigmaDelta("as decoder"),  # type: ignore[arg-type]
            "lambda: must be a number in (0, 1], a power law or 'as-decoder', got 'as decoder'",
        ),
        (lambda: Threshold(False), "lambda: must be a number in (0, 1] or a power law, got False"),
    ],
)
def test_refused(make: Any, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make()
    assert str(caught.value) == sentence


def test_edges_that_are_allowed() -> None:
    Constant(1), PowerLaw(1, 0), Kesten(3, 1), OSA(1e-9, 1e-300), Predictive(1)
    for encoder in (SigmaDelta, SecondOrderSigmaDelta, Stochastic, Threshold):
        for lam in (None, "as-decoder", 1, Constant(0.3), PowerLaw(0.5, 0.5)):
            encoder(lam)


@pytest.mark.parametrize("first", [1, 2, 50])
def test_schedules(first: int) -> None:
    ticks = np.arange(first, first + 20)
    np.testing.assert_array_equal(Constant(0.3).at(first, 20), np.full(20, 0.3))
    np.testing.assert_allclose(PowerLaw(0.67, 0.578).at(first, 20), 0.67 / ticks**0.578, rtol=1e-15)
    np.testing.assert_array_equal(OSA().rates(1, first + 19)[first - 1 :], OSA().rates(first, 20))


def test_rates_of_osa() -> None:
    """ν₁ = 1/(2 − ν̄); without forgetting it would be 1/(t+1), with it, ν tends to ν̄."""
    assert OSA(0.0346).rates(1, 1)[0] == pytest.approx(1 / (2 - 0.0346), abs=1e-16)
    np.testing.assert_allclose(OSA(1e-12).rates(1, 50), 1 / np.arange(2, 52), rtol=1e-9)
    assert OSA(0.0346).rates(500, 1)[0] == pytest.approx(0.0346, abs=1e-6)


def test_a_number_is_a_constant_schedule() -> None:
    assert as_schedule(1, "here") == Constant(1.0)
    assert as_schedule(PowerLaw(0.5, 0.5), "here") == PowerLaw(0.5, 0.5)
    with pytest.raises(ConfigError, match=r"^here: must lie in \(0, 1\], got 0$"):
        as_schedule(0, "here")


def test_names() -> None:
    for table in (ENCODERS, DECODERS, ANNEALERS):
        assert all(spec.kind == name for name, spec in table.items())
    # The position is the opcode of a stored image: new ones go to the end.
    assert list(ENCODERS) == ["sigma-delta", "second-order-sigma-delta", "stochastic", "threshold"]
    assert list(DECODERS) == ["identity", "predictive"]
    assert list(ANNEALERS) == ["constant", "power-law", "kesten", "osa", "shift"]
