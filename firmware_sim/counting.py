"""Ledger counters across the bus: of finite width on the device, which wrap, and whole again at the driver."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_sim.codes import Code, Refusal
from neurochip.substrate.ledger import CONTROL, COUNTERS, Ledger, Phase, PhaseBook
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["PHASE_ORDER", "ledger_arrays", "ledger_from", "peak", "times_of", "with_times", "wrapped"]

PHASE_ORDER: tuple[Phase, ...] = tuple(Phase)
_SHARED = 2  # presentations and ticks

Counts = NDArray[np.int64]


def ledger_arrays(ledger: Ledger) -> tuple[Counts, Counts, Counts]:
    """Return which phases there are i64[phase], their counts i64[phase, core, counter], and i64[phase, 2 + control].

    The last holds presentations, ticks and the controller's own counters.
    """
    present = [k for k, phase in enumerate(PHASE_ORDER) if phase in ledger.phases]
    books = [ledger.phases[PHASE_ORDER[k]] for k in present]
    cores = len(ledger.sites)
    counts = np.zeros((len(present), cores, len(COUNTERS)), dtype=np.int64)
    shared = np.zeros((len(present), _SHARED + len(CONTROL)), dtype=np.int64)
    for k, book in enumerate(books):
        counts[k] = book.counts
        shared[k] = (book.presentations, book.ticks, *book.control)
    return np.array(present, dtype=np.int64), counts, shared


def ledger_from(like: Ledger, present: Any, counts: Any, shared: Any) -> Ledger:
    """Return the ledger that `ledger_arrays` took apart; ``like`` names cores and populations.

    Raises
    ------
    Refusal
        When shapes or phases are not those of a ledger of this chip.
    """
    phases = [int(k) for k in present.ravel()]
    shape = (len(phases), len(like.sites), len(COUNTERS))
    fits = counts.shape == shape and shared.shape == (len(phases), _SHARED + len(CONTROL))
    if present.ndim != 1 or not fits or len(set(phases)) != len(phases):
        raise Refusal(Code.BAD_BLOCK, f"books of shape {counts.shape} are not of this chip, {shape}")
    if any(not 0 <= k < len(PHASE_ORDER) for k in phases):
        raise Refusal(Code.BAD_BLOCK, f"books name a phase that there is not: {phases}")
    books = {
        PHASE_ORDER[k]: PhaseBook(
            int(row[0]),
            int(row[1]),
            counts[at].astype(np.int64),
            control=tuple(int(n) for n in row[_SHARED:]),
        )
        for at, (k, row) in enumerate(zip(phases, shared, strict=True))
    }
    return Ledger(like.populations, like.sites, books)


def times_of(ledger: Ledger) -> NDArray[np.uint8]:
    """Return the times of all phases as JSON: what a model of time found, and no register of a chip could tell."""
    times = {p.value: book.time.to_json() for p, book in ledger.phases.items() if book.time is not None}
    return np.frombuffer(json.dumps(times).encode() if times else b"", dtype=np.uint8)


def with_times(ledger: Ledger, text: Any) -> Ledger:
    """Return a ledger with the times that `times_of` returned.

    Raises
    ------
    Refusal
        When they are not those of this chip.
    """
    if text.dtype != np.uint8:
        raise Refusal(Code.BAD_BLOCK, "the times of phases are a text")
    if not text.size:
        return ledger
    phases = dict(ledger.phases)
    try:
        for name, table in json.loads(text.tobytes()).items():
            time = PhaseTime.from_json(table, len(ledger.sites))
            phases[Phase(name)] = replace(phases[Phase(name)], time=time)
    except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise Refusal(Code.BAD_BLOCK, f"the times of phases are damaged ({error})") from None
    return Ledger(ledger.populations, ledger.sites, phases)


def wrapped(array: Counts, width: int) -> NDArray[np.uint64]:
    """Return counters as a register of so many bits shows them."""
    return array.astype(np.uint64) & np.uint64((1 << width) - 1)


def peak(ledger: Ledger, before: Ledger) -> int:
    """Return the most that any counter moved between two ledgers."""
    most = 0
    for phase, book in ledger.phases.items():
        earlier = before.phases.get(phase)
        counts = book.counts if earlier is None else book.counts - earlier.counts
        shared = np.array([book.presentations, book.ticks, *book.control])
        if earlier is not None:
            shared = shared - np.array([earlier.presentations, earlier.ticks, *earlier.control])
        most = max(most, int(np.abs(counts).max(initial=0)), int(np.abs(shared).max(initial=0)))
    return most
