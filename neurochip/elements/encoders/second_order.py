"""Second-order sigma-delta: the remainder is integrated twice (Candy & Temes 1992; O'Connor 2019, code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.elements.encoders.predictive import PredictiveEncoder
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Flag, Float, Index, Real, Vector

__all__ = ["SecondOrderSigmaDelta", "second_order"]


@kernel
def second_order(coded: Real, residue: Real, second: Real, half: Real, one: Real) -> tuple[Flag, Real, Real]:
    """Return (whether it fires, φ₁, φ₂) after one tick. All T scalars, ``half`` = ½, ``one`` = 1."""
    p1 = residue + coded
    p2 = second + p1
    fires = p2 > half
    return fires, p1 - one if fires else p1, p2 - one if fires else p2


@separate_kernel
def _stage(
    first: Index,
    last: Index,
    coded: Vector[Float],
    residue: Vector[Float],
    second: Vector[Float],
    neuron: Vector[np.uint64],
    key: Index,
    constants: tuple[Real, ...],
    bits: Vector[np.uint8],
) -> None:
    half, one = coded.dtype.type(0.5), coded.dtype.type(1)
    for j in range(first, last):
        fires, residue[j], second[j] = second_order(coded[j], residue[j], second[j], half, one)
        bits[j] = fires


@dataclass(frozen=True, slots=True)
class SecondOrderSigmaDelta(PredictiveEncoder):
    """p₁ = φ₁ + a; p₂ = φ₂ + p₁; q = [p₂ > ½]; φᵢ = pᵢ − q (Candy & Temes 1992).

    Parameters
    ----------
    lam
        λ of the predictive front, as in `SigmaDelta`.

    Raises
    ------
    ConfigError
        For a λ that is neither a schedule in (0, 1], nor `None`, nor ``"as-decoder"``.
    """

    kind: ClassVar[str] = "second-order-sigma-delta"
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=4, comparisons=1).keeping(2)
    stage: ClassVar[Kernel[..., None]] = _stage
