"""The perfect integrate-and-fire neuron: no leak (Gerstner & Kistler 2002, section 4.1, with an infinite τ)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.f_i_curve import Currents
from neurochip.elements.neurons.spiking import SpikingNeuron
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.types import Flag, Real

__all__ = ["IF"]


@kernel
def perfect_step(current: Real, potential: Real, lowest: Real, threshold: Real) -> tuple[Flag, Real]:
    """Return (whether it fires, v) after one tick; T scalars."""
    v = max(potential + current, lowest)
    fires = v > threshold
    return fires, v - threshold if fires else v


@dataclass(frozen=True, kw_only=True)
class IF(SpikingNeuron):
    """v ← max(v + I, lowest); q = [v > 1]; v ← v − q.

    Its rate is the current itself, from 0 on, so the value is ρ(x) = max(x, 0) up to one spike in every tick.

    Parameters
    ----------
    lowest
        Where v stands still below: without it, a neuron that was inhibited long would have to make up for it as long.
    """

    lowest: float = -1.0
    kind: ClassVar[str] = "if"
    state: ClassVar[tuple[str, ...]] = ("potential",)
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=2, comparisons=2).keeping(1)
    step: ClassVar[Kernel[..., object]] = perfect_step

    def check(self) -> None:
        """Check the lowest potential."""
        if not self.lowest <= 0:
            raise ConfigError("lowest", f"must be ≤ 0, got {self.lowest:g}")

    @property
    def constants(self) -> tuple[float, ...]:
        """Lowest potential and threshold."""
        return (self.lowest, 1.0)

    @property
    def currents(self) -> Currents:
        """Any current makes it fire in the end."""
        return Currents(0.0, 1.0 / self.period)
