"""Encoders, decoders and annealers keep the contracts that those of other packages are tested by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neurochip.elements import (
    ANNEALERS,
    DECODERS,
    ENCODERS,
    OSA,
    Constant,
    Identity,
    Kesten,
    PowerLaw,
    Predictive,
    SecondOrderSigmaDelta,
    Shift,
    SigmaDelta,
    Stochastic,
    Threshold,
)
from neurochip.testing import AnnealerContract, DecoderContract, EncoderContract
from tests.oracle import annealers, coders

pytestmark = [
    pytest.mark.interp,
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
]
Draw = Callable[[int], float]


class TestEncoders(EncoderContract):
    specs = (SigmaDelta(), SigmaDelta(None), SecondOrderSigmaDelta(0.3), Stochastic(), Threshold())

    def slow(self, spec: Any, draw: Draw) -> Any:
        return {
            SigmaDelta: coders.SigmaDelta,
            SecondOrderSigmaDelta: coders.SecondOrderSigmaDelta,
            Stochastic: lambda: coders.Stochastic(draw),
            Threshold: coders.Threshold,
        }[type(spec)]()

    def test_all_that_are_silent_at_zero_say_so(self, spec: Any) -> None:
        """What says so costs nothing where there is nothing."""
        assert getattr(spec, "silent_at_zero", False) == self.is_silent_at_zero(spec)


class TestDecoders(DecoderContract):
    specs = (Identity(), Predictive(), Predictive(PowerLaw(0.67, 0.578)))

    def slow(self, spec: Any, draw: Draw) -> Any:
        if isinstance(spec, Identity):
            return coders.IdentityDecoder()
        share = coders.PowerLaw(0.67, 0.578) if isinstance(spec.lam, PowerLaw) else coders.Constant(spec.lam)
        return coders.PredictiveDecoder(share)

    def shared(self, spec: Any) -> dict[str, int]:
        return {"additions": 1}  # 1 − λ


class TestAnnealers(AnnealerContract):
    specs = (Constant(0.3), PowerLaw(0.775, 0.313), Kesten(4.02, 5.28), OSA(0.0346, 1e-9), Shift(3))

    def slow(self, spec: Any, draw: Draw) -> Any:
        if isinstance(spec, OSA):
            return annealers.OSA(spec.nu_bar, spec.regulariser)
        if isinstance(spec, Kesten):
            return annealers.Kesten(spec.a, spec.b)
        if isinstance(spec, PowerLaw):
            return annealers.Scheduled(coders.PowerLaw(spec.coefficient, spec.exponent))
        if isinstance(spec, Shift):
            return annealers.Scheduled(annealers.Halving(spec.floor))
        return annealers.Scheduled(coders.Constant(spec.value))

    def shared(self, spec: Any) -> dict[str, int]:
        if isinstance(spec, OSA):
            return {"additions": 1}  # 1 − ν
        # b + 1; and what two numbers have in common but for their signs is no product.
        return {"additions": 1, "multiplications": 1} if isinstance(spec, Kesten) else {}


@pytest.mark.parametrize(
    ("contract", "family"),
    [(TestEncoders, ENCODERS), (TestDecoders, DECODERS), (TestAnnealers, ANNEALERS)],
)
def test_all_are_here(contract: Any, family: dict[str, type]) -> None:
    assert {type(spec) for spec in contract.specs} == set(family.values())
