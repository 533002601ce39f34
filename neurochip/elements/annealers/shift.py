"""Step sizes that are powers of two: 1, ½, ½, ¼ … one schedule of shifts for a whole chip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.cost import HardwareCost
from neurochip.elements.schedules import Constant
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel

__all__ = ["Shift"]


@dataclass(frozen=True, slots=True)
class Shift:
    """ε_t = 2^−min(⌊log₂ t⌋, floor): about 1/t, in steps that hardware makes by a shift, down to a floor.

    Parameters
    ----------
    floor
        The largest shift, 0 to 12.

    Raises
    ------
    ConfigError
        When it lies outside.
    """

    floor: int = 4
    kind: ClassVar[str] = "shift"
    # One counter per core and tick, shared by all its neurons: nothing per neuron.
    hardware: ClassVar[HardwareCost] = HardwareCost()
    stage: ClassVar[Kernel[..., None]] = Constant.stage
    constants: ClassVar[tuple[float, ...]] = ()

    def __post_init__(self) -> None:
        """Refuse what is no shift."""
        if isinstance(self.floor, bool) or not 0 <= self.floor <= 12:
            raise ConfigError("floor", f"must be a whole number of 0 to 12, got {self.floor}")

    def shifts(self, first: int, n_ticks: int) -> NDArray[np.int64]:
        """Return −log₂ ε of ticks ``first … first + n_ticks − 1`` (ticks count from 1)."""
        found = [min(tick.bit_length() - 1, self.floor) for tick in range(first, first + n_ticks)]
        return np.array(found, dtype=np.int64)

    def rates(self, first: int, n_ticks: int) -> NDArray[np.float64]:
        """Return ε of the same ticks."""
        return np.ldexp(1.0, -self.shifts(first, n_ticks))
