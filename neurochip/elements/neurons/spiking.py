"""Neurons that fire and learn: a membrane of any kind, its currents, and the value that it stands for.

A kind of neurons is a subclass of `SpikingNeuron` with a step on scalars. What is the same for all of them stands
here: how spikes, biases and targets become a current, how spikes become a value, and the loop over neurons.
docs/neurons.md is normative.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from neurochip.elements.constants import LONGEST_PERIOD, MOST_TAKEN
from neurochip.elements.cost import HardwareCost
from neurochip.elements.element import try_step
from neurochip.elements.neurons.f_i_curve import Currents, measured_currents
from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel

__all__ = [
    "MOST_VARIABLES",
    "SpikingNeuron",
    "check_neuron",
    "neuron_fault",
]

Start = Literal["together", "spread"]
Readout = Literal["spikes", "integrator"]

MOST_VARIABLES = 4  # of a membrane

# Σ w q + b, its scale and offset.
NET_COST = HardwareCost(additions=2, multiplications=1)
# v ← keep · v + step · q.
VALUE_COST = HardwareCost(additions=1, multiplications=1).keeping(1)
# x + 2β(y − v); y is one more word.
NUDGE_COST = HardwareCost(additions=2, multiplications=1, state_words_read=1, state_words_kept=1)


@dataclass(frozen=True, kw_only=True)
class SpikingNeuron:
    """A kind of neurons that fire: subclass it, as a frozen dataclass, to make one.

    Fields that a subclass adds are constants of its membrane and keys of ``[neuron]``: `float`, `int`, `bool`, `str` or
    `Literal`. Those of this class hold for every kind; a subclass may give them other defaults.

    Parameters
    ----------
    period
        Ticks from spike to spike of a neuron whose value is 1, at most 1000.
    filter
        Time constant, in ticks, of the low-pass filter that makes a value of spikes: longer is smoother, and slower.
    start
        Inputs begin to present ``"together"``, in the first tick, or ``"spread"`` over the first ``period`` ticks, so
        that they don't fire in volleys.
    readout
        Neurons of the output population fire, or are leaky ``"integrator"``s that have no threshold and send nothing.

    Attributes
    ----------
    kind
        The name in run files, the same as that of the entry point.
    state
        Names of the membrane's variables, 1 to 4.
    hardware
        What one step of the membrane costs.
    step
        One tick: ``(current, *state, *constants) → (whether it fires, *state)``, all scalars of T, the format of the
        state.

    Raises
    ------
    ConfigError
        For a field that cannot be; `check` of a subclass says so of its own.
    """

    period: float = 6.0
    filter: float = 100.0
    start: Start = "spread"
    readout: Readout = "spikes"
    kind: ClassVar[str]
    state: ClassVar[tuple[str, ...]]
    hardware: ClassVar[HardwareCost]
    step: ClassVar[Kernel[..., object]]

    def __post_init__(self) -> None:
        """Check the fields of this class, then what `check` says."""
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(field.name, f"must be finite, got {value}")
        if not 1 <= self.period <= LONGEST_PERIOD:
            raise ConfigError("period", f"must be 1 to {LONGEST_PERIOD} ticks, got {self.period:g}")
        if not self.filter > 0:
            raise ConfigError("filter", f"must be > 0 ticks, got {self.filter:g}")
        for name, among in (("start", Start), ("readout", Readout)):
            if getattr(self, name) not in get_args(among):
                known = " or ".join(f'"{word}"' for word in get_args(among))
                raise ConfigError(name, f"must be {known}, got {getattr(self, name)!r}")
        self.check()

    def check(self) -> None:
        """Refuse constants of the membrane that cannot be."""

    @property
    def constants(self) -> tuple[float, ...]:
        """What the step takes after its state: the fields that a subclass adds, as far as they are numbers."""
        common = {field.name for field in dataclasses.fields(SpikingNeuron)}
        own = [getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in common]
        return tuple(float(value) for value in own if isinstance(value, int | float))

    @property
    def rest(self) -> tuple[float, ...]:
        """Variables of the membrane at the beginning of a presentation."""
        return (0.0,) * len(self.state)

    @property
    def currents(self) -> Currents:
        """The current at which it begins to fire, and how much more makes it fire once in ``period`` ticks.

        They are measured by letting the step run, unless a subclass knows better.
        """
        return measured_currents(self)

    @property
    def first_bias(self) -> float:
        """The bias of a network that has learned nothing."""
        return 0.0

    @property
    def parts(self) -> dict[str, tuple[str, HardwareCost]]:
        """Role → (name, cost per neuron and tick), as for the neurons that settle; inputs have no net input."""
        return {
            "encoder": (self.kind, self.hardware + VALUE_COST),
            "neuron": ("net input", NET_COST),
            "nudge": ("current", NUDGE_COST),
        }

    @property
    def state_words(self) -> int:
        """Words of state that a neuron keeps."""
        return sum(cost.state_words_kept for _, cost in self.parts.values())

    @property
    def trace_hardware(self) -> HardwareCost:
        """What it costs a receiving core to make the same value of the spikes of one axon."""
        return VALUE_COST


def neuron_fault(cls: object) -> str | None:
    """Return what keeps a class from being a kind of neurons, as the end of a sentence; `None` if nothing does."""
    if not (isinstance(cls, type) and issubclass(cls, SpikingNeuron)):
        return f"must be a subclass of neurochip.SpikingNeuron, not {cls!r}"
    state = getattr(cls, "state", None)
    if not (isinstance(state, tuple) and 1 <= len(state) <= MOST_VARIABLES):
        return f"must have a class attribute state, 1 to {MOST_VARIABLES} names; {cls.__name__} has {state!r}"
    return None


@functools.cache
def check_neuron(neuron: SpikingNeuron, dtype: np.dtype[np.floating], place: str) -> None:
    """Raise `ConfigError` at ``place`` if the step of a neuron can't be compiled or run, or nothing makes it fire."""
    name, constants = type(neuron).__name__, tuple(dtype.type(value) for value in neuron.constants)
    if len(constants) > MOST_TAKEN:
        raise ConfigError(
            place,
            f"{name} has {len(constants)} constants, and {MOST_TAKEN} are the most that a neuron may have; work some "
            "of them out beforehand and give them as `constants`",
        )
    if len(neuron.rest) != len(neuron.state):
        raise ConfigError(place, f"the rest of {name} must be {len(neuron.state)} numbers, one per variable")
    given = dtype.type(0), *(dtype.type(value) for value in neuron.rest), *constants
    wanted = f"({', '.join(('fires', *neuron.state))})"
    why = "neurochip.testing.NeuronContract"
    try_step(neuron, given, dtype, place, words=1 + len(neuron.state), wanted=wanted, why=why)
    try:
        _ = neuron.currents
    except ConfigError as error:
        raise error.within(place) from None
