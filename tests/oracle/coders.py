"""Encoders (value to bit), decoders (bits to value) and their schedules, one object per neuron.

Each encoder and decoder keeps its own clock, which starts at 1 and advances once per call: a bit coded with
``lambda_t`` is therefore decoded, a tick later, with ``lambda_(t+1)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable


class Constant:
    """A value that does not change."""

    def __init__(self, value: float) -> None:
        self.value = value

    def at(self, t: int) -> float:
        """Return the value at clock ``t`` (the first is 1)."""
        return self.value


class PowerLaw:
    """``coefficient / t ** exponent``."""

    def __init__(self, coefficient: float, exponent: float) -> None:
        self.coefficient = coefficient
        self.exponent = exponent

    def at(self, t: int) -> float:
        """Return the value at clock ``t`` (the first is 1)."""
        return self.coefficient / math.pow(t, self.exponent)


Schedule = Constant | PowerLaw


class SigmaDelta:
    """First-order sigma-delta: fire when the accumulated value passes one half, and take the bit away."""

    def __init__(self) -> None:
        self.phi = 0.0

    def bit(self, a: float) -> int:
        """Code one value; the comparison is strict and the accumulator unbounded."""
        self.phi = self.phi + a
        q = 1 if self.phi > 0.5 else 0
        self.phi = self.phi - q
        return q


class SecondOrderSigmaDelta:
    """Two accumulators in a row; the bit is taken from both."""

    def __init__(self) -> None:
        self.phi1 = 0.0
        self.phi2 = 0.0

    def bit(self, a: float) -> int:
        """Code one value."""
        p1 = self.phi1 + a
        p2 = self.phi2 + p1
        q = 1 if p2 > 0.5 else 0
        self.phi1 = p1 - q
        self.phi2 = p2 - q
        return q


class Threshold:
    """Fire when the value passes one half. No state."""

    def bit(self, a: float) -> int:
        """Code one value."""
        return 1 if a > 0.5 else 0


class Stochastic:
    """Bernoulli bits: fire when the value exceeds a uniform number in [0, 1), which the caller supplies."""

    def __init__(self, uniform: Callable[[int], float]) -> None:
        self.uniform = uniform
        self.t = 0

    def bit(self, a: float) -> int:
        """Code one value with the uniform number of this tick (the first is 1)."""
        self.t += 1
        return 1 if a > self.uniform(self.t) else 0


Encoder = SigmaDelta | SecondOrderSigmaDelta | Threshold | Stochastic


class PredictiveEncoder:
    """Code ``(x - (1 - lambda) x_prev) / lambda`` with any encoder; ``x_prev`` is 0 at first; no clipping."""

    def __init__(self, encoder: Encoder, lam: Schedule) -> None:
        self.encoder = encoder
        self.lam = lam
        self.t = 0
        self.previous = 0.0

    def bit(self, x: float) -> int:
        """Code one value."""
        self.t += 1
        lam = self.lam.at(self.t)
        a = (x - (1.0 - lam) * self.previous) / lam
        self.previous = x
        return self.encoder.bit(a)


class IdentityDecoder:
    """The drive itself."""

    def value(self, u: float) -> float:
        """Decode one tick's drive."""
        return u


class PredictiveDecoder:
    """A leaky sum: ``v <- (1 - lambda) v + lambda u``."""

    def __init__(self, lam: Schedule) -> None:
        self.lam = lam
        self.t = 0
        self.v = 0.0

    def value(self, u: float) -> float:
        """Decode one tick's drive."""
        self.t += 1
        lam = self.lam.at(self.t)
        self.v = (1.0 - lam) * self.v + lam * u
        return self.v
