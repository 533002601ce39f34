"""The slow graph: neurons that give one another nothing but bits, along synapses that are listed one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.oracle.neuron import ClampedNeuron, Coding, Dendrite, Neuron

Synapse = tuple[int, int, float]  # unit that sends, unit that receives, weight


def no_draw(tick: int) -> float:
    """Stand in for random numbers where no encoder draws any."""
    raise LookupError("a stochastic encoder needs uniform numbers")


@dataclass(frozen=True)
class Way:
    """What leads from one population to another."""

    source: int
    target: int
    synapses: list[Synapse]
    delay: int = 1


class SlowGraph:
    """Populations of neurons that settle, and ways between them, for one sample.

    Parameters
    ----------
    biases : list over populations; None: an input
    ways : list
    outputs : populations that targets pull
    """

    def __init__(
        self,
        sizes: list[int],
        biases: list[list[float] | None],
        ways: list[Way],
        outputs: list[int],
        coding: Coding,
        uniform: Callable[[int], float] = no_draw,
    ) -> None:
        self.sizes, self.ways, self.outputs = sizes, ways, outputs
        self.biases, self.coding, self.uniform = biases, coding, uniform

    def begin(self, x: list[float]) -> None:
        """Present a sample; the inputs share it between them, in order."""
        left = list(x)
        self.neurons: list[list[ClampedNeuron | Neuron]] = []
        self.met: dict[tuple[int, int, int], int] = {}  # way, sending unit, receiving unit → operations
        for p, (size, biases) in enumerate(zip(self.sizes, self.biases, strict=True)):
            if biases is None:
                held = [left.pop(0) for _ in range(size)]
                self.neurons.append(
                    [ClampedNeuron(p, u, held[u], self.coding, self.uniform) for u in range(size)]
                )
                continue
            # A dendrite per way: its source is the way, for the bits of two ways may be of different ticks.
            self.neurons.append(
                [
                    Neuron(
                        p,
                        u,
                        biases[u],
                        [
                            Dendrite(k, [w for _, j, w in way.synapses if j == u])
                            for k, way in enumerate(self.ways)
                            if way.target == p
                        ],
                        self.coding,
                        self.uniform,
                    )
                    for u in range(size)
                ]
            )
        self.history: list[list[list[int]]] = []  # of each tick, population, unit
        self.states: list[list[list[float]]] = []
        self.operations = [0] * len(self.ways)

    def run(self, ticks: int, beta: float = 0.0, y: list[float] | None = None) -> None:
        """Go on; ``y`` are the targets of all outputs, side by side."""
        for _ in range(ticks):
            targets = list(y or [])
            arrived: list[list[list[int]]] = []  # of each way, of each unit that receives, its synapses' bits
            for way in self.ways:
                past = len(self.history) - way.delay
                bits = self.history[past][way.source] if past >= 0 else [0] * self.sizes[way.source]
                arrived.append(
                    [[bits[i] for i, j, _ in way.synapses if j == u] for u in range(self.sizes[way.target])]
                )
            for p, neurons in enumerate(self.neurons):
                for u, neuron in enumerate(neurons):
                    if isinstance(neuron, ClampedNeuron):
                        continue
                    nudge = None
                    if p in self.outputs and y is not None:
                        nudge = (beta, targets.pop(0))
                    mine = {k: arrived[k][u] for k, way in enumerate(self.ways) if way.target == p}
                    for k, bits in mine.items():
                        self.operations[k] += sum(bits)
                    neuron.update(mine, nudge)
            self.history.append([[n.fire() for n in neurons] for neurons in self.neurons])
            self.states.append([[n.state for n in neurons] for neurons in self.neurons])
