"""Every packet's arrival cycle, link loads, queues and stalls: kernel against the network of plain objects."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.noc import Packets, simulate_traffic
from neurochip.noc.arrays import FRACTION_BITS, Counter
from neurochip.noc.network import build
from neurochip.noc.router import DONE, STALLED, advance
from neurochip.noc.traffic import in_core_order
from tests.oracle.slow_network import SlowNetwork, Specification, busy_and_stalled
from tests.oracle.tick_counts import cycles_from_counts
from tests.property.listed_packets import core_pipeline

MAX_CYCLES = 20_000
ONE = 1 << FRACTION_BITS


@dataclass(frozen=True)
class Case:
    mesh: MeshSpec
    timing: TimingSpec
    source: list[int]
    destinations: list[list[int]]
    due: list[int]

    @property
    def packets(self) -> Packets:
        return Packets.multicast(self.source, self.destinations)

    def oracle(self) -> SlowNetwork:
        mesh, timing = self.mesh, self.timing
        return SlowNetwork(
            Specification(
                mesh.width,
                mesh.height,
                mesh.cores_per_tile,
                timing.router_cycles,
                timing.link_cycles_ew,
                timing.link_cycles_ns,
                timing.fifo_depth,
                mesh.n_tiles,
                timing.outbox,
            )
        )

    def arrivals(self, network: SlowNetwork) -> list[int]:
        return [
            network.deliveries[packet, core].arrived
            for packet, cores in enumerate(self.destinations)
            for core in cores
        ]


RATES = st.sampled_from([0.25, 0.2857, 1.0, 3.5])
TIMES = st.sampled_from([0.0, 0.3, 1.0, 2.5, 8.4])


@st.composite
def cases(draw: st.DrawFn) -> Case:
    width, height = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    tiles = draw(st.integers(1, width * height) | st.none())
    mesh = MeshSpec(width=width, height=height, cores_per_tile=draw(st.integers(1, 4)), tiles=tiles)
    timing = TimingSpec(
        clock=1e9,
        sops_per_cycle=draw(RATES),
        cycles_per_neuron_update=draw(TIMES),
        cycles_per_packet_in=draw(TIMES),
        cycles_per_packet_out=draw(TIMES),
        cycles_per_spike_out=0,
        router_cycles=draw(st.integers(0, 3)),
        link_cycles_ew=draw(st.integers(1, 4)),
        link_cycles_ns=draw(st.integers(1, 6)),
        fifo_depth=draw(st.integers(1, 5)),
        barrier_cycles=((1, 3), (4, 10)),
        engines=draw(st.sampled_from([1, 2])),
        weights_per_access=draw(st.sampled_from([None, 3])),
        fill_cycles=draw(TIMES),
        outbox=draw(st.booleans()),
    )
    # A random generator makes crowds; hypothesis picks how dense they are.
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(0, 150))
    some = random.permutation(mesh.n_cores)
    senders = some[: draw(st.integers(1, mesh.n_cores))]
    receivers = random.permutation(mesh.n_cores)[: draw(st.integers(1, mesh.n_cores))]
    fan_out = draw(st.integers(1, len(receivers)))
    span = draw(st.sampled_from([1, 10, 100, 3000]))
    destinations = [
        random.choice(receivers, size=random.integers(1, fan_out + 1), replace=False).tolist()
        for _ in range(n)
    ]
    source = random.choice(senders, size=n).tolist()
    return Case(mesh, timing, source, destinations, random.integers(span, size=n).tolist())


@settings(max_examples=150)
@given(case=cases())
def test_traffic(case: Case) -> None:
    check_traffic(case)


def check_traffic(case: Case) -> None:
    network = case.oracle()
    network.give(case.source, case.destinations, case.due)
    network.run(MAX_CYCLES)
    traffic = simulate_traffic(case.mesh, case.timing, case.packets, case.due, max_cycles=MAX_CYCLES)
    assert traffic.arrival.tolist() == case.arrivals(network)
    assert traffic.let_in.tolist() == [network.let_in[p] for p in range(len(case.source))]
    assert traffic.cycles == network.now
    assert traffic.stalled.tolist() == [core.stalled for core in network.cores]
    for (x, y), router in network.routers.items():
        for direction in range(4):
            link = router.links.get(direction)
            assert traffic.link_load[x, y, direction] == (link.crossed if link else 0)
        for port in range(router.n_ports):
            queue = router.queues.get(port)
            assert traffic.queue_max[x, y, port] == (queue.deepest if queue else 0)
            total = queue.total if queue else 0
            assert traffic.queue_mean[x, y, port] == total / max(traffic.cycles, 1)


@settings(max_examples=100)
@given(case=cases(), data=st.data())
def test_ticks_of_cores(case: Case, data: st.DataObject) -> None:
    check_tick(case, np.random.default_rng(data.draw(st.integers(0, 2**32 - 1))))


def check_tick(case: Case, random: np.random.Generator) -> None:
    mesh, timing = case.mesh, case.timing
    neurons = random.integers(0, 9, size=mesh.n_cores)
    after = [int(random.integers(neurons[core] + 1)) for core in case.source]
    for core in set(case.source):  # a core meets its neurons in order
        own = [p for p, source in enumerate(case.source) if source == core]
        for p, place in zip(own, sorted(after[p] for p in own), strict=True):
            after[p] = place
    pairs = [(p, core) for p, cores in enumerate(case.destinations) for core in cores]
    sops = random.integers(0, 12, size=len(pairs))

    def exact(cycles: float) -> Fraction:
        return Fraction(round(cycles * ONE), ONE)

    update = exact(timing.cycles_per_neuron_update)
    alone = timing.engines == 1
    arrived = random.integers(0, 50 * ONE, size=mesh.n_cores) if alone else None
    lead = [
        exact(timing.fill_cycles if n else 0)
        + (Fraction(int(arrived[core]), ONE) if arrived is not None else 0)
        for core, n in enumerate(neurons)
    ]
    ahead = list(lead)
    before = dict.fromkeys(range(mesh.n_cores), 0)
    work = []
    extra = random.choice([0.0, 0.0, 0.75, 30.0], size=len(case.source))
    for core, place, more in zip(case.source, after, extra, strict=True):
        made = (place - before[core]) * update + exact(timing.cycles_per_packet_out) + exact(more)
        work.append(ahead[core] + made)
        before[core], ahead[core] = place, Fraction(0)
    word = timing.weights_per_access
    per_read = exact((word or 1) / timing.sops_per_cycle)
    service = {
        pair: Fraction(0)
        if alone
        else exact(timing.cycles_per_packet_in) + (int(n) if word is None else -(-int(n) // word)) * per_read
        for pair, n in zip(pairs, sops, strict=True)
    }
    network = case.oracle()
    network.give_paced(case.source, case.destinations, work, service)
    network.run(MAX_CYCLES)

    arguments = {"neurons": neurons, "sops": sops, "after": after, "extra": extra, "arrived": arrived}
    tick = core_pipeline(mesh, timing, case.packets, max_cycles=MAX_CYCLES, **arguments)
    assert tick.traffic is not None
    assert tick.traffic.arrival.tolist() == case.arrivals(network)
    end = Fraction(0)
    for number, core in enumerate(network.cores):
        busy, stalled, done = busy_and_stalled(
            core, ahead[number] + int(neurons[number] - before[number]) * update
        )
        if alone and core.receiving:  # what arrives stands in a list a cycle later
            done = max(done, max(taken for taken, _ in core.receiving) + 1)
        assert Fraction(tick.busy[number]) == busy
        assert Fraction(tick.stalled[number]) == stalled
        assert tick.busy[number] + tick.stalled[number] + tick.idle[number] == tick.cycles
        end = max(end, done)
    assert tick.cycles == -(-end // 1) + tick.barrier
    analytic = core_pipeline(mesh, timing, case.packets, model="analytic", **arguments)
    assert analytic.cycles <= tick.cycles
    assert (analytic.busy <= tick.busy).all()

    flows = sorted({(case.source[p], core) for p, core in pairs})
    counts = np.zeros((2, 2, len(flows)), dtype=int)  # packets and SOPs of this tick and of one without any
    made, more = np.zeros((2, mesh.n_cores), dtype=int), np.zeros((2, mesh.n_cores))
    for (p, core), n in zip(pairs, sops, strict=True):
        counts[:, 0, flows.index((case.source[p], core))] += [1, n if word is None else -(-n // word)]
    for core, spent in zip(case.source, extra, strict=True):
        made[0, core] += 1
        more[0, core] += spent
    timed = cycles_from_counts(
        mesh,
        timing,
        neurons=neurons,
        source=[flow[0] for flow in flows],
        destination=[flow[1] for flow in flows],
        packets=counts[0],
        sops=counts[1],
        made=made,
        extra=more,
    )
    left = np.zeros(mesh.n_cores, dtype=int)  # what the first tick leaves to the second
    if alone:
        each = round(timing.cycles_per_packet_in * ONE)
        for (_, core), n in zip(pairs, sops, strict=True):
            left[core] += each + (n if word is None else -(-n // word)) * round(
                (word or 1) / timing.sops_per_cycle * ONE
            )
    empty = core_pipeline(
        mesh, timing, Packets.unicast([], []), neurons=neurons, sops=[], arrived=left if alone else None
    )
    tiles = {core // mesh.cores_per_tile for core in np.flatnonzero(neurons).tolist()}
    assert timed[1] - (timing.barrier(len(tiles)) if tiles else 0) == empty.cycles - empty.barrier
    if not alone:
        assert timed[0] <= analytic.cycles
        return
    # The tick itself, with nothing left from before.
    fresh = core_pipeline(mesh, timing, case.packets, model="analytic", **{**arguments, "arrived": None})
    assert timed[0] <= fresh.cycles


@settings(max_examples=60)
@given(case=cases())
def test_conservation_in_every_cycle_of_the_kernel(case: Case) -> None:
    check_conservation(case)


def check_conservation(case: Case) -> None:
    packets, _ = in_core_order(case.packets)
    n = len(packets.destination)
    fabric, load, state = build(
        case.mesh,
        case.timing,
        packets,
        order=np.argsort(case.due, kind="stable"),
        service=np.zeros(n, dtype=np.int64),
        work=np.array(case.due, dtype=np.int64),
        paced=0,
        disabled=np.zeros(0, dtype=np.int64),
    )
    status = DONE if n == 0 else None
    while status != DONE:
        status = advance(fabric, load, state, int(state.counters[Counter.NOW]) + 1)
        assert status != STALLED
        depth = state.held
        assert (depth >= 0).all()
        assert (depth <= fabric.depth).all()
        assert (depth.reshape(-1, fabric.ports).sum(axis=1) == state.flits).all()
        assert not state.wanted.any()
        ahead = np.zeros(n, dtype=int)
        for fifo in np.flatnonzero(depth):
            for k in range(depth[fifo]):
                place = fifo * fabric.depth + (state.read[fifo] + k) % fabric.depth
                for d in range(state.low[place], state.high[place]):
                    pending = state.pending[fifo] if k == 0 else 0
                    ahead[d] += not pending or bool(
                        pending >> output(case, packets, fifo // fabric.ports, d) & 1
                    )
        entered = np.repeat(state.let_in >= 0, np.diff(packets.first))
        assert (ahead + (state.arrival >= 0) == entered).all()
        assert state.counters[Counter.LET_IN] + state.counters[Counter.GRANTS] == (
            depth.sum() + state.counters[Counter.FREED] + (state.arrival >= 0).sum()
        )


def output(case: Case, packets: Packets, router: int, delivery: int) -> int:
    core = int(packets.destination[delivery])
    (x, y), (to_x, to_y) = divmod(router, case.mesh.height), case.mesh.position(core)
    if to_x != x:
        return 0 if to_x > x else 1
    if to_y != y:
        return 3 if to_y > y else 2
    return 4 + core % case.mesh.cores_per_tile
