"""Optimisers one weight at a time, in plain Python, as their papers print them; independent of the code under test."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["SlowOptimiser"]


class SlowOptimiser:
    """One weight.

    ``kind``: ``plain``; ``momentum`` (Polyak 1964; as in Sutskever et al. 2013 with η outside); ``adam`` (Kingma & Ba
    2015, Algorithm 1, in the order of the end of its section 2). ``decay``: as Loshchilov & Hutter 2019, Algorithm 2,
    line 12: θ ← θ − η_t (α m̂/(√v̂ + ε) + λ θ). A gradient is the negative of what a rule wants.
    """

    def __init__(self, kind: str, rate: float, decay: float = 0.0, **constants: float) -> None:
        self.kind, self.rate, self.decay = kind, rate, decay
        self.mu = constants.get("momentum", 0.9)
        self.beta = constants.get("beta1", 0.9), constants.get("beta2", 0.999)
        self.epsilon = constants.get("epsilon", 1e-8)
        self.m = self.v = 0.0
        self.t = 0

    def after(self, theta: float, gradient: float, schedule: float = 1.0) -> float:
        """Return θ after a step."""
        self.t += 1
        if self.kind == "plain":
            step = self.rate * gradient
        elif self.kind == "momentum":
            self.v = self.mu * self.v - gradient
            step = -self.rate * self.v
        else:
            b1, b2 = self.beta
            self.m = b1 * self.m + (1 - b1) * gradient
            self.v = b2 * self.v + (1 - b2) * gradient * gradient
            root = math.sqrt(1 - b2**self.t)
            alpha = self.rate * root / (1 - b1**self.t)
            step = alpha * self.m / (math.sqrt(self.v) + self.epsilon * root)
        return theta - schedule * (step + self.decay * theta)

    def follow(self, theta: float, gradients: Any, schedule: Any = None) -> list[float]:
        """Return θ after each of many steps."""
        series = []
        for k, gradient in enumerate(gradients):
            theta = self.after(theta, gradient, 1.0 if schedule is None else schedule[k])
            series.append(theta)
        return series
