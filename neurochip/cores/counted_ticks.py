"""Time of ticks from spike counts alone: what neither order nor contention can undercut (docs/network-on-chip.md)."""

from __future__ import annotations

import numpy as np

from neurochip.cores.traffic_tables import TrafficTables
from neurochip.kernels._jit import entry, kernel
from neurochip.kernels.types import Cube, Index, Matrix, Vector
from neurochip.noc.arrays import FRACTION_BITS

__all__ = ["BARRIER", "CYCLES", "begin_barrier", "count_ways", "join_barrier", "time_counts"]

CYCLES, BARRIER = 0, 1  # of a tick: all of them, and those of its barrier
_ROUND_UP = (1 << FRACTION_BITS) - 1
_LATE = 1 << 40
_ONE = 1 << FRACTION_BITS


@entry
def count_ways(spikes: Cube[np.uint8], way_of: Vector[np.int64], out: Cube[np.int32]) -> None:
    """Add the spikes u8[tick, row, slot] of each way to ``out`` i32[tick, row, way]."""
    for tick in range(spikes.shape[0]):
        for row in range(spikes.shape[1]):
            for slot in range(way_of.shape[0]):
                if way_of[slot] >= 0:
                    out[tick, row, way_of[slot]] += spikes[tick, row, slot]


@kernel
def begin_barrier(active: Vector[np.uint8], joined: Vector[np.uint8]) -> int:
    """Write which tiles take part in the barrier of any tick; return how many they are."""
    tiles = 0
    for tile in range(joined.shape[0]):
        joined[tile] = active[tile]
        tiles += int(active[tile])
    return tiles


@kernel
def join_barrier(joined: Vector[np.uint8], tile: Index) -> int:
    """Write that a tile takes part in the barrier of a tick; return 1 where it has not done so before, else 0."""
    if joined[tile] != 0:
        return 0
    joined[tile] = 1
    return 1


@entry
def time_counts(
    per_way: Cube[np.int32],
    rows: Vector[np.int64],
    tables: TrafficTables,
    room: Matrix[np.int64],
    joined: Vector[np.uint8],
    took: Cube[np.int64],
    busy: Vector[np.int64],
    sent: Vector[np.int64],
) -> None:
    """Find the time of all ticks of i32[tick, row, way] ``per_way``, in the rows i64[…] ``rows``.

    The first ``tables.behind`` of the ticks are those before. ``room`` i64[4, core | pair] and ``joined`` u8[tile]
    are scratch. Writes i64[row, tick, 2] ``took`` (cycles, and those of the barrier among them); adds to i64[core]
    ``busy`` (2⁻²⁰ cycle, of the busier engine) and i64[way] ``sent`` (spikes).
    """
    flows, receiver, latency, pair = tables.flows, tables.receiver, tables.latency, tables.pair
    spike_out, copies, slots, core = tables.spike_out, tables.copies, tables.slots, tables.core
    out, behind = tables.out, tables.behind
    received, sending, packets, made = room[0], room[1], room[2], room[3]
    n_cores = slots.shape[0]
    listing = _ONE if behind else 0
    look_up = 0 if behind else tables.look_up
    for tick in range(behind, per_way.shape[0]):
        for which in range(rows.shape[0]):
            row = rows[which]
            for c in range(n_cores):
                received[c] = 0
                sending[c] = tables.fill[c] + (slots[c, 2] - slots[c, 1]) * tables.update[c]
                made[c] = tables.fill[c]  # what a core does before its first update
            for q in range(latency.shape[0]):
                packets[q] = 0
            for w in range(per_way.shape[2]):
                n = int(per_way[tick, row, w])
                earlier = int(per_way[tick - behind, row, w])
                if n == 0 and earlier == 0:
                    continue
                sent[w] += n
                sending[core[w]] += n * (spike_out[w] + copies[w] * out)
                for f in range(flows[w], flows[w + 1]):
                    received[receiver[f]] += earlier * tables.service[f]
                    packets[pair[f]] += n
            if behind:
                for c in range(n_cores):
                    sending[c] += received[c]
                    made[c] += received[c]
                    received[c] = 0
            done = 0
            tiles = begin_barrier(tables.active, joined)
            some_join = tiles < tables.barrier.shape[0] - 1
            for c in range(n_cores):
                done = max(done, sending[c])
                busy[c] += max(sending[c], received[c])
                sending[c] = _LATE  # from here on, when the first packet can have come
            for q in range(latency.shape[0]):
                if packets[q] > 0:
                    r = tables.to[q]
                    s = tables.sender[q]
                    if some_join:
                        tiles += join_barrier(joined, tables.tile[s]) + join_barrier(joined, tables.tile[r])
                    each = out + tables.apart[s]
                    made_first = (made[s] + each + _ROUND_UP) >> FRACTION_BITS
                    sending[r] = min(sending[r], made_first + latency[q])
                    made_last = (made[s] + packets[q] * each + _ROUND_UP) >> FRACTION_BITS
                    done = max(done, ((made_last + latency[q]) << FRACTION_BITS) + look_up + listing)
            for c in range(n_cores):
                if received[c] > 0:
                    done = max(done, (sending[c] << FRACTION_BITS) + received[c])
            took[which, tick - behind, BARRIER] = tables.barrier[tiles]
            took[which, tick - behind, CYCLES] = ((done + _ROUND_UP) >> FRACTION_BITS) + tables.barrier[tiles]
