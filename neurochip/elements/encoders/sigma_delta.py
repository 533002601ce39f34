"""Sigma-delta: the remainder of every bit is carried to the next (O'Connor 2019, eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.elements.encoders.predictive import PredictiveEncoder
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.types import Flag, Float, Index, Real, Vector

__all__ = ["SigmaDelta", "sigma_delta"]


@kernel
def sigma_delta(coded: Real, residue: Real, half: Real, one: Real) -> tuple[Flag, Real]:
    """Return (whether it fires, φ) after one tick; φ is unbounded. All T scalars, ``half`` = ½, ``one`` = 1."""
    phi = residue + coded
    fires = phi > half
    return fires, phi - one if fires else phi


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
        fires, residue[j] = sigma_delta(coded[j], residue[j], half, one)
        bits[j] = fires


@dataclass(frozen=True, slots=True)
class SigmaDelta(PredictiveEncoder):
    """φ ← φ + a; q = [φ > ½]; φ ← φ − q. The mean of n bits misses the mean of a by at most 1/(2n).

    O'Connor 2019, eq. 12.

    Parameters
    ----------
    lam
        λ of the predictive front; ``"as-decoder"`` takes the decoder's (plain for an identity decoder),
        `None` is plain.

    Raises
    ------
    ConfigError
        For a λ that is neither a schedule in (0, 1], nor `None`, nor ``"as-decoder"``.
    """

    kind: ClassVar[str] = "sigma-delta"
    hardware: ClassVar[HardwareCost] = HardwareCost(additions=2, comparisons=1).keeping(1)
    stage: ClassVar[Kernel[..., None]] = _stage
