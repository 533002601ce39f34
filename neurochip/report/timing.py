"""Counted cycles → the document's table of time: by phase, sample, core, link and queue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurochip.energy.static import Clocked, host_cycles, phase_cycles
from neurochip.report.schema import (
    CoreTimeTable,
    LatencyTable,
    LinkTable,
    PhaseTimingTable,
    QueueTable,
    SampleTimeTable,
    TimelineTable,
    TimingTable,
)
from neurochip.substrate.counters import Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime, percentiles
from neurochip.training.record import RunRecord, Timeline

__all__ = ["TRAINING_PHASES", "clocked_of", "timing_table"]

# The rest, reading out and evaluation, measures errors: it is counted, but it is no part of what learning costs.
TRAINING_PHASES = (Phase.FREE, Phase.NUDGED, Phase.NUDGED_NEGATIVE, Phase.UPDATE)
_DIRECTIONS = ("east", "west", "north", "south")


def clocked_of(table: TimingTable | None) -> Clocked | None:
    """Return what static power and clock need to know of a stored table of time."""
    if table is None:
        return None
    return Clocked(table["clock_hz"], table["host_word_cycles"], table["tiles"])


def timing_table(record: RunRecord, trained: int) -> TimingTable | None:
    """Return the table; `None` where cycles were not counted. ``trained`` samples were presented to learn from."""
    timing, counters = record.chip.timing, record.counters
    if timing is None or not any(counted.time is not None for counted in counters.phases.values()):
        return None
    clocked = Clocked.of(timing, record.chip.mesh, counters.sites)
    complete = all(
        counted.ticks == (0 if counted.time is None else counted.time.ticks)
        for counted in counters.phases.values()
    )
    cycles = sum(phase_cycles(counted, clocked) for counted in counters.phases.values()) if complete else None
    running = PhaseTime.nothing(len(counters.sites))
    for phase, counted in counters.phases.items():
        if phase is not Phase.UPDATE and counted.time is not None:
            running = running + counted.time
    by_phase = {
        phase.value: _phase(counters.phases[phase], clocked) for phase in Phase if phase in counters.phases
    }
    return {
        "model": record.run.timing,
        "every": record.run.timing_every,
        "clock_hz": timing.clock,
        "host_word_cycles": timing.cycles_per_host_word,
        "tiles": clocked.tiles,
        "cycles": cycles,
        "seconds": None if cycles is None else cycles / timing.clock,
        "training_sample": _training_sample(counters, by_phase, trained, timing.clock),
        "evaluation_sample": _evaluation_sample(by_phase, timing.clock),
        "by_phase": by_phase,
        "latency": _latency(running),
        "cores": _cores(counters, running),
        "links": _links(running, record.chip.mesh.height),
        "queues": _queues(running, record.chip.mesh.height),
        "timeline": _timeline(record.timeline),
        "not_modelled": _not_modelled(counters, clocked, timing.cycles_per_weight_write is None),
    }


def _phase(counted: PhaseCounters, clocked: Clocked) -> PhaseTimingTable:
    time = counted.time or PhaseTime.nothing(len(counted.counts))
    host = None if clocked.host_word is None else host_cycles(counted, clocked)
    return {
        "presentations": counted.presentations,
        "timed_presentations": time.presentations,
        "ticks": time.ticks,
        "cycles": time.cycles,
        "host_cycles": host,
        "barrier_cycles": time.barrier,
        "seconds": (time.cycles + (host or 0)) / clocked.hz,
        "cycles_per_tick": time.cycles / time.ticks if time.ticks else None,
        "longest_tick": time.longest,
        "cycles_per_presentation": time.cycles / time.presentations if time.presentations else None,
    }


def _training_sample(
    counters: Counters, by_phase: Mapping[str, PhaseTimingTable], trained: int, hz: float
) -> SampleTimeTable | None:
    if not trained:
        return None
    cycles = 0.0
    for phase in TRAINING_PHASES:
        if phase.value in by_phase:
            row = by_phase[phase.value]
            each = row["cycles"] / trained if phase is Phase.UPDATE else row["cycles_per_presentation"]
            if each is None:
                return None
            cycles += each + (row["host_cycles"] or 0) / trained
    return {"cycles": cycles, "seconds": cycles / hz}


def _evaluation_sample(by_phase: Mapping[str, PhaseTimingTable], hz: float) -> SampleTimeTable | None:
    row = by_phase.get(Phase.EVALUATION.value)
    if row is None or row["cycles_per_presentation"] is None:
        return None
    cycles = row["cycles_per_presentation"] + (row["host_cycles"] or 0) / row["presentations"]
    return {"cycles": cycles, "seconds": cycles / hz}


def _latency(running: PhaseTime) -> LatencyTable | None:
    counts = running.latencies
    deliveries = int(counts.sum())
    if not deliveries:
        return None
    p50, p90, p99 = percentiles(counts, 50, 90, 99)
    mean = float(counts @ np.arange(len(counts))) / deliveries
    return {
        "deliveries": deliveries,
        "mean": mean,
        "p50": p50,
        "p90": p90,
        "p99": p99,
        "max": len(counts) - 1,
    }


def _cores(counters: Counters, running: PhaseTime) -> list[CoreTimeTable]:
    whole = max(running.cycles, 1) * FRACTIONS
    return [
        {
            "site": site,
            "busy": int(running.busy[c]) / whole,
            "stalled": int(running.stalled[c]) / whole,
            "idle": int(running.idle[c]) / whole,
        }
        for c, site in enumerate(counters.sites)
    ]


def _links(running: PhaseTime, height: int) -> list[LinkTable]:
    return [
        {
            "x": place // height,
            "y": place % height,
            "direction": _DIRECTIONS[direction],
            "flits": int(running.link_load[place, direction]),
            "load": int(running.link_load[place, direction]) / max(running.cycles, 1),
        }
        for place, direction in np.argwhere(running.link_load).tolist()
    ]


def _queues(running: PhaseTime, height: int) -> list[QueueTable]:
    return [
        {
            "x": place // height,
            "y": place % height,
            "max": int(running.queue_max[place].max()),
            "mean": int(running.queue_dwelt[place].sum()) / max(running.cycles, 1),
        }
        for place in range(len(running.queue_max))
        if running.queue_max[place].any()
    ]


def _timeline(timeline: Timeline | None) -> TimelineTable | None:
    if timeline is None:
        return None
    return {
        "presentation": timeline.presentation,
        "n_free": timeline.n_free,
        "cycles": timeline.cycles.tolist(),
        "busy": np.round(timeline.busy.T, 1).tolist(),
        "stalled": np.round(timeline.stalled.T, 1).tolist(),
    }


def _not_modelled(counters: Counters, clocked: Clocked, unknown_learning: bool) -> list[str]:
    words = []
    if unknown_learning and Phase.UPDATE in counters.phases:
        words.append("changes of weights")
    elif counters.total("optimiser_steps"):
        words.append("the arithmetic of an optimiser beyond the writes of weights")
    if clocked.host_word is None:
        words.append("words of the host and real-valued states moved for learning")
    return words
