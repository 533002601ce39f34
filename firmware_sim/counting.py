"""Counters across the bus: of finite width on the device, which wrap, and whole again at the driver."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from neurochip.substrate.counters import CONTROL, COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["PHASE_ORDER", "counter_arrays", "counters_from", "peak", "times_of", "with_times", "wrapped"]

PHASE_ORDER: tuple[Phase, ...] = tuple(Phase)
_SHARED = 2  # presentations and ticks

Counts = NDArray[np.int64]


def counter_arrays(counters: Counters) -> tuple[Counts, Counts, Counts]:
    """Return which phases there are i64[phase], their counts i64[phase, core, counter], and i64[phase, 2 + control].

    The last holds presentations, ticks and the controller's own counters.
    """
    present = [k for k, phase in enumerate(PHASE_ORDER) if phase in counters.phases]
    by_phase = [counters.phases[PHASE_ORDER[k]] for k in present]
    cores = len(counters.sites)
    counts = np.zeros((len(present), cores, len(COUNTERS)), dtype=np.int64)
    shared = np.zeros((len(present), _SHARED + len(CONTROL)), dtype=np.int64)
    for k, counted in enumerate(by_phase):
        counts[k] = counted.counts
        shared[k] = (counted.presentations, counted.ticks, *counted.control)
    return np.array(present, dtype=np.int64), counts, shared


def counters_from(like: Counters, present: Any, counts: Any, shared: Any) -> Counters:
    """Return the counters that `counter_arrays` took apart; ``like`` names cores and populations.

    Raises
    ------
    Refusal
        When shapes or phases are not those of counters of this chip.
    """
    phases = [int(k) for k in present.ravel()]
    shape = (len(phases), len(like.sites), len(COUNTERS))
    fits = counts.shape == shape and shared.shape == (len(phases), _SHARED + len(CONTROL))
    if present.ndim != 1 or not fits or len(set(phases)) != len(phases):
        raise Refusal(Code.BAD_BLOCK, f"counters of shape {counts.shape} are not of this chip, {shape}")
    if any(not 0 <= k < len(PHASE_ORDER) for k in phases):
        raise Refusal(Code.BAD_BLOCK, f"counters name a phase that there is not: {phases}")
    by_phase = {
        PHASE_ORDER[k]: PhaseCounters(
            int(row[0]),
            int(row[1]),
            counts[at].astype(np.int64),
            control=tuple(int(n) for n in row[_SHARED:]),
        )
        for at, (k, row) in enumerate(zip(phases, shared, strict=True))
    }
    return Counters(like.populations, like.sites, by_phase)


def times_of(counters: Counters) -> NDArray[np.uint8]:
    """Return the times of all phases as JSON: what a model of time found, and no register of a chip could tell."""
    times = {
        p.value: counted.time.to_json() for p, counted in counters.phases.items() if counted.time is not None
    }
    return np.frombuffer(json.dumps(times).encode() if times else b"", dtype=np.uint8)


def with_times(counters: Counters, text: Any) -> Counters:
    """Return counters with the times that `times_of` returned.

    Raises
    ------
    Refusal
        When they are not those of this chip.
    """
    if text.dtype != np.uint8:
        raise Refusal(Code.BAD_BLOCK, "the times of phases are a text")
    if not text.size:
        return counters
    phases = dict(counters.phases)
    try:
        for name, table in json.loads(text.tobytes()).items():
            time = PhaseTime.from_json(table, len(counters.sites))
            phases[Phase(name)] = replace(phases[Phase(name)], time=time)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Refusal(Code.BAD_BLOCK, f"the times of phases are damaged ({error})") from None
    return Counters(counters.populations, counters.sites, phases)


def wrapped(array: Counts, width: int) -> NDArray[np.uint64]:
    """Return counters as a register of so many bits shows them."""
    return array.astype(np.uint64) & np.uint64((1 << width) - 1)


def peak(counters: Counters, before: Counters) -> int:
    """Return the most that any counter moved between two readings."""
    most = 0
    for phase, counted in counters.phases.items():
        earlier = before.phases.get(phase)
        counts = counted.counts if earlier is None else counted.counts - earlier.counts
        shared = np.array([counted.presentations, counted.ticks, *counted.control])
        if earlier is not None:
            shared = shared - np.array([earlier.presentations, earlier.ticks, *earlier.control])
        most = max(most, int(np.abs(counts).max(initial=0)), int(np.abs(shared).max(initial=0)))
    return most
