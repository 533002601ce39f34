"""A neuron that tires: LIF with an adaptive threshold (Bellec, Salaj, Subramoney, Legenstein & Maass 2018)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip import ConfigError, HardwareCost, Kernel, SpikingNeuron, kernel

__all__ = ["AdaptiveLIF"]


@kernel
def adaptive_step(
    current: Any, potential: Any, fatigue: Any, leak: Any, recovery: Any, jump: Any, one: Any
) -> Any:
    """Return (whether it fires, v, fatigue) after one tick; T scalars."""
    tired = recovery * fatigue
    v = leak * potential + current
    fires = v > one + jump * tired
    return fires, v - one if fires else v, tired + one if fires else tired


@dataclass(frozen=True, kw_only=True)
class AdaptiveLIF(SpikingNeuron):
    """v ← e^{−1/τ} v + I; a ← e^{−1/τ_a} a; q = [v > 1 + jump · a]; v ← v − q, a ← a + q.

    Parameters
    ----------
    membrane
        τ, in ticks.
    adaptation
        τ_a, in ticks.
    jump
        How much a spike raises the threshold.
    """

    membrane: float = 50.0
    adaptation: float = 50.0
    jump: float = 0.05
    kind: ClassVar[str] = "adaptive-lif"
    state: ClassVar[tuple[str, ...]] = ("potential", "fatigue")
    hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=4,
        multiplications=3,
        comparisons=1,
        state_words_read=2,
        state_words_written=2,
        state_words_kept=2,
    )
    step: ClassVar[Kernel[Any, Any]] = adaptive_step

    def check(self) -> None:
        """Check that it forgets, and does not get more excitable with every spike."""
        for name in ("membrane", "adaptation"):
            if not getattr(self, name) > 0:
                raise ConfigError(name, f"must be > 0 ticks, got {getattr(self, name):g}")
        if not self.jump >= 0:
            raise ConfigError("jump", f"must be ≥ 0, got {self.jump:g}")

    @property
    def constants(self) -> tuple[float, ...]:
        """What the step takes after its state."""
        return (math.exp(-1 / self.membrane), math.exp(-1 / self.adaptation), self.jump, 1.0)
