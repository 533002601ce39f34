"""The network on chip before anything moves: with room for packets, empty, or with packets to send."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import CapabilityError
from neurochip.kernels._jit import entry
from neurochip.kernels.types import Index, Vector
from neurochip.noc.arrays import FRACTION_BITS, NEVER, Counter, Fabric, Load, State
from neurochip.noc.packets import Packets

__all__ = ["build", "empty", "room_for"]

Array = NDArray[np.int64]

_MOST_PORTS = 60  # a set of ports is a word
_ROUND_UP = (1 << FRACTION_BITS) - 1
_SENDERS, _LEFT = Counter.SENDERS, Counter.LEFT


def build(
    mesh: MeshSpec,
    timing: TimingSpec,
    packets: Packets,
    *,
    order: Array,
    service: Array,
    work: Array,
    paced: int,
    disabled: Array,
) -> tuple[Fabric, Load, State]:
    """Return the empty network with its packets. ``order`` lists packets as their cores send them."""
    n_packets, n_deliveries = len(packets.source), len(packets.destination)
    fabric, load, state = room_for(mesh, timing, n_packets, n_deliveries, paced)
    queue = order[np.argsort(packets.source[order], kind="stable")]
    load = load._replace(
        first=packets.first,
        tile=packets.destination // mesh.cores_per_tile,
        port=4 + packets.destination % mesh.cores_per_tile,
        service=service,
        queue=queue,
        queue_first=np.searchsorted(packets.source[queue], np.arange(mesh.n_cores + 1)),
        work=work,
    )
    empty(fabric, load, state, disabled, n_packets, n_deliveries)
    return fabric, load, state


def room_for(
    mesh: MeshSpec, timing: TimingSpec, n_packets: int, n_deliveries: int, paced: int
) -> tuple[Fabric, Load, State]:
    """Return the network with room for so many packets and deliveries, to be filled in and emptied."""
    ports = 4 + mesh.cores_per_tile
    if ports > _MOST_PORTS:
        raise CapabilityError(
            "mesh.cores_per_tile",
            f"the network on chip has room for {_MOST_PORTS - 4} cores on a tile, got {mesh.cores_per_tile}",
        )
    n_routers, n_cores, depth = mesh.width * mesh.height, mesh.n_cores, timing.fifo_depth
    n_fifos = n_routers * ports
    home = np.arange(n_cores) // mesh.cores_per_tile
    fabric = Fabric(
        mesh.height,
        ports,
        depth,
        timing.router_cycles,
        timing.link_cycles_ew,
        timing.link_cycles_ns,
        np.arange(n_routers) // mesh.height * mesh.height,
        _links(mesh, ports),
        home,
        home * ports + 4 + np.arange(n_cores) % mesh.cores_per_tile,
    )

    def zeros(n: int) -> Array:
        return np.zeros(n, dtype=np.int64)

    load = Load(
        first=zeros(n_packets + 1),
        tile=zeros(n_deliveries),
        port=zeros(n_deliveries),
        service=zeros(n_deliveries),
        queue=zeros(n_packets),
        queue_first=zeros(n_cores + 1),
        work=zeros(n_packets),
        paced=paced,
    )
    state = State(
        counters=zeros(Counter.SIZE),
        low=zeros(n_fifos * depth),
        high=zeros(n_fifos * depth),
        time=zeros(n_fifos * depth),
        ready=zeros(n_fifos),
        held=zeros(n_fifos),
        read=zeros(n_fifos),
        write=zeros(n_fifos),
        arrived=zeros(n_fifos),
        look=zeros(n_fifos),
        pending=zeros(n_fifos),
        turn=zeros(n_fifos),
        active=zeros(n_routers),
        listed=zeros(n_routers),
        flits=zeros(n_routers),
        wanted=zeros(ports),
        crossed=zeros(n_routers * 4),
        deepest=zeros(n_fifos),
        dwelt=zeros(n_fifos),
        senders=zeros(n_cores),
        sent=zeros(n_cores),
        made=zeros(n_cores),
        offer=zeros(n_cores),
        stalled=zeros(n_cores),
        let_in=zeros(n_packets),
        due=zeros(n_packets),
        inbox=zeros(n_cores * depth),
        inbox_at=zeros(n_cores),
        receiver=zeros(n_cores),
        taken=zeros(n_cores),
        first_taken=zeros(n_cores),
        next_taken=zeros(n_deliveries),
        arrival=zeros(n_deliveries),
        start=zeros(n_deliveries),
    )
    return fabric, load, state


@entry
def empty(
    fabric: Fabric,
    load: Load,
    state: State,
    disabled: Vector[np.int64],
    packets: Index,
    deliveries: Index,
) -> None:
    """Clear the network, but for its tallies, and offer the first packet of every core; ``disabled`` take none."""
    depth = fabric.depth
    for row in (state.counters, state.time, state.held, state.arrived, state.pending, state.turn):
        row[:] = 0
    for row in (state.listed, state.flits, state.stalled, state.inbox, state.inbox_at, state.receiver):
        row[:] = 0
    state.ready[:] = NEVER
    state.taken[:] = -1
    state.first_taken[:] = -1
    for fifo in range(state.read.shape[0]):
        state.read[fifo] = state.write[fifo] = state.look[fifo] = fifo * depth
    for packet in range(packets):
        state.let_in[packet] = -1
    for delivery in range(deliveries):
        state.next_taken[delivery] = -1
        state.arrival[delivery] = -1
    for at in range(disabled.shape[0]):
        for place in range(depth):
            state.inbox[disabled[at] * depth + place] = NEVER
    n_senders = 0
    for core in range(state.sent.shape[0]):
        state.sent[core] = load.queue_first[core]
        if load.queue_first[core + 1] > load.queue_first[core]:
            packet = load.queue[load.queue_first[core]]
            work = load.work[packet]
            state.due[packet] = state.made[core] = work
            state.offer[core] = (work + _ROUND_UP) >> FRACTION_BITS if load.paced else work
            state.senders[n_senders] = core
            n_senders += 1
    state.counters[_SENDERS] = n_senders
    state.counters[_LEFT] = deliveries


def _links(mesh: MeshSpec, ports: int) -> Array:
    """Return the FIFO at the far end of each link: east, west, north, south."""
    x, y = np.divmod(np.arange(mesh.width * mesh.height), mesh.height)
    ends = []
    for port, (step_x, step_y) in enumerate(((1, 0), (-1, 0), (0, -1), (0, 1))):
        to_x, to_y = x + step_x, y + step_y
        inside = (to_x >= 0) & (to_x < mesh.width) & (to_y >= 0) & (to_y < mesh.height)
        ends.append(np.where(inside, (to_x * mesh.height + to_y) * ports + port, -1))
    return np.ascontiguousarray(np.stack(ends, axis=1).reshape(-1))
