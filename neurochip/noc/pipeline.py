"""One tick of all cores: how long neuron updates, packets and synaptic operations take (docs/network-on-chip.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import ConfigError
from neurochip.noc.arrays import FRACTION_BITS, LISTED, WAITING
from neurochip.noc.engines import account
from neurochip.noc.network import build
from neurochip.noc.packets import Packets, integers
from neurochip.noc.traffic import Traffic, disabled_cores, in_core_order, measured, run
from neurochip.noc.zero_load import (
    ONE,
    fill_work,
    in_fractions,
    service_work,
    update_work,
    zero_load_latency,
)

__all__ = ["CoreStages", "TickTiming", "TimingModel", "core_pipeline"]

Array = np.ndarray[Any, Any]
TimingModel = Literal["analytic", "cycle"]

_MOST_EXTRA = 1 << 20


@dataclass(frozen=True, eq=False)
class TickTiming:
    """How long one tick took.

    Attributes
    ----------
    cycles
        Barrier included.
    barrier
        Cycles of the barrier.
    active_tiles
        Tiles that take part in it.
    busy, stalled, idle
        f64[core], cycles; they add up to ``cycles``.
    traffic
        What the packets met; `None` when analytic.
    """

    cycles: int
    barrier: int
    active_tiles: int
    busy: Array
    stalled: Array
    idle: Array
    traffic: Traffic | None


class CoreStages(NamedTuple):
    """How long stages take on each core.

    Attributes
    ----------
    update
        f64[core], cycles of one update; `None`: the specification's ``cycles_per_neuron_update`` on all.
    fill
        f64[core], cycles before the first update of a core with neurons; `None`: the specification's on all.
    """

    update: Any = None
    fill: Any = None


@dataclass(frozen=True, eq=False)
class _Work:
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
    model: TimingModel = "cycle",
    max_cycles: int = 1 << 40,
    disabled: Sequence[int] = (),
) -> TickTiming:
    """Return the time of one tick. What is computed in it is given: no timing changes a spike.

    Parameters
    ----------
    neurons
        i64[core], neurons that each core updates.
    sops
        i64[delivery], synaptic operations that each packet causes at each of its destinations.
    after
        i64[packet]: neurons that the sending core has updated when it makes the packet, not falling along the
        packets of a core; `None`: all of them.
    extra
        f64[packet], ≥ 0: cycles that the sender spends on a packet besides ``cycles_per_packet_out``, such as making
        the spike of which this is the first packet.
    stages
        Cycles of each core where they are not the specification's on all of them.
    arrived
        i64[core], 2⁻²⁰ cycle, only where cores have one engine: the time of adding up what arrived in the tick before
        (`neurochip.noc.zero_load.service_work` of its packets); `None`: nothing did.
    model
        ``cycle``: flit by flit; ``analytic``: what contention cannot undercut.
    max_cycles, disabled
        As in `simulate_traffic`; they matter only to ``cycle``.
    """
    if model not in get_args(TimingModel):
        raise ConfigError("model", f"must be one of {', '.join(get_args(TimingModel))}; got {model!r}")
    packets.check(mesh)
    updates = _counts("neurons", neurons, mesh.n_cores)
    per_delivery = _counts("sops", sops, len(packets.destination))
    ordered, back = in_core_order(packets)
    sorted_sops = np.empty_like(per_delivery)
    sorted_sops[back] = per_delivery
    own = CoreStages() if stages is None else stages
    update = update_work(mesh, timing, own.update)
    places = _places(after, updates, packets)
    lead = fill_work(timing, updates, own.fill) + _arrived(timing, arrived, mesh.n_cores)
    work = _work(timing, ordered, updates, update, places, _extra(extra, packets), sorted_sops, lead)
    if model == "analytic":
        busy, done = _without_contention(mesh, timing, ordered, work)
        stalled, traffic = np.zeros_like(busy), None
    else:
        busy, stalled, done, traffic = _with_contention(
            mesh, timing, packets, ordered, back, work, max_cycles=max_cycles, disabled=disabled
        )
    takes_part = np.zeros(mesh.n_tiles, dtype=bool)
    for cores in (np.flatnonzero(updates), packets.source, packets.destination):
        takes_part[cores // mesh.cores_per_tile] = True
    active = int(takes_part.sum())
    barrier = timing.barrier(active) if active else 0
    cycles = -(-int(done.max()) // ONE) + barrier
    return TickTiming(
        cycles=cycles,
        barrier=barrier,
        active_tiles=active,
        busy=busy / ONE,
        stalled=stalled / ONE,
        idle=(cycles * ONE - busy - stalled) / ONE,
        traffic=traffic,
    )


def _counts(place: str, values: Any, length: int) -> Array:
    counts = integers(place, values, length=length)
    if len(counts) and not counts.min() >= 0:
        raise ConfigError(place, f"must be at least 0, got {counts.min()}")
    return counts


def _arrived(timing: TimingSpec, arrived: Any, n_cores: int) -> Array:
    """Return checked ``arrived``."""
    if arrived is None:
        return np.zeros(n_cores, dtype=np.int64)
    if timing.engines != 1:
        raise ConfigError(
            "arrived", "is of cores with one engine; these have two, and add up in the same tick"
        )
    return _counts("arrived", arrived, n_cores)


def _places(after: Any, neurons: Array, packets: Packets) -> Array:
    """Return checked ``after``."""
    most = neurons[packets.source]
    if after is None:
        return most
    places = _counts("after", after, len(packets.source))
    over = np.flatnonzero(places > most)
    if len(over):
        p = over[0]
        raise ConfigError(
            "after", f"packet {p} is made after {places[p]} neurons, and its core has {most[p]}"
        )
    order = np.argsort(packets.source, kind="stable")
    same = packets.source[order][1:] == packets.source[order][:-1]
    falls = np.flatnonzero(same & (np.diff(places[order]) < 0))
    if len(falls):
        p = order[falls[0] + 1]
        raise ConfigError("after", f"must not fall along the packets of a core, as it does at packet {p}")
    return places


def _extra(extra: Any, packets: Packets) -> Array:
    """Return checked ``extra`` in 2⁻²⁰ cycle."""
    n = len(packets.source)
    cycles = np.zeros(n) if extra is None else np.asarray(extra, dtype=np.float64)
    if cycles.shape != (n,):
        raise ConfigError("extra", f"must have {n} entries, got {list(cycles.shape)}")
    wrong = np.flatnonzero(~(cycles >= 0) | (cycles > _MOST_EXTRA))
    if len(wrong):
        raise ConfigError("extra", f"must be 0 to {_MOST_EXTRA} cycles, got {cycles[wrong[0]]:g}")
    rounded: Array = np.rint(cycles * ONE).astype(np.int64)
    return rounded


def _work(
    timing: TimingSpec,
    packets: Packets,
    neurons: Array,
    update: Array,
    after: Array,
    extra: Array,
    sops: Array,
    lead: Array,
) -> _Work:
    """Return the work of the engines; each time of the specification is rounded once.

    ``lead`` i64[core] is what a core does before its first update.
    """
    order = np.argsort(packets.source, kind="stable")
    sources, made_after = packets.source[order], after[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = sources[1:] != sources[:-1]
    before = np.where(begins, 0, np.concatenate([[0], made_after[:-1]])[: len(order)])
    make = np.empty_like(made_after)
    make[order] = (made_after - before) * update[sources] + in_fractions(
        timing.cycles_per_packet_out, "cycles_per_packet_out"
    )
    make += extra
    updated = np.zeros_like(neurons)
    updated[sources] = made_after  # of several packets of a core the last one stays
    first = order[begins]
    make[first] += lead[packets.source[first]]
    rest = (neurons - updated) * update
    rest += np.where(np.bincount(sources, minlength=len(rest)) > 0, 0, lead)
    if timing.engines == 1:
        return _Work(make, rest, np.zeros_like(sops), ONE)
    return _Work(make, rest, service_work(timing, sops), 0)


def _with_contention(
    mesh: MeshSpec,
    timing: TimingSpec,
    packets: Packets,
    ordered: Packets,
    back: Array,
    work: _Work,
    *,
    max_cycles: int,
    disabled: Sequence[int],
) -> tuple[Array, Array, Array, Traffic]:
    """Return per core the times busy and stalled, and when it is done; and the traffic."""
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
    busy, stalled, done = (np.zeros(mesh.n_cores, dtype=np.int64) for _ in range(3))
    account(load, state, work.rest, work.listing, busy, stalled, done)
    due = -(-state.due >> FRACTION_BITS)
    return busy, stalled, done, measured(mesh, fabric, state, packets, due, back)


def _without_contention(
    mesh: MeshSpec, timing: TimingSpec, packets: Packets, work: _Work
) -> tuple[Array, Array]:
    """Return per core the time busy, if its engines overlap as far as they can, and when it is done."""
    n_cores = mesh.n_cores
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

    receiving = np.zeros(n_cores, dtype=np.int64)
    np.add.at(receiving, receiver, work.service)
    first = np.full(n_cores, np.iinfo(np.int64).max)
    np.minimum.at(first, receiver, arrival)
    first[np.bincount(receiver, minlength=n_cores) == 0] = 0
    done = np.maximum(sending, first + receiving)
    np.maximum.at(done, receiver, arrival + work.service + work.listing)
    return np.maximum(sending, receiving), done
