"""The slow graph whose populations have neurons of different kinds, in plain Python from docs/neurons.md.

A spike stands for what its sender makes of it: 1 of a neuron that settles, its period of one that fires. What a neuron
does with the sum is its own matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from tests.oracle.neuron import ClampedNeuron, Coding, Neuron
from tests.oracle.slow_graph import Way
from tests.oracle.two_compartment import SlowCell

Nudge = tuple[float, float] | None  # β and the target


class SlowNeuron(Protocol):
    """One neuron, or one input."""

    worth: float  # what one of its spikes stands for

    @property
    def value(self) -> float: ...

    def take(self, u: float, nudge: Nudge) -> None: ...

    def fire(self) -> int: ...


class Settles:
    """A neuron that settles."""

    worth = 1.0

    def __init__(self, number: int, bias: float, coding: Coding, uniform: Callable[[int], float]) -> None:
        self.neuron = Neuron(0, number, bias, [], coding, uniform)

    @property
    def value(self) -> float:
        """Return s."""
        return self.neuron.state

    def take(self, u: float, nudge: Nudge) -> None:
        """Settle a little further."""
        self.neuron.settle(u, nudge)

    def fire(self) -> int:
        """Return the bit."""
        return self.neuron.fire()


class Holds:
    """An input of neurons that settle."""

    worth = 1.0

    def __init__(self, x: float, coding: Coding, uniform: Callable[[int], float]) -> None:
        self.neuron, self.value = ClampedNeuron(0, 0, x, coding, uniform), x

    def take(self, u: float, nudge: Nudge) -> None:
        """It takes nothing in."""

    def fire(self) -> int:
        """Return the bit."""
        return self.neuron.fire()


class Fires:
    """A neuron that integrates and fires, or an input of that kind (``x`` given), or a read-out that never does."""

    def __init__(
        self,
        membrane: Any,
        currents: tuple[float, float],
        period: float,
        filter: float,
        *,
        bias: float = 0.0,
        x: float | None = None,
        begins: float = 0.0,
        integrates: bool = False,
    ) -> None:
        self.membrane, (self.threshold, self.slope) = membrane, currents
        self.worth, self.keep, self.bias = period, math.exp(-1 / filter), bias
        self.x, self.begins, self.integrates = x, begins, integrates
        self.value, self.current, self.tick = 0.0, 0.0, 0

    def take(self, u: float, nudge: Nudge) -> None:
        """Work out the current."""
        self.tick += 1
        if self.x is not None:
            on = self.x > 0 and self.tick > self.worth * self.begins
            self.current = self.threshold + self.slope * self.x if on else 0.0
            return
        net = u + self.bias
        if nudge is not None:
            net += 2 * nudge[0] * (nudge[1] - self.value)
        self.current = self.threshold + self.slope * net
        if self.integrates:
            self.value = min(max(self.keep * self.value + (1 - self.keep) * net, 0.0), 1.0)

    def fire(self) -> int:
        """Let the membrane take it up."""
        if self.integrates:
            return 0
        q: int = self.membrane.step(self.current)
        self.value = self.keep * self.value + (1 - self.keep) * self.worth * q
        return q


class Soma:
    """A two-compartment neuron, or an input of that kind (``drive`` given)."""

    def __init__(self, cell: SlowCell, *, bias: float = 0.0, drive: float | None = None, target: Any) -> None:
        self.cell, self.bias, self.drive, self.drive_at = cell, bias, drive, target
        self.worth, self.current, self.v, self.tick = cell.period, 0.0, 0.0, 0
        self.keep = math.exp(-1 / cell.tau_s)

    @property
    def value(self) -> float:
        """Return r."""
        return self.cell.r

    def take(self, u: float, nudge: Nudge) -> None:
        """Let the synaptic filter take in what came, and the soma be pulled."""
        self.tick += 1
        arrived = self.tick > 1  # what the neuron sent that fires in every tick, and counts 1 / period
        biased = (1 - self.keep) * self.bias if arrived else 0.0
        self.current = self.keep * self.current + (biased + (1 - self.keep) * u)
        self.v = self.current if self.drive is None else self.drive
        if nudge is not None and nudge[0]:
            beta, pull = nudge[0], self.drive_at(nudge[1])
            share = abs(beta) * pull / (abs(beta) * pull + self.v) if self.v > 0 else 1.0
            self.v += math.copysign(share, beta) * (pull - self.v)

    def fire(self) -> int:
        """Advance the soma and the filters."""
        self.cell.tick(self.v, 1 - math.exp(-1 / self.cell.tau_r))
        return self.cell.q


class SlowMixedGraph:
    """Populations of neurons and ways between them, for one sample."""

    def __init__(self, neurons: list[list[SlowNeuron]], ways: list[Way], outputs: list[int]) -> None:
        self.neurons, self.ways, self.outputs = neurons, ways, outputs
        self.worths = [population[0].worth for population in neurons]
        self.history: list[list[list[int]]] = []
        self.values: list[list[list[float]]] = []
        self.operations = 0

    def run(self, ticks: int, beta: float = 0.0, y: list[float] | None = None) -> None:
        """Go on; ``y`` are the targets of all outputs, side by side."""
        for _ in range(ticks):
            drives = [[0.0] * len(population) for population in self.neurons]
            for way in self.ways:
                past = len(self.history) - way.delay
                if past < 0:
                    continue
                bits, sums = self.history[past][way.source], [0.0] * len(self.neurons[way.target])
                for i, j, weight in way.synapses:
                    for _ in range(bits[i]):
                        sums[j] += weight
                        self.operations += 1
                for j, total in enumerate(sums):
                    drives[way.target][j] += self.worths[way.source] * total
            targets = list(y or [])
            for p, population in enumerate(self.neurons):
                for j, neuron in enumerate(population):
                    nudge = (beta, targets.pop(0)) if p in self.outputs and y is not None else None
                    neuron.take(drives[p][j], nudge)
            self.history.append([[neuron.fire() for neuron in population] for population in self.neurons])
            self.values.append([[neuron.value for neuron in population] for population in self.neurons])
