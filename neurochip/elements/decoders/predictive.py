"""Predictive decoder: the inverse of the predictive front, applied after the weights (O'Connor 2019, eq. 14)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurochip.elements.cost import HardwareCost
from neurochip.elements.schedules import Constant, PowerLaw, as_schedule
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Number, Real, Scalar, Vector

__all__ = ["Predictive", "predictive"]


@kernel
def predictive(drive: Scalar, value: Real, lam: Real, keep: Real) -> Real:
    """Return v after one tick: u moves it by the share λ; ``keep`` is 1−λ. All T scalars."""
    return keep * value + lam * drive


@separate_kernel
def _stage(
    first: Index,
    last: Index,
    drive: Vector[Number],
    lam: Real,
    constants: tuple[Real, ...],
    value: Vector[Float],
) -> None:
    keep = value.dtype.type(1) - lam
    for j in range(first, last):
        value[j] = predictive(drive[j], value[j], lam, keep)


@dataclass(frozen=True, slots=True)
class Predictive:
    """v ← (1−λ_t) v + λ_t u (O'Connor 2019, eq. 14).

    Its clock runs one tick behind the encoder's: λ_{t+1} decodes what λ_t coded.

    Parameters
    ----------
    lam
        λ: a number in (0, 1], or a schedule.

    Raises
    ------
    ConfigError
        When it is neither.
    """

    lam: float | Constant | PowerLaw = 0.275
    kind: ClassVar[str] = "predictive"
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=1, multiplications=2).keeping(1)
    stage: ClassVar[Kernel[..., None]] = _stage

    def __post_init__(self) -> None:
        """Check λ."""
        as_schedule(self.lam, "lambda")
