"""What happens between a spike that was fired and the cores that receive it, where something is broken.

See docs/faults.md.

Spikes that nobody meant are added and stuck outputs held; then each packet travels, or is lost, or comes later. A
channel that loses nothing does nothing here: see `tick.run_ticks`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurochip.cores.arrays import Channel, Function, Wiring, aligned_zeros
from neurochip.cores.axons import add_bits, row_of
from neurochip.cores.delivery import clear
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.random_bits import mix, share, tick_key, within
from neurochip.kernels.spike_lists import list_ones
from neurochip.kernels.types import Index, Matrix, Vector

__all__ = ["LOST", "TALLY", "FaultRates", "FaultWiring", "Faults", "faulty_channel", "sound_channel"]

# Why a packet never arrives, by number in `FaultWiring.cut`; 0 arrives.
LOST = ("", "link_down", "dead_core")

# What is counted, per core.
TALLY = (
    "spikes_delivered",  # on the receiving core; all others but the last on the sending one
    "lost_on_link",
    "lost_to_dead_core",
    "lost_to_drop",
    "packets_delayed",
    "spikes_spurious",
    "spikes_forced",
    "spikes_silenced",
    "aer_received",  # on the receiving core
)
_DELIVERED, _ON_LINK, _AT_DEAD, _DROPPED, _DELAYED, _SPURIOUS, _FORCED, _SILENCED, _RECEIVED = range(9)


_EIGHT, _LOG8 = np.uint64(8), np.uint64(3)
_MOST_TAKEN = np.uint64(2**14)  # axons of which 16 bits hold the packets, two of each


class FaultWiring(NamedTuple):
    """What is broken for good."""

    packet_bits: Vector[np.int64]  # [source]
    # of one packet as it is taken in; 0 where they differ from neuron to neuron
    reaches: Vector[np.uint8]  # [axon slot | 0]
    # whether a neuron has a synapse on the core; empty where all have one
    core_of: Vector[np.uint64]  # [slot]  core that holds a slot
    sites: Vector[np.uint64]  # [core]
    dead: Vector[np.uint8]  # [core]
    cut: Matrix[np.uint8]  # [sender, receiver]  index into LOST
    cuts: int  # how many of these are not 0
    stuck: Vector[np.uint64]  # [stuck neuron]  its slot
    stuck_at: Vector[np.uint8]  # [stuck neuron]
    is_stuck: Vector[np.uint8]  # [slot]


class FaultRates(NamedTuple):
    """What breaks by chance: probabilities, and the u64 seeds of their draws."""

    drop: float
    spurious: float
    delay: float
    delay_ticks: Index  # u64
    drop_seed: Index
    spurious_seed: Index
    delay_seed: Index


class Faults(NamedTuple):
    """What is broken, and room for one sample's tick, one per thread."""

    wiring: FaultWiring
    rates: FaultRates
    packed: Vector[np.uint8]  # [slot / 8]
    fired: Vector[np.uint64]  # [slot + 4]
    # who sent, each population's from its first slot on, counted from there
    n_fired: Vector[np.uint64]  # [population]
    keys: Matrix[np.uint64]  # [2, slot]  of the draws of those that sent: whether a packet is lost, and late
    chosen: Matrix[np.uint8]  # [2, slot]  which of their packets are, on the way to one core
    tally: Matrix[np.int64]  # [core, TALLY]


@separate_kernel
def _take_in(first: Index, last: Index, arrived: Vector[np.uint8]) -> Index:
    total = np.int64(0)
    while first < last:
        stop = min(last, first + _MOST_TAKEN)
        some = np.uint16(0)  # more of which fit a vector
        for j in range(first, stop):
            some = np.uint16(some + arrived[j])
        total += some
        first = stop
    return total


@separate_kernel
def _fire_by_chance(
    first: Index,
    last: Index,
    key: Index,
    neuron: Vector[np.uint64],
    of: Index,
    is_stuck: Vector[np.uint8],
    bits: Vector[np.uint8],
) -> Index:
    """Let neurons fire that do not; returns how many."""
    total = np.int64(0)
    for j in range(first, last):
        fires = (1 if within(key, neuron[j], of) else 0) & (bits[j] ^ 1) & (is_stuck[j] ^ 1)
        bits[j] |= fires
        total += fires
    return total


@separate_kernel
def _come_due(first: Index, last: Index, late: Vector[np.uint64], arrived: Vector[np.uint8]) -> None:
    one = np.uint64(1)
    for j in range(first, last):
        arrived[j] = late[j] & one
        late[j] = late[j] >> one


@kernel
def _whole(n: Index) -> Index:
    """Fill a number up, so that a loop over it has no remainder; populations have room for as many."""
    return (n + np.uint64(31)) & ~np.uint64(31)


@separate_kernel
def _keys_of(
    first: Index, n: Index, fired: Vector[np.uint64], neuron: Index, key: Index, keys: Vector[np.uint64]
) -> None:
    """Hash those that sent, of a population whose first neuron has the number ``neuron``."""
    for i in range(first, first + _whole(n)):
        keys[i] = mix(key, neuron + fired[i])


@separate_kernel
def _choose(
    first: Index, n: Index, keys: Vector[np.uint64], site: Index, of: Index, chosen: Vector[np.uint8]
) -> Index:
    """Draw for the packets of those that sent on the way to a site; returns how many are chosen."""
    found, stop = np.uint64(0), first + n
    for i in range(first, first + _whole(n)):
        fate = 1 if within(keys[i], site, of) and i < stop else 0
        chosen[i] = fate
        found += np.uint64(fate)
    return found


@kernel
def _misfire(
    wiring: FaultWiring,
    rates: FaultRates,
    key: Index,
    cores: Matrix[np.uint64],
    neuron: Vector[np.uint64],
    bits: Vector[np.uint8],
    tally: Matrix[np.int64],
) -> None:
    """Spurious spikes, then outputs that are stuck, in u8[slot] ``bits``."""
    if rates.spurious > 0:
        for c in range(cores.shape[0]):
            if wiring.dead[c] != 0:
                continue
            first, last, of = cores[c, 0], cores[c, 1], share(rates.spurious)
            tally[c, _SPURIOUS] += _fire_by_chance(first, last, key, neuron, of, wiring.is_stuck, bits)
    for k in range(wiring.stuck.shape[0]):
        j = wiring.stuck[k]
        c = wiring.core_of[j]
        if wiring.dead[c] != 0 or bits[j] == wiring.stuck_at[k]:
            continue
        bits[j] = wiring.stuck_at[k]
        if wiring.stuck_at[k] != 0:
            tally[c, _FORCED] += 1
        else:
            tally[c, _SILENCED] += 1


@kernel
def _stray_one(
    faults: Faults,
    k: Index,
    origin: Index,
    first: Index,
    receiver: Index,
    each: bool,
    there: Vector[np.uint8],
    late: Vector[np.uint64],
) -> None:
    wiring, rates, tally, one = faults.wiring, faults.rates, faults.tally, np.uint64(1)
    axon, sender = first + faults.fired[k], wiring.core_of[origin + faults.fired[k]]
    why = wiring.cut[sender, receiver] if each else 0
    if each and wiring.reaches.shape[0] > 0 and wiring.reaches[axon] == 0:
        there[axon] -= 1
    elif why != 0:
        there[axon] -= 1
        tally[sender, _ON_LINK + why - 1] += 1
    elif faults.chosen[0, k] != 0:
        there[axon] -= 1
        tally[sender, _DROPPED] += 1
    elif faults.chosen[1, k] != 0:
        there[axon] -= 1
        tally[sender, _DELAYED] += 1
        late[axon] = late[axon] | (one << (rates.delay_ticks - one))


@kernel
def _stray(
    faults: Faults,
    origin: Index,
    n: Index,
    first: Index,
    receiver: Index,
    there: Vector[np.uint8],
    late: Vector[np.uint64],
) -> None:
    """Take away again what does not arrive of the packets of a population, or not yet, and count it."""
    wiring = faults.wiring
    some, others = faults.chosen[0].view(np.uint64), faults.chosen[1].view(np.uint64)
    each = wiring.cuts != 0 or wiring.reaches.shape[0] > 0
    for i in range(origin, origin + n, _EIGHT):
        if each or some[i >> _LOG8] | others[i >> _LOG8] != 0:
            for k in range(i, min(i + _EIGHT, origin + n)):
                _stray_one(faults, k, origin, first, receiver, each, there, late)


@kernel
def _send(
    faults: Faults,
    chip: Wiring,
    bits: Vector[np.uint8],
    arrived: Matrix[np.uint8],
    late: Vector[np.uint64],
    got: Vector[np.uint16],
    presentation: Index,
    tick: Index,
) -> None:
    """Let the spikes of a tick out: u8[slot] ``bits`` → ``arrived`` u8[delay, axon slot] at the next tick."""
    wiring, rates, tally = faults.wiring, faults.rates, faults.tally
    sources, populations, neuron = chip.sources, chip.populations, chip.neuron
    depth = arrived.shape[0]
    here, there = arrived[row_of(np.int64(tick), depth)], arrived[row_of(np.int64(tick) + 1, depth)]
    fired, n_fired = faults.fired, faults.n_fired
    spurious_key = tick_key(rates.spurious_seed, presentation, tick)
    _misfire(wiring, rates, spurious_key, chip.cores, neuron, bits, tally)
    drop_key = tick_key(rates.drop_seed, presentation, tick)
    delay_key = tick_key(rates.delay_seed, presentation, tick)
    drops, delays = rates.drop > 0, rates.delay > 0
    for p in range(populations.shape[0]):
        first = populations[p, 0]
        n = list_ones(first, populations[p, 1], bits, faults.packed, first, fired)
        n_fired[p] = n
        if drops:
            _keys_of(first, n, fired, neuron[first], drop_key, faults.keys[0])
        if delays:
            _keys_of(first, n, fired, neuron[first], delay_key, faults.keys[1])
    for s in range(sources.shape[0]):
        p, first, last, receiver = sources[s, 0], sources[s, 2], sources[s, 3], sources[s, 5]
        if sources[s, 4] != first:
            continue  # its packets arrive at the door of another source
        origin, site, n = populations[p, 0], wiring.sites[receiver], n_fired[p]
        taken = _take_in(first, last, here)
        tally[receiver, _DELIVERED] += taken
        tally[receiver, _RECEIVED] += taken * wiring.packet_bits[s]
        if late.shape[0] > 0:
            _come_due(first, last, late, there)
        else:
            clear(first, last, there)
        add_bits(origin, populations[p, 1] - origin, bits, first, there)
        strayed = np.uint64(1) if wiring.cuts != 0 or wiring.reaches.shape[0] > 0 else np.uint64(0)
        if drops:
            strayed += _choose(origin, n, faults.keys[0], site, share(rates.drop), faults.chosen[0])
        if delays:
            strayed += _choose(origin, n, faults.keys[1], site, share(rates.delay), faults.chosen[1])
        if strayed > 0:
            _stray(faults, origin, n, first, receiver, there, late)
        add_bits(first, last - first, there, first, got)


@kernel
def _send_nothing(
    faults: Faults,
    chip: Wiring,
    bits: Vector[np.uint8],
    arrived: Matrix[np.uint8],
    late: Vector[np.uint64],
    got: Vector[np.uint16],
    presentation: Index,
    tick: Index,
) -> None:
    """Stand where a channel without faults would have something to do."""


_sends: dict[tuple[object, ...], Vector[Function]] = {}  # by what the type of a channel depends on


def _channel(broken: FaultWiring, rates: FaultRates, wiring: Wiring, slots: int) -> Channel:
    """Return a channel with room for so many slots; without any, every axon gets every spike."""
    direct = slots == 0
    faults = Faults(
        broken,
        rates,
        aligned_zeros(slots // 8, np.uint8),
        aligned_zeros(slots + 4, np.uint64),
        aligned_zeros(len(wiring.populations), np.uint64),
        aligned_zeros((2, slots), np.uint64),
        aligned_zeros((2, slots), np.uint8),
        aligned_zeros((len(broken.sites), len(TALLY)), np.int64),
    )
    key = direct, wiring.weights.dtype, wiring.bias.dtype
    if key not in _sends:
        number, rows = np.uint64(0), np.zeros((0, 0), np.uint8)
        u8, u64, u16 = (np.zeros(0, dtype) for dtype in (np.uint8, np.uint64, np.uint16))
        kernel = _send_nothing if direct else _send
        _sends[key] = kernel.value(faults, wiring, u8, rows, u64, u16, number, number)
    return Channel(int(direct), _sends[key], faults, broken.dead)


def sound_channel(wiring: Wiring) -> Channel:
    """Return the channel through which every spike reaches every core that receives from its neuron."""
    nobody, byte, none = np.zeros(0, np.uint64), np.zeros(0, np.uint8), np.uint64(0)
    broken = FaultWiring(
        np.zeros(0, np.int64), byte, nobody, nobody, byte, np.zeros((0, 0), np.uint8), 0, nobody, byte, byte
    )
    rates = FaultRates(0.0, 0.0, 0.0, none, none, none, none)
    return _channel(broken, rates, wiring, slots=0)


def faulty_channel(wiring: Wiring, broken: FaultWiring, rates: FaultRates) -> Channel:
    """Return a channel with faults, with room for one thread."""
    return _channel(broken, rates, wiring, slots=len(wiring.bias))
