"""Encoders by name."""

from __future__ import annotations

from neurochip.elements.encoders.second_order import SecondOrderSigmaDelta
from neurochip.elements.encoders.sigma_delta import SigmaDelta
from neurochip.elements.encoders.stochastic import Stochastic
from neurochip.elements.encoders.threshold import Threshold

__all__ = ["ENCODERS", "Encoder"]

Encoder = SigmaDelta | SecondOrderSigmaDelta | Stochastic | Threshold

ENCODERS: dict[str, type[Encoder]] = {
    "sigma-delta": SigmaDelta,
    "second-order-sigma-delta": SecondOrderSigmaDelta,
    "stochastic": Stochastic,
    "threshold": Threshold,
}
