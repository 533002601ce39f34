"""What ODIN and tinyODIN have in common: the scheduler's queue, the AER links, and the record of what happens.

Time is counted in cycles of the chip's clock. An event's request takes two cycles through the synchroniser of the
input link; its acknowledge is seen in the first of three cycles in which the controller waits for the request to fall.
A spike of cycle c asks for the output link in c + 1 and holds it up to and including c + 6 + hold, where ``hold``
cycles pass before the receiver acknowledges; meanwhile the controller stands still.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels import _jit

__all__ = [
    "ACKNOWLEDGED",
    "BUSY",
    "COUNT",
    "DISPATCHED",
    "DROPPED",
    "EVENT",
    "HANDSHAKE",
    "HANDSHAKE_CYCLES",
    "HEAD",
    "IDLE",
    "LINK_CYCLES",
    "NEURON",
    "NEVER",
    "NOW",
    "QUIET",
    "RAISED",
    "ROOM",
    "SPIKE",
    "STALLED",
    "STOPPED",
    "SYNCHRONISER",
    "TO_BE_CONTINUED",
    "WORD",
    "Events",
    "Machine",
    "acknowledge",
    "begin",
    "given_up",
    "leave",
    "next_event",
    "pop",
    "popped",
    "push",
    "push_event",
    "record",
    "send",
    "wait_for_link",
]

# Kinds of records, in the order in which those of one cycle stand.
SPIKE, WORD, NEURON, ACKNOWLEDGED = range(4)
SYNCHRONISER = 2
HANDSHAKE_CYCLES = 3
LINK_CYCLES = 6
# Of a `Machine.clock`: the controller's next cycle of waiting; the first in which the output link is free; the event
# that is next, and the cycle in which it is asked for; the queue's first place and its length.
NOW, BUSY, EVENT, RAISED, HEAD, COUNT = range(6)
# Of a `Machine.spent`, cycles but the last: nothing to do; an operation chosen; an event acknowledged; the output link
# busy; events that the full queue lost.
IDLE, DISPATCHED, HANDSHAKE, STALLED, DROPPED = range(5)
# Why a kernel returns: no room for records; nothing left to do; ``patience`` is over.
TO_BE_CONTINUED, QUIET, STOPPED = range(3)
NEVER = 1 << 62  # a cycle
# Records that the longest operation may make, 256 neurons that all fire and 8192 words of synapses.
ROOM = 9000


class Events(NamedTuple):
    """What the host sends: addresses on the input link, the cycles that it waits before each, and its manners.

    ``hold`` cycles pass before it acknowledges a spike; ``patience`` cycles after it has asked for an event that is not
    acknowledged, or for its last one, it stops listening.
    """

    address: NDArray[np.int64]
    gap: NDArray[np.int64]
    hold: int
    patience: int


class Machine(NamedTuple):
    """What the controller keeps, and what it did.

    Attributes
    ----------
    clock
        NOW, BUSY, EVENT, RAISED, HEAD, COUNT.
    queue
        The scheduler's, a ring of entries: stimulus << 8 | address.
    heads, values, made
        Records: cycle << 16 | kind << 13 | address, and a value; how many were made.
    operations, busy
        Of each kind of operation how many, and the cycles that the controller was at it.
    spent
        IDLE, DISPATCHED, HANDSHAKE, STALLED, DROPPED.
    """

    clock: NDArray[np.int64]
    queue: NDArray[np.int64]
    heads: NDArray[np.int64]
    values: NDArray[np.int64]
    made: NDArray[np.int64]
    operations: NDArray[np.int64]
    busy: NDArray[np.int64]
    spent: NDArray[np.int64]


@_jit.kernel
def record(machine: Machine, cycle: int, kind: int, address: int, value: int) -> None:
    """Write one record."""
    at = machine.made[0]
    machine.heads[at] = cycle << 16 | kind << 13 | address
    machine.values[at] = value
    machine.made[0] = at + 1


@_jit.kernel
def push(machine: Machine, entry: int) -> None:
    """Put an entry into the queue; a full one loses it."""
    depth = machine.queue.size
    if machine.clock[COUNT] == depth:
        machine.spent[DROPPED] += 1
        return
    machine.queue[(machine.clock[HEAD] + machine.clock[COUNT]) % depth] = entry
    machine.clock[COUNT] += 1


@_jit.kernel
def pop(machine: Machine) -> None:
    """Take the first entry off the queue."""
    machine.clock[HEAD] = (machine.clock[HEAD] + 1) % machine.queue.size
    machine.clock[COUNT] -= 1


@_jit.kernel
def send(machine: Machine, cycle: int, address: int, hold: int) -> int:
    """Offer a spike of a cycle to the output link, and return for how many cycles the controller stands still."""
    record(machine, cycle + 1, SPIKE, address, 0)
    machine.clock[BUSY] = cycle + LINK_CYCLES + hold + 1
    return LINK_CYCLES + hold


@_jit.kernel
def wait_for_link(machine: Machine) -> int:
    """Wait until the output link is free, and return the cycle in which the controller can choose."""
    now: int = machine.clock[NOW]
    busy: int = machine.clock[BUSY]
    if busy > now:
        machine.spent[STALLED] += busy - now
        now = machine.clock[NOW] = busy
    return now


@_jit.kernel
def begin(machine: Machine, now: int, chosen: int, kind: int) -> int:
    """Begin an operation that is chosen in a later cycle than ``now``, or in it; return its first cycle."""
    machine.spent[IDLE] += chosen - now
    machine.spent[DISPATCHED] += 1
    machine.operations[kind] += 1
    return chosen + 1


@_jit.kernel
def acknowledge(machine: Machine, events: Events, cycle: int) -> None:
    """Acknowledge an event in a cycle; the host asks for its next one when the acknowledge has fallen."""
    record(machine, cycle, ACKNOWLEDGED, 0, 0)
    machine.spent[HANDSHAKE] += HANDSHAKE_CYCLES
    machine.clock[NOW] = cycle + HANDSHAKE_CYCLES
    event = machine.clock[EVENT] + 1
    machine.clock[EVENT] = event
    if event < events.address.size:
        machine.clock[RAISED] = cycle + HANDSHAKE_CYCLES + events.gap[event]


@_jit.kernel
def leave(
    machine: Machine, events: Events, cycle: int, neuron: int, open_loop: bool, by_controller: bool
) -> int:
    """Let the spike of a neuron, of a cycle, into the queue and out on the link; return the cycles of standing still.

    It does not enter the queue of a chip in ``open_loop``, nor leave one that sends the events of its controller.
    """
    if not open_loop:
        push(machine, neuron)
    return 0 if by_controller else send(machine, cycle, neuron, events.hold)


@_jit.kernel
def push_event(machine: Machine, events: Events, now: int, chosen: int, kind: int, entry: int) -> None:
    """Put what an event brings into the queue, which takes a cycle, and acknowledge it."""
    cycle = begin(machine, now, chosen, kind)
    machine.busy[kind] += 1
    push(machine, entry)
    acknowledge(machine, events, cycle + 1)


@_jit.kernel
def popped(machine: Machine, kind: int, cycles: int, now: int) -> None:
    """End an operation of so many cycles that the queue asked for; the controller can choose again from ``now`` on."""
    pop(machine)
    machine.busy[kind] += cycles
    machine.clock[NOW] = now


@_jit.kernel
def given_up(machine: Machine, events: Events, now: int) -> bool:
    """Return whether the host no longer waits."""
    raised: int = machine.clock[RAISED]
    return now > raised + SYNCHRONISER + events.patience


@_jit.kernel
def next_event(machine: Machine, events: Events) -> tuple[int, int]:
    """Return the address of the next event, and the cycle from which it is seen: NEVER where there is none."""
    event = machine.clock[EVENT]
    if event == events.address.size:
        return 0, NEVER
    return events.address[event], machine.clock[RAISED] + SYNCHRONISER
