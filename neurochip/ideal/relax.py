"""One Euler step of the real-valued dynamics (O'Connor 2019, eq. 3)."""

from __future__ import annotations

from typing import Any

from neurochip.kernels._jit import entry

__all__ = ["step"]


@entry
def step(state: Any, drive: Any, bias: Any, size: Any, nudge: Any, target: Any) -> None:
    """s ← clip((1−ε)s + ε(ρ′(s)(u + b) + 2β(y − s)), 0, 1), in place.

    ``state``, ``drive`` u, ``target`` y are T[lane, unit], ``bias`` T[unit]; ``size`` ε and ``nudge`` 2β T scalars.
    ρ′ = 1, since s never leaves the closed interval [0, 1].
    """
    one = state.dtype.type(1)
    zero = state.dtype.type(0)
    keep = one - size
    for lane in range(state.shape[0]):
        for j in range(state.shape[1]):
            s = state[lane, j]
            pressed = drive[lane, j] + bias[j]
            if nudge != zero:
                pressed += nudge * (target[lane, j] - s)
            state[lane, j] = min(max(keep * s + size * pressed, zero), one)
