"""The arrays that the network's kernels work on; all are int64, and times within cores count 2⁻²⁰ cycle."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import CapabilityError
from neurochip.noc.packets import Packets

__all__ = ["FRACTION_BITS", "LISTED", "NEVER", "WAITING", "Counter", "Fabric", "Load", "State", "build"]

Array = np.ndarray[Any, Any]

FRACTION_BITS = 20
NEVER = 1 << 62
# How senders are paced: a sender waits until its packet is let in, or its packets wait in a list and it goes on.
WAITING, LISTED = 1, 2
_MOST_PORTS = 60  # a set of ports is a word


class Fabric(NamedTuple):
    """The chip. Router r = x · height + y; FIFO f = r · ports + port (docs/network-on-chip.md)."""

    height: int
    ports: int
    depth: int
    router_cycles: int
    cycles_ew: int
    cycles_ns: int
    column: Array  # [router]  router at the top of its column
    down: Array  # [router · 4]  FIFO at the far end of each link, −1 at the edge
    home: Array  # [core]  its router
    door: Array  # [core]  the FIFO that it fills


class Load(NamedTuple):
    """What is to be sent. Deliveries of a packet are sorted by core, so each branch of its tree is a range."""

    first: Array  # [packet + 1]  deliveries of each packet
    tile: Array  # [delivery]  router
    port: Array  # [delivery]  local port
    service: Array  # [delivery]  work of the receiver
    queue: Array  # [packet]  packets by core, in order
    queue_first: Array  # [core + 1]
    work: Array  # [packet]  paced: work of the sender; otherwise: the cycle when due
    paced: int  # 0: packets are due in given cycles; WAITING or LISTED: when their sender has made them


class State(NamedTuple):
    """Everything that changes."""

    counters: Array  # [Counter]
    low: Array  # [FIFO · depth]  deliveries of the flit: low … high − 1
    high: Array
    time: Array  # [FIFO · depth]  occupied: cycle of arrival; free: cycle from which the sender may fill it
    ready: Array  # [FIFO]  cycle from which the head may request outputs; NEVER when there is none
    held: Array  # [FIFO]  places taken, those of flits still on the link included
    read: Array  # [FIFO]  place of the head, in the arrays above
    write: Array  # [FIFO]  place of the next flit
    arrived: Array  # [FIFO]  flits known to have arrived and not left
    look: Array  # [FIFO]  place of the first flit not known to have arrived
    pending: Array  # [FIFO]  set of outputs by which the head has yet to leave; 0: not worked out yet
    turn: Array  # [router · ports]  input that an output asks first
    active: Array  # [router]  list of routers that hold flits, and some that no longer do
    listed: Array  # [router]  1 when in that list
    flits: Array  # [router]  flits in its FIFOs
    wanted: Array  # [ports]  set of inputs that request each output, of one router; empty between two
    crossed: Array  # [router · 4]  flits per link
    deepest: Array  # [FIFO]
    dwelt: Array  # [FIFO]  flits × cycles
    senders: Array  # [core]  list of cores with packets left
    sent: Array  # [core]  place in the queue
    made: Array  # [core]  time when the packet on offer was made, then when the sender went on
    offer: Array  # [core]  cycle from which the packet is offered
    stalled: Array  # [core]  cycles
    let_in: Array  # [packet]  cycle, −1 while it waits
    due: Array  # [packet]  time when it was made (paced) or cycle when due
    inbox: Array  # [core · depth]  cycle from which a place is free
    inbox_at: Array  # [core]
    receiver: Array  # [core]  time when it is done
    taken: Array  # [core]  last delivery taken, −1: none
    first_taken: Array  # [core]
    next_taken: Array  # [delivery]  the one that the same core took next, −1: none
    arrival: Array  # [delivery]  cycle, −1 while under way
    start: Array  # [delivery]  time when the receiver took it


class Counter:
    """Places in ``State.counters``."""

    NOW = 0
    LEFT = 1  # deliveries
    HOPS = 2  # links crossed
    ACTIVE = 3  # routers in the list
    SENDERS = 4  # cores in the list
    LET_IN = 5
    GRANTS = 6
    FREED = 7
    SIZE = 8


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
    ports = 4 + mesh.cores_per_tile
    if ports > _MOST_PORTS:
        raise CapabilityError(
            "mesh.cores_per_tile",
            f"the network on chip has room for {_MOST_PORTS - 4} cores on a tile, got {mesh.cores_per_tile}",
        )
    n_routers, n_cores, depth = mesh.width * mesh.height, mesh.n_cores, timing.fifo_depth
    n_packets, n_deliveries = len(packets.source), len(packets.destination)
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
    queue = order[np.argsort(packets.source[order], kind="stable")]
    queue_first = np.searchsorted(packets.source[queue], np.arange(n_cores + 1))
    load = Load(
        packets.first,
        packets.destination // mesh.cores_per_tile,
        4 + packets.destination % mesh.cores_per_tile,
        service,
        queue,
        queue_first,
        work,
        paced,
    )

    def zeros(n: int) -> Array:
        return np.zeros(n, dtype=np.int64)

    def nothing(n: int) -> Array:
        return np.full(n, -1, dtype=np.int64)

    n_fifos = n_routers * ports
    state = State(
        counters=zeros(Counter.SIZE),
        low=zeros(n_fifos * depth),
        high=zeros(n_fifos * depth),
        time=zeros(n_fifos * depth),
        ready=np.full(n_fifos, NEVER),
        held=zeros(n_fifos),
        read=np.arange(n_fifos) * depth,
        write=np.arange(n_fifos) * depth,
        arrived=zeros(n_fifos),
        look=np.arange(n_fifos) * depth,
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
        sent=queue_first[:-1].copy(),
        made=zeros(n_cores),
        offer=zeros(n_cores),
        stalled=zeros(n_cores),
        let_in=nothing(n_packets),
        due=zeros(n_packets),
        inbox=zeros(n_cores * depth),
        inbox_at=zeros(n_cores),
        receiver=zeros(n_cores),
        taken=nothing(n_cores),
        first_taken=nothing(n_cores),
        next_taken=nothing(n_deliveries),
        arrival=nothing(n_deliveries),
        start=zeros(n_deliveries),
    )
    state.inbox.reshape(n_cores, depth)[disabled] = NEVER
    state.counters[Counter.LEFT] = n_deliveries
    _offer_first(load, state)
    return fabric, load, state


def _offer_first(load: Load, state: State) -> None:
    """Offer the first packet of every core that has one."""
    senders = np.flatnonzero(np.diff(load.queue_first))
    state.senders[: len(senders)] = senders
    state.counters[Counter.SENDERS] = len(senders)
    packet = load.queue[load.queue_first[senders]]
    state.due[packet] = load.work[packet]
    state.made[senders] = load.work[packet]
    state.offer[senders] = -(-load.work[packet] >> FRACTION_BITS) if load.paced else load.work[packet]


def _links(mesh: MeshSpec, ports: int) -> Array:
    """Return the FIFO at the far end of each link: east, west, north, south."""
    x, y = np.divmod(np.arange(mesh.width * mesh.height), mesh.height)
    ends = []
    for port, (step_x, step_y) in enumerate(((1, 0), (-1, 0), (0, -1), (0, 1))):
        to_x, to_y = x + step_x, y + step_y
        inside = (to_x >= 0) & (to_x < mesh.width) & (to_y >= 0) & (to_y < mesh.height)
        ends.append(np.where(inside, (to_x * mesh.height + to_y) * ports + port, -1))
    return np.ascontiguousarray(np.stack(ends, axis=1).reshape(-1))
