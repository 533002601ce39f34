"""A vector field of the user's own, from a Python file: `activity(voltage)` and `flow(voltage, drive)`.

A neuron then follows τ dV/dt = flow(V, g(Σ_j W_ij activity(V_j) + b) + o) + 2β(y − V). Both are functions of numbers
that numba can compile. A file that names `states` has neurons with several (`neurochip.analog.states_field`).
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.field_step import activities, flow_rates, flow_step
from neurochip.analog.integrate import Nudge, driven
from neurochip.analog.states_field import StatesField
from neurochip.errors import CapabilityError, ConfigError, NumericError
from neurochip.kernels._jit import Kernel, unstored_kernel
from neurochip.kernels.types import Real

__all__ = ["VectorField", "load_vector_field"]

Array = NDArray[np.floating]
PLACE = "analog.vector_field"
_SLOPE = 1e-6  # half the span of a central difference
_MOST_STATES = 16


class VectorField:
    """Two compiled functions, ready for the integrators."""

    leaks_at_most_linearly = False  # not known
    has_leak_offset = False
    rest: tuple[float, ...] = (0.0,)

    def __init__(self, activity: Kernel[[Real], Real], flow: Kernel[[Real, Real], Real]) -> None:
        self._activity, self._flow = activity, flow

    def activity(self, voltage: Array, saturation: Array, out: Array) -> None:
        """Write what neurons send."""
        activities(self._activity, voltage, saturation, out)

    def step(self, batch: Batch, nudge: Nudge, noise: Array | None) -> None:
        """Take one Euler step."""
        at = driven(batch, nudge)
        flow_step(self._flow, at, at.voltage if noise is None else noise, noise is not None)

    def rate(self, batch: Batch, nudge: Nudge, out: Array) -> None:
        """Write τ dV/dt."""
        flow_rates(self._flow, driven(batch, nudge), out)

    def jacobian(self, voltage: Array, drive: Array) -> None:
        """Return nothing: one state has no others beside it."""

    def speed(self, voltage: Array, drive: Array) -> Array:
        """Return flow(V, drive), f64[neuron]."""
        return np.array([self._flow(float(v), float(d)) for v, d in zip(voltage, drive, strict=True)])

    def slopes(self, voltage: Array, drive: Array, saturation: Array) -> tuple[Array, Array, Array | None]:
        """Return ∂flow/∂V, ∂flow/∂drive and ∂activity/∂V, by central differences; f64[neuron] each."""
        flow = self.speed

        def activity(v: Array) -> Array:
            return np.asarray(saturation * np.array([self._activity(float(a)) for a in v]))

        h = _SLOPE
        return (
            (flow(voltage + h, drive) - flow(voltage - h, drive)) / (2 * h),
            (flow(voltage, drive + h) - flow(voltage, drive - h)) / (2 * h),
            (activity(voltage + h) - activity(voltage - h)) / (2 * h),
        )


def load_vector_field(path: str, *, allow_code: bool) -> VectorField | StatesField:
    """Read and compile a file's two functions, ``flow(state, drive, speed)`` where it names its ``states``.

    Raises
    ------
    CapabilityError
        When code from a run was not allowed.
    ConfigError, NumericError
        When the file is not there, lacks a function, or the functions do not give numbers.
    """
    if not allow_code:
        raise CapabilityError(
            PLACE, f"would run the code in {path}; read it, and say --allow-code if you trust it"
        )
    if not Path(path).is_file():
        raise ConfigError(PLACE, f"names {path}, which does not exist")
    spec = importlib.util.spec_from_file_location("vector_field", path)
    if spec is None or spec.loader is None:
        raise ConfigError(PLACE, f"names {path}, which is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ConfigError(PLACE, f"{path} cannot be run: {type(error).__name__}: {error}") from error
    found = [_function(module, path, name) for name in ("activity", "flow")]
    _try(found[0], "activity", (0.5,))
    if hasattr(module, "states"):
        states, rest = _named_states(module, path)
        _try_states(found[1], states, rest)
        return StatesField(found[0], found[1], states, rest)
    _try(found[1], "flow", (0.5, 0.5))
    return VectorField(found[0], found[1])


def _function(module: ModuleType, path: str, name: str) -> Kernel[..., Any]:
    function: Callable[..., Any] | None = getattr(module, name, None)
    if not callable(function):
        flow = "flow(state, drive, speed)" if hasattr(module, "states") else "flow(voltage, drive)"
        needed = "activity(voltage)" if name == "activity" else flow
        raise ConfigError(PLACE, f"{path} must define {needed}, and does not")
    return unstored_kernel(function)


def _try(function: Kernel[..., Real], name: str, arguments: tuple[float, ...]) -> None:
    shown = ", ".join(map(str, arguments))
    try:
        value = float(function(*arguments))
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigError(PLACE, f"{name}({shown}) does not work: {first}") from error
    if not math.isfinite(value):
        raise NumericError(PLACE, f"{name}({shown}) must be a finite number, got {value}")


def _named_states(module: ModuleType, path: str) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Return the names of the states of a neuron, and where they begin."""
    states = module.states
    is_named = isinstance(states, tuple) and states and all(isinstance(name, str) and name for name in states)
    if not is_named or len(set(states)) < len(states) or len(states) > _MOST_STATES:
        raise ConfigError(
            PLACE,
            f"{path}: states must be a tuple of 1 to {_MOST_STATES} different names, that of the voltage first, e.g. "
            f'("voltage", "recovery"), got {states!r}',
        )
    rest = getattr(module, "rest", (0.0,) * len(states))
    try:
        values = tuple(float(value) for value in rest)
    except (TypeError, ValueError):
        values = ()
    if len(values) != len(states) or not all(map(math.isfinite, values)):
        raise ConfigError(
            PLACE, f"{path}: rest must be a finite number for each of {', '.join(states)}, got {rest!r}"
        )
    return states, values


def _try_states(flow: Kernel[..., object], states: tuple[str, ...], rest: tuple[float, ...]) -> None:
    speed = np.full(len(states), math.nan)
    call = f"flow({list(rest)}, 0.5, speed)"
    try:
        flow(np.array(rest), 0.5, speed)
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ConfigError(PLACE, f"{call} does not work: {first}") from error
    for name, k in zip(states, range(len(states)), strict=True):
        if not math.isfinite(speed[k]):
            raise NumericError(
                PLACE, f"{call} must write a finite number into speed[{k}], of {name}, got {speed[k]}"
            )
