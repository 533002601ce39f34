"""The neurons of a network: a kind for each population, and what all of them together are to the loop over ticks.

Kinds share one seed, as a neuron is of one kind, and one array of numbers for each tick, in which the columns of one
kind follow those of another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.arrays import Neurons
from neurochip.cores.cell import Cell, Role, Tracer, cell_of
from neurochip.cores.integer_cell import IntegerSettling
from neurochip.cores.layout import Layout
from neurochip.cores.population import neurons_of
from neurochip.description.run_sections import CodingSpec
from neurochip.elements.neurons.neuron import Dynamics
from neurochip.elements.neurons.spiking import SpikingNeuron
from neurochip.elements.neurons.two_compartment import TwoCompartmentLIF
from neurochip.errors import CapabilityError, ConfigError
from neurochip.network import Network
from neurochip.substrate import Observable

__all__ = ["Cells", "Neuron", "cells_of"]

Neuron = CodingSpec | SpikingNeuron | TwoCompartmentLIF | Cell


class Cells:
    """The neurons of the populations of a network.

    Parameters
    ----------
    network
        Its populations and projections.
    of
        What stands in each population, in their order.

    Attributes
    ----------
    kinds
        Kind of each population, of those that `neurons` gives.
    shown
        Kind of each input when it is shown spikes; `None` for one that can only hold values, and for all others.
    """

    def __init__(self, network: Network, of: Sequence[Cell]) -> None:
        if len(of) != len(network.populations):
            raise ConfigError(
                "neuron", f"must be one for each of the {len(network.populations)} populations, got {len(of)}"
            )
        self._network, self.of = network, tuple(of)
        self._different: list[Cell] = []
        for cell in self.of:
            if cell not in self._different:
                self._different.append(cell)
        self._parts: list[tuple[Cell, Role]] = []  # kinds, in their order: what is updated first
        for clamped in (False, True):
            for k, population in enumerate(network.populations):
                if population.clamped == clamped:
                    self._number(self.of[k], self.of[k].role(population))
        self.kinds = tuple(
            self._number(cell, cell.role(population))
            for cell, population in zip(self.of, network.populations, strict=True)
        )
        self.shown: list[int | None] = [None] * len(self.of)

    def _number(self, cell: Cell, role: Role) -> int:
        """Return which kind neurons in a role are, a new one if there is none yet."""
        found = (cell, role)
        if found not in self._parts:
            self._parts.append(found)
        return self._parts.index(found)

    @property
    def is_mixed(self) -> bool:
        """Whether some population has other neurons than another."""
        return len(self._different) > 1

    @property
    def variables(self) -> int:
        """How many variables there is room for."""
        return max(cell.variables for cell in self._different)

    @property
    def values(self) -> NDArray[np.int64]:
        """Which variable is the value of a neuron, i64[population]."""
        return np.array([cell.value for cell in self.of], dtype=np.int64)

    @property
    def gains(self) -> NDArray[np.float64]:
        """What a weight of 1 brings when a spike arrives, f64[projection]: what that stands for, as far as taken up."""
        return np.array(
            [self.of[p.target].intake * self.of[p.source].period for p in self._network.projections]
        )

    @property
    def has_bias_axon(self) -> tuple[bool, ...]:
        """Whether a neuron that fires in every tick brings the biases of a population."""
        return tuple(cell.has_bias_axon for cell in self.of)

    @property
    def observables(self) -> frozenset[Observable]:
        """What can be observed of all of them, besides a trace."""
        return frozenset.intersection(*(cell.observables for cell in self._different))

    @property
    def records(self) -> tuple[str, ...]:
        """What can be recorded of some of them: of others it is 0."""
        return tuple(dict.fromkeys(name for cell in self._different for name in cell.records))

    def keeps_traces(self, traced: bool) -> bool:
        """Whether receivers keep traces where rules want some: not where the neurons themselves do the same."""
        return traced and self._tracer is not None

    @property
    def _tracer(self) -> Tracer | None:
        """What a core makes of the spikes of its axons."""
        found = {tracer if (tracer := cell.tracer) is None else tracer.settings for cell in self._different}
        if len(found) > 1:
            raise CapabilityError(
                "learning.trace",
                '"decoder" needs spikes that all mean the same, as a core has one circuit for its traces, and the '
                'populations of this network have different neurons; set it to "count"',
            )
        return self._different[0].tracer

    def traced_by_itself(self, population: int) -> bool:
        """Whether the value of its neurons is what a receiver would make of their spikes."""
        return self.of[population].tracer is None

    def neurons(self, dtype: np.dtype[np.number], slots: int, *, traced: bool) -> Neurons:
        """Return all kinds for the loop over ticks.

        Raises
        ------
        ConfigError
            For elements that do not work.
        """
        for k in self._network.inputs:
            if self.of[k].dynamics("shown", dtype) is not None:
                self.shown[k] = self._number(self.of[k], "shown")
        made = [_of(cell, role, dtype) for cell, role in self._parts]
        begins, width = [], [cell.schedule(1, 1).shape[1] for cell in self._different]
        for cell, _ in self._parts:
            begins.append(sum(width[: self._different.index(cell)]))
        biased = [
            -1 if cell.bias_column < 0 else begin + cell.bias_column
            for (cell, _), begin in zip(self._parts, begins, strict=True)
        ]
        tracer = self._tracer if traced else None
        return neurons_of(
            made,
            dtype,
            slots,
            trace=None if tracer is None else tracer.kernel,
            patterned=all(cell.patterned for cell in self._different),
            columns=begins,
            bias_columns=biased,
        )

    def seed(self, seed: int) -> np.uint64:
        """Return the seed of their random bits: that of the neurons of the first population."""
        return self.of[0].seed(seed)

    def schedule(self, first: int, ticks: int) -> NDArray[np.float64]:
        """Return the numbers of each tick, [tick, column], for a run that begins with tick ``first``."""
        return np.concatenate([cell.schedule(first, ticks) for cell in self._different], axis=1)

    def present(self, inputs: NDArray[np.number]) -> NDArray[np.number]:
        """Return what inputs hold for values in [0, 1], those of all inputs side by side."""
        return self._each(self._network.inputs, inputs, lambda cell, part: cell.present(part))

    def aim(self, targets: NDArray[np.number]) -> NDArray[np.number]:
        """Return what outputs are pulled to for targets in [0, 1], those of all outputs side by side."""
        return self._each(self._network.outputs, targets, lambda cell, part: cell.aim(part))

    def _each(
        self,
        populations: Sequence[int],
        values: NDArray[np.number],
        of: Callable[[Cell, NDArray[np.number]], NDArray[np.number]],
    ) -> NDArray[np.number]:
        if not self.is_mixed:
            changed: NDArray[np.number] = of(self.of[0], values)
            return changed
        edges = np.cumsum([self._network.sizes[k] for k in populations])
        parts = np.split(values, edges[:-1], axis=1)
        return np.concatenate(
            [of(self.of[k], part) for k, part in zip(populations, parts, strict=True)], axis=1
        )

    def nudges(self, beta: float) -> NDArray[np.float64]:
        """Return the factor of the pull, f64[population]; of those that nothing pulls, 0."""
        outputs = self._network.outputs
        return np.array([cell.nudge(beta) if k in outputs else 0.0 for k, cell in enumerate(self.of)])

    def unit(self, what: str) -> float:
        """Return the value of 1 in the format of a ``value``, ``trace`` or ``step``, one for all."""
        return self.of[0].unit(what)


def _of(cell: Cell, role: Role, dtype: np.dtype[np.number]) -> Dynamics:
    found = cell.dynamics(role, dtype)
    if found is None:
        raise CapabilityError("neuron", f"{type(cell).__name__} has no neurons that are {role}")
    return found


def cells_of(layout: Layout, neuron: Neuron | Sequence[Neuron]) -> Cells:
    """Return the neurons of each population; those that settle compute in integers where the chip does."""
    network, numbers = layout.image.network, layout.image.numbers
    each = list(neuron) if isinstance(neuron, Sequence) else [neuron] * len(network.populations)
    if numbers is None:
        return Cells(network, [cell_of(one) for one in each])
    found: list[Cell] = []
    for one in each:
        if not isinstance(one, CodingSpec):
            raise CapabilityError(
                "numbers", "are of cores that compute in integers alone, which hold neurons that settle"
            )
        found.append(IntegerSettling(one, numbers, layout.core_slots, layout.n_slots))
    return Cells(network, found)
