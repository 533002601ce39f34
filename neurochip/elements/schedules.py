"""Numbers that change with the tick: λ_t of predictive coding, ε_t of a fixed annealer (O'Connor 2019, eq. 8)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.cost import HardwareCost
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Matrix, Real, Vector

__all__ = ["Constant", "PowerLaw", "Schedule", "as_schedule"]


@separate_kernel
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
    """As an annealer: every neuron takes the step of the tick."""
    for j in range(first, last):
        sizes[j] = rate


@dataclass(frozen=True, slots=True)
class Constant:
    """The same value at every tick.

    Parameters
    ----------
    value
        In (0, 1]; no unit.

    Raises
    ------
    ConfigError
        When it is not in (0, 1].
    """

    value: float = 0.5
    kind: ClassVar[str] = "constant"
    hardware: ClassVar[HardwareCost] = HardwareCost()
    stage: ClassVar[Kernel[..., None]] = _stage

    def __post_init__(self) -> None:
        """Refuse a step outside (0, 1]."""
        if isinstance(self.value, bool) or not 0 < self.value <= 1:
            raise ConfigError("value", f"must lie in (0, 1], got {self.value}")

    def at(self, first: int, n_ticks: int) -> NDArray[np.float64]:
        """Return the values of ticks ``first … first + n_ticks − 1`` (ticks count from 1)."""
        return np.full(n_ticks, float(self.value))


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """``coefficient / t ** exponent``; t counts from 1 (O'Connor 2019, eq. 8).

    Parameters
    ----------
    coefficient
        The value of the first tick, in (0, 1].
    exponent
        How fast it falls, ≥ 0.

    Raises
    ------
    ConfigError
        When one of them is out of its range.
    """

    coefficient: float
    exponent: float
    kind: ClassVar[str] = "power-law"
    # One reciprocal power per core and tick, shared by all its neurons: nothing per neuron.
    hardware: ClassVar[HardwareCost] = HardwareCost()
    stage: ClassVar[Kernel[..., None]] = _stage

    def __post_init__(self) -> None:
        """Refuse a coefficient outside (0, 1] and a negative exponent."""
        if not 0 < self.coefficient <= 1:
            raise ConfigError("coefficient", f"must lie in (0, 1], got {self.coefficient}")
        if not (self.exponent >= 0 and math.isfinite(self.exponent)):
            raise ConfigError("exponent", f"must be ≥ 0 and finite, got {self.exponent}")

    def at(self, first: int, n_ticks: int) -> NDArray[np.float64]:
        """Return the values of ticks ``first … first + n_ticks − 1`` (ticks count from 1)."""
        return self.coefficient / np.arange(first, first + n_ticks, dtype=np.float64) ** self.exponent


Schedule = Constant | PowerLaw


def as_schedule(value: float | Schedule, place: str) -> Schedule:
    """Read a bare number as a constant schedule."""
    if isinstance(value, Constant | PowerLaw):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(place, f"must be a number in (0, 1] or a power law, got {value!r}")
    if not 0 < value <= 1:
        raise ConfigError(place, f"must lie in (0, 1], got {value}")
    return Constant(float(value))
