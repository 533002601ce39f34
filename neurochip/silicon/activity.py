"""What a chip did with its events: spikes, records, operations and cycles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.errors import ConfigError
from neurochip.machine import check_memory
from neurochip.silicon.controller import (
    ACKNOWLEDGED,
    DISPATCHED,
    DROPPED,
    HANDSHAKE,
    IDLE,
    NOW,
    QUIET,
    RAISED,
    ROOM,
    SPIKE,
    STALLED,
    STOPPED,
    SYNCHRONISER,
    TO_BE_CONTINUED,
    Events,
    Machine,
)
from neurochip.silicon.records import Records

__all__ = ["Activity", "Operation", "carried_out", "events_of", "whole"]

_MOST_EVENTS = 1 << 26
_MOST_RECORDS = 1 << 20


class Operation(NamedTuple):
    """How often the controller did something, and for how many cycles altogether."""

    number: int
    cycles: int


class Activity(NamedTuple):
    """What happened from the first request on.

    Attributes
    ----------
    records
        Spikes that left, words that were written, acknowledges.
    cycles
        From the first request until the chip fell silent, or was no longer listened to.
    silent
        Whether it fell silent.
    operations
        Kind → number and cycles, as in the authors' table of events.
    dispatched, handshake, stalled, idle
        The other cycles: in which the controller chose an operation; in which it waited for a request to fall; in which
        it stood still because the output link was busy; in which there was nothing to do.
    lost
        Events that found the scheduler's queue full.
    row
        Neurons that a spike event updates.
    """

    records: Records
    cycles: int
    silent: bool
    operations: Mapping[str, Operation]
    dispatched: int
    handshake: int
    stalled: int
    idle: int
    lost: int
    row: int

    @property
    def spikes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cycles and neurons of the spikes that left, in their order."""
        found = self.records.of(SPIKE)
        return found.cycles, found.addresses

    @property
    def synaptic_operations(self) -> int:
        """Neurons that received a weight, one that is 0 included, by spike, synapse and virtual events."""
        each = {"spike event": self.row, "synapse event": 1, "virtual event": 1}
        return sum(self.operations[kind].number * n for kind, n in each.items() if kind in self.operations)

    @property
    def acknowledged(self) -> NDArray[np.int64]:
        """The cycle in which each event was acknowledged."""
        return self.records.of(ACKNOWLEDGED).cycles


def whole(
    values: ArrayLike, shape: tuple[int, ...], lowest: int, highest: int, name: str
) -> NDArray[np.int64]:
    """Return whole numbers of a shape, each within a range; a single number stands for all.

    Raises
    ------
    ConfigError
        When they are none.
    """
    given = np.asarray(values)
    if given.dtype.kind not in "iub":
        raise ConfigError(name, f"must be whole numbers, got {given.dtype}")
    try:
        found = np.broadcast_to(given, shape).astype(np.int64)
    except ValueError:
        raise ConfigError(name, f"must have the shape {shape}, got {given.shape}") from None
    if found.size and not (lowest <= int(found.min()) and int(found.max()) <= highest):
        worst = int(found.min()) if int(found.min()) < lowest else int(found.max())
        raise ConfigError(name, f"must be {lowest} to {highest}, got {worst}")
    return found


def events_of(address: ArrayLike, gap: ArrayLike, hold: int, patience: int, *, bits: int) -> Events:
    """Return checked events: addresses of ``bits`` bits and the cycles before each.

    Raises
    ------
    ConfigError
        When a number is out of its range.
    """
    n = np.asarray(address).size
    if n > _MOST_EVENTS:
        raise ConfigError("events", f"must be at most {_MOST_EVENTS}, got {n}; carry them out in parts")
    return Events(
        whole(np.reshape(address, -1), (n,), 0, (1 << bits) - 1, "address"),
        whole(gap, (n,), 0, 1 << 30, "gap"),
        int(whole(hold, (), 0, 1 << 16, "hold")),
        int(whole(patience, (), 0, 1 << 30, "patience")),
    )


def carried_out(
    run: Callable[[Machine], int], events: Events, kinds: tuple[str, ...], depth: int, row: int
) -> Activity:
    """Let a kernel carry out events from a silent chip on, and return what it did.

    Parameters
    ----------
    run
        Advances the machine it is given, and returns why it stopped.
    kinds
        Of its operations.
    depth
        Of the scheduler's queue.
    row
        Neurons that a spike event updates.
    """
    room = min(max(2 * ROOM, 64 * events.address.size), _MOST_RECORDS)
    machine = Machine(
        clock=np.zeros(6, np.int64),
        queue=np.zeros(depth, np.int64),
        heads=np.zeros(room, np.int64),
        values=np.zeros(room, np.int64),
        made=np.zeros(1, np.int64),
        operations=np.zeros(len(kinds), np.int64),
        busy=np.zeros(len(kinds), np.int64),
        spent=np.zeros(5, np.int64),
    )
    if events.gap.size:
        machine.clock[RAISED] = events.gap[0]
    parts = []
    reason = TO_BE_CONTINUED
    while reason == TO_BE_CONTINUED:
        reason = run(machine)
        n = int(machine.made[0])
        check_memory(4 * machine.heads.nbytes, "events", "send them in parts, or have less patience")
        parts.append(Records(machine.heads[:n].copy(), machine.values[:n].copy()))
        machine.made[0] = 0
    cycles = int(machine.clock[NOW])
    records = Records(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    if reason == STOPPED:
        cycles = int(machine.clock[RAISED]) + SYNCHRONISER + events.patience
        records = records.before(cycles)
    spent = [int(value) for value in machine.spent]
    return Activity(
        records,
        cycles,
        reason == QUIET,
        {
            kind: Operation(int(number), int(busy))
            for kind, number, busy in zip(kinds, machine.operations, machine.busy, strict=True)
        },
        spent[DISPATCHED],
        spent[HANDSHAKE],
        spent[STALLED],
        spent[IDLE],
        spent[DROPPED],
        row,
    )
