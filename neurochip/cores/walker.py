"""One thread's walk through the ticks of a chip, flit by flit, and what it adds up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.counted_ticks import CYCLES
from neurochip.cores.traffic_tables import MostWork, TrafficTables
from neurochip.cores.walked_ticks import Walk, walk_ticks
from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import StallError
from neurochip.noc import Packets
from neurochip.noc.arrays import LISTED, WAITING, Fabric, Load, State
from neurochip.noc.network import room_for
from neurochip.noc.router import STALLED, advance
from neurochip.noc.stall import stall_error
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["MOST_SUM", "Walker"]

MOST_SUM = 1 << 42  # cycles that are added up at once: in 2⁻²⁰ cycle they still fit a word


class Walker:
    """One thread's network on chip, with room for the most that a tick sends.

    Parameters
    ----------
    mesh, timing, tables
        Of the chip.
    most
        What no tick exceeds.
    disabled
        Cores of the chip that take no packets.
    longest_latency
        Deliveries that take longer are counted among those that take so many cycles.
    """

    def __init__(
        self,
        mesh: MeshSpec,
        timing: TimingSpec,
        tables: TrafficTables,
        most: MostWork,
        disabled: NDArray[np.int64],
        longest_latency: int,
    ) -> None:
        self._mesh, self._tables, self._disabled, self._most = mesh, tables, disabled, most
        paced = LISTED if timing.outbox else WAITING
        room: tuple[Fabric, Load, State] = room_for(mesh, timing, most.packets, most.deliveries, paced)
        self._fabric, self._load, self._state = room
        n = len(tables.site)
        self._before = PhaseTime.nothing(n)
        self._summed = self._longest = 0  # cycles of all ticks, and of the longest, since the last time
        self._walk = Walk(
            lead=np.zeros(mesh.n_cores, dtype=np.int64),
            rest=np.zeros(mesh.n_cores, dtype=np.int64),
            busy=np.zeros(mesh.n_cores, dtype=np.int64),
            waiting=np.zeros(mesh.n_cores, dtype=np.int64),
            done=np.zeros(mesh.n_cores, dtype=np.int64),
            busy_sum=np.zeros(n, dtype=np.int64),
            stalled_sum=np.zeros(n, dtype=np.int64),
            latencies=np.zeros(min(most.cycles, longest_latency) + 1, dtype=np.int64),
            joined=np.zeros(mesh.n_tiles, dtype=np.uint8),
            disabled=disabled,
        )

    def walk(
        self,
        spikes: NDArray[np.uint8],
        before: NDArray[np.uint8],
        row: int,
        took: NDArray[np.int64],
        first_tick: int,
        max_cycles: int,
    ) -> StallError | None:
        """Add up the ticks of one row and write how long each took, as `walk_ticks`; return what went wrong."""
        load, state = self._load, self._state
        ended = 0
        while ended < len(spikes):
            room = (MOST_SUM - self._summed) // self._most.cycles
            if room < 1:
                self._before = self._before + self._emptied()
                continue
            begun, stop = ended, min(len(spikes), ended + room)
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
                took,
                max_cycles,
            )
            cycles = took[begun:ended, CYCLES]
            self._summed += int(cycles.sum())
            self._longest = max(self._longest, int(cycles.max(initial=0)))
            if ended < stop:
                break
        else:
            return None
        n_packets = int(load.queue_first[-1])
        n_deliveries = int(load.first[n_packets])
        mesh = self._mesh
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
    def arrivals(self) -> NDArray[np.int64]:
        """i64[delivery], the cycle of each in the last tick, in the order of `walked_ticks`."""
        load = self._load
        arrivals: NDArray[np.int64] = self._state.arrival[: load.first[load.queue_first[-1]]].copy()
        return arrivals

    def take(self) -> PhaseTime:
        """Return what was added up since the last time, but not how long ticks took, and begin at 0."""
        time = self._before + self._emptied()
        self._before = PhaseTime.nothing(len(self._tables.site))
        return time

    def _emptied(self) -> PhaseTime:
        """Return what the arrays hold, and empty them."""
        walk, state, mesh = self._walk, self._state, self._mesh
        seen = np.flatnonzero(walk.latencies[: self._longest + 1])  # no longer than the tick
        used = int(seen[-1]) + 1 if len(seen) else 0
        time = PhaseTime(
            busy=walk.busy_sum.copy(),
            stalled=walk.stalled_sum.copy(),
            link_load=state.crossed.reshape(-1, 4).copy(),
            queue_max=state.deepest.reshape(mesh.width * mesh.height, -1).copy(),
            queue_dwelt=state.dwelt.reshape(mesh.width * mesh.height, -1).copy(),
            latencies=walk.latencies[:used].copy(),
        )
        for tally in (walk.busy_sum, walk.stalled_sum, state.crossed, state.deepest, state.dwelt):
            tally[:] = 0
        walk.latencies[:used] = 0
        self._summed = self._longest = 0
        return time
