"""What the cells of a die draw from its supply while it settles, as charge in units of C V₀."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.batch import Batch
from neurochip.analog.circuit import Circuit
from neurochip.analog.step import HARD_SIGMOID
from neurochip.description.die.cell_library import CellLibrary
from neurochip.errors import CapabilityError

__all__ = ["Draw", "check_counted", "synapse_currents"]

Array = NDArray[np.floating]


def check_counted(cells: str | None, rest: tuple[float, ...]) -> None:
    """Refuse cells for neurons with several states, of which ``rest`` has the first values."""
    if cells is not None and len(rest) > 1:
        raise CapabilityError(
            "analog.cells",
            "counts what one capacitor and one leak of a neuron draw, and analog.vector_field names "
            f"{len(rest)} states for each; leave analog.cells out",
        )


def synapse_currents(circuit: Circuit) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Return what synapses carry at most, in full-scale currents, by who sends it.

    That of biases, of every clamped input and of every neuron: Σ_i |W_ij|, times the tail of a neuron that has one
    (its ``saturation`` bounds the voltage of a hard-sigmoid, but is the current of a pair).
    """
    n = int(circuit.starts[-1])
    from_inputs, from_neurons = np.zeros(circuit.network.sizes[0]), np.zeros(n)
    for k, projection in enumerate(circuit.network.projections):
        sums = np.abs(circuit.weights[k]).sum(axis=1, dtype=np.float64)
        if projection.source == 0:
            from_inputs += sums
        else:
            first = int(circuit.starts[projection.source - 1])
            from_neurons[first : first + sums.size] += sums
    return float(np.abs(circuit.neurons.bias).sum(dtype=np.float64)), from_inputs, from_neurons


class Draw:
    """Charge of one phase: a pair draws its tail all the time, a mirror what it carries.

    Parameters
    ----------
    cells
        What synapses are.
    batch, inputs
        The circuit as the phase begins, and what is presented, T[sample, unit].
    leak
        Current of the tail of a leak, in full-scale currents.
    """

    def __init__(self, cells: CellLibrary, batch: Batch, inputs: Array, leak: float = 1.0) -> None:
        self._batch, self._carries, self._leak = batch, cells.cells["synapse"].kind == "mirror", leak
        bias, from_inputs, from_neurons = synapse_currents(batch.circuit)
        if self._carries:
            self._still = len(batch) * bias + float((inputs @ from_inputs).sum())
            self._moving, self._carried = from_neurons, 0.0
            self._before = self._now()
        else:
            if batch.circuit.kind != HARD_SIGMOID:  # what a neuron sends has a tail of its own
                from_neurons = from_neurons * batch.circuit.neurons.saturation
            self._still = len(batch) * (bias + float(from_inputs.sum()) + float(from_neurons.sum()))

    def _now(self) -> float:
        return float((np.abs(self._batch.activity) @ self._moving).sum())

    def watch(self, after: Callable[[int], None] | None) -> Callable[[int], None] | None:
        """Return what has to be called after every step: this, and ``after``."""
        if not self._carries:
            return after

        def step(tick: int) -> None:
            now = self._now()
            self._carried += (self._before + now) / 2
            self._before = now
            if after is not None:
                after(tick)

        return step

    @property
    def needs_steps(self) -> bool:
        """Whether every step has to be looked at."""
        return self._carries

    def charge(self, ticks: int, step: float) -> tuple[float, float]:
        """Return what synapses and leaks drew in ``ticks`` of all samples together, each of ``step`` time constants."""
        batch = self._batch
        if not len(batch):
            return 0.0, 0.0
        synapses = self._still / len(batch) * ticks * step
        if self._carries:
            synapses += self._carried * step
        return synapses, ticks * step * self._leak * batch.circuit.leaks
