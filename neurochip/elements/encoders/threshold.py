"""Threshold: the value rounded to one bit, nothing carried (the naive encoder of O'Connor 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.elements.encoders.predictive import PredictiveEncoder
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Flag, Float, Index, Real, Vector

__all__ = ["Threshold", "threshold"]


@kernel
def threshold(coded: Real, half: Real) -> Flag:
    """Return whether it fires in one tick. T scalars, ``half`` = ½."""
    return coded > half


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
    half = coded.dtype.type(0.5)
    for j in range(first, last):
        bits[j] = threshold(coded[j], half)


@dataclass(frozen=True, slots=True)
class Threshold(PredictiveEncoder):
    """q = [a > ½], the naive encoder of O'Connor 2019.

    Parameters
    ----------
    lam
        λ of the predictive front, as in `SigmaDelta`.

    Raises
    ------
    ConfigError
        For a λ that is neither a schedule in (0, 1], nor `None`, nor ``"as-decoder"``.
    """

    kind: ClassVar[str] = "threshold"
    hardware: ClassVar[HardwareCost] = HardwareCost(comparisons=1)
    stage: ClassVar[Kernel[..., None]] = _stage
