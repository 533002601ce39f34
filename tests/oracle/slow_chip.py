"""The slow chip: cores that hold neurons and give one another nothing but bits, one sample after the other."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass
from functools import partial

from tests.oracle.events import Mesh, PhaseEvents
from tests.oracle.neuron import ClampedNeuron, Coding, Dendrite, Neuron, Uniform

Matrix = list[list[float]]
Address = tuple[int, int]


def no_uniform(sample: int, neuron: int, tick: int) -> float:
    """Stand in for random numbers where no encoder draws any."""
    raise LookupError("a stochastic encoder needs uniform numbers")


@dataclass(frozen=True)
class Placement:
    """The core of each neuron (by layer, then unit), and where each core stands on the mesh."""

    cores: list[list[int]]
    positions: dict[int, tuple[int, int]]

    @staticmethod
    def one_core_per_layer(sizes: list[int]) -> Placement:
        """Put layer k on core k, at (k, 0)."""
        layers = range(len(sizes))
        return Placement([[k] * sizes[k] for k in layers], {k: (k, 0) for k in layers})


class Mailbox:
    """Where the bits for one core arrive between two ticks; an axon that is not there takes none."""

    def __init__(self, sizes: list[int], axons: set[Address]) -> None:
        self.sizes = sizes
        self.axons = axons
        self.arrived: set[Address] = set()

    def put(self, address: Address) -> None:
        """Set the bit of one axon."""
        if address not in self.axons or address in self.arrived:
            raise LookupError(f"core has no free axon for {address}")
        self.arrived.add(address)

    def take(self) -> dict[int, list[int]]:
        """Empty the mailbox: by source layer, one bit per unit."""
        arrived, self.arrived = self.arrived, set()
        return {
            layer: [1 if (layer, unit) in arrived else 0 for unit in range(size)]
            for layer, size in enumerate(self.sizes)
        }


class Core:
    """Some neurons, the mailbox in front of them, and the bits that came through each axon (for traces)."""

    def __init__(self, index: int, mailbox: Mailbox) -> None:
        self.index = index
        self.mailbox = mailbox
        self.clamped: list[ClampedNeuron] = []
        self.neurons: list[Neuron] = []
        self.received: dict[Address, list[int]] = {axon: [] for axon in sorted(mailbox.axons)}

    def everybody(self) -> list[ClampedNeuron | Neuron]:
        """Return clamped neurons, then the others."""
        return [*self.clamped, *self.neurons]

    def tick(self, beta: float, targets: list[float] | None, output_layer: int) -> list[Address]:
        """Advance every neuron by one tick, from the mailbox alone; return the addresses that fired."""
        bits = self.mailbox.take()
        for (layer, unit), history in self.received.items():
            history.append(bits[layer][unit])
        for neuron in self.neurons:
            nudge = None
            if targets is not None and neuron.layer == output_layer:
                nudge = (beta, targets[neuron.unit])
            neuron.update(bits, nudge)
        return [(neuron.layer, neuron.unit) for neuron in self.everybody() if neuron.fire()]


class SlowChip:
    """A layered network [n0, n1, ...] on cores; layer 0 is clamped to the sample.

    Parameters
    ----------
    weights : list over projections, [pre][post]
        From layer k to k + 1.
    biases : list over layers 1, 2, ...
    coding : Coding
    feedback : list over projections 1, 2, ..., [post][pre], optional
        From layer k + 1 back to layer k >= 1; None: the transpose of the forward weights (tied).
    scales, feedback_scales : list of float, optional
        What the sum of weights of each projection is multiplied with (integer weights).
    placement : Placement, optional
    uniform : callable (sample, neuron, tick) -> number in [0, 1)
        ``neuron`` counts through all layers, the input first; the first tick is 1.
    """

    def __init__(
        self,
        weights: list[Matrix],
        biases: list[list[float]],
        coding: Coding,
        *,
        feedback: list[Matrix] | None = None,
        scales: list[float] | None = None,
        feedback_scales: list[float] | None = None,
        placement: Placement | None = None,
        uniform: Uniform = no_uniform,
    ) -> None:
        self.sizes = [len(weights[0]), *(len(b) for b in biases)]
        self.weights, self.biases, self.coding, self.uniform = weights, biases, coding, uniform
        self.feedback = feedback if feedback is not None else [transpose(w) for w in weights[1:]]
        self.scales = scales if scales is not None else [1.0] * len(weights)
        default = self.scales[1:] if feedback is None else [1.0] * len(self.feedback)
        self.feedback_scales = feedback_scales if feedback_scales is not None else default
        self.placement = placement if placement is not None else Placement.one_core_per_layer(self.sizes)
        self.mesh = Mesh(self.placement.positions)
        self.counters: dict[str, PhaseEvents] = {}
        self.destinations = {
            (layer, unit): self._destinations_of(layer)
            for layer, size in enumerate(self.sizes)
            for unit in range(size)
        }
        self.symbols_between = Counter(
            (self.placement.cores[layer][unit], core)
            for (layer, unit), cores in self.destinations.items()
            for core in cores
        )

    def begin(self, x: list[float], sample: int = 0) -> None:
        """Present one sample, with everything at rest: no state, clock or bit of an earlier one is left."""
        last = len(self.sizes) - 1
        self.tick_number = 0
        self.in_flight: list[Address] = []
        self.phases_seen: set[str] = set()
        self.spikes: list[list[list[int]]] = [[] for _ in self.sizes]
        self.states: list[list[list[float]]] = [[] for _ in self.sizes]
        self.epsilons: list[list[list[float]]] = [[] for _ in self.sizes]
        self.cores: dict[int, Core] = {}
        for core in self.placement.positions:
            axons = {address for address, cores in self.destinations.items() if core in cores}
            self.cores[core] = Core(core, Mailbox(self.sizes, axons))
        number = 0
        for layer, size in enumerate(self.sizes):
            for unit in range(size):
                core_of = self.cores[self.placement.cores[layer][unit]]
                uniform = partial(self.uniform, sample, number)
                number += 1
                if layer == 0:
                    core_of.clamped.append(ClampedNeuron(0, unit, x[unit], self.coding, uniform))
                    continue
                below = [row[unit] for row in self.weights[layer - 1]]
                dendrites = [Dendrite(layer - 1, below, self.scales[layer - 1])]
                if layer < last:
                    above = [row[unit] for row in self.feedback[layer - 1]]
                    dendrites.append(Dendrite(layer + 1, above, self.feedback_scales[layer - 1]))
                bias = self.biases[layer - 1][unit]
                core_of.neurons.append(Neuron(layer, unit, bias, dendrites, self.coding, uniform))

    def run(self, phase: str, ticks: int, *, beta: float = 0.0, y: list[float] | None = None) -> None:
        """Go on for some ticks; ``y`` nudges the output layer with strength ``beta``."""
        events = self.counters.setdefault(phase, PhaseEvents())
        if phase not in self.phases_seen:
            self.phases_seen.add(phase)
            events.presentations += 1
        for _ in range(ticks):
            self._tick(events, beta, y)
        events.in_flight += len(self.in_flight)
        for address in self.in_flight:
            events.packets_in_flight.update(self._pairs(address))

    def snapshot(self) -> object:
        """Return all that the network is in at this moment (the counters apart)."""
        return copy.deepcopy((self.cores, self.in_flight, self.tick_number))

    def restore(self, snapshot: object) -> None:
        """Go back to a snapshot; what was counted and recorded since stays."""
        self.cores, self.in_flight, self.tick_number = copy.deepcopy(snapshot)  # type: ignore[misc]

    def _tick(self, events: PhaseEvents, beta: float, y: list[float] | None) -> None:
        self.tick_number += 1
        events.ticks += 1
        for address in self.in_flight:
            events.spikes_delivered += 1
            for destination in self.destinations[address]:
                self.cores[destination].mailbox.put(address)
            events.packets_delivered.update(self._pairs(address))
        self.in_flight = []
        for core in self.cores.values():
            fired = core.tick(beta, y, len(self.sizes) - 1)
            self.in_flight += fired
            events.spikes_sent.update(fired)
            events.core_spikes_sent[core.index] += len(fired)
            for address in fired:
                events.packets.update(self._pairs(address))
        for pair, symbols in self.symbols_between.items():
            events.frames[pair] += 1
            events.symbols_routed[pair] += symbols
        self._count_updates(events)
        self._record()

    def _count_updates(self, events: PhaseEvents) -> None:
        for core in self.cores.values():
            events.core_updates[core.index] += len(core.neurons)
            for clamped in core.clamped:
                events.clamped_updates[clamped.layer] += 1
            for neuron in core.neurons:
                events.updates[neuron.layer] += 1
                for dendrite in neuron.dendrites:
                    events.sops[neuron.layer] += dendrite.operations
                    events.core_sops[core.index] += dendrite.operations
                    dendrite.operations = 0

    def _record(self) -> None:
        fired = set(self.in_flight)
        everybody: dict[Address, ClampedNeuron | Neuron] = {}
        for core in self.cores.values():
            everybody.update({(n.layer, n.unit): n for n in core.everybody()})
        for layer, size in enumerate(self.sizes):
            row = [everybody[layer, unit] for unit in range(size)]
            self.spikes[layer].append([1 if (layer, unit) in fired else 0 for unit in range(size)])
            self.states[layer].append([neuron.state for neuron in row])
            self.epsilons[layer].append([n.epsilon if isinstance(n, Neuron) else 0.0 for n in row])

    def _destinations_of(self, layer: int) -> list[int]:
        """Return the cores that hold a neuron which this layer projects to (the input receives nothing)."""
        neighbours = [k for k in (layer - 1, layer + 1) if 1 <= k < len(self.sizes)]
        return sorted({core for k in neighbours for core in self.placement.cores[k]})

    def _pairs(self, address: Address) -> list[tuple[int, int]]:
        layer, unit = address
        source = self.placement.cores[layer][unit]
        return [(source, destination) for destination in self.destinations[address]]


def transpose(matrix: Matrix) -> Matrix:
    """Return [post][pre] from [pre][post]."""
    return [list(column) for column in zip(*matrix, strict=True)]
