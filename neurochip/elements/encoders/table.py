"""Encoders by name and opcode: the position in `ENCODERS` is the opcode, the branch stands below."""

from __future__ import annotations

from typing import Any

from neurochip.elements.encoders.second_order import SecondOrderSigmaDelta, second_order
from neurochip.elements.encoders.sigma_delta import SigmaDelta, sigma_delta
from neurochip.elements.encoders.stochastic import Stochastic, stochastic
from neurochip.elements.encoders.threshold import Threshold, threshold
from neurochip.kernels._jit import separate_kernel

__all__ = ["ENCODERS", "Encoder", "encode"]

Encoder = SigmaDelta | SecondOrderSigmaDelta | Stochastic | Threshold

# None of these fires for a value that has been 0 since rest, nor keeps anything of it but 0: `cores/coder` says so
# to the kernels, which leave such inputs out.
ENCODERS: dict[str, type[Encoder]] = {
    "sigma-delta": SigmaDelta,  # 0
    "second-order-sigma-delta": SecondOrderSigmaDelta,  # 1
    "stochastic": Stochastic,  # 2
    "threshold": Threshold,  # 3
}


@separate_kernel
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
    """Run the encoder of that opcode for one tick on slots ``first`` … ``last`` − 1.

    ``coded``, ``residue``, ``second`` are T[slot], ``neuron`` u64[slot], ``bits`` u8[slot]; what an encoder does not
    need is left alone.
    """
    half = coded.dtype.type(0.5)
    one = coded.dtype.type(1)
    if opcode == 0:
        for j in range(first, last):
            fires, residue[j] = sigma_delta(coded[j], residue[j], half, one)
            bits[j] = fires
    elif opcode == 1:
        for j in range(first, last):
            fires, residue[j], second[j] = second_order(coded[j], residue[j], second[j], half, one)
            bits[j] = fires
    elif opcode == 2:
        for j in range(first, last):
            bits[j] = stochastic(coded[j], key, neuron[j])
    elif opcode == 3:
        for j in range(first, last):
            bits[j] = threshold(coded[j], half)
