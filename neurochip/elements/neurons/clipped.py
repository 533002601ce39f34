"""The neuron of equilibrium propagation: a leaky integrator clipped to [0, 1] (O'Connor 2019, eqs 3 and 6)."""

from __future__ import annotations

from typing import Any

from neurochip.elements.cost import HardwareCost
from neurochip.kernels._jit import kernel

__all__ = ["NEURON_COST", "NUDGE_COST", "free_pressure", "pressure", "relax"]

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
def pressure(value: Any, bias: Any, state: Any, nudge: Any, target: Any) -> Any:
    """Return p = ρ′(s)(v + b) + 2β(y − s); ``nudge`` is 2β, 0 in a free phase. All T scalars.

    ρ′(s) is left out: s never leaves [0, 1], where ρ′ = 1 (closed interval).
    """
    return value + bias + nudge * (target - state)


@kernel
def free_pressure(value: Any, bias: Any) -> Any:
    """Return p where nothing nudges. T scalars."""
    return value + bias


@kernel
def relax(pressed: Any, step: Any, state: Any, zero: Any, one: Any) -> Any:
    """Return clip((1−ε)s + εp, 0, 1). All T scalars."""
    return min(max((one - step) * state + step * pressed, zero), one)
