"""Spike counts of a phase → counters: everything that is counted follows from them and the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.compile.route import Link
from neurochip.compile.sending import Sending
from neurochip.compile.ways import summed
from neurochip.cores.channel import TALLY
from neurochip.elements.integers.columns import LIMITED
from neurochip.kernels._jit import entry
from neurochip.kernels.types import Matrix, Vector
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["Broken", "EventCounters", "FaultCounts", "Met", "Sent", "spikes_per_core"]

_AT = {name: i for i, name in enumerate(COUNTERS)}
Counts = NDArray[np.int64]
# What of integer state can meet the end of its format, in the order of its neurons (elements/integers/columns).
SATURATED = tuple(f"saturated_{what}" for what in LIMITED)


class _Kind(NamedTuple):
    """What runs of a phase must share to be counted together."""

    phase: Phase
    begins: bool
    opening: bool
    nudged: bool
    broken: Broken | None
    shows: bool = False


class Sent(NamedTuple):
    """Spikes of neurons that send alike, over all samples: i64[way]."""

    carried: Counts  # under way at the beginning
    sent: Counts
    last: Counts  # in the last tick


class Broken(NamedTuple):
    """What is broken for good, as far as the counters care."""

    dead: tuple[bool, ...]
    down: frozenset[Link]


class FaultCounts(NamedTuple):
    """What a phase came to on a chip with faults: i64[core, TALLY], and i64[core] packets under way at its ends."""

    broken: Broken
    tally: Counts
    before: Counts
    after: Counts


class Met(NamedTuple):
    """What a run met.

    Attributes
    ----------
    spikes
        What was sent.
    sops
        Synaptic operations per core, where they do not follow from the spikes of the cores: several projections
        between two populations, delays, or synapses that are not there.
    faults
        What they did, where there are any; what of ``spikes`` was under way means nothing then.
    saturated
        How often integer state met the end of its format, i64[SATURATED, core].
    """

    spikes: Sent
    sops: Counts | None = None
    faults: FaultCounts | None = None
    saturated: Counts | None = None


@dataclass
class _Tally:
    """What runs of a kind come to; everything that is counted is linear in these."""

    sent: Counts  # i64[3, way]  under way at the beginning, sent, under way at the end
    operations: Counts  # i64[core]  where they do not follow from it
    in_flight: Counts  # i64[core]  packets under way at the end, less those at the beginning, with faults
    broken: Counts  # i64[TALLY, core]
    saturated: Counts  # i64[SATURATED, core]
    samples: int = 0
    sample_ticks: int = 0


class EventCounters:
    """Keeps the counters of one chip image.

    Parameters
    ----------
    image
        The compiled chip.
    traced
        Whether receiving cores keep a trace of each axon.
    bias_axon
        Whether a neuron stands on every core of a population that fires in every tick; its spikes stay there, so they
        are no packets. `None`: on none.
    """

    def __init__(self, image: ChipImage, traced: bool, *, bias_axon: Sequence[bool] | None = None) -> None:
        self._traced = traced
        self._cores = len(image.cores)
        self.size = np.array([core.size for core in image.cores], dtype=np.int64)
        self.population = np.array([core.population for core in image.cores])
        self._clamped = np.array([image.network.populations[p].clamped for p in self.population])
        biased = [False] * len(image.network.populations) if bias_axon is None else bias_axon
        self._listens = ~self._clamped & np.array([biased[p] for p in self.population])  # to such a neuron
        self._axons = np.array([core.used.input_axons for core in image.cores], dtype=np.int64)
        self._network, self._ways = image.network, image.sending.ways.pieces.size
        self._sending = {frozenset[Link](): image.sending}  # by the links that are down
        names = tuple(image.network.populations[p].name for p in self.population)
        self._counters = Counters(names, tuple(core.site for core in image.cores), {})
        self._tallies: dict[_Kind, _Tally] = {}
        self._times: dict[Phase, PhaseTime] = {}

    def _sending_where(self, down: frozenset[Link]) -> Sending:
        """Return what is sent where links are down."""
        if down not in self._sending:
            self._sending[down] = replace(self._sending[frozenset()], down=down)
        return self._sending[down]

    @property
    def counters(self) -> Counters:
        """All that was counted."""
        for phase, time in self._times.items():
            self._add(phase, self._blank(), time=time)
        self._times = {}
        for kind, tally in self._tallies.items():
            self._enter(kind, tally)
        self._tallies = {}
        return self._counters

    def restore(self, counters: Counters) -> None:
        """Go on from the counters of a checkpoint."""
        self._tallies, self._times = {}, {}
        self._counters = Counters(self._counters.populations, self._counters.sites, counters.phases)

    def _add(
        self,
        phase: Phase,
        counts: Counts,
        presentations: int = 0,
        ticks: int = 0,
        time: PhaseTime | None = None,
    ) -> None:
        counters = self._counters
        self._counters = counters + Counters(
            counters.populations, counters.sites, {phase: PhaseCounters(presentations, ticks, counts, time)}
        )

    def time(self, phase: Phase, took: PhaseTime | None = None, *, presentations: int = 0) -> None:
        """Count how long something took, and how many presentations of the phase begin to be timed."""
        before = self._times.get(phase) or PhaseTime.nothing(self._cores)
        after = before if took is None else before + took
        self._times[phase] = replace(after, presentations=after.presentations + presentations)

    def _blank(self) -> Counts:
        return np.zeros((self._cores, len(COUNTERS)), dtype=np.int64)

    def run(
        self,
        phase: Phase,
        met: Met,
        *,
        samples: int,
        ticks: int,
        begins: bool,
        opening: bool,
        nudged: bool,
        shows: bool = False,
    ) -> None:
        """Count a run of a phase, and what it met.

        Parameters
        ----------
        begins
            Whether the phase begins here; if not, it goes on.
        opening
            Whether the presentations begin here: the host writes their inputs.
        nudged
            Whether targets pull.
        shows
            Whether inputs are shown spikes: a word from outside for each.
        """
        # Only added up here, and turned into counters when they are read.
        spikes, sops, faults, saturated = met
        key = _Kind(phase, begins, opening, nudged, None if faults is None else faults.broken, shows)
        if key not in self._tallies:
            self._tallies[key] = _Tally(
                np.zeros((3, self._ways), dtype=np.int64),
                np.zeros(self._cores, dtype=np.int64),
                np.zeros(self._cores, dtype=np.int64),
                np.zeros((len(TALLY), self._cores), dtype=np.int64),
                np.zeros((len(SATURATED), self._cores), dtype=np.int64),
            )
        tally = self._tallies[key]
        tally.samples += samples
        tally.sample_ticks += samples * ticks
        if faults is not None:
            nothing = np.zeros(self._ways, dtype=np.int64)
            spikes = Sent(nothing, spikes.sent, nothing)
            tally.in_flight += faults.after - faults.before
            tally.broken += faults.tally.T
        tally.sent += np.stack(spikes)
        if sops is not None:
            tally.operations += sops
        if saturated is not None:
            tally.saturated += saturated

    def _enter(self, kind: _Kind, tally: _Tally) -> None:
        counted = self._blank()
        samples, sample_ticks = tally.samples, tally.sample_ticks
        carried, sent, last = tally.sent
        sending = self._sending_where(frozenset() if kind.broken is None else kind.broken.down)
        # Frames, like packets, travel for a tick: those of the last tick before a presentation reach nobody.
        frame_ticks = sample_ticks - samples if kind.opening else sample_ticks
        alive = np.ones(self._cores, bool) if kind.broken is None else ~np.array(kind.broken.dead)
        symbols, axons = self.size * sample_ticks * alive, self._axons * sample_ticks * alive
        leaves = sending.sent(sent, symbols)
        comes = sending.received(carried + sent - last, self.size * frame_ticks * alive)
        comes["spikes_in_flight"] = summed(
            (last - carried) * sending.packets, sending.ways.pieces, self._cores
        )
        comes["symbols_received"] *= alive
        if kind.broken is not None:
            done = dict(zip(TALLY, tally.broken, strict=True))
            lost = done["lost_to_drop"] + done["lost_to_dead_core"] + done["lost_on_link"]
            comes |= {**done, "spikes_in_flight": tally.in_flight, "spikes_dropped": lost}
            comes["sops"] = done["spikes_delivered"] * self.size
        if not self._network.is_simple:
            comes["sops"] = tally.operations
        comes["weight_reads"] = comes["sops"]
        for name, counts in (leaves | comes).items():
            counted[:, _AT[name]] = counts
        output = np.isin(self.population, self._network.outputs)
        counted[:, _AT["neuron_updates"]] = np.where(self._clamped, 0, symbols)
        counted[:, _AT["clamped_updates"]] = np.where(self._clamped, symbols, 0)
        if kind.nudged:
            counted[output, _AT["nudged_updates"]] = symbols[output]
            if kind.begins:
                counted[output, _AT["host_words_in"]] = self.size[output] * samples
        if kind.shows:
            counted[self._clamped, _AT["host_words_in"]] = leaves["spikes_sent"][self._clamped]
        elif kind.opening:
            counted[self._clamped, _AT["host_words_in"]] = self.size[self._clamped] * samples
        if self._traced:
            counted[:, _AT["trace_updates"]] = axons
        if self._listens.any():
            listens, arrived = self._listens, sample_ticks - samples * int(kind.opening)
            counted[listens, _AT["neuron_updates"]] += sample_ticks
            for name in ("sops", "weight_reads"):
                counted[listens, _AT[name]] += arrived * self.size[listens]
        for name, met in zip(SATURATED, tally.saturated, strict=True):
            counted[:, _AT[name]] = met
        self._add(kind.phase, counted, presentations=samples if kind.begins else 0, ticks=sample_ticks)

    def update(
        self,
        accumulations: Counts,
        writes: Counts,
        saturations: Counts,
        words: Counts,
        *,
        optimised: bool = False,
    ) -> None:
        """Count a change of weights, per core; ``words`` left the sending cores other than as spikes.

        ``optimised``: each write is the step of an optimiser.
        """
        counted = self._blank()
        counted[:, _AT["weight_accumulations"]] = accumulations
        counted[:, _AT["weight_writes"]] = writes
        counted[:, _AT["weight_reads"]] = writes
        counted[:, _AT["weight_saturations"]] = saturations
        if optimised:
            counted[:, _AT["optimiser_steps"]] = writes
        counted[:, _AT["readout_words"]] = words
        self._add(Phase.UPDATE, counted)

    def readout(self, population: int, samples: int) -> None:
        """Count that the host read the values of a population."""
        counted = self._blank()
        here = self.population == population
        counted[here, _AT["readout_words"]] = self.size[here] * samples
        self._add(Phase.READOUT, counted)


@entry
def spikes_per_core(per_slot: Matrix[np.integer], slots: Matrix[np.uint64], out: Vector[np.int64]) -> None:
    """Sum a small count [sample, slot] over samples and over the slots u64[core, 2] of each core: i64[core] ``out``."""
    for c in range(slots.shape[0]):
        total = 0
        for sample in range(per_slot.shape[0]):
            for j in range(slots[c, 0], slots[c, 1]):
                total += per_slot[sample, j]
        out[c] = total
