"""One tick of the neurons of one core: decode, press, anneal, relax, encode.

One loop for each stage, with at most one division in each: fused into one, the steps of a neuron are a chain so long
that the processor does not see the next neurons beside it, and takes half as long again (docs/decisions/0004).
"""

from __future__ import annotations

from typing import Any

from neurochip.elements.annealers.table import anneal
from neurochip.elements.decoders.table import decode
from neurochip.elements.encoders.predictive import predict
from neurochip.elements.encoders.table import encode
from neurochip.elements.neurons.clipped import free_pressure, pressure, relax
from neurochip.kernels._jit import separate_kernel

__all__ = ["code_clamped", "update_neurons"]


@separate_kernel
def code_clamped(
    encoder: int,
    front: int,
    fresh: bool,
    first: Any,
    last: Any,
    value: Any,
    lam: Any,
    previous: Any,
    coded: Any,
    residue: Any,
    second: Any,
    neuron: Any,
    key: Any,
    bits: Any,
) -> None:
    """Encode clamped neurons for one tick; where the code of their value is not ``fresh`` it is still in ``coded``."""
    if fresh:
        if front:
            keep = value.dtype.type(1) - lam
            for j in range(first, last):
                coded[j] = predict(value[j], previous[j], lam, keep)
                previous[j] = value[j]
        else:
            for j in range(first, last):
                coded[j] = value[j]
    encode(encoder, first, last, coded, residue, second, neuron, key, bits)


@separate_kernel
def update_neurons(
    encoder: int,
    front: int,
    decoder: int,
    annealer: int,
    tick: int,
    first: Any,
    last: Any,
    drive: Any,
    decoder_lambda: Any,
    encoder_lambda: Any,
    rate: Any,
    a: Any,
    b: Any,
    nudge: Any,
    bias: Any,
    target: Any,
    key: Any,
    neuron: Any,
    decoded: Any,
    value: Any,
    coded: Any,
    residue: Any,
    second: Any,
    z0: Any,
    z1: Any,
    z2: Any,
    z3: Any,
    pressed: Any,
    sizes: Any,
    bits: Any,
) -> None:
    """Run one tick of slots ``first`` … ``last`` − 1 with the elements of the opcodes; arrays are T[slot]."""
    one = value.dtype.type(1)
    zero = value.dtype.type(0)
    decode(decoder, first, last, drive, decoder_lambda, decoded)
    if nudge != zero:
        for j in range(first, last):
            pressed[j] = pressure(decoded[j], bias[j], value[j], nudge, target[j])
    else:
        for j in range(first, last):
            pressed[j] = free_pressure(decoded[j], bias[j])
    anneal(annealer, first, last, pressed, tick, rate, a, b, z0, z1, z2, z3, sizes)
    keep = one - encoder_lambda
    if front:
        for j in range(first, last):
            before = value[j]
            after = relax(pressed[j], sizes[j], before, zero, one)
            coded[j] = predict(after, before, encoder_lambda, keep)
            value[j] = after
    else:
        for j in range(first, last):
            value[j] = relax(pressed[j], sizes[j], value[j], zero, one)
            coded[j] = value[j]
    encode(encoder, first, last, coded, residue, second, neuron, key, bits)
