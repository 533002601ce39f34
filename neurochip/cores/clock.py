"""The clock of an emulated chip: how long each phase takes, all presentations or one in so many (docs/cycle.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.cores.faults import FaultPlan
from neurochip.cores.tick_clock import Share, TickClock, TimeModel, count_by_way
from neurochip.cores.traffic_tables import MostWork, TrafficTables, link_routes, traffic_tables
from neurochip.errors import CapabilityError, ConfigError
from neurochip.noc.zero_load import in_fractions
from neurochip.substrate import Phase, exact
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime

__all__ = ["ChipClock", "Timed", "clocks_of", "everybody"]


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


def everybody(tables: TrafficTables, *, contention: bool) -> MostWork:
    """Return the work of a tick in which every neuron spikes."""
    neurons = np.bincount(tables.way_of[tables.way_of >= 0], minlength=len(tables.core))
    return MostWork.of(tables, neurons[None], contention=contention)


class ChipClock(TickClock):
    """Times the ticks of one chip image, and chooses of which presentations.

    Parameters
    ----------
    image
        The compiled chip; its specification must have a clock.
    core_slots
        (first slot, slot after the last) of each core.
    every
        Time the first of every so many presentations of a phase, and no others.
    model, threads, disabled, max_cycles
        As in `TickClock`; samples are rows.
    unreachable
        bool[sender, receiver], cores of the image between which no packet travels; see `traffic_tables`.
    dead
        bool[core], cores of the image that compute nothing: their updates take no time.

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
        tables = traffic_tables(image, timing, np.array(core_slots, dtype=np.int64), unreachable)
        if dead is not None:
            tables = tables._replace(update=np.where(dead, 0, tables.update))
        super().__init__(
            image.chip.mesh,
            timing,
            tables,
            model,
            everybody(tables, contention=model == "cycle"),
            routes=link_routes(image, tables),
            threads=threads,
            disabled=disabled,
            max_cycles=max_cycles,
        )
        self._timing, self._every = timing, every
        self._slots = len(tables.way_of)
        self._seen: dict[Phase, int] = {}  # presentations that have begun, timed or not
        self._timed: dict[Phase, NDArray[np.int64]] = {}  # samples of the present minibatch that are timed

    @property
    def needs_bits(self) -> bool:
        """Whether it matters which neurons of a core fired, and not only how many."""
        return self.walks or len(self.tables.core) != len(self.tables.site)

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
        each_thread: Share,
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
            return self.walked(rows, spikes, before, first_tick, each_thread).time
        way_of, n_ways = self.tables.way_of, len(self.tables.core)
        per_way = count_by_way(spikes, way_of, n_ways) if self.needs_bits else per_core
        if self.tables.behind:
            per_way = np.concatenate([count_by_way(before[None], way_of, n_ways), per_way])
        return self.counted(rows, per_way).time

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
