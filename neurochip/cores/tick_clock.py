"""The time of ticks on a chip, from counts alone or flit by flit: one model for all that runs (docs/cycle.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.counted_ticks import BARRIER, CYCLES, count_ways, time_counts
from neurochip.cores.traffic_tables import LinkRoutes, MostWork, TrafficTables
from neurochip.cores.walker import MOST_SUM, Walker
from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.errors import ConfigError, StallError
from neurochip.noc.traffic import MOST_CYCLES, disabled_cores
from neurochip.substrate.phase_time import MOST_LATENCY, PhaseTime

__all__ = ["TickClock", "TickTimes", "TimeModel", "count_by_way"]

TimeModel = Literal["analytic", "cycle"]
Share = Callable[[Callable[[int], None]], None]


class TickTimes(NamedTuple):
    """How long ticks took: each of them, i64[row, tick] cycles, and all together."""

    cycles: NDArray[np.int64]
    time: PhaseTime


def _alone(work: Callable[[int], None]) -> None:
    work(0)


def count_by_way(spikes: NDArray[np.uint8], way_of: NDArray[np.int64], n_ways: int) -> NDArray[np.int32]:
    """Return i32[tick, row, way] of u8[tick, row, slot]; ``way_of`` i64[slot] is −1 where no neuron is."""
    counts = np.zeros((*spikes.shape[:2], n_ways), np.int32)
    count_ways(spikes, way_of, counts)
    return counts


class TickClock:
    """Times ticks from what spiked in them.

    Parameters
    ----------
    mesh, timing, tables
        Of the chip, and of what sends on it.
    model
        ``analytic``: from spike counts, what contention cannot undercut; ``cycle``: flit by flit.
    most
        What no tick exceeds.
    routes
        Of each way; `None`: flits over links are not counted (``analytic``).
    threads
        Rows are shared among so many threads; results do not depend on it.
    disabled
        Cores of the chip that take no packets: sending to one stalls the network (``cycle``).
    max_cycles
        A tick that is not done by then raises `StallError` (``cycle``).
    longest_latency
        Deliveries that take longer are counted among those that take so many cycles.

    Raises
    ------
    NumericError
        When a tick might take more than 2⁴⁰ cycles.
    """

    def __init__(
        self,
        mesh: MeshSpec,
        timing: TimingSpec,
        tables: TrafficTables,
        model: TimeModel,
        most: MostWork,
        *,
        routes: LinkRoutes | None = None,
        threads: int = 1,
        disabled: Sequence[int] = (),
        max_cycles: int = 1 << 40,
        longest_latency: int = MOST_LATENCY,
    ) -> None:
        if not 1 <= max_cycles <= MOST_CYCLES:
            raise ConfigError("max_cycles", f"must be 1 to {MOST_CYCLES}, got {max_cycles}")
        most.check()
        self.model, self.tables = model, tables
        self._mesh, self._routes, self._threads, self._max_cycles = mesh, routes, threads, max_cycles
        self._ticks_at_once = MOST_SUM // most.cycles
        self._walkers: list[Walker] = []
        stopped = disabled_cores(mesh, disabled)
        self._walker = partial(Walker, mesh, timing, tables, most, stopped, longest_latency)

    @property
    def walks(self) -> bool:
        """Whether every flit is followed."""
        return self.model == "cycle"

    def counted(self, rows: NDArray[np.int64], per_way: NDArray[np.int32]) -> TickTimes:
        """Return the time of i32[tick, row, way] spikes of some rows, from counts alone.

        With one engine the first tick is the one before.
        """
        behind = self.tables.behind
        n_cores, n_ways = len(self.tables.site), len(self.tables.core)
        found = np.zeros((len(rows), len(per_way) - behind), np.int64)
        time = PhaseTime.nothing(n_cores)
        most_rows = min(self._ticks_at_once, max(1, len(rows)))
        most_ticks = self._ticks_at_once // most_rows
        room = np.zeros((4, max(n_cores, len(self.tables.latency))), np.int64)
        joined = np.zeros(self._mesh.n_tiles, np.uint8)
        for row in range(0, len(rows), most_rows):
            for tick in range(0, found.shape[1], most_ticks):
                some, part = rows[row : row + most_rows], per_way[tick : tick + most_ticks + behind]
                took = np.zeros((len(some), len(part) - behind, 2), np.int64)
                busy, sent = np.zeros(n_cores, np.int64), np.zeros(n_ways, np.int64)
                time_counts(part, some, self.tables, room, joined, took, busy, sent)
                time = time + replace(_time_of(took, n_cores), busy=busy, link_load=self._load(sent))
                found[row : row + most_rows, tick : tick + most_ticks] = took[..., CYCLES]
        return TickTimes(found, time)

    def _load(self, sent: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return flits over links for i64[way] spikes, as `PhaseTime` has them; nothing where no routes are known."""
        if self._routes is None:
            return np.zeros(0, dtype=np.int64)
        return self._routes.load(sent, self._mesh.width * self._mesh.height * 4).reshape(-1, 4)

    def walked(
        self,
        rows: NDArray[np.int64],
        spikes: NDArray[np.uint8],
        before: NDArray[np.uint8],
        first_tick: int,
        each_thread: Share = _alone,
    ) -> TickTimes:
        """Return the time of u8[tick, row, slot] spikes of some rows, flit by flit.

        ``before`` u8[row, slot] are spikes of the tick before the first, which is called ``first_tick`` when the
        network stalls.
        """
        while len(self._walkers) < self._threads:
            self._walkers.append(self._walker())
        stalls: list[tuple[int, StallError]] = []
        took = np.zeros((len(rows), len(spikes), 2), np.int64)

        def share(k: int) -> None:
            walker = self._walkers[k]
            for at in range(k, len(rows), self._threads):
                stalled = walker.walk(spikes, before, int(rows[at]), took[at], first_tick, self._max_cycles)
                if stalled is not None:
                    stalls.append((at, stalled))
                    return

        each_thread(share)
        if stalls:
            raise min(stalls, key=lambda stall: stall[0])[1]
        time = _time_of(took, len(self.tables.site))
        for walker in self._walkers[: self._threads]:
            time = time + walker.take()
        return TickTimes(took[..., CYCLES], time)

    def each_tick(
        self, spikes: NDArray[np.uint8], before: NDArray[np.uint8] | None = None, first_tick: int = 1
    ) -> list[PhaseTime]:
        """Return the time of every tick of u8[tick, slot], one presentation; ``before`` as in `walked`."""
        row, bits = np.zeros(1, dtype=np.int64), spikes[:, None]
        first = np.zeros_like(bits[:1]) if before is None else before[None, None]
        bits = np.concatenate([first, bits])
        if self.walks:
            walked = (
                self.walked(row, bits[t : t + 1], bits[t - 1], first_tick + t - 1)
                for t in range(1, len(bits))
            )
            return [ticks.time for ticks in walked]
        per_way = count_by_way(bits, self.tables.way_of, len(self.tables.core))
        behind = self.tables.behind
        return [self.counted(row, per_way[t - behind : t + 1]).time for t in range(1, len(bits))]


def _time_of(took: NDArray[np.int64], n_cores: int) -> PhaseTime:
    """Return i64[row, tick, 2] cycles and barriers added up."""
    return replace(
        PhaseTime.nothing(n_cores),
        ticks=took.shape[0] * took.shape[1],
        cycles=int(took[..., CYCLES].sum()),
        barrier=int(took[..., BARRIER].sum()),
        longest=int(took[..., CYCLES].max(initial=0)),
    )
