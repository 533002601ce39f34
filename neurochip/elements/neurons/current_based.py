"""The leaky integrate-and-fire neuron with currents that decay: CUBA-LIF (Gerstner & Kistler 2002, 4.3, 4.20)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.leaky import check_leaky, leaky_constants, leaky_step
from neurochip.elements.neurons.lif import Reset
from neurochip.elements.neurons.spiking import SpikingNeuron
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.types import Flag, Real

__all__ = ["CubaLIF"]


@kernel
def cuba_step(
    current: Real,
    synaptic: Real,
    potential: Real,
    left: Real,
    keep: Real,
    gain: Real,
    leak: Real,
    subtracts: Real,
    refractory: Real,
    zero: Real,
    one: Real,
) -> tuple[Flag, Real, Real, Real]:
    """Return (whether it fires, i, v, refractory ticks left) after one tick; T scalars."""
    i = keep * synaptic + gain * current
    fires, v, waits = leaky_step(i, potential, left, leak, subtracts, refractory, zero, one)
    return fires, i, v, waits


@dataclass(frozen=True, kw_only=True)
class CubaLIF(SpikingNeuron):
    """i ← e^{−1/τ_s} i + (1 − e^{−1/τ_s}) I, and then as ``lif`` with i in the place of I.

    Parameters
    ----------
    synapse
        τ_s, in ticks. In the refractory time i goes on, v does not.
    membrane, refractory, reset
        As of ``lif``.
    """

    synapse: float = 20.0
    membrane: float = 100.0
    refractory: int = 1
    reset: Reset = "subtract"
    kind: ClassVar[str] = "cuba-lif"
    state: ClassVar[tuple[str, ...]] = ("current", "potential", "refractory")
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=3, multiplications=3, comparisons=2).keeping(3)
    step: ClassVar[Kernel[..., object]] = cuba_step

    def check(self) -> None:
        """Check synapse and membrane."""
        if not self.synapse > 0:
            raise ConfigError("synapse", f"must be > 0 ticks, got {self.synapse:g}")
        check_leaky(self.membrane, self.refractory, self.reset)

    @property
    def constants(self) -> tuple[float, ...]:
        """Both ways of the synaptic current to decay, then those of the membrane."""
        keep = math.exp(-1.0 / self.synapse)
        return (keep, 1.0 - keep, *leaky_constants(self.membrane, self.refractory, self.reset))
