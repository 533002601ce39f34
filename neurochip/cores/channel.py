"""What happens between a spike that was fired and the cores that receive it, where something is broken.

See docs/faults.md.

Spikes that nobody meant are added and stuck outputs held; then each packet travels, or is lost, or comes later. A
channel that loses nothing does nothing here: see `tick.run_ticks`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from neurochip.cores.arrays import Channel, Wiring, aligned_zeros
from neurochip.cores.axons import row_of
from neurochip.kernels._jit import kernel, separate_kernel
from neurochip.kernels.random_bits import mix, tick_key, uniform

__all__ = ["LOST", "TALLY", "FaultRates", "FaultWiring", "Faults", "faulty_channel", "sound_channel"]

Array = np.ndarray[Any, Any]

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


class FaultWiring(NamedTuple):
    """What is broken for good."""

    packet_bits: (
        Array  # i64[source]  of one packet as it is taken in; 0 where they differ from neuron to neuron
    )
    reaches: Array  # u8[axon slot | 0]  whether a neuron has a synapse on the core; empty where all have one
    core_of: Array  # u64[slot]  core that holds a slot
    sites: Array  # u64[core]
    dead: Array  # u8[core]
    cut: Array  # u8[sender, receiver]  index into LOST
    stuck: Array  # u64[stuck neuron]  its slot
    stuck_at: Array  # u8[stuck neuron]
    is_stuck: Array  # u8[slot]


class FaultRates(NamedTuple):
    """What breaks by chance: probabilities, and the u64 seeds of their draws."""

    drop: float
    spurious: float
    delay: float
    delay_ticks: Any  # u64
    drop_seed: Any
    spurious_seed: Any
    delay_seed: Any


class Faults(NamedTuple):
    """What is broken, and room for one sample's tick, one per thread."""

    wiring: FaultWiring
    rates: FaultRates
    fired: Array  # u64[slot]  slots that sent, each population's from its first slot on
    n_fired: Array  # u64[population]
    tally: Array  # i64[core, TALLY]


@separate_kernel
def _take_in(first: Any, last: Any, arrived: Any) -> Any:
    total = np.int64(0)
    for j in range(first, last):
        total += arrived[j]
    return total


@separate_kernel
def _come_due(first: Any, last: Any, late: Any, arrived: Any) -> None:
    one = np.uint64(1)
    for j in range(first, last):
        arrived[j] = late[j] & one
        late[j] = late[j] >> one


@separate_kernel
def _clear(first: Any, last: Any, row: Any) -> None:
    for j in range(first, last):
        row[j] = 0


@separate_kernel
def _count(first: Any, last: Any, arrived: Any, got: Any) -> None:
    for j in range(first, last):
        got[j] += arrived[j]


@kernel
def _misfire(
    wiring: FaultWiring, rates: FaultRates, key: Any, cores: Any, neuron: Any, bits: Any, tally: Any
) -> None:
    """Spurious spikes, then outputs that are stuck, in u8[slot] ``bits``."""
    if rates.spurious > 0:
        for c in range(cores.shape[0]):
            if wiring.dead[c] != 0:
                continue
            for j in range(cores[c, 0], cores[c, 1]):
                if bits[j] == 0 and wiring.is_stuck[j] == 0 and uniform(key, neuron[j]) < rates.spurious:
                    bits[j] = 1
                    tally[c, _SPURIOUS] += 1
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
def _send(
    faults: Faults, chip: Wiring, bits: Any, arrived: Any, late: Any, got: Any, presentation: Any, tick: Any
) -> None:
    """Let the spikes of a tick out: u8[slot] ``bits`` → ``arrived`` u8[delay, axon slot] at the next tick."""
    wiring, rates, tally, one = faults.wiring, faults.rates, faults.tally, np.uint64(1)
    sources, populations, neuron = chip.sources, chip.populations, chip.neuron
    depth = arrived.shape[0]
    here, there = arrived[row_of(np.int64(tick), depth)], arrived[row_of(np.int64(tick) + 1, depth)]
    fired, n_fired = faults.fired, faults.n_fired
    spurious_key = tick_key(rates.spurious_seed, presentation, tick)
    _misfire(wiring, rates, spurious_key, chip.cores, neuron, bits, tally)
    for p in range(populations.shape[0]):
        end = populations[p, 0]
        for j in range(populations[p, 0], populations[p, 1]):
            fired[end] = j
            end += np.uint64(bits[j])
        n_fired[p] = end - populations[p, 0]
    drop_key = tick_key(rates.drop_seed, presentation, tick)
    delay_key = tick_key(rates.delay_seed, presentation, tick)
    everywhere = wiring.reaches.shape[0] == 0
    for s in range(sources.shape[0]):
        p, first, last, receiver = sources[s, 0], sources[s, 2], sources[s, 3], sources[s, 5]
        if sources[s, 4] != first:
            continue  # its packets arrive at the door of another source
        origin, site = populations[p, 0], wiring.sites[receiver]
        taken = _take_in(first, last, here)
        tally[receiver, _DELIVERED] += taken
        tally[receiver, _RECEIVED] += taken * wiring.packet_bits[s]
        if late.shape[0] > 0:
            _come_due(first, last, late, there)
        else:
            _clear(first, last, there)
        for i in range(origin, origin + n_fired[p]):
            slot = fired[i]
            sender, axon = wiring.core_of[slot], first + slot - origin
            if not everywhere and wiring.reaches[axon] == 0:
                continue
            why = wiring.cut[sender, receiver]
            if why != 0:
                tally[sender, _ON_LINK + why - 1] += 1
                continue
            if rates.drop > 0 and uniform(mix(drop_key, neuron[slot]), site) < rates.drop:
                tally[sender, _DROPPED] += 1
            elif rates.delay > 0 and uniform(mix(delay_key, neuron[slot]), site) < rates.delay:
                tally[sender, _DELAYED] += 1
                late[axon] = late[axon] | (one << (rates.delay_ticks - one))
            else:
                there[axon] += 1
        _count(first, last, there, got)


@kernel
def _send_nothing(
    faults: Faults, chip: Wiring, bits: Any, arrived: Any, late: Any, got: Any, presentation: Any, tick: Any
) -> None:
    """Stand where a channel without faults would have something to do."""


_sends: dict[tuple[bool, Any, Any], Any] = {}  # by what the type of a channel depends on


def _channel(faults: Faults, wiring: Wiring, direct: bool) -> Channel:
    key = direct, wiring.weights.dtype, wiring.bias.dtype
    if key not in _sends:
        number, rows = np.uint64(0), np.zeros((0, 0), np.uint8)
        u8, u64, u16 = (np.zeros(0, dtype) for dtype in (np.uint8, np.uint64, np.uint16))
        kernel = _send_nothing if direct else _send
        _sends[key] = kernel.value(faults, wiring, u8, rows, u64, u16, number, number)
    return Channel(int(direct), _sends[key], faults, faults.wiring.dead)


def sound_channel(wiring: Wiring) -> Channel:
    """Return the channel through which every spike reaches every core that receives from its neuron."""
    nobody, byte, none = np.zeros(0, np.uint64), np.zeros(0, np.uint8), np.uint64(0)
    broken = FaultWiring(
        np.zeros(0, np.int64), byte, nobody, nobody, byte, np.zeros((0, 0), np.uint8), nobody, byte, byte
    )
    rates = FaultRates(0.0, 0.0, 0.0, none, none, none, none)
    tally = np.zeros((0, len(TALLY)), np.int64)
    return _channel(Faults(broken, rates, nobody, nobody, tally), wiring, direct=True)


def faulty_channel(wiring: Wiring, broken: FaultWiring, rates: FaultRates) -> Channel:
    """Return a channel with faults, with room for one thread."""
    slots = len(wiring.bias)
    faults = Faults(
        broken,
        rates,
        aligned_zeros(slots, np.uint64),
        aligned_zeros(len(wiring.populations), np.uint64),
        aligned_zeros((len(broken.sites), len(TALLY)), np.int64),
    )
    return _channel(faults, wiring, direct=False)
