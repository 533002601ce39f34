"""Stochastic rounding: a bit is 1 with the probability that the value says (O'Connor 2019, eq. 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip.elements.cost import HardwareCost
from neurochip.elements.encoders.predictive import EncoderLambda, check_lambda
from neurochip.kernels._jit import Kernel, kernel, separate_kernel
from neurochip.kernels.random_bits import uniform

__all__ = ["Stochastic", "stochastic"]


@kernel
def stochastic(coded: Any, key: Any, neuron: Any) -> Any:
    """Return whether it fires in one tick.

    ``neuron`` u64 names the neuron in the network, whatever core it sits on; ``key`` u64 is the hash of (seed,
    presentation, tick). So the bit depends on nothing else.
    """
    return coded > uniform(key, neuron)


@separate_kernel
def _stage(
    first: Any,
    last: Any,
    coded: Any,
    residue: Any,
    second: Any,
    neuron: Any,
    key: Any,
    constants: Any,
    bits: Any,
) -> None:
    for j in range(first, last):
        bits[j] = stochastic(coded[j], key, neuron[j])


@dataclass(frozen=True, slots=True)
class Stochastic:
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

    lam: EncoderLambda = "as-decoder"
    kind: ClassVar[str] = "stochastic"
    hardware: ClassVar[HardwareCost] = HardwareCost(comparisons=1, random_bits=24)
    silent_at_zero: ClassVar[bool] = True
    stage: ClassVar[Kernel[..., None]] = _stage

    def __post_init__(self) -> None:
        """Check λ."""
        check_lambda(self.lam)
