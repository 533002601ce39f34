"""Many ticks from counts alone: the time that neither order nor contention can undercut (docs/network-on-chip.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import ConfigError
from neurochip.noc.packets import Packets, integers
from neurochip.noc.zero_load import (
    ONE,
    access_work,
    fill_work,
    in_fractions,
    update_work,
    zero_load_latency,
)

__all__ = ["cycles_from_counts"]

Array = np.ndarray[Any, Any]


def cycles_from_counts(
    mesh: MeshSpec,
    timing: TimingSpec,
    *,
    neurons: Any,
    source: Any,
    destination: Any,
    packets: Any,
    sops: Any,
    made: Any = None,
    extra: Any = None,
    update_cycles: Any = None,
    before: tuple[Any, Any] | None = None,
) -> Array:
    """Return i64[tick], cycles of each tick, barrier included: never more than `core_pipeline` finds.

    A *flow* is a pair of cores of which the first sends to the second in some tick.

    Parameters
    ----------
    neurons
        i64[core], neurons that each core updates in every tick.
    source, destination
        i64[flow], cores.
    packets, sops
        i64[tick, flow], packets received, and synaptic operations that they cause; where the chip reads several weights
        at once, its accesses instead (`neurochip.noc.zero_load.accesses` of each packet).
    made
        i64[tick, core], packets made; `None`: one for each that is received (unicast).
    extra
        f64[tick, core], other cycles of the senders; see `core_pipeline`.
    update_cycles
        f64[core], as in `core_pipeline`.
    before
        Packets and synaptic operations, i64[flow], of the tick before the first, which cores with one engine add up in
        the first; `None`: there were none.
    """
    updates = integers("neurons", neurons, length=mesh.n_cores)
    flows = Packets.unicast(source, destination)
    flows.check(mesh)
    n_flows = len(flows.source)
    received = _table("packets", packets, n_flows)
    n_ticks = len(received)
    operations = _table("sops", sops, n_flows, n_ticks)
    out = in_fractions(timing.cycles_per_packet_out, "cycles_per_packet_out")
    look_up, per_sop = in_fractions(timing.cycles_per_packet_in, "cycles_per_packet_in"), access_work(timing)

    sent = (
        _by_core(received, flows.source, mesh.n_cores)
        if made is None
        else _table("made", made, mesh.n_cores, n_ticks)
    )
    sending = updates * update_work(mesh, timing, update_cycles) + sent * out
    if extra is not None:
        other = np.asarray(extra, dtype=np.float64)
        if other.shape != (n_ticks, mesh.n_cores):
            raise ConfigError("extra", f"must be {[n_ticks, mesh.n_cores]}, got {list(other.shape)}")
        sending = sending + np.rint(other * ONE).astype(np.int64)
    receiving = _by_core(received * look_up + operations * per_sop, flows.destination, mesh.n_cores)
    lead = np.broadcast_to(fill_work(timing, updates), receiving.shape)
    listing = 0
    if timing.engines == 1:
        last_received, last_operations = (np.zeros((1, n_flows), np.int64),) * 2
        if before is not None:
            last_received, last_operations = (
                _table("before", np.asarray(one)[None], n_flows, 1) for one in before
            )
        left = last_received * look_up + last_operations * per_sop
        left = _by_core(left, flows.destination, mesh.n_cores)
        lead = lead + np.concatenate([left, receiving[:-1]])[: len(receiving)]
        receiving, look_up, listing = np.zeros_like(receiving), 0, ONE
    sending = sending + lead

    # The first packet of a flow cannot have been made before `out`, nor the n-th before n · out, behind what leads.
    led = np.take(lead, flows.source, axis=1)
    latency = zero_load_latency(mesh, timing, flows.source, flows.destination)
    some = received > 0
    earliest = np.where(some, -(-(led + out) // ONE) + latency, _LATE)
    first = _by_core(earliest, flows.destination, mesh.n_cores, np.minimum, _LATE)
    last = np.where(some, ((-(-(led + received * out) // ONE) + latency) * ONE) + look_up + listing, 0)
    done = np.maximum(sending, np.where(receiving > 0, first * ONE + receiving, 0)).max(axis=1)
    if n_flows:
        done = np.maximum(done, last.max(axis=1))
    cycles: Array = -(-done // ONE) + _barriers(mesh, timing, updates, flows, some)
    return cycles


_LATE = 1 << 40  # later than any first packet


def _table(place: str, values: Any, width: int, n_ticks: int | None = None) -> Array:
    table = np.asarray(values)
    if (
        table.ndim != 2
        or table.shape[1] != width
        or not (np.issubdtype(table.dtype, np.integer) or table.size == 0)
    ):
        raise ConfigError(
            place, f"must be whole numbers [tick, {width}], got {table.dtype}{list(table.shape)}"
        )
    if table.size and not table.min() >= 0:
        raise ConfigError(place, f"must be at least 0, got {table.min()}")
    if n_ticks is not None and len(table) != n_ticks:
        raise ConfigError(place, f"must have {n_ticks} ticks, as packets has, got {len(table)}")
    return table.astype(np.int64)


def _by_core(
    values: Array, cores: Array, n_cores: int, combine: np.ufunc = np.add, nothing: int = 0
) -> Array:
    """Return [tick, core], [tick, flow] combined over the flows of each core; ``nothing`` where there are none."""
    total = np.full((len(values), n_cores), nothing, dtype=values.dtype)
    if cores.size:
        # Sums of neighbours are many times as fast as sums by index.
        order = np.argsort(cores, kind="stable")
        there, begins = np.unique(cores[order], return_index=True)
        total[:, there] = combine.reduceat(np.take(values, order, axis=1), begins, axis=1)
    return total


def _barriers(mesh: MeshSpec, timing: TimingSpec, neurons: Array, flows: Packets, some: Array) -> Array:
    """Return i64[tick], cycles of the barrier."""
    active = np.zeros((len(some), mesh.n_tiles), dtype=bool)
    active[:, np.flatnonzero(neurons) // mesh.cores_per_tile] = True
    for cores in (flows.source, flows.destination):
        active |= _by_core(some, cores // mesh.cores_per_tile, mesh.n_tiles, np.logical_or)
    n_active = active.sum(axis=1)
    table = np.array([0, *(timing.barrier(n) for n in range(1, mesh.n_tiles + 1))], dtype=np.int64)
    cycles: Array = table[n_active]
    return cycles
