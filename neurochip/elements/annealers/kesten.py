"""Kesten's rule: shrink the step only when the error changes sign (Kesten 1958; George & Powell 2006)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from neurochip.elements.cost import HardwareCost
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Matrix, Real, Vector

__all__ = ["Kesten", "kesten"]


@kernel
def kesten(
    pressure: Real,
    tick: int,
    a: Real,
    b: Real,
    estimate: Real,
    error: Real,
    count: Real,
    zero: Real,
    one: Real,
) -> tuple[Real, Real, Real, Real]:
    """Return (ε, θ, e, k − 1) after one tick (``tick`` counts from 1); all T scalars but the tick."""
    e = pressure - estimate
    if tick <= 2 or e * error < zero:
        count = count + one
    step = a / (b + one + count)
    return step, (one - step) * estimate + step * pressure, e, count


@separate_kernel
def _range(
    first: Index,
    last: Index,
    net: Vector[Float],
    tick: int,
    constants: tuple[Real, ...],
    z0: Vector[Float],
    z1: Vector[Float],
    z2: Vector[Float],
    sizes: Vector[Float],
) -> None:
    zero, one = sizes.dtype.type(0), sizes.dtype.type(1)
    a, b = constants
    for j in range(first, last):
        sizes[j], z0[j], z1[j], z2[j] = kesten(net[j], tick, a, b, z0[j], z1[j], z2[j], zero, one)


@kernel
def _stage(
    first: Index,
    last: Index,
    net: Vector[Float],
    tick: int,
    rate: Real,
    state: Matrix[Float],
    constants: tuple[Real, ...],
    sizes: Vector[Float],
) -> None:
    _range(first, last, net, tick, constants, state[0], state[1], state[2], sizes)


@dataclass(frozen=True, slots=True)
class Kesten:
    """ε = a / (b + k); k = 1, plus one for each of the first two ticks, plus one per sign change of the error p − θ.

    Kesten 1958; George & Powell 2006. The defaults are those noted beside the code of O'Connor 2019 for MNIST.

    Parameters
    ----------
    a
        > 0, at most b + 2.
    b
        ≥ 0, in ticks.

    Raises
    ------
    ConfigError
        For a first step above 1, and for what is not finite.
    """

    a: float = 4.02
    b: float = 5.28
    kind: ClassVar[str] = "kesten"
    # e, k, b + k, 1 − ε, θ; whether e changed its sign is a comparison, and b + 1 is one per core.
    hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=5, multiplications=2, divisions=1, comparisons=1
    ).keeping(3)
    stage: ClassVar[Kernel[..., None]] = _stage

    def __post_init__(self) -> None:
        """Refuse steps outside (0, 1]: a/(b+2) is the largest."""
        if not (self.a > 0 and math.isfinite(self.a)):
            raise ConfigError("a", f"must be > 0 and finite, got {self.a}")
        if not (self.b >= 0 and math.isfinite(self.b)):
            raise ConfigError("b", f"must be ≥ 0 and finite, got {self.b}")
        if self.a > self.b + 2:
            raise ConfigError(
                "a", f"must be ≤ b + 2 = {self.b + 2:g} (the first step would exceed 1), got {self.a}"
            )

    @property
    def constants(self) -> tuple[float, float]:
        """What a step takes."""
        return self.a, self.b
