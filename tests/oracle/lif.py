"""Integrate-and-fire neurons on cores, in plain Python: one spike, one packet, one weight and one link at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

Matrix = list[list[float]]
Synapses = list[list[float | None]]
Link = tuple[tuple[int, int], tuple[int, int]]


@dataclass
class LIFNeuron:
    """v <- leak v + input, and a spike above the threshold; after a spike it stands still for a while."""

    threshold: float
    leak: float
    subtracts: bool = False
    reset_value: float = 0.0
    refractory: int = 0
    resolution: float = 0.0
    v: float = 0.0
    still: int = 0

    def at_rest(self) -> bool:
        """Return whether nothing would change without input."""
        return self.v == 0.0 and self.still == 0

    def tick(self, received: float) -> int:
        """Advance by one tick; return the spike."""
        if self.still:
            self.still -= 1
            return 0
        self.v *= self.leak
        if self.resolution:
            self.v = int(self.v / self.resolution) * self.resolution
        self.v += received
        if self.v <= self.threshold:
            return 0
        self.v = self.v - self.threshold if self.subtracts else self.reset_value
        self.still = self.refractory
        return 1


@dataclass
class TickEvents:
    """What happened in one tick."""

    sent: int = 0
    packets: int = 0
    taken_in: int = 0
    ew: int = 0
    ns: int = 0
    sops: int = 0
    updates: int = 0
    idle: int = 0
    made: int = 0  # packets as they leave their core
    address_bits: int = 0  # of those
    address_bits_received: int = 0
    address_bit_hops: int = 0


@dataclass
class LIFChip:
    """Layers of neurons; ``cores`` by layer and unit, ``positions`` of cores on the mesh.

    ``links`` maps (source layer, target layer) to weights [pre][post], `None` where there is no synapse. ``word`` is
    what a packet to a core has in bits. With ``recorded`` spikes [layer][tick][unit] no neuron is run.
    """

    sizes: list[int]
    links: dict[tuple[int, int], Synapses]
    cores: list[list[int]]
    positions: dict[int, tuple[int, int]]
    multicast: bool
    word: dict[int, int]
    neurons: list[list[LIFNeuron]] | None = None
    events: list[TickEvents] = field(default_factory=list)
    sops_of: Counter[tuple[int, int]] = field(default_factory=Counter)  # by (core, layer)

    def run(self, rasters: list[list[list[int]]]) -> list[list[list[int]]]:
        """Return all spikes [layer][tick][unit]; those of layer 0 are given, all are without neurons."""
        spikes: list[list[list[int]]] = [[] for _ in self.sizes]
        pending = self._silence()
        reached = self._nobody()
        for t, now in enumerate(rasters[0]):
            tick = TickEvents()
            fired = [list(now)]
            for k in range(1, len(self.sizes)):
                if self.neurons is None:
                    fired.append(list(rasters[k][t]))
                    continue
                layer = []
                for j, neuron in enumerate(self.neurons[k]):
                    tick.updates += 1
                    tick.idle += neuron.at_rest() and not reached[k][j]
                    layer.append(neuron.tick(pending[k][j]))
                fired.append(layer)
            pending = self._silence()
            reached = self._nobody()
            for k, layer in enumerate(fired):
                spikes[k].append(layer)
                for i, bit in enumerate(layer):
                    if bit:
                        self._send(k, i, tick, pending, reached)
            self.events.append(tick)
        return spikes

    def _silence(self) -> Matrix:
        return [[0.0] * size for size in self.sizes]

    def _nobody(self) -> list[list[bool]]:
        return [[False] * size for size in self.sizes]

    def _send(self, k: int, i: int, tick: TickEvents, pending: Matrix, reached: list[list[bool]]) -> None:
        tick.sent += 1
        targets = [b for a, b in self.links if a == k]
        receivers = {
            self.cores[b][j]
            for b in targets
            for j, weight in enumerate(self.links[k, b][i])
            if weight is not None
        }
        tree: set[Link] = set()
        longest = 0
        for core in receivers:
            route = self._route(self.cores[k][i], core)
            tick.packets += 1
            longest = max(longest, self.word[core])
            if self.multicast:
                tree.update(route)
            else:
                self._cross(route, tick)
                tick.address_bit_hops += self.word[core] * len(route)
            tick.taken_in += 1
            for b in targets:
                for j in range(self.sizes[b]):
                    weight = self.links[k, b][i][j]
                    if self.cores[b][j] == core and weight is not None:
                        pending[b][j] += weight
                        reached[b][j] = True
                        tick.sops += 1
                        self.sops_of[core, b] += 1
        if not self.multicast:
            tick.made += len(receivers)
            tick.address_bits += sum(self.word[core] for core in receivers)
            tick.address_bits_received += sum(self.word[core] for core in receivers)
        elif receivers:
            tick.made += 1
            tick.address_bits += longest
            tick.address_bits_received += longest * len(receivers)
        if self.multicast:
            self._cross(list(tree), tick)
            tick.address_bit_hops += longest * len(tree)

    def _route(self, sender: int, receiver: int) -> list[Link]:
        """Walk east or west first, then north or south."""
        (x, y), (x1, y1) = self.positions[sender], self.positions[receiver]
        links = []
        while (x, y) != (x1, y1):
            after = (x + (1 if x1 > x else -1), y) if x != x1 else (x, y + (1 if y1 > y else -1))
            links.append(((x, y), after))
            x, y = after
        return links

    def _cross(self, links: list[Link], tick: TickEvents) -> None:
        for (x0, _), (x1, _) in links:
            if x0 != x1:
                tick.ew += 1
            else:
                tick.ns += 1
