"""The controller of tinyODIN: what it does in which cycle, an operation after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels import _jit
from neurochip.silicon.controller import (
    BUSY,
    COUNT,
    HEAD,
    NEURON,
    NEVER,
    QUIET,
    ROOM,
    STALLED,
    STOPPED,
    TO_BE_CONTINUED,
    Events,
    Machine,
    acknowledge,
    begin,
    given_up,
    leave,
    next_event,
    popped,
    push_event,
    record,
    send,
    wait_for_link,
)

__all__ = ["LEAK_ALL", "LEAK_ONE", "OPERATIONS", "PUSH", "SPIKE_IN", "VIRTUAL", "Chip", "run"]

OPERATIONS = ("push", "spike event", "virtual event", "time reference of one", "time reference of all")
PUSH, SPIKE_IN, VIRTUAL, LEAK_ONE, LEAK_ALL = range(5)
_LOWEST, _HIGHEST = -2048, 2047


class Chip(NamedTuple):
    """Memories and registers of tinyODIN.

    Attributes
    ----------
    membrane, threshold, leak, disabled
        Of the 256 neurons; membranes from -2048 to 2047, thresholds from 0 to 4095.
    weight
        [sending, receiving], -8 to 7.
    last, open_loop, by_controller
        SPI_MAX_NEUR, SPI_OPEN_LOOP, SPI_AER_SRC_CTRL_nNEUR.
    """

    membrane: NDArray[np.int64]
    threshold: NDArray[np.int64]
    leak: NDArray[np.int64]
    disabled: NDArray[np.int64]
    weight: NDArray[np.int8]
    last: int
    open_loop: bool
    by_controller: bool


@_jit.kernel
def _leaked(membrane: int, leak: int) -> int:
    """Return a membrane after a time reference: nearer to 0, and not beyond it."""
    return min(membrane + leak, 0) if membrane < 0 else max(membrane - leak, 0)


@_jit.kernel
def _write(chip: Chip, events: Events, machine: Machine, cycle: int, neuron: int, value: int) -> int:
    """Write a neuron in a cycle, let it fire where it reaches its threshold, return the cycles of standing still."""
    fires = 0 <= value and value >= chip.threshold[neuron]
    if fires:
        value = 0
    chip.membrane[neuron] = value
    record(machine, cycle, NEURON, neuron, value & 0xFFF)
    if not fires or chip.disabled[neuron]:
        return 0
    return leave(machine, events, cycle, neuron, chip.open_loop, chip.by_controller)


@_jit.kernel
def _row(chip: Chip, events: Events, machine: Machine, first: int, sender: int) -> int:
    """Update all neurons up to the last, by a sender's weights or by their leak (-1).

    ``first`` is the cycle in which the first neuron is read; it is written in the next. Returns the cycle of the last
    write.
    """
    cycle = first + 1
    for neuron in range(chip.last + 1):
        if sender < 0:
            value = _leaked(chip.membrane[neuron], chip.leak[neuron])
        else:
            value = min(max(chip.membrane[neuron] + chip.weight[sender, neuron], _LOWEST), _HIGHEST)
        stalled = _write(chip, events, machine, cycle, neuron, value)
        if neuron == chip.last:
            break
        machine.spent[STALLED] += stalled
        cycle += 2 + stalled
    return cycle


@_jit.kernel
def _time_reference(
    chip: Chip, events: Events, machine: Machine, now: int, chosen: int, address: int
) -> None:
    if address & 0xFF == 0xFF:
        first = begin(machine, now, chosen, LEAK_ALL)
        last = _row(chip, events, machine, first, -1)
        machine.busy[LEAK_ALL] += 2 * (chip.last + 1)
    else:
        first = begin(machine, now, chosen, LEAK_ONE)
        neuron = address & 0xFF
        last = first + 1
        _write(chip, events, machine, last, neuron, _leaked(chip.membrane[neuron], chip.leak[neuron]))
        machine.busy[LEAK_ONE] += 2
    acknowledge(machine, events, last + 1)


@_jit.kernel
def _entry(address: int) -> int:
    """Return what an event puts into the queue."""
    return (address >> 4 & 0xF) << 8 | (address & 0xF) if address & 0x200 else address & 0xFF


@_jit.kernel
def _pop_event(chip: Chip, events: Events, machine: Machine, now: int) -> None:
    entry = machine.queue[machine.clock[HEAD]]
    address, stimulus = entry & 0xFF, entry >> 8
    if stimulus:
        cycle = begin(machine, now, now, VIRTUAL) + 1
        weight = stimulus - 16 if stimulus & 8 else stimulus
        value = min(max(chip.membrane[address] + weight, _LOWEST), _HIGHEST)
        _write(chip, events, machine, cycle, address, value)
        popped(machine, VIRTUAL, 2, cycle + 1)
        return
    first = begin(machine, now, now, SPIKE_IN)
    done = _row(chip, events, machine, first, address) + 1
    if chip.by_controller:
        send(machine, done - 1, address, events.hold)
    # The entry is popped in a cycle of its own, once the output link is free.
    free = max(done, machine.clock[BUSY])
    machine.spent[STALLED] += free - done
    popped(machine, SPIKE_IN, 2 * (chip.last + 1) + 1, free + 1)


@_jit.entry
def run(chip: Chip, events: Events, machine: Machine) -> int:
    """Carry out operations until there is nothing left to do, and return why it stopped.

    A full queue comes first, then an event that is asked for, then the queue.
    """
    depth = machine.queue.size
    while machine.heads.size - machine.made[0] > ROOM:
        now = wait_for_link(machine)
        if given_up(machine, events, now):
            return STOPPED
        address, visible = next_event(machine, events)
        count = machine.clock[COUNT]
        if visible < NEVER and count < depth and (visible <= now or count == 0):
            chosen = max(now, visible)
            if address & 0x100:
                _time_reference(chip, events, machine, now, chosen, address)
            else:
                push_event(machine, events, now, chosen, PUSH, _entry(address))
        elif count > 0:
            _pop_event(chip, events, machine, now)
        else:
            return QUIET
    return TO_BE_CONTINUED
