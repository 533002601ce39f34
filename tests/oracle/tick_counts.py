"""The time of ticks from counts alone, in NumPy over pairs of cores (docs/network-on-chip.md)."""

from __future__ import annotations

from typing import Any

import numpy as np

from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.noc.zero_load import ONE, access_work, in_fractions, zero_load_latency

Array = np.ndarray[Any, Any]
LATE = 1 << 40  # later than any first packet


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
    apart: Any = None,
) -> Array:
    """Return i64[tick], cycles of each tick, barrier included.

    ``neurons`` [core] are updated in every tick. ``packets`` and ``sops`` [tick, flow] go from a ``source`` to a
    ``destination`` [flow]; sops are accesses where a chip reads several weights at once. ``made`` [tick, core] are
    packets (`None`: one for each that is received), ``extra`` [tick, core] other cycles of the senders,
    ``update_cycles`` [core] those of an update. Where packets of a flow are known to be of different neurons,
    ``apart`` [core] are the cycles that lie between them besides.
    """
    updates, source, destination = (np.asarray(v, dtype=np.int64) for v in (neurons, source, destination))
    received = np.asarray(packets, dtype=np.int64)
    out = in_fractions(timing.cycles_per_packet_out)
    look_up = in_fractions(timing.cycles_per_packet_in)
    same = [timing.cycles_per_neuron_update] * mesh.n_cores
    update = np.array([in_fractions(float(c)) for c in (same if update_cycles is None else update_cycles)])

    sent = over(received, source, mesh.n_cores) if made is None else np.asarray(made, dtype=np.int64)
    sending = updates * update + sent * out
    if extra is not None:
        sending = sending + np.rint(np.asarray(extra, dtype=np.float64) * ONE).astype(np.int64)
    adding = received * look_up + np.asarray(sops, dtype=np.int64) * access_work(timing)
    receiving = over(adding, destination, mesh.n_cores)
    lead = np.broadcast_to(np.where(updates > 0, in_fractions(timing.fill_cycles), 0), receiving.shape)
    listing = 0
    if timing.engines == 1:
        lead = lead + np.concatenate([np.zeros_like(receiving[:1]), receiving[:-1]])
        receiving, look_up, listing = np.zeros_like(receiving), 0, ONE
    sending = sending + lead

    # The first packet of a flow cannot have been made before `out`, nor the n-th before n · out, behind what leads.
    led, each = lead[:, source], np.full(len(source), out)
    if apart is not None:
        each = each + np.array([in_fractions(float(c)) for c in apart])[source]
    latency = zero_load_latency(mesh, timing, source, destination)
    some = received > 0
    earliest = np.where(some, -(-(led + each) // ONE) + latency, LATE)
    first = over(earliest, destination, mesh.n_cores, np.minimum, LATE)
    last = np.where(some, ((-(-(led + received * each) // ONE) + latency) * ONE) + look_up + listing, 0)
    done = np.maximum(sending, np.where(receiving > 0, first * ONE + receiving, 0)).max(axis=1)
    done = np.maximum(done, last.max(axis=1, initial=0))
    active = np.zeros((len(some), mesh.n_tiles), dtype=bool)
    active[:, np.flatnonzero(updates) // mesh.cores_per_tile] = True
    for cores in (source, destination):
        active |= over(some, cores // mesh.cores_per_tile, mesh.n_tiles, np.logical_or)
    barrier = np.array([timing.barrier(int(n)) if n else 0 for n in active.sum(axis=1)], dtype=np.int64)
    cycles: Array = -(-done // ONE) + barrier
    return cycles


def over(values: Array, at: Array, n: int, combine: Any = np.add, nothing: int = 0) -> Array:
    """Return [tick, n], values [tick, flow] combined over the flows of each; ``nothing`` where there are none."""
    total = np.full((len(values), n), nothing, dtype=values.dtype)
    for flow, place in enumerate(at.tolist()):
        total[:, place] = combine(total[:, place], values[:, flow])
    return total
