"""tinyODIN, clock by clock, as its documents have it: what is done in a cycle stands between two yields."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator


class SlowLink:
    """The output link: a request, a receiver that acknowledges it some cycles later, two flip-flops on the way back."""

    def __init__(self, hold: int) -> None:
        self.hold = hold
        self.request = self.busy = False
        self.wait = 0
        self.line = [False, False, False]  # acknowledge, behind one and behind two flip-flops
        self.before = False

    def clock(self, offered: bool) -> None:
        """End a cycle in which a spike may have been offered."""
        if not self.request:
            self.line[0] = False
        elif self.wait == 0:
            self.line[0] = True
        else:
            self.wait -= 1
        seen, fell = self.line[2], self.before and not self.line[2]
        if offered and not seen:
            self.request = self.busy = True
            self.wait = self.hold
        elif seen:
            self.request = False
        elif fell:
            self.busy = False
        self.before = seen
        self.line = [self.line[0], self.line[0], self.line[1]]


class SlowTinyOdin:
    """The chip with its host; `records` are (cycle, kind, address, value) as `neurochip.silicon` has them."""

    depth = 128
    neurons = 256

    def __init__(
        self,
        memory: dict[str, list[int]],
        weight: list[list[int]],
        registers: dict[str, int],
        events: list[tuple[int, int]],
        hold: int,
    ) -> None:
        self.memory = {name: list(values) for name, values in memory.items()}
        self.weight = [list(row) for row in weight]
        self.registers = registers
        self.events = deque(events)
        self.queue: deque[tuple[int, int]] = deque()
        self.link = SlowLink(hold)
        self.records: list[tuple[int, int, int, int]] = []
        self.request = [False, False, False]
        self.acknowledge = False
        self.address = 0
        self.cycle = 0
        self.offered: int | None = None
        self.pushed: list[tuple[int, int]] = []
        self.popped = False
        self.quiet = False

    # The host ----------------------------------------------------------------------------------------------------

    def run(self, cycles: int) -> None:
        """Let so many cycles pass."""
        life = self.life()
        gap = self.events[0][1] if self.events else 0
        acknowledged = False
        while self.cycle < cycles:
            was_full = len(self.queue) == self.depth
            self.acknowledge, self.offered, self.pushed, self.popped = False, None, [], False
            next(life)
            if self.acknowledge and not acknowledged:
                self.records.append((self.cycle, 3, 0, 0))
                self.events.popleft()
            if self.acknowledge:
                self.request[0] = False
            elif acknowledged and self.events:
                gap = self.events[0][1]
            acknowledged = self.acknowledge
            if self.events and not self.request[0] and not acknowledged:
                if gap == 0:
                    self.request[0], self.address = True, self.events[0][0]
                gap -= 1
            # The clock's edge.
            self.request = [self.request[0], self.request[0], self.request[1]]
            self.link.clock(self.offered is not None)
            if self.popped:
                self.queue.popleft()
            if self.pushed and not was_full:
                self.queue.append(self.pushed[0])
            if self.offered is not None:
                self.records.append((self.cycle + 1, 0, self.offered, 0))
            self.cycle += 1

    # The controller ----------------------------------------------------------------------------------------------

    def life(self) -> Iterator[None]:
        """Choose, carry out, and again."""
        while True:
            chosen = None if self.link.busy else self.choose()
            yield
            if chosen is not None:
                yield from chosen

    def choose(self) -> Iterator[None] | None:
        """A full queue first, then the host, then the queue."""
        if len(self.queue) == self.depth:
            return self.take()
        if self.request[2]:
            return self.time_reference() if self.address >> 8 & 1 else self.accept()
        return self.take() if self.queue else None

    def handshake(self) -> Iterator[None]:
        """Acknowledge until the request has fallen behind its two flip-flops."""
        while True:
            self.acknowledge = True
            fallen = not self.request[2]
            yield
            if fallen:
                return

    def accept(self) -> Iterator[None]:
        """Push an event; a virtual one has a weight and one of 16 targets."""
        low = self.address & 255
        self.pushed.append((low >> 4, low & 15) if self.address >> 9 else (0, low))
        yield
        yield from self.handshake()

    def update(self, neuron: int, event: str, weight: int = 0) -> Iterator[None]:
        """Read a neuron as soon as the output link is free, write it in the next cycle."""
        while self.link.busy:
            yield
        yield
        v = self.memory["membrane"][neuron]
        if event == "leak" and v < 0:
            v = min(0, v + self.memory["leak"][neuron])
        elif event == "leak":
            v = max(0, v - self.memory["leak"][neuron])
        else:
            v = max(-2048, min(2047, v + weight))
        if v >= 0 and v >= self.memory["threshold"][neuron]:
            v = 0
            if not self.memory["disabled"][neuron]:
                if not self.registers["open_loop"]:
                    self.pushed.append((0, neuron))
                if not self.registers["by_controller"]:
                    self.offered = neuron
        self.memory["membrane"][neuron] = v
        self.records.append((self.cycle, 2, neuron, v & 0xFFF))

    def time_reference(self) -> Iterator[None]:
        """Let one neuron leak, or all of them with address 255."""
        which = self.address & 255
        for neuron in range(self.registers["last"] + 1) if which == 255 else [which]:
            yield from self.update(neuron, "leak")
            yield
        yield from self.handshake()

    def take(self) -> Iterator[None]:
        """Carry out the first entry of the queue."""
        stimulus, address = self.queue[0]
        if stimulus:
            yield from self.update(address, "weight", stimulus - 16 if stimulus > 7 else stimulus)
            self.popped = True
            yield
            return
        for neuron in range(self.registers["last"] + 1):
            yield from self.update(neuron, "weight", self.weight[address][neuron])
            if neuron == self.registers["last"] and self.registers["by_controller"]:
                self.offered = address
            yield
        while self.link.busy:
            yield
        self.popped = True
        yield
