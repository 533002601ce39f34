"""Identity: the weighted bits of this tick are the value (O'Connor 2019, eq. 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neurochip.elements.cost import HardwareCost
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Float, Index, Number, Real, Scalar, Vector

__all__ = ["Identity", "identity"]


@kernel
def identity(drive: Scalar) -> Scalar:
    """Return v = u."""
    return drive


@separate_kernel
def _stage(
    first: Index,
    last: Index,
    drive: Vector[Number],
    lam: Real,
    constants: tuple[Real, ...],
    value: Vector[Float],
) -> None:
    for j in range(first, last):
        value[j] = identity(drive[j])


@dataclass(frozen=True, slots=True)
class Identity:
    """v = u: whatever averaging there is, the annealer does it (O'Connor 2019, eq. 10)."""

    kind: ClassVar[str] = "identity"
    hardware: ClassVar[HardwareCost] = HardwareCost()
    stage: ClassVar[Kernel[..., None]] = _stage
