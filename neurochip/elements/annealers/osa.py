"""Optimal step-size annealing: weigh drift against noise (O'Connor 2019, appendix A; George & Powell 2006)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.cost import HardwareCost
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Matrix, Real, Vector

__all__ = ["OSA", "osa_step", "osa_variance"]


@kernel
def osa_variance(
    pressure: Real, nu: Real, forget: Real, estimate: Real, bias: Real, noise: Real, share: Real, one: Real
) -> tuple[Real, Real, Real]:
    """Return (B, D, estimated variance) after one tick, in the order of design §3.4; ``forget`` is 1−ν. All T scalars.

    The two halves of a tick have one division each: loops over either are faster than over both.
    """
    e = pressure - estimate
    b = forget * bias + nu * e
    d = forget * noise + nu * (e * e)
    return b, d, (d - b * b) / (one + share)


@kernel
def osa_step(
    pressure: Real,
    opening: bool,
    variance: Real,
    noise: Real,
    r: Real,
    estimate: Real,
    share: Real,
    one: Real,
) -> tuple[Real, Real, Real]:
    """Return (ε, θ, Λ) after one tick, from what `osa_variance` returned. All T scalars.

    ``opening`` is true in the first tick, where ε = 1.
    """
    step = one if opening else one - (variance + r) / (noise + r)
    keep = one - step
    return step, keep * estimate + step * pressure, keep * keep * share + step * step


@separate_kernel
def _range(
    first: Index,
    last: Index,
    net: Vector[Float],
    tick: int,
    rate: Real,
    r: Real,
    z0: Vector[Float],
    z1: Vector[Float],
    z2: Vector[Float],
    z3: Vector[Float],
    sizes: Vector[Float],
) -> None:
    one = sizes.dtype.type(1)
    forget = one - rate
    for j in range(first, last):
        z1[j], z2[j], sizes[j] = osa_variance(net[j], rate, forget, z0[j], z1[j], z2[j], z3[j], one)
    if tick == 1:
        for j in range(first, last):
            sizes[j], z0[j], z3[j] = osa_step(net[j], True, sizes[j], z2[j], r, z0[j], z3[j], one)
    else:
        for j in range(first, last):
            sizes[j], z0[j], z3[j] = osa_step(net[j], False, sizes[j], z2[j], r, z0[j], z3[j], one)


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
    _range(first, last, net, tick, rate, constants[0], state[0], state[1], state[2], state[3], sizes)


@dataclass(frozen=True, slots=True)
class OSA:
    """Each neuron estimates the bias and the noise of its own pressure and steps accordingly (O'Connor 2019, app. A).

    Parameters
    ----------
    nu_bar
        Rate ν̄ at which bias and noise are forgotten, in (0, 1).
    regulariser
        r, keeps a silent neuron from dividing 0 by 0; > 0, in squared units of the pressure.

    Raises
    ------
    ConfigError
        For a ν̄ or r out of its range.
    """

    nu_bar: float = 0.0346
    regulariser: float = 1e-15
    kind: ClassVar[str] = "osa"
    # e, b, d, σ², ε, Λ, θ of design §3; the shared 1−ν is one per core.
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=11, multiplications=11, divisions=2).keeping(4)
    stage: ClassVar[Kernel[..., None]] = _stage

    def __post_init__(self) -> None:
        """Refuse rates outside (0, 1) and a regulariser that is not positive."""
        if not 0 < self.nu_bar < 1:
            raise ConfigError("nu_bar", f"must lie in (0, 1), got {self.nu_bar}")
        if not (self.regulariser > 0 and math.isfinite(self.regulariser)):
            raise ConfigError(
                "regulariser",
                f"must be > 0 and finite (a silent neuron would divide 0 by 0), got {self.regulariser}",
            )

    def rates(self, first: int, n_ticks: int) -> NDArray[np.float64]:
        """Return ν of ticks ``first …``: ν ← ν/(1 + ν − ν̄) from ν₀ = 1, which needs only the tick."""
        nu, out = 1.0, np.empty(n_ticks)
        for tick in range(1, first + n_ticks):
            nu = nu / (1.0 + nu - self.nu_bar)
            if tick >= first:
                out[tick - first] = nu
        return out

    @property
    def constants(self) -> tuple[float]:
        """What a step takes: ν̄ reaches it as the rate of each tick."""
        return (self.regulariser,)
