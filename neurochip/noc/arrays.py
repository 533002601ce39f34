"""The arrays that the network's kernels work on; all are int64, and times within cores count 2⁻²⁰ cycle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurochip.kernels.types import Vector

__all__ = ["FRACTION_BITS", "LISTED", "NEVER", "WAITING", "Counter", "Fabric", "Load", "State"]

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
    column: Vector[np.int64]  # [router]  router at the top of its column
    down: Vector[np.int64]  # [router · 4]  FIFO at the far end of each link, −1 at the edge
    home: Vector[np.int64]  # [core]  its router
    door: Vector[np.int64]  # [core]  the FIFO that it fills


class Load(NamedTuple):
    """What is to be sent. Deliveries of a packet are sorted by core, so each branch of its tree is a range."""

    first: Vector[np.int64]  # [packet + 1]  deliveries of each packet
    tile: Vector[np.int64]  # [delivery]  router
    port: Vector[np.int64]  # [delivery]  local port
    service: Vector[np.int64]  # [delivery]  work of the receiver
    queue: Vector[np.int64]  # [packet]  packets by core, in order
    queue_first: Vector[np.int64]  # [core + 1]
    work: Vector[np.int64]  # [packet]  paced: work of the sender; otherwise: the cycle when due
    paced: int  # 0: packets are due in given cycles; WAITING or LISTED: when their sender has made them


class State(NamedTuple):
    """Everything that changes."""

    counters: Vector[np.int64]  # [Counter]
    low: Vector[np.int64]  # [FIFO · depth]  deliveries of the flit: low … high − 1
    high: Vector[np.int64]
    time: Vector[np.int64]  # [FIFO · depth]
    # occupied: cycle of arrival; free: cycle from which the sender may fill it
    ready: Vector[np.int64]  # [FIFO]  cycle from which the head may request outputs; NEVER when there is none
    held: Vector[np.int64]  # [FIFO]  places taken, those of flits still on the link included
    read: Vector[np.int64]  # [FIFO]  place of the head, in the arrays above
    write: Vector[np.int64]  # [FIFO]  place of the next flit
    arrived: Vector[np.int64]  # [FIFO]  flits known to have arrived and not left
    look: Vector[np.int64]  # [FIFO]  place of the first flit not known to have arrived
    pending: Vector[np.int64]  # [FIFO]
    # set of outputs by which the head has yet to leave; 0: not worked out yet
    turn: Vector[np.int64]  # [router · ports]  input that an output asks first
    active: Vector[np.int64]  # [router]  list of routers that hold flits, and some that no longer do
    listed: Vector[np.int64]  # [router]  1 when in that list
    flits: Vector[np.int64]  # [router]  flits in its FIFOs
    wanted: Vector[np.int64]  # [ports]
    # set of inputs that request each output, of one router; empty between two
    crossed: Vector[np.int64]  # [router · 4]  flits per link
    deepest: Vector[np.int64]  # [FIFO]
    dwelt: Vector[np.int64]  # [FIFO]  flits × cycles
    senders: Vector[np.int64]  # [core]  list of cores with packets left
    sent: Vector[np.int64]  # [core]  place in the queue
    made: Vector[np.int64]  # [core]  time when the packet on offer was made, then when the sender went on
    offer: Vector[np.int64]  # [core]  cycle from which the packet is offered
    stalled: Vector[np.int64]  # [core]  cycles
    let_in: Vector[np.int64]  # [packet]  cycle, −1 while it waits
    due: Vector[np.int64]  # [packet]  time when it was made (paced) or cycle when due
    inbox: Vector[np.int64]  # [core · depth]  cycle from which a place is free
    inbox_at: Vector[np.int64]  # [core]
    receiver: Vector[np.int64]  # [core]  time when it is done
    taken: Vector[np.int64]  # [core]  last delivery taken, −1: none
    first_taken: Vector[np.int64]  # [core]
    next_taken: Vector[np.int64]  # [delivery]  the one that the same core took next, −1: none
    arrival: Vector[np.int64]  # [delivery]  cycle, −1 while under way
    start: Vector[np.int64]  # [delivery]  time when the receiver took it


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
