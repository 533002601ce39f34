"""Decoders by name and opcode: the position in `DECODERS` is the opcode, the branch stands below."""

from __future__ import annotations

from typing import Any

from neurochip.elements.decoders.identity import Identity, identity
from neurochip.elements.decoders.predictive import Predictive, predictive
from neurochip.kernels._jit import separate_kernel

__all__ = ["DECODERS", "Decoder", "decode"]

Decoder = Identity | Predictive

DECODERS: dict[str, type[Decoder]] = {
    "identity": Identity,  # 0
    "predictive": Predictive,  # 1
}


@separate_kernel
def decode(opcode: int, first: Any, last: Any, drive: Any, lam: Any, value: Any) -> None:
    """Run the decoder of that opcode for one tick on slots ``first`` … ``last`` − 1: T[slot] u → T[slot] v."""
    keep = value.dtype.type(1) - lam
    if opcode == 0:
        for j in range(first, last):
            value[j] = identity(drive[j])
    elif opcode == 1:
        for j in range(first, last):
            value[j] = predictive(drive[j], value[j], lam, keep)
