"""Leaky integrate-and-fire neurons with a filter before the membrane, each with numbers of its own, in ticks."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.elements.cost import HardwareCost
from neurochip.kernels._jit import kernel

__all__ = ["FILTERED_COST", "MEMBRANE_COST", "filter_and_fire"]

# w ← decay · w + gain · x + …: as `LIF`, and one product more for the input; the same again for the filter.
MEMBRANE_COST = HardwareCost(
    additions=2,
    multiplications=2,
    comparisons=1,
    state_words_read=2,
    state_words_written=2,
    state_words_kept=2,
)
FILTERED_COST = HardwareCost(
    additions=3,
    multiplications=4,
    comparisons=1,
    state_words_read=3,
    state_words_written=3,
    state_words_kept=3,
)


@kernel
def filter_and_fire(
    current: Any,
    potential: Any,
    waiting: Any,
    drive: Any,
    current_decay: Any,
    current_gain: Any,
    decay: Any,
    gain: Any,
    threshold: Any,
    reset_to: Any,
    taken: Any,
    subtracts: bool,
    refractory: Any,
) -> Any:
    """Return (whether it fires, I, w, refractory ticks left) after one tick; w is v less its value at rest.

    I ← current_decay · I + current_gain · x; w ← decay · w + gain · I; it fires when w > threshold, and then w is
    ``reset_to``, or less by ``taken``. ``waiting`` and ``refractory`` are i32 scalars, all others T scalars.
    I goes on in the
    refractory time, w stands still.
    """
    i = current_decay * current + current_gain * drive
    held = waiting > 0
    w = potential if held else decay * potential + gain * i
    fires = (not held) and w > threshold
    after = w - taken if subtracts else reset_to
    left = waiting - np.int32(1) if held else (refractory if fires else np.int32(0))
    return fires, i, after if fires else w, np.int32(left)
