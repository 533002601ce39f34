"""Integrate and fire with a refractory time, as an encoder (Gerstner & Kistler 2002, section 4.1, without leak)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip import ConfigError, HardwareCost, Kernel, check_lambda, kernel

__all__ = ["Refractory"]


@kernel
def refractory_step(
    value: Any, charge: Any, waits: Any, draw: Any, threshold: Any, ticks: Any, none: Any, one: Any
) -> Any:
    """Return (whether it fires, charge, ticks left to wait) after one tick. All T scalars but ``draw``, unused here."""
    if waits > none:
        return False, charge, waits - one
    charged = charge + value
    fires = charged > threshold
    return fires, charged - one if fires else charged, ticks if fires else none


@dataclass(frozen=True, slots=True)
class Refractory:
    """φ ← φ + a; q = [φ > threshold]; φ ← φ − q; after a spike it neither listens nor fires for some ticks.

    A value above 1/(1 + ticks) cannot be told from it: nothing fires more often.

    Parameters
    ----------
    threshold
        Charge φ above which it fires, > 0.
    ticks
        How long it is refractory, 0 or more; with 0 and a threshold of ½ it is sigma-delta.
    lam
        λ of the predictive front, as of the built-in encoders.
    """

    threshold: float = 0.5
    ticks: int = 1
    lam: Any = None
    kind: ClassVar[str] = "refractory"
    hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=2, comparisons=2, state_words_read=2, state_words_written=2, state_words_kept=2
    )
    step: ClassVar[Kernel[Any, Any]] = refractory_step

    def __post_init__(self) -> None:
        """Check that it can fire, and can fire again."""
        if not (self.threshold > 0 and math.isfinite(self.threshold)):
            raise ConfigError("threshold", f"must be > 0 and finite, got {self.threshold}")
        if not self.ticks >= 0:
            raise ConfigError("ticks", f"must be ≥ 0, got {self.ticks}")
        check_lambda(self.lam)

    @property
    def constants(self) -> tuple[float, ...]:
        """What the step takes after its state."""
        return (self.threshold, self.ticks, 0.0, 1.0)
