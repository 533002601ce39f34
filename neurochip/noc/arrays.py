"""The arrays that the network's kernels work on; all are int64, and times within cores count 2⁻²⁰ cycle."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["FRACTION_BITS", "LISTED", "NEVER", "WAITING", "Counter", "Fabric", "Load", "State"]

Array = np.ndarray[Any, Any]

FRACTION_BITS = 20
NEVER = 1 << 62
# How senders are paced: a sender waits until its packet is let in, or its packets wait in a list and it goes on.
WAITING, LISTED = 1, 2


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
