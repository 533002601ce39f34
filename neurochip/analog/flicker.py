"""1/f noise as a hash of (seed, presentation, neuron): a current that wanders, however slowly, within a presentation.

Each neuron's is a sum of cosines, three in a decade of frequency, of random phase, from half a cycle in a nominal time
constant downwards; a decade has the same variance wherever it lies. No order and no grouping of samples can change it,
and the phases of one presentation share it: what is slower than they are is an offset, which a difference of phases
does not see.
"""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import entry
from neurochip.kernels.random_bits import tick_key, uniform
from neurochip.kernels.types import Index, Matrix, Vector

__all__ = ["LINES", "TOP", "flicker"]

LINES = 3  # in a decade
TOP = 0.5  # cycles in a nominal time constant; what is faster, a neuron averages out

_TURN = 2 * np.pi


@entry
def flicker(
    seed: Index,
    presentations: Vector[np.uint64],
    time: float,
    lines: int,
    amplitude: float,
    out: Matrix[np.floating],
) -> None:
    """Write the noise of a time, nominal time constants, into ``out`` T[sample, neuron].

    ``seed`` is u64, ``presentations`` u64[sample]; ``amplitude`` that of each of the ``lines`` cosines.
    """
    for sample in range(out.shape[0]):
        key = tick_key(seed, presentations[sample], np.uint64(0))
        for i in range(out.shape[1]):
            total = 0.0
            for m in range(lines):
                cycles = TOP * 10.0 ** (-(m + 0.5) / LINES) * time
                word = np.uint64(i * lines + m)
                total += np.cos(_TURN * (cycles + uniform(key, word)))
            out[sample, i] = amplitude * total
