"""An untied network of leaky integrators by forward Euler in plain NumPy, and the bare matrix products of its steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurochip.substrate import Parameters

__all__ = ["bare_products", "euler_numpy"]

Array = NDArray[np.float32]
STEP = np.float32(0.5)


def bare_products(held: Parameters, x: Array, steps: int) -> Callable[[], None]:
    """Return the matrix products of all steps alone: into arrays that are there, from activities that do not change."""
    upward, downward = (
        [np.asarray(w, np.float32) for w in family] for family in (held.weights, held.feedback)
    )
    rng = np.random.default_rng(1)
    states = [rng.random((len(x), w.shape[1]), dtype=np.float32) for w in upward]
    up = [np.zeros_like(state) for state in states]
    down = [np.zeros_like(state) for state in states[:-1]]

    def run() -> None:
        np.matmul(x, upward[0], out=up[0])
        for _ in range(steps):
            for k, matrix in enumerate(upward[1:]):
                np.matmul(states[k], matrix, out=up[k + 1])
            for k, matrix in enumerate(downward):
                np.matmul(states[k + 1], matrix, out=down[k])

    return run


def euler_numpy(held: Parameters, x: Array, y: Array, free: int, nudged: int, beta: float) -> list[Array]:
    """Return the states of all layers above the input after both phases, [sample, unit].

    What one would write: every layer moves half-way to what its neighbours' last states ask for, and is clipped. In the
    nudged phase the output is pulled to ``y`` with strength 2β.
    """
    upward, downward = (
        [np.asarray(w, np.float32) for w in family] for family in (held.weights, held.feedback)
    )
    biases = [np.asarray(b, np.float32) for b in held.biases]
    states = [np.zeros((len(x), w.shape[1]), np.float32) for w in upward]
    from_input, pull, top = x @ upward[0], np.float32(2 * beta), len(upward) - 1
    for step in range(free + nudged):
        moved = []
        for k, state in enumerate(states):
            drive = (from_input if k == 0 else states[k - 1] @ upward[k]) + biases[k] - state
            if k < top:
                drive = drive + states[k + 1] @ downward[k]
            elif step >= free:
                drive = drive + pull * (y - state)
            moved.append(np.clip(state + STEP * drive, 0, 1))
        states = moved
    return states
