"""How long the traffic of a replay takes on the chip: from counts alone, or flit by flit (docs/network-on-chip.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.traffic_tables import check_longest
from neurochip.description.chip import TimingSpec
from neurochip.errors import CapabilityError, StallError
from neurochip.noc import Packets, TickTiming, core_pipeline, cycles_from_counts
from neurochip.noc.zero_load import ONE, access_work, accesses, in_fractions, service_work, zero_load_latency
from neurochip.substrate.phase_time import percentiles

__all__ = ["ReplayTime", "SpikeTraffic", "replay_time", "spikes_by_way"]

Counts = NDArray[np.int64]
Cycles = NDArray[np.float64]

_CHUNK = 1 << 17  # entries of a table [tick, flow] that is worked on at once: what a cache holds


@dataclass(frozen=True, eq=False, kw_only=True)
class ReplayTime:
    """How long a replay took on the chip; what a model of time does not know is `None`.

    Attributes
    ----------
    ticks
        Steps of the network.
    cycles
        Of all ticks, barriers included.
    cycles_per_tick
        i64[tick].
    seconds
        By the clock of the chip.
    busy, stalled, idle
        f64[core], cycles of all ticks: an engine works; none does and the sender waits for the network; the rest.
    link_load
        i64[x, y, direction]: flits that left place (x, y) eastwards, westwards, northwards, southwards.
    queue_max
        i64[x, y, port]: most flits in the FIFOs of a router: those travelling east, west, north, south, then those
        from its cores.
    latencies
        i64[cycle]: deliveries that took so many cycles from being made to their arrival.
    """

    ticks: int
    cycles: int | None = None
    cycles_per_tick: Counts | None = None
    seconds: float | None = None
    busy: Cycles | None = None
    stalled: Cycles | None = None
    idle: Cycles | None = None
    link_load: Counts | None = None
    queue_max: Counts | None = None
    latencies: Counts | None = None

    def latency_percentiles(self, *percent: float) -> tuple[float, ...]:
        """Return cycles that so many of a hundred deliveries do not exceed; of no deliveries they are 0."""
        if self.latencies is None:
            raise CapabilityError("latency", 'is known only with timing="cycle"')
        return percentiles(self.latencies, *percent)


def replay_time(
    placed: PlacedNetwork,
    raster: LayeredRaster,
    timing: TimingSpec,
    model: Literal["analytic", "cycle"],
    *,
    updates: bool,
    disabled: Sequence[int] = (),
    max_cycles: int = 1 << 40,
) -> ReplayTime:
    """Return how long all ticks took.

    Parameters
    ----------
    updates
        Whether neurons were updated; of a recorded raster none is, and its input never.
    disabled, max_cycles
        Of each tick, as in `neurochip.noc.core_pipeline`; they matter only to ``cycle``.

    Raises
    ------
    StallError
        When the network stops with packets under way.
    NumericError
        When a tick might take more than 2⁴⁰ cycles.
    """
    traffic = SpikeTraffic(placed, raster, timing, updates)
    check_longest(traffic.longest_tick())
    if model == "analytic":
        per_tick = traffic.cycles_from_counts()
        cycles = int(per_tick.sum())
        return ReplayTime(
            ticks=len(per_tick), cycles=cycles, cycles_per_tick=per_tick, seconds=cycles / timing.clock
        )
    return traffic.flit_by_flit(disabled, max_cycles)


class SpikeTraffic:
    """Who sends what to whom when a neuron of a layer spikes."""

    def __init__(
        self, placed: PlacedNetwork, raster: LayeredRaster, timing: TimingSpec, updates: bool
    ) -> None:
        self.placed, self.raster, self.timing = placed, raster, timing
        self.mesh = placed.chip.mesh
        self.multicast = placed.chip.packet.routing == "multicast"
        n_layers, n_cores = len(placed.sizes), self.mesh.n_cores
        self.core_of = [placed.sites[pieces] for pieces in placed.piece_of]
        # Of each row of the placement's tables: the cores that receive such a spike, ascending, and its synaptic
        # operations on each; those of row r are receivers[first[r]] … receivers[first[r] + n[r] − 1].
        on_core = np.zeros((len(placed.operations), placed.cores.size), dtype=np.int64)
        np.add.at(on_core.T, np.searchsorted(placed.cores, placed.sites), placed.operations.T)
        row, core = np.nonzero(on_core)
        self.receivers, self.sops = placed.cores[core], on_core[row, core]
        self.n = np.bincount(row, minlength=len(on_core))
        self.first = np.cumsum(self.n) - self.n
        self.row_of = [placed.way_rows[ways] for ways in placed.way_of]
        # A core updates its neurons layer after layer, and makes the packets of one before it updates the next.
        self.neurons = np.zeros(n_cores, dtype=np.int64)
        self.after = [np.zeros(size, dtype=np.int64) for size in placed.sizes]
        if updates:
            for k in range(1, n_layers):
                self.after[k] = self.neurons[self.core_of[k]] + _rank(self.core_of[k])
                self.neurons += np.bincount(self.core_of[k], minlength=n_cores)

    def longest_tick(self) -> int:
        """Return cycles that no tick exceeds: all that engines, routers and links do, one after the other."""
        timing, mesh = self.timing, self.mesh
        corners = np.array([0]), np.array([mesh.width * mesh.height * mesh.cores_per_tile - 1])
        latency = int(zero_load_latency(mesh, timing, *corners)[0])
        look_up, per_sop = (
            in_fractions(timing.cycles_per_packet_in, "cycles_per_packet_in"),
            access_work(timing),
        )
        met = accesses(timing, self.placed.operations).sum(axis=1)
        fractions = int(self.neurons.sum()) * in_fractions(
            timing.cycles_per_neuron_update, "cycles_per_neuron_update"
        )
        fractions += int(np.count_nonzero(self.neurons)) * in_fractions(timing.fill_cycles, "fill_cycles")
        cycles = timing.barrier(mesh.n_tiles)
        for k, rows in enumerate(self.row_of):
            spikes = int(self.raster.layer(k).sum(axis=1, dtype=np.int64).max(initial=0))
            packets = spikes * int(self.n[rows].max(initial=0))
            fractions += spikes * in_fractions(timing.cycles_per_spike_out, "cycles_per_spike_out")
            fractions += packets * (
                in_fractions(timing.cycles_per_packet_out, "cycles_per_packet_out") + look_up
            )
            most = met[rows].max(initial=0)
            fractions += spikes * int(most) * per_sop
            cycles += packets * (latency + 5)  # stages of a packet that may wait for the next whole cycle
        return cycles + -(-fractions // ONE)

    def packets_of(self, tick: int) -> tuple[Packets, Counts, Counts, Cycles]:
        """Return the packets of a tick; synaptic operations of each delivery; ``after`` and ``extra``."""
        source, after, extra, row = [], [], [], []
        for k, rows in enumerate(self.row_of):
            units = np.flatnonzero(self.raster.layer(k)[tick])
            units = units[self.n[rows[units]] > 0]
            source.append(self.core_of[k][units])
            after.append(self.after[k][units])
            extra.append(np.full(units.size, self.timing.cycles_per_spike_out if k else 0.0))
            row.append(rows[units])
        rows = np.concatenate(row)
        receivers = self.n[rows]
        begin = np.cumsum(receivers) - receivers
        at = self._where(rows)
        copies = np.ones_like(receivers) if self.multicast else receivers
        lengths = receivers if self.multicast else np.ones(at.size, dtype=np.int64)
        cost = np.zeros(int(copies.sum()))
        cost[np.arange(rows.size) if self.multicast else begin] = np.concatenate(extra)
        sources, later = (np.repeat(np.concatenate(values), copies) for values in (source, after))
        first = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Packets(sources, self.receivers[at], first), self.sops[at], later, cost

    def _where(self, rows: Counts) -> Counts:
        """Return where the receivers of each of some rows stand, one after the other."""
        n = self.n[rows]
        within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
        at: Counts = np.repeat(self.first[rows], n) + within
        return at

    def each_tick(self, disabled: Sequence[int] = (), max_cycles: int = 1 << 40) -> Iterator[TickTiming]:
        """Walk through the cycles of each tick; a core with one engine adds up what the tick before left."""
        arrived = None
        for t in range(len(self.raster.bits)):
            packets, sops, after, extra = self.packets_of(t)
            try:
                timed = core_pipeline(
                    self.mesh,
                    self.timing,
                    packets,
                    neurons=self.neurons,
                    sops=sops,
                    after=after,
                    extra=extra,
                    arrived=arrived,
                    max_cycles=max_cycles,
                    disabled=disabled,
                )
            except StallError as error:
                raise StallError(f"tick {t}, {error.place}", error.problem) from None
            yield timed
            if self.timing.engines == 1:
                arrived = np.zeros(self.mesh.n_cores, dtype=np.int64)
                np.add.at(arrived, packets.destination, service_work(self.timing, sops))

    def flit_by_flit(self, disabled: Sequence[int], max_cycles: int) -> ReplayTime:
        """Walk through the cycles of each tick."""
        ticks, mesh = len(self.raster.bits), self.mesh
        per_tick = np.zeros(ticks, dtype=np.int64)
        busy, stalled, idle = np.zeros((3, mesh.n_cores))
        link_load = np.zeros((mesh.width, mesh.height, 4), dtype=np.int64)
        queue_max = np.zeros((mesh.width, mesh.height, 4 + mesh.cores_per_tile), dtype=np.int64)
        latencies = np.zeros(1, dtype=np.int64)
        for t, timed in enumerate(self.each_tick(disabled, max_cycles)):
            per_tick[t] = timed.cycles
            busy += timed.busy
            stalled += timed.stalled
            idle += timed.idle
            if timed.traffic is not None:
                link_load += timed.traffic.link_load
                np.maximum(queue_max, timed.traffic.queue_max, out=queue_max)
                took = np.bincount(timed.traffic.latency, minlength=latencies.size)
                took[: latencies.size] += latencies
                latencies = took
        cycles = int(per_tick.sum())
        return ReplayTime(
            ticks=ticks,
            cycles=cycles,
            cycles_per_tick=per_tick,
            seconds=cycles / self.timing.clock,
            busy=busy,
            stalled=stalled,
            idle=idle,
            link_load=link_load,
            queue_max=queue_max,
            latencies=latencies,
        )

    def cycles_from_counts(self) -> Counts:
        """Return i64[tick] that contention cannot undercut."""
        placed, n_cores = self.placed, self.mesh.n_cores
        # Pairs of a way that sends and a core that receives from it, sorted by flow, which is a pair of cores.
        receivers, site = self.n[placed.way_rows], placed.sites[placed.way_pieces]
        way = np.repeat(np.arange(receivers.size), receivers)
        at = self._where(placed.way_rows)
        destination, operations = self.receivers[at], accesses(self.timing, self.sops[at])
        pair = site[way] * n_cores + destination
        order = np.argsort(pair, kind="stable")
        flows, begins = np.unique(pair[order], return_index=True)
        way, operations = way[order], operations[order]
        receiving, layers = np.flatnonzero(receivers), placed.way_layers
        # In units that are exact, so that the sum of a tick is the sum of what its spikes cost.
        spike_out = in_fractions(self.timing.cycles_per_spike_out, "cycles_per_spike_out") / ONE
        ticks = len(self.raster.bits)
        per_tick = np.zeros(ticks, dtype=np.int64)
        chunk = max(1, _CHUNK // max(flows.size, n_cores))
        before = None
        for begin in range(0, ticks, chunk):
            part = slice(begin, begin + chunk)
            spikes = spikes_by_way(placed, self.raster, part)
            sent = np.take(spikes, way, axis=1)
            made = np.zeros((len(spikes), n_cores), dtype=np.int64)
            extra = np.zeros((len(spikes), n_cores))
            for p, core in zip(receiving, site[receiving], strict=True):
                if self.multicast:
                    made[:, core] += spikes[:, p]
                if spike_out and layers[p] > 0:
                    extra[:, core] += spikes[:, p] * spike_out
            packets, met = _sums(sent, begins), _sums(sent * operations, begins)
            per_tick[part] = cycles_from_counts(
                self.mesh,
                self.timing,
                neurons=self.neurons,
                source=flows // n_cores,
                destination=flows % n_cores,
                packets=packets,
                sops=met,
                made=made if self.multicast else None,
                extra=extra,
                before=before,
            )
            before = (packets[-1], met[-1])
        return per_tick


def spikes_by_way(placed: PlacedNetwork, raster: LayeredRaster, part: slice) -> Counts:
    """Return i64[tick, way]."""
    counts = []
    for k, ways in enumerate(placed.way_of):
        bits = raster.layer(k)[part]
        order = np.argsort(ways, kind="stable")
        if np.any(np.diff(ways) < 0):
            bits = bits[:, order]
        begins = np.unique(ways[order], return_index=True)[1]
        counts.append(np.add.reduceat(bits, begins, axis=1, dtype=np.int64))
    return np.concatenate(counts, axis=1)


def _rank(cores: Counts) -> Counts:
    """Return for each neuron of a layer how many its core has up to and with it."""
    order = np.argsort(cores, kind="stable")
    sorted_cores = cores[order]
    rank = np.empty_like(order)
    rank[order] = np.arange(1, cores.size + 1) - np.searchsorted(sorted_cores, sorted_cores)
    return rank


def _sums(values: Any, begins: Any) -> Counts:
    """Return [tick, flow], sums of [tick, pair] over the pairs of each flow."""
    if begins.size == values.shape[1]:
        return values  # type: ignore[no-any-return]
    total: Counts = np.add.reduceat(values, begins, axis=1)
    return total
