"""How fast a neuron fires under a constant current: measured by its own step, so that no kind needs a formula."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple, Protocol

from neurochip.errors import ConfigError
from neurochip.kernels._jit import Kernel

__all__ = ["Currents", "measured_currents", "spikes_under"]

_SETTLES = 30  # periods before spikes are counted: adaptation has its time
_COUNTED = 30  # periods in which they are
_LARGEST = 1e9  # a neuron that this current does not make fire never fires
_BISECTIONS = 40


class Membrane(Protocol):
    """A neuron, as far as its firing is concerned; see `SpikingNeuron`."""

    kind: ClassVar[str]
    step: ClassVar[Kernel[..., Any]]

    @property
    def period(self) -> float:
        """Ticks from spike to spike at a value of 1."""
        ...

    @property
    def constants(self) -> tuple[float, ...]:
        """What the step takes after its state."""
        ...

    @property
    def rest(self) -> tuple[float, ...]:
        """The state at the beginning."""
        ...


class Currents(NamedTuple):
    """What drives a neuron, in the unit of its current.

    Attributes
    ----------
    threshold
        The largest current that makes it fire less than once in `_SETTLES` + `_COUNTED` periods.
    slope
        How much more makes it fire once in ``period`` ticks: what a net input of 1 adds.
    """

    threshold: float
    slope: float


def spikes_under(neuron: Membrane, current: float, ticks: int, skip: int = 0) -> int:
    """Return the spikes of a neuron under a constant current, float64, from rest; those of the first ticks left out."""
    step = neuron.step
    state, constants, spikes = neuron.rest, neuron.constants, 0
    for tick in range(ticks):
        fires, *state = step(current, *state, *constants)
        spikes += bool(fires) and tick >= skip
    return spikes


@functools.cache
def measured_currents(neuron: Membrane) -> Currents:
    """Find both currents by bisection.

    Raises
    ------
    ConfigError
        For a neuron that fires without a current, that never fires, or that cannot fire once in ``period`` ticks.
    """
    skip = int(_SETTLES * neuron.period)
    ticks = skip + int(_COUNTED * neuron.period)

    def begins(current: float) -> bool:
        return spikes_under(neuron, current, ticks) > 0

    def reaches(current: float) -> bool:
        return spikes_under(neuron, current, ticks, skip) >= _COUNTED

    if begins(0.0):
        raise ConfigError(
            "kind", f'"{neuron.kind}" fires without a current; a neuron that learns has to be silent then'
        )
    threshold = _edge(begins, 0.0)
    if threshold is None:
        raise ConfigError("kind", f'"{neuron.kind}" never fires, whatever the current')
    full = _edge(reaches, threshold[0])
    if full is None:
        raise ConfigError(
            "period",
            f"{neuron.period:g} ticks are less than there are between two spikes of "
            f'"{neuron.kind}" under any current; make it longer',
        )
    return Currents(threshold[0], full[1] - threshold[0])


def _edge(holds: Callable[[float], bool], low: float) -> tuple[float, float] | None:
    """Return the last current without and the first with something that ``low`` lacks; `None` if there is none."""
    size = 1e-3
    while not holds(low + size):
        size *= 2
        if size > _LARGEST:
            return None
    bottom, top = low, low + size
    for _ in range(_BISECTIONS):
        middle = 0.5 * (bottom + top)
        if holds(middle):
            top = middle
        else:
            bottom = middle
    return bottom, top
