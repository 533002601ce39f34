"""ODIN's integrate-and-fire neuron of 8 bits, with the calcium of its learning rule (SDSP)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels import _jit

__all__ = [
    "DOWN",
    "EXCITED",
    "FIRES",
    "INHIBITED",
    "LEAKS",
    "NOTHING",
    "PARAMETERS",
    "UP",
    "calcium_step",
    "lif_step",
]

# What happens to a neuron.
NOTHING, LEAKS, EXCITED, INHIBITED = range(4)
# What comes of it, above the 55 bits of state: its weights may go down, or up; it fires.
DOWN, UP, FIRES = 1 << 55, 1 << 56, 1 << 57
# Columns of the parameters; the last six are those of learning.
PARAMETERS = (
    "leak",
    "leak_enabled",
    "threshold",
    "learns",
    "theta_membrane",
    "theta_1",
    "theta_2",
    "theta_3",
    "calcium_leak",
)
_LEAK, _LEAK_ENABLED, _THRESHOLD, _LEARNS, _THETA_MEMBRANE, _THETA_1, _THETA_2, _THETA_3, _CALCIUM_LEAK = (
    range(9)
)
_COUNT_MASK = 31


@_jit.kernel
def calcium_step(calcium: int, count: int, learns: int, period: int, leaks: bool, gained: int) -> int:
    """Return calcium, 3 bits, and above them the counter of its leak, 5 bits, after an event.

    ``gained`` is what a spike adds, 0 without one. Every ``period`` time references take one away; where a spike and
    that fall together, nothing changes.
    """
    if not learns:
        return count << 3 | calcium
    lost = False
    if leaks and period:
        lost = count == period - 1
        count = 0 if lost else (count + 1) & _COUNT_MASK
    if gained and not lost:
        calcium = min(calcium + gained, 7)
    elif lost and not gained and calcium:
        calcium -= 1
    return count << 3 | calcium


@_jit.kernel
def lif_step(parameters: NDArray[np.int64], state: int, event: int, weight: int) -> int:
    """Return the state of a neuron after an event, with DOWN, UP and FIRES above it.

    Bits 0 to 7 are the membrane, 8 to 10 calcium, 11 to 15 the counter of its leak; the others stay. The membrane
    saturates at 0 and 255.
    """
    membrane, calcium, count = state & 0xFF, state >> 8 & 7, state >> 11 & _COUNT_MASK
    if event == LEAKS:
        if parameters[_LEAK_ENABLED]:
            membrane = max(membrane - parameters[_LEAK], 0)
    elif event == EXCITED:
        membrane = min(membrane + weight, 255)
    elif event == INHIBITED:
        membrane = max(membrane - weight, 0)
    fires = membrane >= parameters[_THRESHOLD]
    if fires:
        membrane = 0
    both = calcium_step(
        calcium, count, parameters[_LEARNS], parameters[_CALCIUM_LEAK], event == LEAKS, 1 if fires else 0
    )
    result = state & ~0xFFFF | both << 8 | membrane
    if fires:
        result |= FIRES
    calcium = both & 7
    if parameters[_LEARNS] and parameters[_THETA_1] <= calcium:
        if membrane >= parameters[_THETA_MEMBRANE]:
            if calcium < parameters[_THETA_3]:
                result |= UP
        elif calcium < parameters[_THETA_2]:
            result |= DOWN
    return result
