"""The slow network: routers, links and cores as objects, one flit at a time, as docs/network-on-chip.md has it.

Every cycle ends with a count of all copies. Times within cores are fractions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

EAST, WEST, NORTH, SOUTH = range(4)
STEPS = {EAST: (1, 0), WEST: (-1, 0), NORTH: (0, -1), SOUTH: (0, 1)}
Place = tuple[int, int]


@dataclass(frozen=True)
class Specification:
    """What the chip specification says about the mesh and its timing."""

    width: int
    height: int
    cores_per_tile: int
    router_cycles: int
    link_cycles_ew: int
    link_cycles_ns: int
    fifo_depth: int
    n_tiles: int
    outbox: bool = False

    def place(self, core: int) -> Place:
        """Return where the tile of a core is."""
        tile = core // self.cores_per_tile
        return tile // self.height, tile % self.height


@dataclass
class Flit:
    """One copy of a packet, with the cores that it has yet to reach."""

    packet: int
    destinations: frozenset[int]


@dataclass
class Waiting:
    """A flit in a FIFO."""

    flit: Flit
    arrived: int
    left_by: set[int] = field(default_factory=set)


class Link:
    """Flits one way and credits the other, each for a fixed number of cycles."""

    def __init__(self, cycles: int, depth: int) -> None:
        self.cycles = cycles
        self.credits = depth
        self.flits: deque[tuple[int, Flit]] = deque()
        self.credits_back: deque[int] = deque()
        self.crossed = 0

    def send(self, now: int, flit: Flit) -> None:
        self.credits -= 1
        self.crossed += 1
        self.flits.append((now + self.cycles, flit))

    def collect_credits(self, now: int) -> None:
        while self.credits_back and self.credits_back[0] == now:
            self.credits_back.popleft()
            self.credits += 1


class Queue:
    """An input FIFO: the link that feeds it, if any, and statistics."""

    def __init__(self, link: Link | None) -> None:
        self.link = link
        self.flits: deque[Waiting] = deque()
        self.deepest = 0
        self.total = 0

    def sample(self) -> None:
        self.deepest = max(self.deepest, len(self.flits))
        self.total += len(self.flits)


@dataclass
class Delivery:
    """One packet at one core."""

    arrived: int
    taken: Fraction
    done: Fraction


class Core:
    """The list of packets to send, the sender that makes them, the inbox, and the receiver."""

    def __init__(self, depth: int, disabled: bool) -> None:
        self.outbox: deque[int] = deque()
        self.inbox_free: deque[int] = deque([0] * depth) if not disabled else deque()
        self.sender = Fraction(0)
        self.receiver = Fraction(0)
        self.not_before = 0  # one packet a cycle
        self.stalled = 0
        self.sending: list[tuple[Fraction, Fraction]] = []
        self.blocked: list[tuple[Fraction, Fraction]] = []
        self.receiving: list[tuple[Fraction, Fraction]] = []


class Router:
    """Input queues and the outputs that serve them in turn."""

    def __init__(self, network: SlowNetwork, place: Place) -> None:
        self.network = network
        self.place = place
        specification = network.specification
        self.n_ports = 4 + specification.cores_per_tile
        self.queues = {port: Queue(None) for port in range(4, self.n_ports)}
        self.links: dict[int, Link] = {}
        self.next_input = dict.fromkeys(range(self.n_ports), 0)

    def output(self, core: int) -> int:
        """Return the output towards a core: first along the row, then along the column."""
        (x, y), (to_x, to_y) = self.place, self.network.specification.place(core)
        if to_x != x:
            return EAST if to_x > x else WEST
        if to_y != y:
            return SOUTH if to_y > y else NORTH
        return 4 + core % self.network.specification.cores_per_tile

    def requests(self, now: int) -> dict[int, list[int]]:
        """Return the inputs that ask for each output."""
        asked: dict[int, list[int]] = {}
        for port, queue in sorted(self.queues.items()):
            if not queue.flits or now < queue.flits[0].arrived + self.network.specification.router_cycles:
                continue
            head = queue.flits[0]
            for output in {self.output(core) for core in head.flit.destinations} - head.left_by:
                asked.setdefault(output, []).append(port)
        return asked

    def grants(self, now: int) -> list[tuple[int, int]]:
        """Return (input, output) pairs and move on each output's turn."""
        granted = []
        for output, inputs in self.requests(now).items():
            if output < 4:
                if self.links[output].credits == 0:
                    continue
            elif not self.network.inbox_has_room(self.core(output), now):
                continue
            winner = min(inputs, key=lambda port: (port - self.next_input[output]) % self.n_ports)
            self.next_input[output] = (winner + 1) % self.n_ports
            granted.append((winner, output))
        return granted

    def core(self, port: int) -> int:
        specification = self.network.specification
        return (
            (self.place[0] * specification.height + self.place[1]) * specification.cores_per_tile + port - 4
        )


class SlowNetwork:
    """A chip's network, and the packets given to it."""

    def __init__(self, specification: Specification, disabled: frozenset[int] = frozenset()) -> None:
        self.specification = specification
        self.now = 0
        self.routers = {
            (x, y): Router(self, (x, y))
            for x in range(specification.width)
            for y in range(specification.height)
        }
        for (x, y), router in self.routers.items():
            for direction, (step_x, step_y) in STEPS.items():
                far = self.routers.get((x + step_x, y + step_y))
                if far is not None:
                    cycles = (
                        specification.link_cycles_ew
                        if direction in (EAST, WEST)
                        else specification.link_cycles_ns
                    )
                    link = Link(cycles, specification.fifo_depth)
                    router.links[direction] = link
                    far.queues[direction] = Queue(link)
        n_cores = specification.n_tiles * specification.cores_per_tile
        self.cores = [Core(specification.fifo_depth, core in disabled) for core in range(n_cores)]
        self.due: dict[int, int] = {}
        self.work: dict[int, Fraction] | None = None
        self.service: dict[tuple[int, int], Fraction] = {}
        self.destinations: dict[int, frozenset[int]] = {}
        self.let_in: dict[int, int] = {}
        self.deliveries: dict[tuple[int, int], Delivery] = {}
        self.forked = 0

    def give(self, source: list[int], destinations: list[list[int]], due: list[int]) -> None:
        """Give packets that are due in given cycles."""
        for packet in sorted(range(len(source)), key=lambda p: due[p]):
            self.cores[source[packet]].outbox.append(packet)
            self.due[packet] = due[packet]
            self.destinations[packet] = frozenset(destinations[packet])

    def give_paced(
        self,
        source: list[int],
        destinations: list[list[int]],
        work: list[Fraction],
        service: dict[tuple[int, int], Fraction],
    ) -> None:
        """Give packets that their cores make one after the other."""
        self.work = dict(enumerate(work))
        self.service = service
        for packet, core in enumerate(source):
            self.cores[core].outbox.append(packet)
            self.destinations[packet] = frozenset(destinations[packet])

    # -- one cycle

    def cycle(self) -> None:
        """Run one cycle, stage by stage."""
        for router in self.routers.values():
            self._arrive(router)
        for number, core in enumerate(self.cores):
            self._inject(number, core)
        for queue in self._queues():
            queue.sample()
        grants = {place: router.grants(self.now) for place, router in self.routers.items()}
        for place, granted in grants.items():
            for port, output in granted:
                self._traverse(self.routers[place], port, output)
        for router in self.routers.values():
            self._free(router)
        self._count_copies()
        self.now += 1

    def _queues(self) -> Iterator[Queue]:
        for router in self.routers.values():
            yield from router.queues.values()

    def _arrive(self, router: Router) -> None:
        for queue in router.queues.values():
            if queue.link is not None:
                while queue.link.flits and queue.link.flits[0][0] == self.now:
                    queue.flits.append(Waiting(queue.link.flits.popleft()[1], self.now))
        for link in router.links.values():
            link.collect_credits(self.now)

    def _made(self, core: Core, packet: int) -> Fraction:
        """Return the time when the packet on offer was made."""
        return Fraction(self.due[packet]) if self.work is None else core.sender + self.work[packet]

    def _inject(self, number: int, core: Core) -> None:
        if not core.outbox:
            return
        packet = core.outbox[0]
        made = self._made(core, packet)
        if self.now < max(ceil(made), core.not_before):
            return
        queue = self.routers[self.specification.place(number)].queues[
            4 + number % self.specification.cores_per_tile
        ]
        if len(queue.flits) == self.specification.fifo_depth:
            core.stalled += 1
            return
        core.outbox.popleft()
        queue.flits.append(Waiting(Flit(packet, self.destinations[packet]), self.now))
        self.let_in[packet] = self.now
        core.not_before = self.now + 1
        if self.work is not None:
            core.sending.append((core.sender, made))
            waited = self.now != ceil(made) and not self.specification.outbox
            core.sender = Fraction(self.now) if waited else made
            core.blocked.append((made, core.sender))

    def inbox_has_room(self, core: int, now: int) -> bool:
        """Whether a packet may leave for this core."""
        free = self.cores[core].inbox_free
        return bool(free) and free[0] <= now

    def _traverse(self, router: Router, port: int, output: int) -> None:
        head = router.queues[port].flits[0]
        share = frozenset(core for core in head.flit.destinations if router.output(core) == output)
        if head.left_by:
            self.forked += 1
        head.left_by.add(output)
        if output < 4:
            router.links[output].send(self.now, Flit(head.flit.packet, share))
            return
        (number,) = share
        core = self.cores[number]
        key = (head.flit.packet, number)
        if key in self.deliveries:
            raise AssertionError(f"{key} arrives twice")
        core.inbox_free.popleft()
        taken = max(Fraction(self.now), core.receiver)
        core.receiver = taken + self.service.get(key, Fraction(0))
        core.inbox_free.append(floor(taken) + 1)
        core.receiving.append((taken, core.receiver))
        self.deliveries[key] = Delivery(self.now, taken, core.receiver)

    def _free(self, router: Router) -> None:
        for queue in router.queues.values():
            if queue.flits:
                head = queue.flits[0]
                if head.left_by == {router.output(core) for core in head.flit.destinations}:
                    queue.flits.popleft()
                    if queue.link is not None:
                        queue.link.credits_back.append(self.now + queue.link.cycles)

    def _count_copies(self) -> None:
        """Conservation: every copy is in one place, and every destination is ahead of one copy."""
        ahead: set[tuple[int, int]] = set()
        copies = 0
        for router in self.routers.values():
            for queue in router.queues.values():
                if len(queue.flits) > self.specification.fifo_depth:
                    raise AssertionError("a FIFO holds more than its depth")
                for waiting in queue.flits:
                    copies += 1
                    for core in waiting.flit.destinations:
                        if router.output(core) not in waiting.left_by:
                            ahead.add((waiting.flit.packet, core))
                if queue.link is not None:
                    under_way = len(queue.link.flits) + len(queue.link.credits_back)
                    if queue.link.credits + under_way + len(queue.flits) != self.specification.fifo_depth:
                        raise AssertionError("credits are lost")
                    copies += len(queue.link.flits)
                    for _, flit in queue.link.flits:
                        ahead.update((flit.packet, core) for core in flit.destinations)
        # A copy that has left by some outputs is counted among the copies it made only once it is gone.
        half_left = sum(1 for queue in self._queues() for waiting in queue.flits if waiting.left_by)
        if len(self.let_in) + self.forked + half_left != copies + len(self.deliveries):
            raise AssertionError("copies are lost or made of nothing")
        entered = {(packet, core) for packet in self.let_in for core in self.destinations[packet]}
        if ahead | set(self.deliveries) != entered or ahead & set(self.deliveries):
            raise AssertionError("a destination is lost or reached twice")

    # -- many cycles

    @property
    def done(self) -> bool:
        """Whether every packet is everywhere."""
        return len(self.deliveries) == sum(map(len, self.destinations.values()))

    def run(self, max_cycles: int) -> None:
        """Run until done; the clock then stands one cycle after the last arrival."""
        while not self.done:
            if self.now == max_cycles:
                raise TimeoutError(f"not done after {max_cycles} cycles")
            self.cycle()


def busy_and_stalled(core: Core, rest: Fraction) -> tuple[Fraction, Fraction, Fraction]:
    """Return the time in which an engine worked, in which none did and the sender waited, and the end of all."""
    sending = [*core.sending, (core.sender, core.sender + rest)]
    points = sorted({t for span in [*sending, *core.blocked, *core.receiving] for t in span})

    def within(spans: list[tuple[Fraction, Fraction]], begin: Fraction, end: Fraction) -> bool:
        return any(a <= begin and end <= b for a, b in spans)

    busy = stalled = Fraction(0)
    for begin, end in zip(points, points[1:], strict=False):
        if within(sending, begin, end) or within(core.receiving, begin, end):
            busy += end - begin
        elif within(core.blocked, begin, end):
            stalled += end - begin
    return busy, stalled, max(core.sender + rest, core.receiver)
