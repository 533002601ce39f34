"""The clock of an emulated chip: how long each tick takes, from counts alone or flit by flit (docs/cycle.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.counted_ticks import LONGEST, TOTAL, count_ways, time_counts
from neurochip.cores.faults import FaultPlan
from neurochip.cores.traffic_tables import TrafficTables, link_routes, longest_tick, traffic_tables
from neurochip.cores.walked_ticks import Walk, walk_ticks
from neurochip.description.chip import TimingSpec
from neurochip.errors import CapabilityError, ConfigError, NumericError, StallError
from neurochip.noc import Packets
from neurochip.noc.arrays import Fabric, Load, State, build
from neurochip.noc.router import STALLED, advance
from neurochip.noc.stall import stall_error
from neurochip.noc.traffic import MOST_CYCLES, disabled_cores
from neurochip.noc.zero_load import in_fractions
from neurochip.substrate import Phase, exact
from neurochip.substrate.phase_time import FRACTIONS, MOST_LATENCY, PhaseTime

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


_MOST_TICK = 1 << 40  # cycles of one tick
_MOST_SUM = 1 << 42  # cycles that are added up at once: in 2⁻²⁰ cycle they still fit a word
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
        if longest > _MOST_TICK:
            raise NumericError(
                "chip.timing",
                f"lets a tick take up to {longest:.3g} cycles, and no more than 2⁴⁰ = {_MOST_TICK:.3g} are counted; "
                "use fewer cycles per stage",
            )
        self._ticks_at_once = _MOST_SUM // longest
        self._routes = link_routes(image, self.tables)
        self._seen: dict[Phase, int] = {}  # presentations that have begun, timed or not
        self._timed: dict[Phase, NDArray[np.int64]] = {}  # samples of the present minibatch that are timed
        self._walkers: list[_Walker] = []

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
        """
        if self.walks:
            return self._walked(rows, spikes, each_thread, first_tick)
        return self._counted(rows, self._per_way(spikes) if self.needs_bits else per_core)

    def _per_way(self, spikes: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Return i32[tick, row, way]."""
        counts = np.zeros((*spikes.shape[:2], len(self.tables.core)), np.int32)
        count_ways(spikes, self.tables.way_of, counts)
        return counts

    def _counted(self, rows: NDArray[np.int64], per_way: NDArray[np.int32]) -> PhaseTime:
        time = PhaseTime.nothing(len(self._image.cores))
        most_rows = min(self._ticks_at_once, max(1, len(rows)))
        most_ticks = self._ticks_at_once // most_rows
        for row in range(0, len(rows), most_rows):
            for tick in range(0, len(per_way), most_ticks):
                some = rows[row : row + most_rows]
                time = time + self._counted_at_once(some, per_way[tick : tick + most_ticks])
        return time

    def _counted_at_once(self, rows: NDArray[np.int64], per_way: NDArray[np.int32]) -> PhaseTime:
        n_cores, tables, mesh = len(self._image.cores), self.tables, self._image.chip.mesh
        totals = np.zeros(2, dtype=np.int64)
        busy, sent = np.zeros(n_cores, dtype=np.int64), np.zeros(len(tables.core), dtype=np.int64)
        room = np.zeros((3, max(n_cores, len(tables.latency))), dtype=np.int64)
        time_counts(per_way, rows, tables, room, totals, busy, sent)
        ticks = len(per_way) * len(rows)
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
        if not self.walks:
            per_way = self._per_way(bits)
            return [self._counted(first, per_way[t : t + 1]) for t in range(len(spikes))]
        return [self._walked(first, bits[t : t + 1], lambda work: work(0), t + 1) for t in range(len(spikes))]

    def learned(self, accumulations: NDArray[np.int64], writes: NDArray[np.int64]) -> PhaseTime | None:
        """Return the time of one change of weights: of the core with most to do; `None`: it has no figures."""
        timing = self._timing
        if timing.cycles_per_weight_accumulation is None or timing.cycles_per_weight_write is None:
            return None
        add, write = (
            in_fractions(timing.cycles_per_weight_accumulation),
            in_fractions(timing.cycles_per_weight_write),
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
    ) -> PhaseTime:
        while len(self._walkers) < self._threads:
            self._walkers.append(
                _Walker(self._image, self._timing, self.tables, self._disabled, self._ticks_at_once)
            )
        stalls: list[tuple[int, StallError]] = []

        def share(k: int) -> None:
            walker = self._walkers[k]
            for at in range(k, len(rows), self._threads):
                stalled = walker.walk(spikes, int(rows[at]), first_tick, self._max_cycles)
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


class _Walker:
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
        self._ticks_at_once, self._longest = ticks_at_once, _MOST_SUM // ticks_at_once
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
            paced=True,
            disabled=disabled,
        )
        self._fabric, self._load, self._state = built
        self._walk = Walk(
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

    def walk(self, spikes: Any, row: int, first_tick: int, max_cycles: int) -> StallError | None:
        """Add up the ticks of one row; return what went wrong."""
        load, state = self._load, self._state
        ended = 0
        while ended < len(spikes):
            room = (_MOST_SUM - int(self._walk.totals[0])) // self._longest
            if room < 1:
                self._before = self._before + self._emptied()
                continue
            stop = min(len(spikes), ended + room)
            ended = walk_ticks(
                spikes[:stop], row, ended, self._tables, self._fabric, load, state, self._walk, max_cycles
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

    def take(self) -> PhaseTime:
        """Return what was added up since the last time, and begin at 0."""
        time = self._before + self._emptied()
        self._before = PhaseTime.nothing(len(self._image.cores))
        return time

    def _emptied(self) -> PhaseTime:
        """Return what the arrays hold, and empty them."""
        walk, state, mesh = self._walk, self._state, self._image.chip.mesh
        used = int(np.flatnonzero(walk.latencies)[-1]) + 1 if walk.latencies.any() else 0
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
