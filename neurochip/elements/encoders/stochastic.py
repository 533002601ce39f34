"""Stochastic rounding: a bit is 1 with the probability that the value says (O'Connor 2019, eq. 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.elements.encoders.predictive import PredictiveEncoder
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.random_bits import uniform
from neurochip.kernels.types import Flag, Float, Index, Real, Vector

__all__ = ["Stochastic", "stochastic"]


@kernel
def stochastic(coded: Real, key: Index, neuron: Index) -> Flag:
    """Return whether it fires in one tick.

    ``neuron`` u64 names the neuron in the network, whatever core it sits on; ``key`` u64 is the hash of (seed,
    presentation, tick). So the bit depends on nothing else.
    """
    return coded > uniform(key, neuron)


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
    for j in range(first, last):
        bits[j] = stochastic(coded[j], key, neuron[j])


@dataclass(frozen=True, slots=True)
class Stochastic(PredictiveEncoder):
    """q ~ Bernoulli(a); a below 0 never fires, above 1 always (O'Connor 2019, eq. 9).

    Parameters
    ----------
    lam
        λ of the predictive front, as in `SigmaDelta`.

    Raises
    ------
    ConfigError
        For a λ that is neither a schedule in (0, 1], nor `None`, nor ``"as-decoder"``.
    """

    kind: ClassVar[str] = "stochastic"
    hardware: ClassVar[HardwareCost] = HardwareCost(comparisons=1, random_bits=24)
    stage: ClassVar[Kernel[..., None]] = _stage
