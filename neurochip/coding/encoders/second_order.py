"""Second-order sigma-delta: the remainder is integrated twice (Candy & Temes 1992; O'Connor 2019, code)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from neurochip.coding.cost import HardwareCost
from neurochip.coding.encoders.predictive import EncoderLambda, check_lambda
from neurochip.kernels._jit import kernel

__all__ = ["SecondOrderSigmaDelta", "second_order"]


@dataclass(frozen=True, slots=True)
class SecondOrderSigmaDelta:
    """p₁ = φ₁ + a; p₂ = φ₂ + p₁; q = [p₂ > ½]; φᵢ = pᵢ − q. ``lam`` as in `SigmaDelta`."""

    lam: EncoderLambda = "as-decoder"
    kind: ClassVar[str] = "second-order-sigma-delta"
    hardware: ClassVar[HardwareCost] = HardwareCost(
        additions=4, comparisons=1, state_words_read=2, state_words_written=2, state_words_kept=2
    )

    def __post_init__(self) -> None:
        """Check λ."""
        check_lambda(self.lam)


@kernel
def second_order(first: Any, last: Any, coded: Any, residue: Any, second: Any, bits: Any) -> None:
    """One tick: T[slot] ``coded`` → u8[slot] ``bits``; ``residue`` φ₁ and ``second`` φ₂ are T[slot]."""
    half = coded.dtype.type(0.5)
    one = coded.dtype.type(1)
    zero = coded.dtype.type(0)
    for j in range(first, last):
        p1 = residue[j] + coded[j]
        p2 = second[j] + p1
        fires = p2 > half
        q = one if fires else zero
        residue[j] = p1 - q
        second[j] = p2 - q
        bits[j] = 1 if fires else 0
