"""Scheduled annealing: every neuron takes the same step ε_t (O'Connor 2019, eq. 8)."""

from __future__ import annotations

from typing import Any

from neurochip.kernels._jit import kernel

__all__ = ["scheduled"]


@kernel
def scheduled(first: Any, last: Any, step: Any, sizes: Any) -> None:
    """One tick: fill T[slot] ``sizes`` with the T scalar ``step``."""
    for j in range(first, last):
        sizes[j] = step
