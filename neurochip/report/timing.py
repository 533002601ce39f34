"""Booked cycles → the document's table of time: by phase, sample, core, link and queue."""

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
from neurochip.substrate.ledger import Ledger, Phase, PhaseBook
from neurochip.substrate.phase_time import FRACTIONS, PhaseTime, percentiles
from neurochip.training.record import RunRecord, Timeline

__all__ = ["TRAINING_PHASES", "clocked_of", "timing_table"]

# The rest, reading out and evaluation, measures errors: it is booked, but it is no part of what learning costs.
TRAINING_PHASES = (Phase.FREE, Phase.NUDGED, Phase.NUDGED_NEGATIVE, Phase.UPDATE)
_DIRECTIONS = ("east", "west", "north", "south")


def clocked_of(table: TimingTable | None) -> Clocked | None:
    """Return what prices need to know of a stored table of time."""
    if table is None:
        return None
    return Clocked(table["clock_hz"], table["host_word_cycles"], table["tiles"])


def timing_table(record: RunRecord, trained: int) -> TimingTable | None:
    """Return the table; `None` where cycles were not counted. ``trained`` samples were presented to learn from."""
    timing, ledger = record.chip.timing, record.ledger
    if timing is None or not any(book.time is not None for book in ledger.phases.values()):
        return None
    clocked = Clocked.of(timing, record.chip.mesh, ledger.sites)
    complete = all(
        book.ticks == (0 if book.time is None else book.time.ticks) for book in ledger.phases.values()
    )
    cycles = sum(phase_cycles(book, clocked) for book in ledger.phases.values()) if complete else None
    running = PhaseTime.nothing(len(ledger.sites))
    for phase, book in ledger.phases.items():
        if phase is not Phase.UPDATE and book.time is not None:
            running = running + book.time
    by_phase = {
        phase.value: _phase(ledger.phases[phase], clocked) for phase in Phase if phase in ledger.phases
    }
    return {
        "model": record.run.timing,
        "every": record.run.timing_every,
        "clock_hz": timing.clock,
        "host_word_cycles": timing.cycles_per_host_word,
        "tiles": clocked.tiles,
        "cycles": cycles,
        "seconds": None if cycles is None else cycles / timing.clock,
        "training_sample": _training_sample(ledger, by_phase, trained, timing.clock),
        "evaluation_sample": _evaluation_sample(by_phase, timing.clock),
        "by_phase": by_phase,
        "latency": _latency(running),
        "cores": _cores(ledger, running),
        "links": _links(running, record.chip.mesh.height),
        "queues": _queues(running, record.chip.mesh.height),
        "timeline": _timeline(record.timeline),
        "not_modelled": _not_modelled(ledger, clocked, timing.cycles_per_weight_write is None),
    }


def _phase(book: PhaseBook, clocked: Clocked) -> PhaseTimingTable:
    time = book.time or PhaseTime.nothing(len(book.counts))
    host = None if clocked.host_word is None else host_cycles(book, clocked)
    return {
        "presentations": book.presentations,
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
    ledger: Ledger, by_phase: Mapping[str, PhaseTimingTable], trained: int, hz: float
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


def _cores(ledger: Ledger, running: PhaseTime) -> list[CoreTimeTable]:
    whole = max(running.cycles, 1) * FRACTIONS
    return [
        {
            "site": site,
            "busy": int(running.busy[c]) / whole,
            "stalled": int(running.stalled[c]) / whole,
            "idle": int(running.idle[c]) / whole,
        }
        for c, site in enumerate(ledger.sites)
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


def _not_modelled(ledger: Ledger, clocked: Clocked, unknown_learning: bool) -> list[str]:
    words = []
    if unknown_learning and Phase.UPDATE in ledger.phases:
        words.append("changes of weights")
    elif ledger.total("optimiser_steps"):
        words.append("the arithmetic of an optimiser beyond the writes of weights")
    if clocked.host_word is None:
        words.append("words of the host and real-valued states moved for learning")
    return words
