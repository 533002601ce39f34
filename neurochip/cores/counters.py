"""Spike counts of a phase → counters: everything that is counted follows from them and the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.compile import ChipImage
from neurochip.compile.route import Link, links_crossed
from neurochip.cores.channel import TALLY
from neurochip.cores.senders import Senders
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


_CARRIED, _SENT, _LAST = range(3)  # of each group of senders


class _Kind(NamedTuple):
    """What runs of a phase must share to be counted together."""

    phase: Phase
    begins: bool
    opening: bool
    nudged: bool
    broken: Broken | None
    shows: bool = False


class Sent(NamedTuple):
    """Spikes of each group of senders, over all samples: i64[group]."""

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

    sent: Counts  # i64[3, group]  under way at the beginning, sent, under way at the end
    operations: Counts  # i64[core]  where they do not follow from it
    in_flight: Counts  # i64[core]  packets under way at the end, less those at the beginning, with faults
    broken: Counts  # i64[TALLY, core]
    saturated: Counts  # i64[SATURATED, core]
    samples: int = 0
    sample_ticks: int = 0


class _Ways(NamedTuple):
    """Where a spike of each group of senders goes, and a frame of each core."""

    links: Counts  # [group, 2]  that it crosses
    aer: Counts  # [group]  bits of its packets as they are sent
    aer_hops: Counts  # [group]  times the links that each crosses
    frames: Counts  # [core, 2]  links that a frame crosses to all cores that get one
    arrives: Counts  # [core, core]  1 where it gets there: no link on the way is down


class EventCounters:
    """Keeps the counters of one chip image.

    Parameters
    ----------
    image
        The compiled chip.
    senders
        Its neurons that send alike.
    traced
        Whether receiving cores keep a trace of each axon.
    bias_axon
        Whether a neuron stands on every core of a population that fires in every tick; its spikes stay there, so they
        are no packets. `None`: on none.
    """

    def __init__(
        self, image: ChipImage, senders: Senders, traced: bool, *, bias_axon: Sequence[bool] | None = None
    ) -> None:
        self._traced = traced
        self._cores = len(image.cores)
        self.size = np.array([core.size for core in image.cores], dtype=np.int64)
        self.population = np.array([core.population for core in image.cores])
        self._clamped = np.array([image.network.populations[p].clamped for p in self.population])
        biased = [False] * len(image.network.populations) if bias_axon is None else bias_axon
        self._listens = ~self._clamped & np.array([biased[p] for p in self.population])  # to such a neuron
        self._axons = np.array([core.used.input_axons for core in image.cores], dtype=np.int64)
        self.senders, self._image = senders, image
        self._core_receives = np.zeros((self._cores, self._cores), dtype=np.int64)  # [sender, receiver]
        for c, receivers in enumerate(image.receivers):
            self._core_receives[c, list(receivers)] = 1
        self._packet_bits = np.zeros(senders.receives.shape, dtype=np.int64)  # [group, receiver]
        for g, c in enumerate(senders.core.tolist()):
            receiving = senders.receivers(g)
            for r in receiving:
                self._packet_bits[g, r] = image.packet_bits(c, r, receiving)
        self._ways = {frozenset[Link](): self._ways_of(frozenset())}
        names = tuple(image.network.populations[p].name for p in self.population)
        self._counters = Counters(names, tuple(core.site for core in image.cores), {})
        self._tallies: dict[_Kind, _Tally] = {}
        self._times: dict[Phase, PhaseTime] = {}

    def _ways_of(self, down: frozenset[Link]) -> _Ways:
        """Follow the packets of one spike of each group of senders, and the frames of each core, up to a link down."""
        image, senders = self._image, self.senders
        mesh, routing = image.chip.mesh, image.chip.packet.routing
        none = np.zeros(len(senders), dtype=np.int64)
        ways = _Ways(
            np.zeros((len(senders), 2), dtype=np.int64),
            none,
            none.copy(),
            np.zeros((self._cores, 2), dtype=np.int64),
            self._core_receives.copy(),
        )
        for c, (core, receivers) in enumerate(zip(image.cores, image.receivers, strict=True)):
            sites = [image.cores[r].site for r in receivers]
            ways.frames[c] = links_crossed(mesh, core.site, sites, routing, down) if down else image.hops[c]
            if down:
                ways.arrives[c, list(receivers)] = [
                    sum(links_crossed(mesh, core.site, [site], "unicast", down))
                    == sum(links_crossed(mesh, core.site, [site], "unicast"))
                    for site in sites
                ]
        for g, c in enumerate(senders.core.tolist()):
            receivers, core = senders.receivers(g), image.cores[c]
            sites = [image.cores[r].site for r in receivers]
            if receivers == image.receivers[c]:
                ways.links[g] = ways.frames[c]
            else:
                ways.links[g] = links_crossed(mesh, core.site, sites, routing, down)
            bits = [image.packet_bits(c, r, receivers) for r in receivers]
            if routing == "multicast" and bits:
                ways.aer[g], ways.aer_hops[g] = max(bits), max(bits) * ways.links[g].sum()
            else:
                far = [sum(links_crossed(mesh, core.site, [site], "unicast", down)) for site in sites]
                ways.aer[g] = sum(bits)
                ways.aer_hops[g] = sum(b * hops for b, hops in zip(bits, far, strict=True))
        return ways

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
                np.zeros((3, len(self.senders)), dtype=np.int64),
                np.zeros(self._cores, dtype=np.int64),
                np.zeros(self._cores, dtype=np.int64),
                np.zeros((len(TALLY), self._cores), dtype=np.int64),
                np.zeros((len(SATURATED), self._cores), dtype=np.int64),
            )
        tally = self._tallies[key]
        tally.samples += samples
        tally.sample_ticks += samples * ticks
        if faults is not None:
            nothing = np.zeros(len(self.senders), dtype=np.int64)
            spikes = Sent(nothing, spikes.sent, nothing)
            tally.in_flight += faults.after - faults.before
            tally.broken += faults.tally.T
        tally.sent += np.stack(spikes)
        if sops is not None:
            tally.operations += sops
        if saturated is not None:
            tally.saturated += saturated

    def _enter(self, kind: _Kind, tally: _Tally) -> None:
        counted, senders = self._blank(), self.senders
        samples, sample_ticks = tally.samples, tally.sample_ticks
        carried, sent, last = tally.sent
        receivers, frames_to = senders.receives.sum(axis=1), self._core_receives.sum(axis=1)

        def per_core(of_groups: Counts) -> Counts:
            return senders.per_core(of_groups, self._cores)

        # Frames, like packets, travel for a tick: those of the last tick before a presentation reach nobody.
        frame_ticks = sample_ticks - samples if kind.opening else sample_ticks
        symbols, axons = self.size * sample_ticks, self._axons * sample_ticks
        if kind.broken is None:
            delivered = (carried + sent - last) @ senders.receives
            in_flight = per_core((last - carried) * receivers)
            ways = self._ways[frozenset()]
            counted[:, _AT["aer_received"]] = (carried + sent - last) @ self._packet_bits
            counted[:, _AT["symbols_received"]] = (self.size * frame_ticks) @ ways.arrives
        else:
            done = dict(zip(TALLY, tally.broken, strict=True))
            delivered, in_flight = done.pop("spikes_delivered"), tally.in_flight
            for name, counts in done.items():
                counted[:, _AT[name]] = counts
            lost = done["lost_to_drop"] + done["lost_to_dead_core"] + done["lost_on_link"]
            counted[:, _AT["spikes_dropped"]] = lost
            alive = ~np.array(kind.broken.dead)
            symbols, axons = symbols * alive, axons * alive
            if kind.broken.down not in self._ways:
                self._ways[kind.broken.down] = self._ways_of(kind.broken.down)
            ways = self._ways[kind.broken.down]
            counted[:, _AT["symbols_received"]] = ((self.size * alive * frame_ticks) @ ways.arrives) * alive
        links, frame_links = ways.links.sum(axis=1), ways.frames.sum(axis=1)
        output = np.isin(self.population, self._image.network.outputs)
        operations = delivered * self.size if self._image.network.is_simple else tally.operations
        counted[:, _AT["neuron_updates"]] = np.where(self._clamped, 0, symbols)
        counted[:, _AT["clamped_updates"]] = np.where(self._clamped, symbols, 0)
        if kind.nudged:
            counted[output, _AT["nudged_updates"]] = symbols[output]
            if kind.begins:
                counted[output, _AT["host_words_in"]] = self.size[output] * samples
        if kind.shows:
            counted[self._clamped, _AT["host_words_in"]] = per_core(sent)[self._clamped]
        elif kind.opening:
            counted[self._clamped, _AT["host_words_in"]] = self.size[self._clamped] * samples
        if self._traced:
            counted[:, _AT["trace_updates"]] = axons
        counted[:, _AT["spikes_sent"]] = per_core(sent)
        counted[:, _AT["packets"]] = per_core(sent * receivers)
        counted[:, _AT["spikes_delivered"]] = delivered
        counted[:, _AT["spikes_in_flight"]] = in_flight
        counted[:, _AT["hops_ew"]] = per_core(sent * ways.links[:, 0])
        counted[:, _AT["hops_ns"]] = per_core(sent * ways.links[:, 1])
        counted[:, _AT["sops"]] = operations
        counted[:, _AT["weight_reads"]] = operations
        counted[:, _AT["symbols"]] = symbols
        counted[:, _AT["symbols_hops"]] = symbols * frame_links
        counted[:, _AT["spikes_hops"]] = per_core(sent * links)
        counted[:, _AT["aer"]] = per_core(sent * ways.aer)
        counted[:, _AT["aer_hops"]] = per_core(sent * ways.aer_hops)
        # What leaves a core: a packet or frame for each core that receives its spikes, or one that forks.
        forks = self._image.chip.packet.routing == "multicast"
        counted[:, _AT["packets_sent"]] = per_core(sent * (np.minimum(receivers, 1) if forks else receivers))
        copies = np.minimum(frames_to, 1) if forks else frames_to
        counted[:, _AT["bitmap"]] = symbols * copies
        counted[:, _AT["bitmap_hops"]] = symbols * frame_links
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
def spikes_per_core(
    per_slot: Matrix[np.integer[Any]], slots: Matrix[np.uint64], out: Vector[np.int64]
) -> None:
    """Sum a small count [sample, slot] over samples and over the slots u64[core, 2] of each core: i64[core] ``out``."""
    for c in range(slots.shape[0]):
        total = 0
        for sample in range(per_slot.shape[0]):
            for j in range(slots[c, 0], slots[c, 1]):
                total += per_slot[sample, j]
        out[c] = total
