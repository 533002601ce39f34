"""One Euler step of the real-valued dynamics (O'Connor 2019, eq. 3)."""

from __future__ import annotations

import numpy as np

from neurochip.kernels._jit import entry
from neurochip.kernels.types import Matrix, Real, Vector

__all__ = ["step"]


@entry
def step(
    state: Matrix[np.floating],
    drive: Matrix[np.floating],
    bias: Vector[np.floating],
    size: Real,
    nudge: Real,
    target: Matrix[np.floating],
    bound: Real,
) -> None:
    """s ← clip((1−ε)s + ε(ρ′(s)(u + b) + 2β(y − s)), 0, bound), in place.

    ``state``, ``drive`` u, ``target`` y are T[sample, unit], ``bias`` T[unit]; ``size`` ε, ``nudge`` 2β and ``bound``
    T scalars: 1 for the hard sigmoid, infinity for a rectifier. ρ′ = 1, since s never leaves the closed interval.
    """
    zero = state.dtype.type(0)
    keep = state.dtype.type(1) - size
    for sample in range(state.shape[0]):
        for j in range(state.shape[1]):
            s = state[sample, j]
            pressed = drive[sample, j] + bias[j]
            if nudge != zero:
                pressed += nudge * (target[sample, j] - s)
            state[sample, j] = min(max(keep * s + size * pressed, zero), bound)
