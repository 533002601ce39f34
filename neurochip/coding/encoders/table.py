"""Encoders by name and opcode: the position in `ENCODERS` is the opcode, the branch stands below."""

from __future__ import annotations

from typing import Any

from neurochip.coding.encoders.second_order import SecondOrderSigmaDelta, second_order
from neurochip.coding.encoders.sigma_delta import SigmaDelta, sigma_delta
from neurochip.coding.encoders.stochastic import Stochastic, stochastic
from neurochip.coding.encoders.threshold import Threshold, threshold
from neurochip.kernels._jit import kernel

__all__ = ["ENCODERS", "Encoder", "encode"]

Encoder = SigmaDelta | SecondOrderSigmaDelta | Stochastic | Threshold

ENCODERS: dict[str, type[Encoder]] = {
    "sigma-delta": SigmaDelta,  # 0
    "second-order-sigma-delta": SecondOrderSigmaDelta,  # 1
    "stochastic": Stochastic,  # 2
    "threshold": Threshold,  # 3
}


@kernel
def encode(
    opcode: int,
    first: Any,
    last: Any,
    coded: Any,
    residue: Any,
    second: Any,
    neuron: Any,
    key: Any,
    bits: Any,
) -> None:
    """Run the encoder of that opcode for one tick on slots ``first`` … ``last`` − 1; what it does not need is left alone."""
    if opcode == 0:
        sigma_delta(first, last, coded, residue, bits)
    elif opcode == 1:
        second_order(first, last, coded, residue, second, bits)
    elif opcode == 2:
        stochastic(first, last, coded, neuron, key, bits)
    elif opcode == 3:
        threshold(first, last, coded, bits)
