"""The simple model of spiking neurons (Izhikevich 2003), in ticks of 1 ms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip import ConfigError, HardwareCost, Kernel, SpikingNeuron, kernel

__all__ = ["Izhikevich"]


@kernel
def izhikevich_step(
    current: Any,
    potential: Any,
    recovery: Any,
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    lowest: Any,
    quadratic: Any,
    linear: Any,
    offset: Any,
    half: Any,
    peak: Any,
) -> Any:
    """Return (whether it fires, v, u) after one tick: two steps of ½ ms for v, one for u, as in the paper."""
    drive = offset + half * (current - recovery)
    first = max(potential + potential * (quadratic * potential + linear) + drive, lowest)
    v = max(first + first * (quadratic * first + linear) + drive, lowest)
    fires = v > peak
    v = peak if fires else v
    u = recovery + a * (b * v - recovery)
    return fires, c if fires else v, u + d if fires else u


@dataclass(frozen=True, kw_only=True)
class Izhikevich(SpikingNeuron):
    """dv/dt = 0.04 v² + 5 v + 140 − u + I, du/dt = a (b v − u); above 30 mV: v ← c, u ← u + d.

    The defaults are those of fast-spiking cells.

    Parameters
    ----------
    a, b
        Rate of the recovery u, per ms, and how it follows v.
    c, d
        v after a spike, in mV, and what a spike adds to u.
    lowest
        v never falls below, in mV: steps of ½ ms would overshoot there, and take a strong inhibition for excitation.
    """

    period: float = 10.0
    a: float = 0.1
    b: float = 0.2
    c: float = -65.0
    d: float = 2.0
    lowest: float = -100.0
    kind: ClassVar[str] = "izhikevich"
    state: ClassVar[tuple[str, ...]] = ("potential", "recovery")
    hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=11,
        multiplications=7,
        comparisons=3,
        state_words_read=2,
        state_words_written=2,
        state_words_kept=2,
    )
    step: ClassVar[Kernel[Any, Any]] = izhikevich_step

    def check(self) -> None:
        """Check that it can rest."""
        if not (5 - self.b) ** 2 > 22.4:
            raise ConfigError(
                "b", f"must leave a potential at which it rests, (5 − b)² > 22.4, got {self.b:g}"
            )
        if not self.c < 30:
            raise ConfigError("c", f"must be < 30 mV, where it fires, got {self.c:g}")
        if not self.lowest < min(self.rest[0], self.c):
            raise ConfigError(
                "lowest", f"must be < c and < {self.rest[0]:.4g} mV, where it rests, got {self.lowest:g}"
            )

    @property
    def rest(self) -> tuple[float, ...]:
        """The stable fixed point without a current."""
        slope = 5 - self.b
        v = -(slope + math.sqrt(slope**2 - 22.4)) / 0.08
        return (v, self.b * v)

    @property
    def constants(self) -> tuple[float, ...]:
        """What the step takes after its state; the polynomial is that of ½ ms."""
        return (self.a, self.b, self.c, self.d, self.lowest, 0.02, 2.5, 70.0, 0.5, 30.0)
