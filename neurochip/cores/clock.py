"""The clock of an emulated chip: how long each tick takes, from counts alone or flit by flit (docs/cycle.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.counted_ticks import LONGEST, TOTAL, count_ways, time_counts
from neurochip.cores.faults import FaultPlan
from neurochip.cores.traffic_tables import (
    TrafficTables,
    check_longest,
    link_routes,
    longest_tick,
    traffic_tables,
)
from neurochip.cores.walker import MOST_SUM, Walker
from neurochip.errors import CapabilityError, ConfigError, StallError
from neurochip.noc.traffic import MOST_CYCLES, disabled_cores
from neurochip.noc.zero_load import in_fractions
from neurochip.substrate import Phase, exact
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime

__all__ = ["ChipClock", "TimeModel", "Timed", "clocks_of"]

TimeModel = Literal["analytic", "cycle"]


class Timed(NamedTuple):
    """What is timed of presentations, and how: ``tick`` times nothing.

    Attributes
    ----------
    every
        Time the first of every so many presentations of a phase, and no others.
    """

    model: Literal["tick", "analytic", "cycle"] = "tick"
    every: int = 1


_ROOM = 1 << 26  # bytes of spikes that are kept to be walked through


class ChipClock:
    """Times the ticks of one chip image and adds them up by phase.

    Parameters
    ----------
    image
        The compiled chip; its specification must have a clock.
    core_slots
        (first slot, slot after the last) of each core.
    model
        ``analytic``: from spike counts, what contention cannot undercut; ``cycle``: flit by flit.
    every
        Time the first of every so many presentations of a phase, and no others.
    threads
        Samples are shared among so many threads; results do not depend on it.
    unreachable
        bool[sender, receiver], cores of the image between which no packet travels; see `traffic_tables`.
    dead
        bool[core], cores of the image that compute nothing: their updates take no time.
    disabled
        Cores of the chip that take no packets: sending to one stalls the network (``cycle``).
    max_cycles
        A tick that is not done by then raises `StallError` (``cycle``).

    Raises
    ------
    CapabilityError
        When the chip has no clock.
    NumericError
        When a tick might take more than 2⁴⁰ cycles.
    """

    def __init__(
        self,
        image: ChipImage,
        core_slots: Sequence[tuple[int, int]],
        model: TimeModel,
        *,
        every: int = 1,
        threads: int = 1,
        unreachable: NDArray[np.bool_] | None = None,
        dead: NDArray[np.bool_] | None = None,
        disabled: Sequence[int] = (),
        max_cycles: int = 1 << 40,
    ) -> None:
        timing = image.chip.timing
        if timing is None:
            raise CapabilityError(
                "timing",
                f'"{model}" needs a clock, and {image.chip.name} has none; use "tick" or another chip',
            )
        if not every >= 1:
            raise ConfigError("timing_every", f"must be at least 1, got {every}")
        if not 1 <= max_cycles <= MOST_CYCLES:
            raise ConfigError("max_cycles", f"must be 1 to {MOST_CYCLES}, got {max_cycles}")
        self.model = model
        self._image, self._timing, self._every = image, timing, every
        self._threads, self._disabled, self._max_cycles = (
            threads,
            disabled_cores(image.chip.mesh, disabled),
            max_cycles,
        )
        self.tables: TrafficTables = traffic_tables(
            image, timing, np.array(core_slots, dtype=np.int64), unreachable
        )
        if dead is not None:
            self.tables = self.tables._replace(update=np.where(dead, 0, self.tables.update))
        longest = longest_tick(self.tables, contention=self.walks)
        check_longest(longest)
        self._ticks_at_once = MOST_SUM // longest
        self._slots = int(np.array(core_slots, dtype=np.int64).max(initial=0))
        self._routes = link_routes(image, self.tables)
        self._seen: dict[Phase, int] = {}  # presentations that have begun, timed or not
        self._timed: dict[Phase, NDArray[np.int64]] = {}  # samples of the present minibatch that are timed
        self._walkers: list[Walker] = []

    @property
    def walks(self) -> bool:
        """Whether every flit is followed."""
        return self.model == "cycle"

    @property
    def needs_bits(self) -> bool:
        """Whether it matters which neurons of a core fired, and not only how many."""
        return self.walks or len(self.tables.core) != len(self._image.cores)

    def samples_at_once(self, ticks: int, slots: int) -> int:
        """Return how many samples' spikes may be kept, so that memory stays small."""
        return max(1, _ROOM // max(1, ticks * slots)) if self.needs_bits else 1 << 30

    def begin(self, phase: Phase, samples: int) -> int:
        """Choose which of ``samples`` new presentations of a phase are timed; return how many."""
        before = self._seen.get(phase, 0)
        self._seen[phase] = before + samples
        self._timed[phase] = np.arange(-before % self._every, samples, self._every, dtype=np.int64)
        return len(self._timed[phase])

    def restore(self, presentations: Mapping[Phase, int]) -> None:
        """Go on after so many presentations of each phase."""
        self._seen = dict(presentations)

    def timed(self, phase: Phase) -> NDArray[np.int64]:
        """Return the samples of the present minibatch that are timed in this phase."""
        return self._timed[phase]

    def measure(
        self,
        rows: NDArray[np.int64],
        per_core: NDArray[np.int32],
        spikes: NDArray[np.uint8],
        each_thread: Callable[[Callable[[int], None]], None],
        first_tick: int = 1,
        before: NDArray[np.uint8] | None = None,
    ) -> PhaseTime:
        """Return the time of ticks that have been run, presentation after presentation.

        Parameters
        ----------
        rows
            i64[…], rows of the two recordings that are timed.
        per_core
            i32[tick, row, core], where no bits are needed.
        spikes
            u8[tick, row, slot], where they are.
        first_tick
            Of the presentation; it is named when the network stalls.
        before
            u8[row, slot], spikes of the tick before the first, which cores with one engine add up in it; `None`: none.
        """
        if before is None:
            before = np.zeros((max(spikes.shape[1], per_core.shape[1]), self._slots), np.uint8)
        if self.walks:
            return self._walked(rows, spikes, each_thread, first_tick, before)
        per_way = self._per_way(spikes) if self.needs_bits else per_core
        if self.tables.behind:
            per_way = np.concatenate([self._per_way(before[None]), per_way])
        return self._counted(rows, per_way)

    def _per_way(self, spikes: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Return i32[tick, row, way]."""
        counts = np.zeros((*spikes.shape[:2], len(self.tables.core)), np.int32)
        count_ways(spikes, self.tables.way_of, counts)
        return counts

    def _counted(self, rows: NDArray[np.int64], per_way: NDArray[np.int32]) -> PhaseTime:
        time = PhaseTime.nothing(len(self._image.cores))
        most_rows = min(self._ticks_at_once, max(1, len(rows)))
        most_ticks, behind = self._ticks_at_once // most_rows, self.tables.behind
        for row in range(0, len(rows), most_rows):
            for tick in range(behind, len(per_way), most_ticks):
                some = rows[row : row + most_rows]
                time = time + self._counted_at_once(some, per_way[tick - behind : tick + most_ticks])
        return time

    def _counted_at_once(self, rows: NDArray[np.int64], per_way: NDArray[np.int32]) -> PhaseTime:
        n_cores, tables, mesh = len(self._image.cores), self.tables, self._image.chip.mesh
        totals = np.zeros(2, dtype=np.int64)
        busy, sent = np.zeros(n_cores, dtype=np.int64), np.zeros(len(tables.core), dtype=np.int64)
        room = np.zeros((4, max(n_cores, len(tables.latency))), dtype=np.int64)
        time_counts(per_way, rows, tables, room, totals, busy, sent)
        ticks = (len(per_way) - tables.behind) * len(rows)
        return replace(
            PhaseTime.nothing(n_cores),
            ticks=ticks,
            cycles=int(totals[TOTAL]),
            barrier=ticks * self.tables.barrier,
            longest=int(totals[LONGEST]),
            busy=busy,
            link_load=self._routes.load(sent, mesh.width * mesh.height * 4).reshape(-1, 4),
        )

    def each_tick(self, spikes: NDArray[np.uint8]) -> list[PhaseTime]:
        """Return the time of every tick of u8[tick, slot], one presentation."""
        first, bits = np.zeros(1, dtype=np.int64), spikes[:, None, :]
        before = np.concatenate([np.zeros_like(bits[:1]), bits[:-1]])
        return [
            self._walked(first, bits[t : t + 1], lambda work: work(0), t + 1, before[t])
            if self.walks
            else self._counted(first, self._per_way(np.stack([before[t], bits[t]])[1 - self.tables.behind :]))
            for t in range(len(spikes))
        ]

    def learned(self, accumulations: NDArray[np.int64], writes: NDArray[np.int64]) -> PhaseTime | None:
        """Return the time of one change of weights: of the core with most to do; `None`: it has no figures."""
        timing = self._timing
        if timing.cycles_per_weight_accumulation is None or timing.cycles_per_weight_write is None:
            return None
        add, write = (
            in_fractions(timing.cycles_per_weight_accumulation, "cycles_per_weight_accumulation"),
            in_fractions(timing.cycles_per_weight_write, "cycles_per_weight_write"),
        )
        busy = exact.plus(exact.times(accumulations, add), exact.times(writes, write))
        cycles = -(-int(busy.max(initial=0)) // FRACTIONS)
        return replace(PhaseTime.nothing(len(busy)), cycles=cycles, longest=cycles, busy=busy)

    def _walked(
        self,
        rows: NDArray[np.int64],
        spikes: NDArray[np.uint8],
        each_thread: Callable[[Callable[[int], None]], None],
        first_tick: int,
        before: NDArray[np.uint8],
    ) -> PhaseTime:
        while len(self._walkers) < self._threads:
            self._walkers.append(
                Walker(self._image, self._timing, self.tables, self._disabled, self._ticks_at_once)
            )
        stalls: list[tuple[int, StallError]] = []

        def share(k: int) -> None:
            walker = self._walkers[k]
            for at in range(k, len(rows), self._threads):
                stalled = walker.walk(spikes, before, int(rows[at]), first_tick, self._max_cycles)
                if stalled is not None:
                    stalls.append((at, stalled))
                    return

        each_thread(share)
        if stalls:
            raise min(stalls, key=lambda stall: stall[0])[1]
        time = PhaseTime.nothing(len(self._image.cores))
        for walker in self._walkers[: self._threads]:
            time = time + walker.take()
        ticks = len(spikes) * len(rows)
        return replace(time, ticks=ticks, barrier=ticks * self.tables.barrier)


def clocks_of(
    image: ChipImage,
    core_slots: Sequence[tuple[int, int]],
    timing: Timed,
    threads: int,
    plans: Iterable[FaultPlan | None],
) -> tuple[ChipClock, ...]:
    """Return a clock for each plan of what is broken; none where nothing is timed."""
    if timing.model == "tick":
        return ()
    return tuple(
        ChipClock(
            image,
            core_slots,
            timing.model,
            every=timing.every,
            threads=threads,
            unreachable=None if plan is None else plan.wiring.cut != 0,
            dead=None if plan is None else plan.dead,
        )
        for plan in plans
    )
