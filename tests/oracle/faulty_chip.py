"""The slow chip with faults: every packet is an object with a fate (docs/faults.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.events import PhaseEvents
from tests.oracle.slow_chip import Address, Mailbox, SlowChip

Tile = tuple[int, int]


def never(*_: int) -> bool:
    """Stand in for a fault that does not happen."""
    return False


@dataclass
class SlowFaults:
    """What is broken. Draws are functions of (sample, neuron, tick), those of packets also of the receiving core.

    Neurons count through all layers, the input first; cores are those of the placement.
    """

    dead: set[int] = field(default_factory=set)
    down: set[tuple[Tile, Tile]] = field(default_factory=set)
    stuck: dict[Address, int] = field(default_factory=dict)
    spurious: Callable[[int, int, int], bool] = never
    drops: Callable[[int, int, int, int], bool] = never
    delays: Callable[[int, int, int, int], bool] = never
    delay_ticks: int = 1


class FaultEvents(PhaseEvents):
    """What faults did in one phase, by sending core; packets under way at both ends of its runs."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: dict[str, Counter[int]] = {"link": Counter(), "dead": Counter(), "drop": Counter()}
        self.delayed: Counter[int] = Counter()
        self.spurious: Counter[int] = Counter()
        self.forced: Counter[int] = Counter()
        self.silenced: Counter[int] = Counter()
        self.started_in_flight: Counter[int] = Counter()
        self.ended_in_flight: Counter[int] = Counter()
        self.hops: Counter[tuple[int, str]] = Counter()
        self.taken: Counter[tuple[Address, int]] = Counter()  # by neuron that sent, and receiving core


class CountingMailbox(Mailbox):
    """Where packets of one axon may meet, one of them late."""

    def __init__(self, sizes: list[int], axons: set[Address]) -> None:
        super().__init__(sizes, axons)
        self.packets: Counter[Address] = Counter()

    def put(self, address: Address) -> None:
        """Take one more packet of an axon."""
        if address not in self.axons:
            raise LookupError(f"core has no axon for {address}")
        self.packets[address] += 1

    def take(self) -> dict[int, list[int]]:
        """Empty the mailbox: by source layer, packets per unit."""
        packets, self.packets = self.packets, Counter()
        return {
            layer: [packets[layer, unit] for unit in range(size)] for layer, size in enumerate(self.sizes)
        }


class FaultyChip(SlowChip):
    """A `SlowChip` of which some things are broken."""

    def __init__(self, *args: Any, faults: SlowFaults, **how: Any) -> None:
        super().__init__(*args, **how)
        self.faults = faults
        self.fault_counters: dict[str, FaultEvents] = {}

    def begin(self, x: list[float], sample: int = 0) -> None:
        """Present one sample, from rest; what a dead core holds is 0."""
        super().begin(x, sample)
        self.sample = sample
        self.on_the_way: list[tuple[int, Address, int]] = []  # tick of arrival, axon, receiving core
        for core in self.cores.values():
            core.mailbox = CountingMailbox(self.sizes, core.mailbox.axons)
        for dead in self.faults.dead:
            for neuron in self.cores[dead].clamped:
                neuron.state = 0.0

    def run(self, phase: str, ticks: int, *, beta: float = 0.0, y: list[float] | None = None) -> None:
        """Go on for some ticks."""
        events = self.fault_counters.setdefault(phase, FaultEvents())
        events.started_in_flight.update(self.core_of(address) for _, address, _ in self.on_the_way)
        for _ in range(ticks):
            self._tick(events, beta, y)
        events.ended_in_flight.update(self.core_of(address) for _, address, _ in self.on_the_way)

    def core_of(self, address: Address) -> int:
        """Return the core of a neuron."""
        return self.placement.cores[address[0]][address[1]]

    def _tick(self, events: PhaseEvents, beta: float, y: list[float] | None) -> None:
        assert isinstance(events, FaultEvents)
        self.tick_number += 1
        events.ticks += 1
        waiting = []
        for arrival, address, core in self.on_the_way:
            if arrival == self.tick_number:
                self.cores[core].mailbox.put(address)
                events.packets_delivered[self.core_of(address), core] += 1
            else:
                waiting.append((arrival, address, core))
        self.on_the_way = waiting
        sent: list[Address] = []
        for core in self.cores.values():
            if core.index in self.faults.dead:
                continue
            fired = set(core.tick(beta, y, len(self.sizes) - 1))
            for neuron in core.everybody():
                here = (neuron.layer, neuron.unit)
                if self._sends(events, core.index, here, here in fired):
                    sent.append(here)
        self.in_flight = sent  # of this tick: what `_record` writes down
        for address in sent:
            self._send(events, address)
        everybody = self.cores
        self.cores = {c: core for c, core in everybody.items() if c not in self.faults.dead}
        self._count_updates(events)
        self.cores = everybody
        self._record()

    def _sends(self, events: FaultEvents, core: int, address: Address, fires: bool) -> bool:
        if address in self.faults.stuck:
            at = self.faults.stuck[address] == 1
            events.forced[core] += at and not fires
            events.silenced[core] += fires and not at
            return at
        if not fires and self.faults.spurious(self.sample, self._number(address), self.tick_number):
            events.spurious[core] += 1
            return True
        return fires

    def _send(self, events: FaultEvents, address: Address) -> None:
        faults, sender, number = self.faults, self.core_of(address), self._number(address)
        events.spikes_sent[address] += 1
        events.core_spikes_sent[sender] += 1
        for core in self.destinations[address]:
            events.packets[sender, core] += 1
            key = (self.sample, number, core, self.tick_number)
            if not self._arrives_at_tile(events, sender, core):
                events.lost["link"][sender] += 1
            elif core in faults.dead:
                events.lost["dead"][sender] += 1
            elif faults.drops(*key):
                events.lost["drop"][sender] += 1
            elif faults.delays(*key):
                events.delayed[sender] += 1
                self.on_the_way.append((self.tick_number + 1 + faults.delay_ticks, address, core))
            else:
                self.on_the_way.append((self.tick_number + 1, address, core))

    def _arrives_at_tile(self, events: FaultEvents, sender: int, receiver: int) -> bool:
        """Walk one step at a time, x first, and stop at a link that is down."""
        x, y = self.placement.positions[sender]
        to_x, to_y = self.placement.positions[receiver]
        while (x, y) != (to_x, to_y):
            if x != to_x:
                step = (x + (1 if to_x > x else -1), y)
            else:
                step = (x, y + (1 if to_y > y else -1))
            if ((x, y), step) in self.faults.down:
                return False
            events.hops[sender, "ew" if step[0] != x else "ns"] += 1
            x, y = step
        return True

    def _number(self, address: Address) -> int:
        return sum(self.sizes[: address[0]]) + address[1]
