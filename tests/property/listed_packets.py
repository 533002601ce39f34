"""One tick of all cores from its packets, listed one by one (docs/network-on-chip.md): what clocks are held against.

The flits are those of the network's kernels, which `tests/oracle/slow_network.py` holds; what cores do before and
between packets is worked out here once more, in NumPy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.noc import Packets, Traffic
from neurochip.noc.arrays import FRACTION_BITS, LISTED, WAITING
from neurochip.noc.engines import account
from neurochip.noc.network import build
from neurochip.noc.traffic import disabled_cores, in_core_order, measured, run
from neurochip.noc.zero_load import ONE, in_fractions, service_work, zero_load_latency

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class TickTiming:
    """How long one tick took, and its barrier of so many tiles; f64[core] times, which add up to ``cycles``."""

    cycles: int
    barrier: int
    active_tiles: int
    busy: Array
    stalled: Array
    idle: Array
    traffic: Traffic | None


class CoreStages(NamedTuple):
    """Cycles of an update and of the fill before the first, f64[core]; `None`: the specification's on all cores."""

    update: Any = None
    fill: Any = None


class Work(NamedTuple):
    """What the engines have to do, in 2⁻²⁰ cycle."""

    make: Array  # i64[packet]: neuron updates since the packet before, and the packet itself
    rest: Array  # i64[core]: neuron updates after the last packet; of a core without packets all that it does
    service: Array  # i64[delivery]
    listing: int  # an arrival, until a core with one engine finds it in its list


def core_pipeline(
    mesh: MeshSpec,
    timing: TimingSpec,
    packets: Packets,
    *,
    neurons: Any,
    sops: Any,
    after: Any = None,
    extra: Any = None,
    stages: CoreStages | None = None,
    arrived: Any = None,
    model: str = "cycle",
    max_cycles: int = 1 << 40,
    disabled: Sequence[int] = (),
) -> TickTiming:
    """Return the time of one tick.

    ``neurons`` [core] are updated, ``after`` [packet] of them before its sender makes a packet (`None`: all);
    ``extra`` [packet] are other cycles of the sender, ``sops`` [delivery] synaptic operations, ``arrived`` [core] the
    time of adding up what the tick before sent, where cores have one engine.
    """
    packets.check(mesh)
    updates = np.asarray(neurons, dtype=np.int64)
    ordered, back = in_core_order(packets)
    sorted_sops = np.empty(len(back), dtype=np.int64)
    sorted_sops[back] = sops
    made_after = updates[packets.source] if after is None else np.asarray(after, dtype=np.int64)
    own = CoreStages() if stages is None else stages
    lead = fill_work(timing, updates, own.fill)
    if arrived is not None:
        lead = lead + np.asarray(arrived, dtype=np.int64)
    update = update_work(mesh, timing, own.update)
    work = work_of(timing, ordered, updates, update, made_after, lead)
    if extra is not None:
        work.make[:] += np.rint(np.asarray(extra, dtype=np.float64) * ONE).astype(np.int64)
    if timing.engines == 2:
        work = work._replace(service=service_work(timing, sorted_sops))
    traffic = None
    if model == "analytic":
        busy, done = without_contention(mesh, timing, ordered, work)
        stalled = np.zeros_like(busy)
    else:
        fabric, load, state = build(
            mesh,
            timing,
            ordered,
            order=np.arange(len(ordered.source)),
            service=work.service,
            work=work.make,
            paced=LISTED if timing.outbox else WAITING,
            disabled=disabled_cores(mesh, disabled),
        )
        run(mesh, fabric, load, state, ordered, disabled=disabled, max_cycles=max_cycles)
        busy, stalled, done = np.zeros((3, mesh.n_cores), dtype=np.int64)
        account(load, state, work.rest, work.listing, busy, stalled, done)
        traffic = measured(mesh, fabric, state, packets, -(-state.due >> FRACTION_BITS), back)
    takes_part = np.zeros(mesh.n_tiles, dtype=bool)
    for cores in (np.flatnonzero(updates), packets.source, packets.destination):
        takes_part[cores // mesh.cores_per_tile] = True
    active = int(takes_part.sum())
    barrier = timing.barrier(active) if active else 0
    cycles = -(-int(done.max()) // ONE) + barrier
    idle = (cycles * ONE - busy - stalled) / ONE
    return TickTiming(cycles, barrier, active, busy / ONE, stalled / ONE, idle, traffic)


def update_work(mesh: MeshSpec, timing: TimingSpec, cycles: Any = None) -> Array:
    """Return i64[core], one neuron update on each core."""
    same = [timing.cycles_per_neuron_update] * mesh.n_cores
    return np.array([in_fractions(float(c)) for c in (same if cycles is None else cycles)], dtype=np.int64)


def fill_work(timing: TimingSpec, neurons: Array, cycles: Any = None) -> Array:
    """Return i64[core], the fill of each core that updates neurons."""
    same = [timing.fill_cycles] * len(neurons)
    each = [in_fractions(float(c)) for c in (same if cycles is None else cycles)]
    return np.where(neurons > 0, each, 0).astype(np.int64)


def work_of(
    timing: TimingSpec, packets: Packets, neurons: Array, update: Array, after: Array, lead: Array
) -> Work:
    """Return the work of the senders; ``lead`` i64[core] is what a core does before its first update."""
    order = np.argsort(packets.source, kind="stable")
    sources, made_after = packets.source[order], after[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = sources[1:] != sources[:-1]
    before = np.where(begins, 0, np.concatenate([[0], made_after[:-1]])[: len(order)])
    out = in_fractions(timing.cycles_per_packet_out)
    make = np.empty_like(made_after)
    make[order] = (made_after - before) * update[sources] + out
    updated = np.zeros_like(neurons)
    updated[sources] = made_after  # of several packets of a core the last one stays
    first = order[begins]
    make[first] += lead[packets.source[first]]
    rest = (neurons - updated) * update
    rest += np.where(np.bincount(sources, minlength=len(rest)) > 0, 0, lead)
    return Work(
        make, rest, np.zeros(len(packets.destination), dtype=np.int64), ONE if timing.engines == 1 else 0
    )


def without_contention(
    mesh: MeshSpec, timing: TimingSpec, packets: Packets, work: Work
) -> tuple[Array, Array]:
    """Return per core the time busy, if its engines overlap as far as they can, and when it is done."""
    order = np.argsort(packets.source, kind="stable")
    total = np.cumsum(work.make[order])
    sources = packets.source[order]
    n_before = np.searchsorted(sources, sources)  # where the packets of the same core begin
    made = np.empty_like(total)
    made[order] = total - np.concatenate([[0], total])[n_before]
    sending = work.rest.copy()
    np.add.at(sending, packets.source, work.make)

    packet, receiver = packets.packet, packets.destination
    latency = zero_load_latency(mesh, timing, packets.source[packet], receiver)
    arrival = (-(-made[packet] >> FRACTION_BITS) + latency) << FRACTION_BITS
    receiving = np.zeros(mesh.n_cores, dtype=np.int64)
    np.add.at(receiving, receiver, work.service)
    first = np.full(mesh.n_cores, np.iinfo(np.int64).max)
    np.minimum.at(first, receiver, arrival)
    first[np.bincount(receiver, minlength=mesh.n_cores) == 0] = 0
    done = np.maximum(sending, first + receiving)
    np.maximum.at(done, receiver, arrival + work.service + work.listing)
    return np.maximum(sending, receiving), done
