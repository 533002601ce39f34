"""The neuron of equilibrium propagation: a leaky integrator clipped to [0, 1] (O'Connor 2019, eqs 3 and 6)."""

from __future__ import annotations

from typing import Any

from neurochip.coding.cost import HardwareCost
from neurochip.kernels._jit import kernel

__all__ = ["NEURON_COST", "NUDGE_COST", "pressure", "relax"]

# v + b, then (1−ε)s + εp and two limits.
NEURON_COST = HardwareCost(
    additions=3,
    multiplications=2,
    comparisons=2,
    state_words_read=2,
    state_words_written=1,
    state_words_kept=2,
)
# 2β(y − s), for output neurons in a nudged phase.
NUDGE_COST = HardwareCost(additions=2, multiplications=1, state_words_read=1, state_words_kept=1)


@kernel
def pressure(
    first: Any, last: Any, value: Any, bias: Any, state: Any, nudge: Any, target: Any, out: Any
) -> None:
    """p = ρ′(s)(v + b) + 2β(y − s) for each neuron; ``nudge`` is the T scalar 2β, 0 in a free phase.

    Arrays are T[slot]. ρ′(s) is left out: s never leaves [0, 1], where ρ′ = 1 (closed interval).
    """
    if nudge == 0:
        for j in range(first, last):
            out[j] = value[j] + bias[j]
    else:
        for j in range(first, last):
            out[j] = value[j] + bias[j] + nudge * (target[j] - state[j])


@kernel
def relax(first: Any, last: Any, pressed: Any, sizes: Any, state: Any) -> None:
    """s ← clip((1−ε)s + εp, 0, 1) for each neuron; all arrays T[slot]."""
    one = state.dtype.type(1)
    zero = state.dtype.type(0)
    for j in range(first, last):
        step = sizes[j]
        s = (one - step) * state[j] + step * pressed[j]
        state[j] = min(max(s, zero), one)
