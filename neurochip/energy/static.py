"""What time costs: leakage, clock and barrier. Cycles times energies of the table, as every other figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurochip.description import EnergyTable
from neurochip.description.chip import MeshSpec, TimingSpec
from neurochip.energy.charges import Charge
from neurochip.noc.zero_load import ONE, in_fractions
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["CHIP", "LEAKAGE", "Clocked", "host_cycles", "phase_cycles", "static_charges", "static_words"]

CHIP = "whole chip"  # stands where a population would, for what no core can be charged with
LEAKAGE = ("core_static", "chip_static")
_HOST_WORDS = [COUNTERS.index("host_words_in"), COUNTERS.index("readout_words")]


@dataclass(frozen=True, slots=True)
class Clocked:
    """What turns the cycles of counters into seconds and joules.

    Attributes
    ----------
    hz
        Clock of the chip.
    host_word
        Cycles of each 32-bit word that enters the chip or leaves a core; `None`: the specification does not know.
    tiles
        Tiles with a core in use, which take part in every barrier.
    """

    hz: float
    host_word: float | None
    tiles: int

    @classmethod
    def of(cls, timing: TimingSpec, mesh: MeshSpec, sites: tuple[int, ...]) -> Clocked:
        """Return it for the cores in use of a chip."""
        return cls(timing.clock, timing.cycles_per_host_word, len({s // mesh.cores_per_tile for s in sites}))

    def to_json(self) -> dict[str, object]:
        """Return JSON values."""
        return {"hz": self.hz, "host_word": self.host_word, "tiles": self.tiles}


def host_cycles(counted: PhaseCounters, clocked: Clocked) -> int:
    """Return the cycles in which words go in and out, one after the other while the cores wait; 0 if not known."""
    if clocked.host_word is None:
        return 0
    words = int(counted.counts[:, _HOST_WORDS].sum())
    return -(-words * in_fractions(clocked.host_word) // ONE)


def phase_cycles(counted: PhaseCounters, clocked: Clocked) -> int:
    """Return all cycles of a phase: its ticks or its changes of weights, and the words of the host."""
    return (0 if counted.time is None else counted.time.cycles) + host_cycles(counted, clocked)


def _missing(counters: Counters) -> str | None:
    """Return why the time of a run is not known in full."""
    if not any(counted.time is not None for counted in counters.phases.values()):
        return 'not counted: timing = "tick" knows no time'
    for counted in counters.phases.values():
        timed = 0 if counted.time is None else counted.time.ticks
        if timed < counted.ticks:
            return f"not counted: {timed} of {counted.ticks} ticks of a phase were timed, and no more"
    return None


def static_words(counters: Counters, energies: EnergyTable, clocked: Clocked | None) -> str:
    """Return whether static power is in the sum, in words: ``counted``, or why it is not."""
    why = 'not counted: timing = "tick" knows no time' if clocked is None else _missing(counters)
    if why is not None:
        return why
    for event in LEAKAGE:
        whole = energies.contained_in(event)
        if whole is not None and whole not in LEAKAGE:
            return f"contained in the energy of {whole}"
    return "counted" if any(energies.has(event) for event in LEAKAGE) else "not in this specification"


def static_charges(
    phase: Phase, counters: Counters, energies: EnergyTable, clocked: Clocked | None
) -> Iterator[tuple[Charge, float]]:
    """Return (charge, joules per count) of what a phase costs for lasting as long as it did.

    Counters that is not timed in full is charged nothing of this: half a time is no time. An event without a
    energy is left out; `static_words` says so.
    """
    if clocked is None or _missing(counters) is not None:
        return
    counted = counters.phases[phase]
    cycles = phase_cycles(counted, clocked)
    # Counters may have several rows for a core, one for each layer that it holds.
    first = [site not in counters.sites[:row] for row, site in enumerate(counters.sites)]
    each = np.where(first, cycles, 0).astype(np.int64)
    if energies.has("core_static"):
        yield Charge("static", "core_static", each), energies.joules("core_static") / clocked.hz
    if energies.has("chip_static"):
        yield (
            Charge("static", "chip_static", np.array([cycles], dtype=np.int64)),
            energies.joules("chip_static") / clocked.hz,
        )
    if energies.has("clock_cycle"):
        yield Charge("clock", "clock_cycle", each), energies.joules("clock_cycle")
    time = counted.time or PhaseTime.nothing(len(counters.sites))
    if energies.has("barrier"):
        tiles = np.array([time.ticks * clocked.tiles], dtype=np.int64)
        yield Charge("clock", "barrier", tiles), energies.joules("barrier")
