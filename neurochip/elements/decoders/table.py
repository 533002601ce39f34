"""Decoders by name."""

from __future__ import annotations

from neurochip.elements.decoders.identity import Identity
from neurochip.elements.decoders.predictive import Predictive

__all__ = ["DECODERS", "Decoder"]

Decoder = Identity | Predictive

DECODERS: dict[str, type[Decoder]] = {"identity": Identity, "predictive": Predictive}
