"""Stochastic rounding: a bit is 1 with the probability that the value says (O'Connor 2019, eq. 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip.coding.cost import HardwareCost
from neurochip.coding.encoders.predictive import EncoderLambda, check_lambda
from neurochip.kernels._jit import kernel
from neurochip.kernels.random_bits import uniform

__all__ = ["Stochastic", "stochastic"]


@dataclass(frozen=True, slots=True)
class Stochastic:
    """q ~ Bernoulli(a); a below 0 never fires, above 1 always. ``lam`` as in `SigmaDelta`."""

    lam: EncoderLambda = "as-decoder"
    kind: ClassVar[str] = "stochastic"
    hardware: ClassVar[HardwareCost] = HardwareCost(comparisons=1, random_bits=24)

    def __post_init__(self) -> None:
        """Check λ."""
        check_lambda(self.lam)


@kernel
def stochastic(first: Any, last: Any, coded: Any, neuron: Any, key: Any, bits: Any) -> None:
    """One tick: T[slot] ``coded`` → u8[slot] ``bits``.

    ``neuron`` u64[slot] names each neuron of the network, whatever core it sits on; ``key`` u64 is
    the hash of (seed, presentation, tick). So the bits depend on nothing else.
    """
    for j in range(first, last):
        bits[j] = 1 if coded[j] > uniform(key, neuron[j]) else 0
