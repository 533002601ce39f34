"""Neurons that settle in integers, as a substrate takes them (docs/fixed-point.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.cell import Role, Settling, Tracer
from neurochip.elements import Constant
from neurochip.elements.annealers.shift import Shift
from neurochip.elements.integers import columns
from neurochip.elements.integers.decoder import trace
from neurochip.elements.integers.formats import EPSILON_BITS, FixedPoint
from neurochip.elements.integers.settling import NUDGE_BITS, integer_inputs, integer_settling
from neurochip.elements.neurons.neuron import Dynamics

__all__ = ["IntegerSettling"]


@dataclass(frozen=True)
class IntegerSettling(Settling):
    """Neurons of equilibrium propagation that compute in integers alone.

    Parameters
    ----------
    coding
        Encoder, decoder and annealer.
    numbers
        Their formats.
    core_slots, slots
        First slot, and slot after the last, of each core; slots of the network.
    """

    numbers: FixedPoint
    core_slots: Sequence[tuple[int, int]]
    slots: int
    value: ClassVar[int] = columns.VALUE

    @property
    def variables(self) -> int:
        """Room for OSA's four words whether or not it is there, and for counting what met its limit."""
        return columns.VARIABLES

    @property
    def tracer(self) -> Tracer | None:
        """What their decoder makes of the bits, in integers."""
        return Tracer(trace, ("integers",))

    def dynamics(self, role: Role, dtype: np.dtype[np.number]) -> Dynamics | None:
        """Return neurons, or inputs that hold a value; see `Cell`."""
        at = self.numbers.sum_fraction
        if role == "updated":
            return integer_settling(self.numbers, at, list(self.core_slots), self.slots)
        return integer_inputs(self.numbers, at) if role == "held" else None

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Return the shift of each tick: of the step, or for OSA of ν_t, about 1/t down to ν̄."""
        annealer = self.coding.annealer
        if isinstance(annealer, Shift):
            shifts = annealer.shifts(first, ticks)
        elif isinstance(annealer, Constant):
            shifts = np.full(ticks, self.numbers.forgetting)
        else:
            shifts = np.array([_nearest_shift(t) for t in range(first, first + ticks)])
        return np.minimum(shifts, self.numbers.forgetting).astype(np.float64)[:, None]

    def present(self, inputs: NDArray[np.number]) -> NDArray[np.number]:
        """An input holds its value, rounded to nearest."""
        return np.rint(np.ldexp(np.asarray(inputs, np.float64), self.numbers.state.fraction))

    def nudge(self, beta: float) -> float:
        """Return 2β in units of 2^−8."""
        return float(np.ldexp(2.0 * beta, NUDGE_BITS))

    def unit(self, what: str) -> float:
        """Return the value of an integer of 1: of a ``value``, a ``trace``, or a ``step``."""
        fractions = {
            "value": self.numbers.state.fraction,
            "trace": self.numbers.trace.fraction,
            "step": EPSILON_BITS,
        }
        return 2.0 ** -fractions[what]


def _nearest_shift(tick: int) -> int:
    """Return ⌊log₂ t + ½⌋ without rounding: the next power of two from √2 of the last one on."""
    low = tick.bit_length() - 1
    return low + int(tick * tick >= 2 << (2 * low))
