"""One thread's walk through the ticks of a chip, flit by flit, and what it adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.traffic_tables import TrafficTables
from neurochip.cores.walked_ticks import Walk, walk_ticks
from neurochip.description.chip import TimingSpec
from neurochip.errors import StallError
from neurochip.noc import Packets
from neurochip.noc.arrays import LISTED, WAITING, Fabric, Load, State, build
from neurochip.noc.router import STALLED, advance
from neurochip.noc.stall import stall_error
from neurochip.substrate.phase_time import MOST_LATENCY, PhaseTime

__all__ = ["MOST_SUM", "Walker"]

MOST_SUM = 1 << 42  # cycles that are added up at once: in 2⁻²⁰ cycle they still fit a word


class Walker:
    """One thread's network on chip, with room for every neuron to spike at once."""

    def __init__(
        self,
        image: ChipImage,
        timing: TimingSpec,
        tables: TrafficTables,
        disabled: NDArray[np.int64],
        ticks_at_once: int,
    ) -> None:
        self._image, self._tables, self._disabled = image, tables, disabled
        self._ticks_at_once, self._longest = ticks_at_once, MOST_SUM // ticks_at_once
        self._before = PhaseTime.nothing(len(image.cores))
        mesh = image.chip.mesh
        most = _everybody(tables)
        n_deliveries, n_packets = len(most.destination), len(most.source)
        built: tuple[Fabric, Load, State] = build(
            mesh,
            timing,
            most,
            order=np.arange(n_packets),
            service=np.zeros(n_deliveries, dtype=np.int64),
            work=np.zeros(n_packets, dtype=np.int64),
            paced=LISTED if timing.outbox else WAITING,
            disabled=disabled,
        )
        self._fabric, self._load, self._state = built
        self._walk = Walk(
            lead=np.zeros(mesh.n_cores, dtype=np.int64),
            rest=np.zeros(mesh.n_cores, dtype=np.int64),
            busy=np.zeros(mesh.n_cores, dtype=np.int64),
            waiting=np.zeros(mesh.n_cores, dtype=np.int64),
            done=np.zeros(mesh.n_cores, dtype=np.int64),
            totals=np.zeros(2, dtype=np.int64),
            busy_sum=np.zeros(len(image.cores), dtype=np.int64),
            stalled_sum=np.zeros(len(image.cores), dtype=np.int64),
            latencies=np.zeros(MOST_LATENCY + 1, dtype=np.int64),
            disabled=disabled,
        )

    def walk(self, spikes: Any, before: Any, row: int, first_tick: int, max_cycles: int) -> StallError | None:
        """Add up the ticks of one row; return what went wrong."""
        load, state = self._load, self._state
        ended = 0
        while ended < len(spikes):
            room = (MOST_SUM - int(self._walk.totals[0])) // self._longest
            if room < 1:
                self._before = self._before + self._emptied()
                continue
            stop = min(len(spikes), ended + room)
            ended = walk_ticks(
                spikes[:stop],
                before,
                row,
                ended,
                self._tables,
                self._fabric,
                load,
                state,
                self._walk,
                max_cycles,
            )
            if ended < stop:
                break
        else:
            return None
        n_packets = int(load.queue_first[-1])
        n_deliveries = int(load.first[n_packets])
        mesh = self._image.chip.mesh
        destination = load.tile[:n_deliveries] * mesh.cores_per_tile + load.port[:n_deliveries] - 4
        source = np.repeat(np.arange(mesh.n_cores), np.diff(load.queue_first))
        limit = advance(self._fabric, load, state, max_cycles) != STALLED
        error = stall_error(
            mesh,
            self._fabric,
            load,
            state._replace(arrival=state.arrival[:n_deliveries]),
            Packets(source, destination, load.first[: n_packets + 1]),
            disabled=self._disabled.tolist(),
            max_cycles=max_cycles if limit else None,
        )
        return StallError(f"tick {first_tick + ended}, {error.place}", error.problem)

    @property
    def cycles(self) -> int:
        """Cycles of the ticks that were walked through since the last time that they were taken."""
        return self._before.cycles + int(self._walk.totals[0])

    @property
    def arrivals(self) -> NDArray[np.int64]:
        """i64[delivery], the cycle of each in the last tick, in the order of `walked_ticks`."""
        load = self._load
        arrivals: NDArray[np.int64] = self._state.arrival[: load.first[load.queue_first[-1]]].copy()
        return arrivals

    def take(self) -> PhaseTime:
        """Return what was added up since the last time, and begin at 0."""
        time = self._before + self._emptied()
        self._before = PhaseTime.nothing(len(self._image.cores))
        return time

    def _emptied(self) -> PhaseTime:
        """Return what the arrays hold, and empty them."""
        walk, state, mesh = self._walk, self._state, self._image.chip.mesh
        seen = np.flatnonzero(
            walk.latencies[: int(walk.totals[1]) + 1]
        )  # a delivery takes no longer than its tick
        used = int(seen[-1]) + 1 if len(seen) else 0
        time = PhaseTime(
            cycles=int(walk.totals[0]),
            longest=int(walk.totals[1]),
            busy=walk.busy_sum.copy(),
            stalled=walk.stalled_sum.copy(),
            link_load=state.crossed.reshape(-1, 4).copy(),
            queue_max=state.deepest.reshape(mesh.width * mesh.height, -1).copy(),
            queue_dwelt=state.dwelt.reshape(mesh.width * mesh.height, -1).copy(),
            latencies=walk.latencies[:used].copy(),
        )
        for tally in (
            walk.totals,
            walk.busy_sum,
            walk.stalled_sum,
            state.crossed,
            state.deepest,
            state.dwelt,
        ):
            tally[:] = 0
        walk.latencies[:used] = 0
        return time


def _everybody(tables: TrafficTables) -> Packets:
    """Return the packets of a tick in which every neuron spikes."""
    source, destination, lengths = [], [], []
    for c in tables.by_site:
        way = tables.way_of[tables.slots[c, 0] : tables.slots[c, 1]]
        n = np.diff(tables.flows)[way]
        within = np.arange(int(n.sum())) - np.repeat(np.cumsum(n) - n, n)
        receiving = tables.receiver[np.repeat(tables.flows[way], n) + within]
        length = n[n > 0] if tables.multicast else np.ones(int(n.sum()), dtype=np.int64)
        source.append(np.repeat(tables.site[c], len(length)))
        destination.append(tables.site[receiving])
        lengths.append(length)
    first = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    return Packets(np.concatenate(source), np.concatenate(destination), first)
