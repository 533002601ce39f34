"""How long the traffic of a replay takes on the chip: from counts alone, or flit by flit (docs/network-on-chip.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.raster import LayeredRaster
from neurochip.cores.tick_clock import TickClock, TickTimes, TimeModel, count_by_way
from neurochip.cores.traffic_tables import MostWork, Senders, TimedCores, TrafficTables, tables_of
from neurochip.description.chip import TimingSpec
from neurochip.errors import CapabilityError
from neurochip.noc.zero_load import in_fractions
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime, percentiles

__all__ = ["RasterClock", "ReplayTime", "replay_time"]

Counts = NDArray[np.int64]
Cycles = NDArray[np.float64]

_ROOM = 1 << 20  # bytes of spikes or of counts that are worked on at once
_LONGEST_LATENCY = 1 << 24  # cycles, of which deliveries are told apart


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
    model: TimeModel,
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
        As in `TickClock`; they matter only to ``cycle``.

    Raises
    ------
    StallError
        When the network stops with packets under way.
    NumericError
        When a tick might take more than 2⁴⁰ cycles.
    """
    clock = RasterClock(
        placed, raster, timing, model, updates=updates, disabled=disabled, max_cycles=max_cycles
    )
    per_tick, time = clock.all_ticks()
    mesh = placed.chip.mesh
    counted = ReplayTime(
        ticks=len(per_tick),
        cycles=time.cycles,
        cycles_per_tick=per_tick,
        seconds=time.cycles / timing.clock,
    )
    if model == "analytic":
        return counted
    busy, stalled = np.zeros((2, mesh.n_cores))
    busy[placed.cores], stalled[placed.cores] = time.busy / FRACTIONS, time.stalled / FRACTIONS
    return replace(
        counted,
        busy=busy,
        stalled=stalled,
        idle=time.cycles - busy - stalled,
        link_load=time.link_load.reshape(mesh.width, mesh.height, 4),
        queue_max=time.queue_max.reshape(mesh.width, mesh.height, 4 + mesh.cores_per_tile),
        latencies=time.latencies if len(time.latencies) else np.zeros(1, dtype=np.int64),
    )


class RasterClock(TickClock):
    """Times the ticks of a raster of a placed network; cores are those in use, ascending.

    Parameters
    ----------
    placed, raster
        The network, and the spikes of all its layers.
    timing, model, disabled, max_cycles
        As in `TickClock`.
    updates
        Whether neurons but the input's are updated.
    before
        List over layers of u8[unit], the spikes of the tick before the first; `None`: none.
    """

    def __init__(
        self,
        placed: PlacedNetwork,
        raster: LayeredRaster,
        timing: TimingSpec,
        model: TimeModel,
        *,
        updates: bool,
        disabled: Sequence[int] = (),
        max_cycles: int = 1 << 40,
        before: Sequence[NDArray[np.uint8]] | None = None,
    ) -> None:
        self._raster, self._way_of = raster, raster.way_of(placed)
        tables, self._slot_of = _tables(placed, self._way_of, timing, updates)
        self._first = np.zeros(raster.n_slots, dtype=np.uint8)
        for k, bits in enumerate(before or ()):
            first, _, size = raster.layers[k].tolist()
            self._first[first : first + size] = bits
        most = MostWork(0, 0, 1)
        for part in self._parts(4 * len(tables.core)):
            spikes = count_by_way(raster.bits[part][:, None], self._way_of, len(tables.core))[:, 0]
            most = most.over(MostWork.of(tables, spikes, contention=True))
        super().__init__(
            placed.chip.mesh,
            timing,
            tables,
            model,
            most,
            disabled=disabled,
            max_cycles=max_cycles,
            longest_latency=_LONGEST_LATENCY,
        )

    def _parts(self, bytes_per_tick: int) -> Iterator[slice]:
        """Return ticks that there is room for at once."""
        at_once = max(1, _ROOM // bytes_per_tick)
        return (slice(t, t + at_once) for t in range(0, len(self._raster.bits), at_once))

    def _before(self, tick: int) -> NDArray[np.uint8]:
        """Return u8[slot of the raster], the spikes of the tick before one."""
        bits: NDArray[np.uint8] = self._raster.bits[tick - 1] if tick else self._first
        return bits

    def all_ticks(self) -> tuple[Counts, PhaseTime]:
        """Return i64[tick] cycles, and the time of all ticks."""
        times = [self._part(part) for part in self._parts(self._raster.n_slots + 4 * len(self.tables.core))]
        return np.concatenate([ticks.cycles[0] for ticks in times]), reduce(
            PhaseTime.__add__, [ticks.time for ticks in times]
        )

    def _part(self, part: slice) -> TickTimes:
        row, bits, before = np.zeros(1, dtype=np.int64), self._raster.bits[part], self._before(part.start)
        if self.walks:
            return self.walked(row, bits[:, None, self._slot_of], before[None, self._slot_of], part.start)
        if self.tables.behind:
            bits = np.concatenate([before[None], bits])
        return self.counted(row, count_by_way(bits[:, None], self._way_of, len(self.tables.core)))

    def tick_by_tick(self) -> list[PhaseTime]:
        """Return the time of every tick."""
        bits, before = self._raster.bits[:, self._slot_of], self._first[self._slot_of]
        return self.each_tick(bits, before, first_tick=0)


def _tables(
    placed: PlacedNetwork, way_of: Counts, timing: TimingSpec, updates: bool
) -> tuple[TrafficTables, Counts]:
    """Return what stands where on the chip, and i64[slot], where in a raster of such ways each neuron is.

    A core updates its neurons layer after layer, and makes the packets of one before it updates the next; those of the
    input are not updated.
    """
    sending, ways = placed.sending, placed.ways
    n, sizes = placed.cores.size, placed.sizes
    core = np.concatenate([sending.core[pieces] for pieces in placed.pieces.of])
    slot_of = np.flatnonzero(way_of >= 0)[np.argsort(core, kind="stable")]
    last = np.cumsum(np.bincount(core, minlength=n))
    first = np.concatenate([[0], last[:-1]])
    updated = first + np.bincount(core[: sizes[0]], minlength=n) if updates else last
    each = in_fractions(timing.cycles_per_neuron_update, "cycles_per_neuron_update")
    fill = in_fractions(timing.fill_cycles, "fill_cycles")
    cores = TimedCores(
        site=placed.cores,
        slots=np.column_stack([first, updated, last]),
        update=np.full(n, each if updates else 0, dtype=np.int64),
        fill=np.where(updated < last, fill, 0),
        apart=np.zeros(n, dtype=np.int64),
    )
    senders = Senders(
        way_of=way_of[slot_of],
        core=sending.core[ways.pieces],
        clamped=ways.populations[ways.rows] == 0,
        rows=ways.rows,
        synapses=sending.synapses,
    )
    return tables_of(placed.chip, timing, cores, senders), slot_of
