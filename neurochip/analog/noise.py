"""Gaussian noise as a hash of (seed, presentation, tick, neuron): no order and no grouping of samples can change it."""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import entry
from neurochip.kernels.random_bits import tick_key, uniform
from neurochip.kernels.types import Index, Matrix, Real, Vector

__all__ = ["normals"]

_TURN = 2 * np.pi


@entry
def normals(
    seed: Index,
    presentations: Vector[np.uint64],
    tick: Index,
    first: int,
    scale: Real,
    out: Matrix[np.floating],
) -> None:
    """Write ``scale`` × standard normal numbers (Box & Muller 1958) into ``out`` T[sample, neuron].

    ``seed`` and ``tick`` are u64, ``presentations`` u64[sample]; ``first`` is the number of the first neuron, so that
    two layers do not share a draw.
    """
    for sample in range(out.shape[0]):
        key = tick_key(seed, presentations[sample], tick)
        for i in range(out.shape[1]):
            word = np.uint64(2 * (first + i))
            radius = np.sqrt(-2 * np.log(1 - uniform(key, word)))
            out[sample, i] = scale * radius * np.cos(_TURN * uniform(key, word + np.uint64(1)))
