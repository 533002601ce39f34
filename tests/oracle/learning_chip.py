"""ODIN with integrate-and-fire neurons, clock by clock; learning and calcium as the authors' documents have them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.oracle.event_driven_chip import SlowTinyOdin


class SlowOdin(SlowTinyOdin):
    """The chip with its host; ``synapses`` are [sending][receiving] pairs of weight and mapping bit."""

    depth = 32

    def load(self, synapses: list[list[list[int]]], inhibitory: list[int]) -> SlowOdin:
        """Give the chip its synapses, and set the flags of its neurons as they are before any event."""
        self.synapses = [[list(one) for one in row] for row in synapses]
        self.inhibitory = inhibitory
        self.up, self.down = [False] * self.neurons, [False] * self.neurons
        kept = {name: list(values) for name, values in self.memory.items()}
        for neuron in range(self.neurons):
            self.change(neuron, "nothing", 0)
        self.memory = kept
        return self

    def choose(self) -> Iterator[None] | None:
        """A full queue first, then the host, then the queue; events of bistability wait for it."""
        low = self.address & 0x7F
        single = self.address >> 16 == 1
        asked = self.request[2]
        patient = not single and low == 0
        if len(self.queue) == self.depth or (self.queue and (not asked or patient)):
            return self.take()
        if not asked:
            return None
        if single:
            return self.synapse()
        if low == 0x7F:
            return self.time_reference()
        return self.bistability() if low == 0 else self.accept()

    def accept(self) -> Iterator[None]:
        """Push an event: its neuron, and five bits of stimulus."""
        self.pushed.append((self.address >> 3 & 31, self.address >> 8 & 255))
        yield
        yield from self.handshake()

    def time_reference(self) -> Iterator[None]:
        """Let one neuron leak, or all of them."""
        one = self.address & 0x80
        for neuron in [self.address >> 8 & 255] if one else range(self.neurons):
            yield from self.update(neuron, "leak")
            yield
        yield from self.handshake()

    def update(self, neuron: int, event: str, weight: int = 0) -> Iterator[None]:
        """Read a neuron as soon as the output link is free, write it in the next cycle."""
        while self.link.busy:
            yield
        yield
        self.write(neuron, event, weight)

    def write(self, neuron: int, event: str, weight: int) -> None:
        """Change a neuron, record it, and let it send."""
        fires = self.change(neuron, event, weight)
        word = self.memory["membrane"][neuron] | self.memory["calcium"][neuron] << 8
        word |= self.memory["calcium_count"][neuron] << 11
        word |= self.down[neuron] << 55 | self.up[neuron] << 56
        self.records.append((self.cycle, 2, neuron, word))
        if fires and not self.memory["disabled"][neuron]:
            if not self.registers["open_loop"]:
                self.pushed.append((0, neuron))
            if not self.registers["by_controller"]:
                self.offered = neuron

    def change(self, neuron: int, event: str, weight: int) -> bool:
        """Carry out an event on a neuron, and return whether it fires."""
        m = {name: values[neuron] for name, values in self.memory.items()}
        v = m["membrane"]
        if event == "leak" and m["leak_enabled"]:
            v -= m["leak"]
        elif event == "weight":
            v += weight
        v = min(255, max(0, v))
        fires = v >= m["threshold"]
        if fires:
            v = 0
        calcium = m["calcium"]
        if m["learns"]:
            step = 1 if fires else 0
            if event == "leak" and m["calcium_leak"]:
                m["calcium_count"] = (m["calcium_count"] + 1) % 32
                if m["calcium_count"] == m["calcium_leak"]:
                    m["calcium_count"] = 0
                    step -= 1
            calcium = min(7, max(0, calcium + step))
        self.memory["membrane"][neuron] = v
        self.memory["calcium"][neuron] = calcium
        self.memory["calcium_count"][neuron] = m["calcium_count"]
        high = v >= m["theta_membrane"]
        may = bool(m["learns"]) and calcium >= m["theta_1"]
        self.up[neuron] = may and high and calcium < m["theta_3"]
        self.down[neuron] = may and not high and calcium < m["theta_2"]
        return fires

    def learn(
        self, sender: int, first: int, plastic: list[int], flags: tuple[list[bool], list[bool]] | None
    ) -> None:
        """Change the synapses ``plastic`` of the eight from ``first`` on: by flags, or towards the nearer end."""
        for neuron in plastic:
            weight, mapped = self.synapses[sender][neuron]
            if not mapped and not self.registers["update_unmapped"]:
                continue
            if flags is None:
                step = 1 if weight >= 4 else -1
            else:
                step = 1 if flags[0][neuron] else -1 if flags[1][neuron] else 0
            self.synapses[sender][neuron][0] = min(7, max(0, weight + step))
        eight = self.synapses[sender][first : first + 8]
        word = sum((weight | mapped << 3) << 4 * i for i, (weight, mapped) in enumerate(eight))
        self.records.append((self.cycle, 1, sender * 32 + first // 8, word))

    def delivered(self, sender: int, neuron: int) -> int:
        """Return what a neuron receives of a sender."""
        weight, mapped = self.synapses[sender][neuron]
        if not mapped and not self.registers["propagate_unmapped"]:
            weight = 0
        return -weight if self.inhibitory[sender] else weight

    def synapse(self) -> Iterator[None]:
        """Stimulate one neuron by one synapse."""
        sender, neuron = self.address >> 8 & 255, self.address & 255
        yield
        weight = self.delivered(sender, neuron)
        plastic = [neuron] if self.registers["learn_on_synapse"] else []
        self.learn(sender, neuron // 8 * 8, plastic, (self.up, self.down))
        self.write(neuron, "weight", weight)
        yield
        yield from self.handshake()

    def bistability(self) -> Iterator[None]:
        """Drive the weights of one sender, or of all, to their ends."""
        for sender in [self.address >> 8 & 255] if self.address & 0x80 else range(256):
            for first in range(0, 256, 8):
                yield
                self.learn(sender, first, list(range(first, first + 8)), None)
                yield
        yield from self.handshake()

    def take(self) -> Iterator[None]:
        """Carry out the first entry of the queue; weights learn with the first neuron of their eight."""
        stimulus, address = self.queue[0]
        if stimulus:
            leak, sign, weight = stimulus & 1, stimulus >> 1 & 1, stimulus >> 2
            yield from self.update(address, "leak" if leak else "weight", -weight if sign else weight)
            self.popped = True
            yield
            return
        given: list[int] = []
        for neuron in range(self.neurons):
            while self.link.busy:
                yield
            yield
            if neuron % 8 == 0:
                eight = list(range(neuron, neuron + 8))
                given = [self.delivered(address, one) for one in eight]
                self.learn(address, neuron, eight, (self.up, self.down))
            self.write(neuron, "weight", given[neuron % 8])
            if self.registers["by_controller"] and neuron == self.registers["monitored"]:
                self.offered = address
            self.popped = neuron == self.neurons - 1
            yield
