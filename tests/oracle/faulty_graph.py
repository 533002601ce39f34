"""The slow graph with faults: every packet is an object with a fate, and waits where it arrived (docs/faults.md)."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from tests.oracle.faulty_chip import FaultEvents, SlowFaults
from tests.oracle.mixed_graph import SlowNeuron
from tests.oracle.slow_chip import Placement
from tests.oracle.slow_graph import Way

Unit = tuple[int, int]  # population, unit


class FaultyGraph:
    """Populations of neurons of any kind and ways between them, laid out on cores, for one sample.

    Parameters
    ----------
    neurons : of each population, each unit
    ways : list
    outputs : populations that targets pull
    placement : core of each unit, position of each core
    faults, sample : what is broken, and which sample this is
    events : what was counted before in each phase, to be gone on with
    """

    def __init__(
        self,
        neurons: list[list[SlowNeuron]],
        ways: list[Way],
        outputs: list[int],
        placement: Placement,
        faults: SlowFaults,
        sample: int,
        events: dict[str, FaultEvents],
    ) -> None:
        self.neurons, self.ways, self.outputs, self.placement = neurons, ways, outputs, placement
        self.faults, self.sample, self.events = faults, sample, events
        self.tick_number = 0
        self.on_the_way: list[tuple[int, Unit, int]] = []  # tick of arrival, who sent, receiving core
        # Packets that arrived, of each core: [tick][who sent].
        self.doors: dict[int, list[Counter[Unit]]] = defaultdict(lambda: [Counter()])
        self.history: list[list[list[int]]] = []
        self.values: list[list[list[float]]] = []
        reached = {
            ((way.source, i), self.core_of((way.target, j))) for way in ways for i, j, _ in way.synapses
        }
        self.destinations: dict[Unit, list[int]] = defaultdict(list)
        for sender, core in sorted(reached):
            self.destinations[sender].append(core)

    def core_of(self, unit: Unit) -> int:
        """Return the core of a neuron."""
        return self.placement.cores[unit[0]][unit[1]]

    def run(self, phase: str, ticks: int, beta: float = 0.0, y: list[float] | None = None) -> None:
        """Go on for some ticks; ``y`` are the targets of all outputs, side by side."""
        events = self.events.setdefault(phase, FaultEvents())
        events.started_in_flight.update(self.core_of(sender) for _, sender, _ in self.on_the_way)
        for _ in range(ticks):
            self._tick(events, beta, y)
        events.ended_in_flight.update(self.core_of(sender) for _, sender, _ in self.on_the_way)

    def _tick(self, events: FaultEvents, beta: float, y: list[float] | None) -> None:
        self.tick_number += 1
        now, waiting = self.tick_number, []
        for core in set(self.placement.positions):
            self.doors[core].append(Counter())
        for arrival, sender, core in self.on_the_way:
            if arrival == now:
                self.doors[core][now][sender] += 1
                events.packets_delivered[self.core_of(sender), core] += 1
                events.taken[sender, core] += 1
            else:
                waiting.append((arrival, sender, core))
        self.on_the_way = waiting
        drives = self._drives(events)
        targets, fired = list(y or []), []
        for p, population in enumerate(self.neurons):
            row = []
            for u, neuron in enumerate(population):
                nudge = (beta, targets.pop(0)) if p in self.outputs and y is not None else None
                if self.core_of((p, u)) in self.faults.dead:
                    row.append(0)
                    continue
                neuron.take(drives[p][u], nudge)
                events.core_updates[self.core_of((p, u))] += p not in self.inputs
                row.append(self._sends(events, (p, u), neuron.fire()))
            fired.append(row)
        for p, row in enumerate(fired):
            for u, q in enumerate(row):
                if q:
                    self._send(events, (p, u))
        self.history.append(fired)
        self.values.append([[neuron.value for neuron in population] for population in self.neurons])

    @property
    def inputs(self) -> set[int]:
        """Populations that no way leads to."""
        return set(range(len(self.neurons))) - {way.target for way in self.ways}

    def _drives(self, events: FaultEvents) -> list[list[float]]:
        drives = [[0.0] * len(population) for population in self.neurons]
        for way in self.ways:
            past, sums = self.tick_number - (way.delay - 1), [0.0] * len(self.neurons[way.target])
            if past < 1:
                continue
            for i, j, weight in way.synapses:
                core = self.core_of((way.target, j))
                if core in self.faults.dead:
                    continue
                for _ in range(self.doors[core][past][way.source, i]):
                    sums[j] += weight
                    events.core_sops[core] += 1
            worth = self.neurons[way.source][0].worth
            for j, total in enumerate(sums):
                drives[way.target][j] += worth * total
        return drives

    def _number(self, unit: Unit) -> int:
        return sum(len(population) for population in self.neurons[: unit[0]]) + unit[1]

    def _sends(self, events: FaultEvents, unit: Unit, fires: int) -> int:
        core = self.core_of(unit)
        if unit in self.faults.stuck:
            at = self.faults.stuck[unit]
            events.forced[core] += at == 1 and not fires
            events.silenced[core] += at == 0 and fires == 1
            return at
        if not fires and self.faults.spurious(self.sample, self._number(unit), self.tick_number):
            events.spurious[core] += 1
            return 1
        return int(fires)

    def _send(self, events: FaultEvents, unit: Unit) -> None:
        faults, sender, number = self.faults, self.core_of(unit), self._number(unit)
        events.core_spikes_sent[sender] += 1
        for core in self.destinations[unit]:
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
                self.on_the_way.append((self.tick_number + 1 + faults.delay_ticks, unit, core))
            else:
                self.on_the_way.append((self.tick_number + 1, unit, core))

    def _arrives_at_tile(self, events: Any, sender: int, receiver: int) -> bool:
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
