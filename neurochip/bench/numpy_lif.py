"""Integrate-and-fire networks in plain NumPy: what a careful user would write for layers that only feed forward.

The input of a layer is known for all ticks before its neurons move, so it is one matrix product; only the membrane
goes tick by tick.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["integrate_numpy"]

Array = NDArray[np.float32]


def integrate_numpy(
    raster: NDArray[np.uint8], weights: Sequence[Array], threshold: float, leak: float
) -> list[NDArray[np.uint8]]:
    """Return the spikes of every layer, u8[tick, unit], input included.

    A spike of tick t acts on the next layer in tick t + 1; v ← leak · v + u, a neuron fires above the threshold and
    begins at 0 again. The format of the weights is that of the computation.
    """
    layers = [raster]
    for matrix in weights:
        sums = np.zeros((raster.shape[0], matrix.shape[1]), matrix.dtype)
        np.matmul(layers[-1][:-1].astype(matrix.dtype), matrix, out=sums[1:])
        spikes = np.zeros(sums.shape, np.uint8)
        v, fired = np.zeros(matrix.shape[1], matrix.dtype), np.zeros(matrix.shape[1], bool)
        for t in range(raster.shape[0]):
            v *= leak
            v += sums[t]
            np.greater(v, threshold, out=fired)
            spikes[t] = fired
            v[fired] = 0
        layers.append(spikes)
    return layers
