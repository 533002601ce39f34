"""A vector field with several states for each neuron: a voltage that is sent, and what goes on beside it.

The states x of a neuron follow τ dx/dt = flow(x, g(Σ_j W_ij activity(V_j) + b) + o), V the first of them, to which the
nudge 2β(y − V) is added. A rule sees V and what is sent of it, and nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.field_step import activities
from neurochip.analog.integrate import Nudge, driven
from neurochip.analog.states_step import states_rates, states_step
from neurochip.errors import NumericError
from neurochip.kernels._jit import Kernel
from neurochip.kernels.types import Real

__all__ = ["StatesField"]

Array = NDArray[np.floating]
_SLOPE = 1e-6  # half the span of a central difference


class StatesField:
    """Two compiled functions, and the names of the states.

    Parameters
    ----------
    activity
        Number → number: what a neuron sends of its first state.
    flow
        (states f64[state], drive, speeds f64[state]): writes τ dx/dt of each state.
    states
        Their names, that of the voltage first.
    rest
        Their values at the beginning of a presentation.
    """

    leaks_at_most_linearly = False  # not known
    has_leak_offset = False

    def __init__(
        self,
        activity: Kernel[[Real], Real],
        flow: Kernel[..., None],
        states: tuple[str, ...],
        rest: tuple[float, ...],
    ) -> None:
        self._activity, self._flow = activity, flow
        self.states, self.rest = states, rest
        self._now, self._speed = np.empty(len(states)), np.empty(len(states))  # room for a neuron

    def activity(self, voltage: Array, saturation: Array, out: Array) -> None:
        """Write what neurons send."""
        activities(self._activity, voltage, saturation, out)

    def step(self, batch: Batch, nudge: Nudge, noise: Array | None) -> None:
        """Take one Euler step."""
        at = driven(batch, nudge)
        shaken = at.voltage if noise is None else noise
        states_step(self._flow, at, batch.state, self._now, self._speed, shaken, noise is not None)

    def rate(self, batch: Batch, nudge: Nudge, out: Array) -> None:
        """Write τ dx/dt."""
        states_rates(self._flow, driven(batch, nudge), batch.state, self._now, self._speed, out)

    def speed(self, state: Array, drive: Array) -> Array:
        """Return τ dV/dt without a nudge, f64[neuron]."""
        return self._speeds(self._by_neuron(state, drive), drive)[:, 0]

    def slopes(self, state: Array, drive: Array, saturation: Array) -> tuple[Array, Array, Array | None]:
        """Return ∂flow/∂V, ∂flow/∂drive and ∂activity/∂V, f64[neuron] each, with all other states following V.

        At rest a state beside V has the value that V and the drive give it: what is left is one equation for V, whose
        solution moves as V does (the Schur complement of the others).

        Raises
        ------
        NumericError
            When V and the drive do not give the others a value.
        """
        by_state, by_drive = self.jacobian(state, drive)
        rest = by_state[:, 1:, 1:]
        try:
            follows = np.linalg.solve(
                rest, np.concatenate([by_state[:, 1:, :1], by_drive[:, 1:, None]], axis=2)
            )
        except np.linalg.LinAlgError:
            raise NumericError(
                "analog.vector_field",
                f"leaves {', '.join(self.states[1:])} free at rest, so that no gradient is defined; set "
                "analog.diagnosed to 0, and learn by another rule than recurrent-backprop",
            ) from None
        through = by_state[:, :1, 1:] @ follows
        v, h = state[: drive.size], _SLOPE
        sent = saturation * np.array([self._activity(float(a + h)) - self._activity(float(a - h)) for a in v])
        return by_state[:, 0, 0] - through[:, 0, 0], by_drive[:, 0] - through[:, 0, 1], sent / (2 * h)

    def jacobian(self, state: Array, drive: Array) -> tuple[Array, Array]:
        """Return ∂flow/∂x f64[neuron, state, state] and ∂flow/∂drive f64[neuron, state], by central differences."""
        x, h = self._by_neuron(state, drive), _SLOPE
        count = len(self.states)
        columns = [
            (self._speeds(x + h * unit, drive) - self._speeds(x - h * unit, drive)) / (2 * h)
            for unit in np.eye(count)
        ]
        by_drive = (self._speeds(x, drive + h) - self._speeds(x, drive - h)) / (2 * h)
        return np.stack(columns, axis=2), by_drive

    def _by_neuron(self, state: Array, drive: Array) -> Array:
        """Return the states f64[neuron, state]."""
        return np.ascontiguousarray(state.reshape(len(self.states), drive.size).T, dtype=np.float64)

    def _speeds(self, states: Array, drive: Array) -> Array:
        out = np.empty_like(states)
        for x, into, value in zip(states, out, drive, strict=True):
            self._flow(x, float(value), into)
        return out
