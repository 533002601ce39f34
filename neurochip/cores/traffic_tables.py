"""Who sends to whom on a chip, and what each spike costs: what the models of time start from."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.compile import ChipImage
from neurochip.compile.links import load_of_packets, load_of_tree
from neurochip.description.chip import ChipSpec, TimingSpec
from neurochip.errors import ConfigError, NumericError
from neurochip.kernels.types import Matrix, Vector
from neurochip.noc.zero_load import in_fractions, service_work, zero_load_latency
from neurochip.substrate.phase_time import FRACTIONS

__all__ = [
    "LinkRoutes",
    "MostWork",
    "Senders",
    "TimedCores",
    "TrafficTables",
    "link_routes",
    "tables_of",
    "traffic_tables",
]

_MOST_TICK = 1 << 40  # cycles


class TrafficTables(NamedTuple):
    """Cores are those in use, in the order of the image or of their sites; times are in 2⁻²⁰ cycle.

    A *way* is neurons of one core whose spikes go to the same cores and meet as many synapses on each; where
    populations are connected whole, that is a core. A *flow* is a way and a core that receives from it, a *pair* two
    cores of which one sends to the other.
    """

    site: Vector[np.int64]  # [core]  on the chip
    by_site: Vector[np.int64]  # [core]  cores in the order of their sites
    slots: Matrix[np.int64]  # [core, 3]
    # first slot, first one of a neuron that is updated, slot after the last neuron
    update: Vector[np.int64]  # [core]  one neuron update
    fill: Vector[np.int64]  # [core]  once a tick, before the first of them
    apart: Vector[np.int64]  # [core]
    # what lies between two of its packets to the same core at least, as counts know it
    behind: int  # 1: cores have one engine, and add up what arrived in the tick before; 0: in the same
    way_of: Vector[np.int64]  # [slot]  −1 where no neuron is
    core: Vector[np.int64]  # [way]
    spike_out: Vector[np.int64]  # [way]  a spike that some core receives, besides its packets
    out: int  # one packet
    copies: Vector[np.int64]  # [way]  packets made for one spike: its flows (unicast), or 1 (multicast)
    flows: Vector[np.int64]  # [way + 1]  flows of way w: flows[w] … flows[w + 1] − 1, ascending by site
    receiver: Vector[np.int64]  # [flow]  core
    pair: Vector[np.int64]  # [flow]
    latency: Vector[np.int64]  # [pair]  cycles without other traffic
    sender: Vector[np.int64]  # [pair]
    to: Vector[np.int64]  # [pair]  core that receives
    service: Vector[np.int64]  # [flow]  what one packet costs its receiver: look-up and synaptic operations
    look_up: int
    tile: Vector[np.int64]  # [core]
    active: Vector[np.uint8]  # [tile]  1: takes part in every barrier, since neurons are updated there
    barrier: Vector[np.int64]  # [tiles + 1]  cycles of the barrier of so many tiles, as many as may take part
    multicast: int


class TimedCores(NamedTuple):
    """What cores do in every tick, whoever spikes; as in `TrafficTables`."""

    site: Vector[np.int64]
    slots: Matrix[np.int64]
    update: Vector[np.int64]
    fill: Vector[np.int64]
    apart: Vector[np.int64]


class Senders(NamedTuple):
    """Neurons by way, and what a spike of each way meets."""

    way_of: Vector[np.int64]  # [slot]
    core: Vector[np.int64]  # [way]
    clamped: Vector[np.bool_]  # bool[way]  of an input
    rows: Vector[np.int64]  # [way]  where the synapses stand that its spikes meet
    synapses: Matrix[np.int64]  # [row, core]


def tables_of(chip: ChipSpec, timing: TimingSpec, cores: TimedCores, senders: Senders) -> TrafficTables:
    """Return the tables of cores and of those that send."""
    mesh, n = chip.mesh, len(cores.site)
    by_site = np.argsort(cores.site, kind="stable")
    # A way has the flows of its row; receivers ascend by site.
    row, at = np.nonzero(senders.synapses[:, by_site])
    of_row = np.bincount(row, minlength=len(senders.synapses))
    counts = of_row[senders.rows]
    within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    flow = np.repeat((np.cumsum(of_row) - of_row)[senders.rows], counts) + within
    receiver = by_site[at]
    pairs, pair = np.unique(np.repeat(senders.core, counts) * n + receiver[flow], return_inverse=True)
    multicast = chip.packet.routing == "multicast"
    spike_out = in_fractions(timing.cycles_per_spike_out, "cycles_per_spike_out")
    tile = cores.site // mesh.cores_per_tile
    updating = cores.slots[:, 1] < cores.slots[:, 2]
    active = np.zeros(mesh.n_tiles, dtype=np.uint8)
    active[tile[updating]] = 1
    barriers = [timing.barrier(tiles) for tiles in range(1, len(np.unique(tile)) + 1)]
    return TrafficTables(
        **cores._asdict(),
        by_site=by_site,
        behind=int(timing.engines == 1),
        way_of=senders.way_of,
        core=senders.core,
        spike_out=np.where(senders.clamped | (counts == 0), 0, spike_out),
        out=in_fractions(timing.cycles_per_packet_out, "cycles_per_packet_out"),
        copies=np.minimum(counts, 1) if multicast else counts,
        flows=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        receiver=receiver[flow],
        pair=pair.reshape(-1),
        latency=zero_load_latency(mesh, timing, cores.site[pairs // n], cores.site[pairs % n]),
        sender=pairs // n,
        to=pairs % n,
        service=service_work(timing, senders.synapses[row, receiver][flow]),
        look_up=in_fractions(timing.cycles_per_packet_in, "cycles_per_packet_in"),
        tile=tile,
        active=active,
        barrier=np.array([0, *barriers], dtype=np.int64),
        multicast=int(multicast),
    )


def traffic_tables(
    image: ChipImage,
    timing: TimingSpec,
    core_slots: NDArray[np.int64],
    unreachable: NDArray[np.bool_] | None = None,
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
    cores, n = image.cores, len(image.cores)
    site = np.array([core.site for core in cores], dtype=np.int64)
    size = np.array([core.size for core in cores], dtype=np.int64)
    clamped = np.array([image.network.populations[core.population].clamped for core in cores])
    if unreachable is not None and unreachable.shape != (n, n):
        raise ConfigError("unreachable", f"must have shape ({n}, {n}), got {unreachable.shape}")
    padded = np.array(core_slots, dtype=np.int64).reshape(-1, 2)
    slots = np.column_stack([padded[:, 0], padded[:, 0], padded[:, 0] + size])
    ways = image.sending.ways
    way_of = np.full(int(padded.max(initial=0)), -1, dtype=np.int64)
    for core, (first, _, last) in zip(cores, slots.tolist(), strict=True):
        way_of[first:last] = ways.of[core.population][core.first : core.last]
    rows, met = ways.rows, ways.operations
    if unreachable is not None:
        rows, met = np.arange(len(rows)), np.where(unreachable[ways.pieces], 0, met[rows])
    each = in_fractions(timing.cycles_per_neuron_update, "cycles_per_neuron_update")
    once = in_fractions(timing.fill_cycles, "fill_cycles")
    update = np.where(clamped, in_fractions(timing.clamped_update, "cycles_per_clamped_update"), each)
    fill = np.where(clamped, in_fractions(timing.clamped_fill, "clamped_fill_cycles"), once)
    # Each packet of a pair is another neuron's; the bound for two engines leaves that out.
    apart = update if timing.engines == 1 else np.zeros_like(update)
    return tables_of(
        image.chip,
        timing,
        TimedCores(site, slots, update, np.where(size == 0, 0, fill), apart),
        Senders(way_of, ways.pieces, clamped[ways.pieces], rows, met),
    )


class MostWork(NamedTuple):
    """What no tick exceeds: packets made, deliveries of them, and cycles."""

    packets: int
    deliveries: int
    cycles: int

    @classmethod
    def of(cls, tables: TrafficTables, spikes: NDArray[np.number], *, contention: bool) -> MostWork:
        """Return that of [tick, way] spikes, which may be what no tick exceeds.

        The cycles are all that engines, routers and links do, one after the other: while packets are under way, at
        least one of these is at work. Without ``contention`` packets do not wait for one another, and the longest way
        counts once.
        """
        receivers = np.diff(tables.flows)
        per_way = np.repeat(np.arange(len(receivers)), receivers)

        def most(each: ArrayLike) -> float:
            return float((spikes @ np.asarray(each, dtype=np.float64)).max(initial=0))

        def of_flows(values: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.bincount(per_way, values, minlength=len(receivers))

        neurons = tables.slots[:, 2] - tables.slots[:, 1]
        engines = float(tables.fill.sum()) + float(neurons @ tables.update.astype(np.float64))
        engines += most(tables.spike_out + tables.copies * tables.out) + most(of_flows(tables.service))
        cycles = float(tables.barrier.max()) + engines / FRACTIONS
        cycles += most(2 + 3 * receivers)  # stages, each of which may wait for the next whole cycle
        cycles += most(of_flows(tables.latency[tables.pair])) if contention else tables.latency.max(initial=0)
        return cls(int(most(tables.copies)), int(most(receivers)), max(1, math.ceil(cycles)))

    def over(self, other: MostWork) -> MostWork:
        """Return what neither exceeds."""
        return MostWork(*map(max, self, other))

    def check(self) -> None:
        """Refuse a chip on which a tick might take more than 2⁴⁰ cycles."""
        if self.cycles > _MOST_TICK:
            raise NumericError(
                "chip.timing",
                f"lets a tick take up to {self.cycles:.3g} cycles, and no more than 2⁴⁰ = {_MOST_TICK:.3g} are "
                "counted; use fewer cycles per stage",
            )


class LinkRoutes(NamedTuple):
    """Flits over links for one spike of each way: entries ``first[w]`` … ``first[w + 1] − 1`` are those of way w."""

    first: Vector[np.int64]  # [way + 1]
    link: Vector[np.int64]  # [entry]  (x · height + y) · 4 + direction
    flits: Vector[np.int64]  # [entry]

    def load(self, spikes: NDArray[np.number], links: int) -> NDArray[np.int64]:
        """Return i64[link]: flits for i64[way] spikes."""
        total = np.zeros(links, dtype=np.int64)
        np.add.at(total, self.link, self.flits * np.repeat(spikes, np.diff(self.first)))
        return total


def link_routes(image: ChipImage, tables: TrafficTables) -> LinkRoutes:
    """Return which links a spike of each way crosses."""
    mesh = image.chip.mesh
    known: dict[tuple[int, ...], tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
    found = []
    for w, c in enumerate(tables.core.tolist()):
        to = tuple(tables.receiver[tables.flows[w] : tables.flows[w + 1]].tolist())
        if (c, *to) not in known:
            here, there = tables.site[c], tables.site[list(to)]
            ways = np.zeros(0, dtype=np.int64)
            if to and tables.multicast:
                ways = load_of_tree(mesh, int(here), there, 1).reshape(-1)
            elif to:
                ways = load_of_packets(mesh, np.full_like(there, here), there, np.ones_like(there)).reshape(
                    -1
                )
            link = np.flatnonzero(ways)
            known[c, *to] = link, ways[link]
        found.append(known[c, *to])
    lengths = [len(link) for link, _ in found]
    nothing = np.zeros(0, dtype=np.int64)
    return LinkRoutes(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([nothing, *(link for link, _ in found)]),
        np.concatenate([nothing, *(flits for _, flits in found)]),
    )
