"""Who sends to whom on a compiled chip, and what each spike costs: what the models of time start from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.description.chip import TimingSpec
from neurochip.errors import ConfigError
from neurochip.noc.zero_load import in_fractions, zero_load_latency
from neurochip.substrate.phase_time import FRACTIONS

__all__ = ["TrafficTables", "link_routes", "longest_tick", "traffic_tables"]

Array = np.ndarray[Any, Any]


class TrafficTables(NamedTuple):
    """Cores are those of the image, in its order; times are in 2⁻²⁰ cycle. A flow is a pair of cores."""

    site: Array  # i64[core]  on the chip
    by_site: Array  # i64[core]  cores in the order of their sites
    slots: Array  # i64[core, 2]  first slot, slot after the last neuron
    update: Array  # i64[core]  one neuron update
    spike_out: Array  # i64[core]  a spike that some core receives, besides its packets
    out: int  # one packet
    copies: Array  # i64[core]  packets made for one spike: its flows (unicast), or 1 (multicast)
    flows: Array  # i64[core + 1]  flows of core c: flows[c] … flows[c + 1] − 1, ascending by site
    receiver: Array  # i64[flow]  core of the image
    latency: Array  # i64[flow]  cycles without other traffic
    service: Array  # i64[flow]  what one packet costs its receiver: look-up and synaptic operations
    look_up: int
    barrier: int  # cycles of a tick's barrier: every core in use has neurons, so all their tiles take part
    multicast: int


def traffic_tables(
    image: ChipImage,
    timing: TimingSpec,
    core_slots: NDArray[np.int64],
    unreachable: Array | None = None,
) -> TrafficTables:
    """Return the tables of an image.

    Parameters
    ----------
    core_slots
        i64[core, 2]: slots of each core, padding included.
    unreachable
        bool[sender, receiver], cores of the image: pairs between which no packet travels although the receiver should
        receive from the sender, since the way is cut off or the receiver is dead. `None`: there are none.
    """
    cores, mesh = image.cores, image.chip.mesh
    site = np.array([core.site for core in cores], dtype=np.int64)
    size = np.array([core.size for core in cores], dtype=np.int64)
    clamped = np.array([image.network.populations[core.population].clamped for core in cores])
    if unreachable is not None and unreachable.shape != (len(cores), len(cores)):
        raise ConfigError(
            "unreachable", f"must have shape ({len(cores)}, {len(cores)}), got {unreachable.shape}"
        )
    flows, receiver = [0], []
    for c, receiving in enumerate(image.receivers):
        receiver += sorted(
            (r for r in receiving if unreachable is None or not unreachable[c, r]), key=lambda r: int(site[r])
        )
        flows.append(len(receiver))
    counts = np.diff(flows)
    senders = np.repeat(np.arange(len(cores)), counts)
    to = np.array(receiver, dtype=np.int64)
    multicast = image.chip.packet.routing == "multicast"
    look_up = in_fractions(timing.cycles_per_packet_in)
    slots = np.array(core_slots, dtype=np.int64).reshape(-1, 2).copy()
    slots[:, 1] = slots[:, 0] + size
    return TrafficTables(
        site=site,
        by_site=np.argsort(site, kind="stable"),
        slots=slots,
        update=np.where(
            clamped, in_fractions(timing.clamped_update), in_fractions(timing.cycles_per_neuron_update)
        ),
        spike_out=np.where(clamped | (counts == 0), 0, in_fractions(timing.cycles_per_spike_out)),
        out=in_fractions(timing.cycles_per_packet_out),
        copies=np.minimum(counts, 1) if multicast else counts,
        flows=np.array(flows, dtype=np.int64),
        receiver=to,
        latency=zero_load_latency(mesh, timing, site[senders], site[to]),
        service=look_up + _synapses(image, senders, to) * in_fractions(1 / timing.sops_per_cycle),
        look_up=look_up,
        barrier=timing.barrier(int(np.unique(site // mesh.cores_per_tile).size)),
        multicast=int(multicast),
    )


def _synapses(image: ChipImage, senders: Array, receivers: Array) -> Array:
    """Return i64[flow]: the synapses that a packet meets, one on each neuron for each projection that it comes by."""
    network, met = image.network, []
    for s, r in zip(senders.tolist(), receivers.tolist(), strict=True):
        into = network.into(image.cores[r].population)
        source = image.cores[s].population
        met.append(image.cores[r].size * sum(network.projections[k].source == source for k in into))
    return np.array(met, dtype=np.int64)


def longest_tick(tables: TrafficTables, *, contention: bool) -> int:
    """Return cycles that no tick exceeds, whoever spikes: all that engines, routers and links do, one after the other.

    While packets are under way, at least one of these is at work. Without ``contention`` they do not wait for one
    another, and the longest way counts once.
    """
    neurons = (tables.slots[:, 1] - tables.slots[:, 0]).tolist()
    flows = np.diff(tables.flows).tolist()
    fractions, ways, stages = 0, 0, 0
    for c, n in enumerate(neurons):
        fractions += n * (
            int(tables.update[c]) + int(tables.spike_out[c]) + int(tables.copies[c]) * tables.out
        )
        at = slice(int(tables.flows[c]), int(tables.flows[c + 1]))
        fractions += n * sum(tables.service[at].tolist())
        ways += n * sum(tables.latency[at].tolist())
        stages += n * (2 + 3 * flows[c])  # each may wait for the next whole cycle
    if not contention:
        ways = max(tables.latency.tolist(), default=0)
    return tables.barrier + ways + stages + -(-fractions // FRACTIONS)


def link_routes(image: ChipImage, tables: TrafficTables) -> Array:
    """Return i64[core, (x · height + y) · 4 + direction]: flits over each link for one spike of each core."""
    mesh = image.chip.mesh
    routes = np.zeros((len(image.cores), mesh.width * mesh.height * 4), dtype=np.int64)
    for c in range(len(image.cores)):
        x0, y0 = mesh.position(int(tables.site[c]))
        for r in tables.receiver[tables.flows[c] : tables.flows[c + 1]]:
            x1, y1 = mesh.position(int(tables.site[r]))
            links = [(x, y0, 0) for x in range(x0, x1)] + [(x, y0, 1) for x in range(x0, x1, -1)]
            links += [(x1, y, 3) for y in range(y0, y1)] + [(x1, y, 2) for y in range(y0, y1, -1)]
            for x, y, direction in links:
                at = (x * mesh.height + y) * 4 + direction
                routes[c, at] = 1 if tables.multicast else routes[c, at] + 1
    return routes
