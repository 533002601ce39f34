"""Time of ticks flit by flit: the packets of each tick from its bits, then the network on chip, then the engines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from neurochip.cores.counted_ticks import BARRIER, CYCLES, begin_barrier, join_barrier
from neurochip.cores.traffic_tables import TrafficTables
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.types import Cube, Index, Matrix, Vector
from neurochip.noc.arrays import FRACTION_BITS, Fabric, Load, State
from neurochip.noc.engines import account
from neurochip.noc.network import empty
from neurochip.noc.router import DONE, advance

__all__ = ["Walk", "walk_ticks"]

_ROUND_UP = (1 << FRACTION_BITS) - 1


class Walk(NamedTuple):
    """Room for one thread, and what it adds up; i64 but for ``joined``. The network's own tallies stay in ``State``."""

    lead: Vector[np.int64]  # [core of the chip]  what a core does before its first update
    rest: Vector[np.int64]  # [core of the chip]  what a sender does after its last packet
    busy: Vector[np.int64]  # [core of the chip]  of one tick
    waiting: Vector[np.int64]  # [core of the chip]
    done: Vector[np.int64]  # [core of the chip]
    busy_sum: Vector[np.int64]  # [core]  2⁻²⁰ cycle
    stalled_sum: Vector[np.int64]  # [core]
    latencies: Vector[np.int64]  # [cycle]  the last entry takes all that are longer
    joined: Vector[np.uint8]  # [tile]  1: takes part in the barrier of the tick
    disabled: Vector[np.int64]  # [n]  cores of the chip that take no packets


@kernel
def _lead(before: Vector[np.uint8], tables: TrafficTables, lead: Vector[np.int64]) -> None:
    """Write what each core does before its first update: the fill, and with one engine adding up what ``before`` sent.

    ``before`` u8[slot] are the bits of the tick before, ``lead`` i64[core of the chip].
    """
    lead[:] = 0
    for c in range(tables.site.shape[0]):
        lead[tables.site[c]] += tables.fill[c]
        if tables.behind == 0:
            continue
        for j in range(tables.slots[c, 0], tables.slots[c, 2]):
            if before[j] == 0:
                continue
            w = tables.way_of[j]
            for f in range(tables.flows[w], tables.flows[w + 1]):
                lead[tables.site[tables.receiver[f]]] += tables.service[f]


@kernel
def _list_packets(
    bits: Vector[np.uint8],
    tables: TrafficTables,
    load: Load,
    lead: Vector[np.int64],
    rest: Vector[np.int64],
    cores_per_tile: Index,
) -> tuple[Index, Index]:
    """Write the packets of one tick into ``load``, core by core; return how many packets and deliveries there are.

    ``lead`` i64[core of the chip] is what a core does first.
    """
    slots, update, spike_out, out = tables.slots, tables.update, tables.spike_out, tables.out
    flows, receiver, site, service = tables.flows, tables.receiver, tables.site, tables.service
    packet = 0
    delivery = 0
    for core in range(rest.shape[0]):
        load.queue_first[core] = -1
        rest[core] = 0
    for at in range(site.shape[0]):
        c = tables.by_site[at]
        load.queue_first[site[c]] = packet
        begin, updated, end = slots[c, 0], slots[c, 1], slots[c, 2]
        first = lead[site[c]]
        for j in range(begin, end):
            if bits[j] == 0:
                continue
            w = tables.way_of[j]
            begin_flow, end_flow = flows[w], flows[w + 1]
            if begin_flow == end_flow:
                continue  # nobody receives it
            until = max(j + 1, updated)
            work = first + (until - updated) * update[c] + spike_out[w] + out
            updated, first = until, 0
            for f in range(begin_flow, end_flow):
                if f == begin_flow or tables.multicast == 0:
                    load.first[packet] = delivery
                    load.queue[packet] = packet
                    load.work[packet] = work
                    work = out
                    packet += 1
                r = receiver[f]
                load.tile[delivery] = site[r] // cores_per_tile
                load.port[delivery] = 4 + site[r] % cores_per_tile
                load.service[delivery] = 0 if tables.behind else service[f]
                delivery += 1
        rest[site[c]] = first + (end - updated) * update[c]
    load.first[packet] = delivery
    following = packet
    load.queue_first[rest.shape[0]] = packet
    for back in range(rest.shape[0]):
        core = rest.shape[0] - 1 - back
        if load.queue_first[core] < 0:
            load.queue_first[core] = following
        following = load.queue_first[core]
    return packet, delivery


@kernel
def _barrier_tiles(
    load: Load, tables: TrafficTables, joined: Vector[np.uint8], deliveries: Index, cores_per_tile: Index
) -> int:
    """Return how many tiles take part in the barrier: where neurons are updated, and packets sent or received."""
    tiles = begin_barrier(tables.active, joined)
    if tiles == tables.barrier.shape[0] - 1:
        return tiles
    for c in range(tables.site.shape[0]):
        site = tables.site[c]
        if load.queue_first[site + 1] > load.queue_first[site]:
            tiles += join_barrier(joined, tables.tile[c])
    for delivery in range(deliveries):
        tiles += join_barrier(joined, load.tile[delivery])
    return tiles


@entry
def walk_ticks(
    spikes: Cube[np.uint8],
    before: Matrix[np.uint8],
    row: Index,
    first_tick: Index,
    tables: TrafficTables,
    fabric: Fabric,
    load: Load,
    state: State,
    walk: Walk,
    took: Matrix[np.int64],
    max_cycles: Index,
) -> int:
    """Walk through the ticks of u8[tick, row, slot] ``spikes`` from ``first_tick`` on, u8[row, slot] ``before`` them.

    Writes i64[tick, 2] ``took``: the cycles of each, and those of its barrier among them.

    Returns the number of ticks when all are done. Otherwise the tick that did not end, with its packets in ``load``
    and the network as it then stood in ``state``.
    """
    cores_per_tile = fabric.ports - 4
    longest = walk.latencies.shape[0] - 1
    for tick in range(first_tick, spikes.shape[0]):
        _lead(spikes[tick - 1, row] if tick > 0 else before[row], tables, walk.lead)
        packets, deliveries = _list_packets(
            spikes[tick, row], tables, load, walk.lead, walk.rest, cores_per_tile
        )
        empty(fabric, load, state, walk.disabled, packets, deliveries)
        if deliveries > 0 and advance(fabric, load, state, max_cycles) != DONE:
            return tick
        account(load, state, walk.rest, tables.behind << FRACTION_BITS, walk.busy, walk.waiting, walk.done)
        done = 0
        for c in range(tables.site.shape[0]):
            site = tables.site[c]
            done = max(done, walk.done[site])
            walk.busy_sum[c] += walk.busy[site]
            walk.stalled_sum[c] += walk.waiting[site]
        for packet in range(packets):
            due = (state.due[packet] + _ROUND_UP) >> FRACTION_BITS
            for delivery in range(load.first[packet], load.first[packet + 1]):
                walk.latencies[min(state.arrival[delivery] - due, longest)] += 1
        barrier = tables.barrier[_barrier_tiles(load, tables, walk.joined, deliveries, cores_per_tile)]
        took[tick, BARRIER] = barrier
        took[tick, CYCLES] = ((done + _ROUND_UP) >> FRACTION_BITS) + barrier
    return int(spikes.shape[0])
