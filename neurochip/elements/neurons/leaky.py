"""The leaky integrate-and-fire neuron of networks that learn (Gerstner & Kistler 2002, eq. 4.3, in ticks)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, get_args

from neurochip.elements.cost import HardwareCost
from neurochip.elements.neurons.lif import Law, Reset, integrate_and_fire
from neurochip.elements.neurons.spiking import SpikingNeuron
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, kernel
from neurochip.kernels.types import Flag, Real

__all__ = ["LeakyIF", "leaky_constants", "leaky_step"]


@kernel
def leaky_step(
    current: Real,
    potential: Real,
    left: Real,
    leak: Real,
    subtracts: Real,
    refractory: Real,
    zero: Real,
    one: Real,
) -> tuple[Flag, Real, Real]:
    """Return (whether it fires, v, refractory ticks left) after one tick; T scalars, and the threshold is 1."""
    law = Law(one, leak, subtracts > zero, zero, refractory, False, one)
    return integrate_and_fire(potential, current, left, law, zero, one)


def leaky_constants(membrane: float, refractory: int, reset: Reset) -> tuple[float, ...]:
    """Return what `leaky_step` takes after its state."""
    return (math.exp(-1.0 / membrane), float(reset == "subtract"), float(refractory), 0.0, 1.0)


def check_leaky(membrane: float, refractory: int, reset: str) -> None:
    """Refuse constants of a membrane that cannot be."""
    if not membrane > 0:
        raise ConfigError("membrane", f"must be > 0 ticks, got {membrane:g}")
    if not 0 <= refractory < 2**16:
        raise ConfigError("refractory", f"must be 0 to {2**16 - 1} ticks, got {refractory}")
    if reset not in get_args(Reset):
        raise ConfigError("reset", f'must be "value" or "subtract", got {reset!r}')


@dataclass(frozen=True, kw_only=True)
class LeakyIF(SpikingNeuron):
    """v ← e^{−1/τ} v + I; q = [v > 1]; then v is reset, and stands still for the refractory time.

    Parameters
    ----------
    membrane
        τ, in ticks. The longer, the straighter is the f–I curve; the shorter, the sooner what was is forgotten.
    refractory
        Whole ticks after a spike in which v stands still and input is lost.
    reset
        What a spike does to v: ``"subtract"`` takes the threshold away, ``"value"`` puts it to 0.
    """

    membrane: float = 20.0
    refractory: int = 1
    reset: Reset = "subtract"
    kind: ClassVar[str] = "lif"
    state: ClassVar[tuple[str, ...]] = ("potential", "refractory")
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=2, multiplications=1, comparisons=2).keeping(2)
    step: ClassVar[Kernel[..., object]] = leaky_step

    def check(self) -> None:
        """Check the membrane."""
        check_leaky(self.membrane, self.refractory, self.reset)

    @property
    def constants(self) -> tuple[float, ...]:
        """Leak, reset and refractory time."""
        return leaky_constants(self.membrane, self.refractory, self.reset)
