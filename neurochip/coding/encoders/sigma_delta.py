"""Sigma-delta: the remainder of every bit is carried to the next (O'Connor 2019, eq. 12)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip.coding.cost import HardwareCost
from neurochip.coding.encoders.predictive import EncoderLambda, check_lambda
from neurochip.kernels._jit import kernel

__all__ = ["SigmaDelta", "sigma_delta"]


@dataclass(frozen=True, slots=True)
class SigmaDelta:
    """φ ← φ + a; q = [φ > ½]; φ ← φ − q. The mean of n bits misses the mean of a by at most 1/(2n).

    Parameters
    ----------
    lam
        λ of the predictive front; ``"as-decoder"`` takes the decoder's (plain for an identity decoder),
        `None` is plain.
    """

    lam: EncoderLambda = "as-decoder"
    kind: ClassVar[str] = "sigma-delta"
    hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=2, comparisons=1, state_words_read=1, state_words_written=1, state_words_kept=1
    )

    def __post_init__(self) -> None:
        """Check λ."""
        check_lambda(self.lam)


@kernel
def sigma_delta(first: Any, last: Any, coded: Any, residue: Any, bits: Any) -> None:
    """One tick: T[slot] ``coded`` → u8[slot] ``bits``; ``residue`` is φ, T[slot], unbounded."""
    half = coded.dtype.type(0.5)
    one = coded.dtype.type(1)
    zero = coded.dtype.type(0)
    for j in range(first, last):
        phi = residue[j] + coded[j]
        fires = phi > half
        residue[j] = phi - (one if fires else zero)
        bits[j] = 1 if fires else 0
