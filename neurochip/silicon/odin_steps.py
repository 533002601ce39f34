"""The controller of ODIN: what it does in which cycle, an operation after the other, learning included."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.kernels import _jit
from neurochip.silicon.controller import (
    COUNT,
    HEAD,
    NEURON,
    NEVER,
    QUIET,
    ROOM,
    STALLED,
    STOPPED,
    TO_BE_CONTINUED,
    WORD,
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
from neurochip.silicon.odin_izhikevich import izhikevich_step
from neurochip.silicon.odin_lif import DOWN, EXCITED, FIRES, INHIBITED, LEAKS, NOTHING, UP, lif_step

__all__ = ["OPERATIONS", "Chip", "flags_before", "run"]

OPERATIONS = (
    "push",
    "spike event",
    "virtual event",
    "synapse event",
    "time reference of one",
    "time reference of all",
    "bistability of one",
    "bistability of all",
)
PUSH, SPIKE_IN, VIRTUAL, SYNAPSE, LEAK_ONE, LEAK_ALL, BISTABLE_ONE, BISTABLE_ALL = range(8)
_NEURONS = 256
_WORDS_PER_ROW = 32


class Chip(NamedTuple):
    """Memories and registers of ODIN.

    Attributes
    ----------
    state, disabled, izhikevich
        Of the 256 neurons: bits 70 to 124 of their words; whether they send nothing; which model they have.
    lif, parameters
        [neuron, parameter] of both models.
    up, down
        Whether weights to a neuron are to rise or to fall.
    words
        8192 words of eight synapses: from the lowest bits on 3 bits of weight and a mapping bit each.
    inhibitory
        SPI_SYN_SIGN, by sending neuron.
    monitored
        SPI_MONITOR_NEUR_ADDR.
    open_loop, by_controller, update_unmapped, propagate_unmapped, learn_on_synapse
        The registers of these names.
    """

    state: NDArray[np.int64]
    disabled: NDArray[np.int64]
    izhikevich: NDArray[np.int64]
    lif: NDArray[np.int64]
    parameters: NDArray[np.int64]
    up: NDArray[np.int64]
    down: NDArray[np.int64]
    words: NDArray[np.int64]
    inhibitory: NDArray[np.int64]
    monitored: int
    open_loop: bool
    by_controller: bool
    update_unmapped: bool
    propagate_unmapped: bool
    learn_on_synapse: bool


@_jit.kernel
def _step(chip: Chip, neuron: int, event: int, weight: int) -> int:
    if chip.izhikevich[neuron]:
        return izhikevich_step(chip.parameters[neuron], chip.state[neuron], event, weight)
    return lif_step(chip.lif[neuron], chip.state[neuron], event, weight)


@_jit.entry
def flags_before(chip: Chip) -> None:
    """Set UP and DOWN of all neurons as they are behind the last byte that SPI wrote."""
    for neuron in range(_NEURONS):
        result = _step(chip, neuron, NOTHING, 0)
        chip.up[neuron] = 1 if result & UP else 0
        chip.down[neuron] = 1 if result & DOWN else 0


@_jit.kernel
def _write(
    chip: Chip, events: Events, machine: Machine, cycle: int, neuron: int, event: int, weight: int
) -> int:
    """Update and write a neuron in a cycle, and return for how many cycles the controller stands still."""
    result = _step(chip, neuron, event, weight)
    chip.up[neuron] = 1 if result & UP else 0
    chip.down[neuron] = 1 if result & DOWN else 0
    chip.state[neuron] = result & (DOWN - 1)
    record(machine, cycle, NEURON, neuron, result & (FIRES - 1))
    if not result & FIRES or chip.disabled[neuron]:
        return 0
    return leave(machine, events, cycle, neuron, chip.open_loop, chip.by_controller)


@_jit.kernel
def _learn(chip: Chip, machine: Machine, cycle: int, at: int, mask: int, bistable: bool) -> None:
    """Write a word of synapses, those of a mask changed: by the flags of their neurons, or towards 0 or 7.

    Weights saturate at 0 and 7; a synapse without mapping bit changes only if the register says so.
    """
    old = chip.words[at]
    new = 0
    first = (at & (_WORDS_PER_ROW - 1)) << 3
    for i in range(8):
        synapse = old >> 4 * i & 15
        if mask >> i & 1 and (synapse & 8 or chip.update_unmapped):
            weight = synapse & 7
            if bistable:
                rises, falls = weight >= 4, weight < 4
            else:
                rises, falls = chip.up[first + i] != 0, chip.down[first + i] != 0
            if rises:
                synapse += 1 if weight < 7 else 0
            elif falls:
                synapse -= 1 if weight > 0 else 0
        new |= synapse << 4 * i
    chip.words[at] = new
    record(machine, cycle, WORD, at, new)


@_jit.kernel
def _received(chip: Chip, word: int, neuron: int) -> int:
    """Return the weight that a neuron receives of a word of synapses: 0 where it is not mapped."""
    synapse = word >> 4 * (neuron & 7) & 15
    return synapse & 7 if synapse & 8 or chip.propagate_unmapped else 0


@_jit.kernel
def _time_reference(
    chip: Chip, events: Events, machine: Machine, now: int, chosen: int, address: int
) -> None:
    if address & 0x80:
        cycle = begin(machine, now, chosen, LEAK_ONE) + 1
        _write(chip, events, machine, cycle, address >> 8 & 0xFF, LEAKS, 0)
        machine.busy[LEAK_ONE] += 2
        acknowledge(machine, events, cycle + 1)
        return
    cycle = begin(machine, now, chosen, LEAK_ALL) + 1
    for neuron in range(_NEURONS):
        stalled = _write(chip, events, machine, cycle, neuron, LEAKS, 0)
        if neuron < _NEURONS - 1:
            machine.spent[STALLED] += stalled
            cycle += 2 + stalled
    machine.busy[LEAK_ALL] += 2 * _NEURONS
    acknowledge(machine, events, cycle + 1)


@_jit.kernel
def _bistability(chip: Chip, events: Events, machine: Machine, now: int, chosen: int, address: int) -> None:
    one = address & 0x80
    first = (address >> 8 & 0xFF) * _WORDS_PER_ROW if one else 0
    n = _WORDS_PER_ROW if one else _WORDS_PER_ROW * _NEURONS
    kind = BISTABLE_ONE if one else BISTABLE_ALL
    cycle = begin(machine, now, chosen, kind)
    for i in range(n):
        _learn(chip, machine, cycle + 1 + 2 * i, first + i, 0xFF, True)
    machine.busy[kind] += 2 * n
    acknowledge(machine, events, cycle + 2 * n)


@_jit.kernel
def _synapse(chip: Chip, events: Events, machine: Machine, now: int, chosen: int, address: int) -> None:
    cycle = begin(machine, now, chosen, SYNAPSE) + 1
    at, neuron, sender = address >> 3 & 0x1FFF, address & 0xFF, address >> 8 & 0xFF
    weight = _received(chip, chip.words[at], neuron)
    _learn(chip, machine, cycle, at, 1 << (neuron & 7) if chip.learn_on_synapse else 0, False)
    event = INHIBITED if chip.inhibitory[sender] else EXCITED
    _write(chip, events, machine, cycle, neuron, event, weight)
    machine.busy[SYNAPSE] += 2
    acknowledge(machine, events, cycle + 1)


@_jit.kernel
def _virtual_event(
    chip: Chip, events: Events, machine: Machine, now: int, neuron: int, stimulus: int
) -> None:
    cycle = begin(machine, now, now, VIRTUAL) + 1
    event = LEAKS if stimulus & 1 else INHIBITED if stimulus & 2 else EXCITED
    _write(chip, events, machine, cycle, neuron, event, stimulus >> 2)
    popped(machine, VIRTUAL, 2, cycle + 1)


@_jit.kernel
def _spike_event(chip: Chip, events: Events, machine: Machine, now: int, sender: int) -> None:
    """Let all neurons receive a sender's weights, and the weights learn, eight with the first of their neurons.

    Neurons receive the weights from before, and weights see the flags from before.
    """
    cycle = begin(machine, now, now, SPIKE_IN) + 1
    event = INHIBITED if chip.inhibitory[sender] else EXCITED
    word = 0
    for neuron in range(_NEURONS):
        if not neuron & 7:
            at = sender * _WORDS_PER_ROW + (neuron >> 3)
            word = chip.words[at]
            _learn(chip, machine, cycle, at, 0xFF, False)
        stalled = _write(chip, events, machine, cycle, neuron, event, _received(chip, word, neuron))
        if chip.by_controller and neuron == chip.monitored:
            stalled = send(machine, cycle, sender, events.hold)
        if neuron < _NEURONS - 1:
            machine.spent[STALLED] += stalled
            cycle += 2 + stalled
    popped(machine, SPIKE_IN, 2 * _NEURONS, cycle + 1)


@_jit.kernel
def _input(chip: Chip, events: Events, machine: Machine, now: int, chosen: int, address: int) -> None:
    low = address & 0x7F
    if address & 0x10000:
        _synapse(chip, events, machine, now, chosen, address)
    elif low == 0x7F:
        _time_reference(chip, events, machine, now, chosen, address)
    elif low == 0:
        _bistability(chip, events, machine, now, chosen, address)
    else:
        push_event(machine, events, now, chosen, PUSH, (address >> 3 & 31) << 8 | (address >> 8 & 0xFF))


@_jit.entry
def run(chip: Chip, events: Events, machine: Machine) -> int:
    """Carry out operations until there is nothing left to do, and return why it stopped.

    A full queue comes first, then an event that is asked for, then the queue; a bistability event waits for the queue.
    """
    depth = machine.queue.size
    while machine.heads.size - machine.made[0] > ROOM:
        now = wait_for_link(machine)
        if given_up(machine, events, now):
            return STOPPED
        address, visible = next_event(machine, events)
        count = machine.clock[COUNT]
        patient = not address & 0x10000 and not address & 0x7F
        if visible < NEVER and count < depth and (count == 0 or (visible <= now and not patient)):
            _input(chip, events, machine, now, max(now, visible), address)
        elif count > 0:
            entry = machine.queue[machine.clock[HEAD]]
            if entry >> 8:
                _virtual_event(chip, events, machine, now, entry & 0xFF, entry >> 8)
            else:
                _spike_event(chip, events, machine, now, entry)
        else:
            return QUIET
    return TO_BE_CONTINUED
