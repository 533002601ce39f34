"""Spike counts of a replay → its counters: by core, by tick, and in total.

A packet is taken in within the tick that sends it, before the barrier: nothing is in flight between ticks. The
sum that it adds to acts in the next tick.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.links import link_load
from neurochip.compile.placement import PlacedNetwork
from neurochip.cores.raster import SpikeCounts
from neurochip.substrate.counters import COUNTERS, Counters, Phase, PhaseCounters
from neurochip.substrate.phase_time import PhaseTime

__all__ = ["TrafficCounters", "count_traffic"]

_AT = {name: i for i, name in enumerate(COUNTERS)}
Counts = NDArray[np.int64]
_BY_TICK = (
    "spikes_sent",
    "packets",
    "hops",
    "hops_ew",
    "hops_ns",
    "sops",
    "neuron_updates",
    "idle_updates",
    "clamped_updates",
)


@dataclass(frozen=True)
class TrafficCounters:
    """What a replay counted.

    Attributes
    ----------
    counters
        Every counter, one row for each layer on each core.
    ticks_book
        Every counter, two rows for each tick: of the input layer, and of the others. What depends on the receiver
        alone is counted on the sender's row.
    link_load
        i64[x, y, direction]: flits that left place (x, y) eastwards, westwards, northwards, southwards.
    """

    counted: Counters
    ticks_counted: PhaseCounters
    link_load: Counts

    @property
    def spikes(self) -> int:
        """Ones that were sent."""
        return self.counted.total("spikes_sent")

    @property
    def packets(self) -> int:
        """Spikes to one receiving core each."""
        return self.counted.total("packets")

    @property
    def hops_ew(self) -> int:
        """Links crossed east or west."""
        return self.counted.total("hops_ew")

    @property
    def hops_ns(self) -> int:
        """Links crossed north or south."""
        return self.counted.total("hops_ns")

    @property
    def hops(self) -> int:
        """Links crossed."""
        return self.hops_ew + self.hops_ns

    @property
    def sops(self) -> int:
        """Synaptic operations."""
        return self.counted.total("sops")

    @functools.cached_property
    def totals(self) -> Mapping[str, int]:
        """Every counter over all ticks and cores, by name, and ``hops``."""
        return {name: self.counted.total(name) for name in COUNTERS} | {"hops": self.hops}

    @functools.cached_property
    def per_tick(self) -> Mapping[str, Counts]:
        """The main counters by name, i64[tick] each."""
        counts = self.ticks_counted.counts
        series = {
            name: counts[0::2, _AT[name]] + counts[1::2, _AT[name]] for name in _BY_TICK if name != "hops"
        }
        series["hops"] = series["hops_ew"] + series["hops_ns"]
        return {name: series[name] for name in _BY_TICK}

    def timed(self, cycles: int, per_tick: Counts | None) -> TrafficCounters:
        """Return the same counts with the cycles that all ticks took."""
        counted = self.counted.phases[Phase.FREE]
        took = replace(
            PhaseTime.nothing(len(counted.counts)),
            presentations=counted.presentations,
            ticks=counted.ticks,
            cycles=cycles,
            longest=0 if per_tick is None else int(per_tick.max(initial=0)),
        )
        phases = {**self.counted.phases, Phase.FREE: replace(counted, time=took)}
        return replace(self, counted=replace(self.counted, phases=phases))

    def to_json(self) -> dict[str, object]:
        """Return plain integers: totals, and lists over ticks."""
        return {
            "totals": dict(self.totals),
            "per_tick": {name: values.tolist() for name, values in self.per_tick.items()},
        }


def count_traffic(
    placed: PlacedNetwork, names: tuple[str, ...], spikes: SpikeCounts, idle: tuple[Counts, Counts] | None
) -> TrafficCounters:
    """Count a replay.

    Parameters
    ----------
    names
        Of the layers.
    idle
        Updates of neurons at rest that no spike reached, i64[piece] and i64[tick]; `None` when no dynamics ran,
        and then no neuron was updated.
    """
    ticks = spikes.by_layer.shape[0]
    pieces, sending = placed.pieces, placed.sending
    clamped, symbols = pieces.population == 0, pieces.neurons * ticks
    found = sending.sent(spikes.by_way, symbols) | sending.received(spikes.by_way, symbols)
    found["clamped_updates"] = np.where(clamped, symbols, 0)
    if idle is not None:
        found |= {"neuron_updates": np.where(clamped, 0, symbols), "idle_updates": idle[0]}
    counted = np.zeros((clamped.size, len(COUNTERS)), dtype=np.int64)
    for name, counts in found.items():
        counted[:, _AT[name]] = counts
    phases = {Phase.FREE: PhaseCounters(1, ticks, counted)}
    counters = Counters(tuple(names[k] for k in pieces.population), tuple(pieces.site.tolist()), phases)
    per_tick = PhaseCounters(1, ticks, _by_tick(placed, spikes, idle))
    return TrafficCounters(counters, per_tick, link_load(sending, spikes.by_way))


def _by_tick(placed: PlacedNetwork, spikes: SpikeCounts, idle: tuple[Counts, Counts] | None) -> Counts:
    ticks = spikes.by_layer.shape[0]
    # Counter by counter in memory: most stay 0, and their pages are never touched.
    rows = np.moveaxis(np.zeros((len(COUNTERS), ticks, 2), dtype=np.int64), 0, -1)
    for row, part in ((0, slice(0, 1)), (1, slice(1, None))):
        for k in range(len(placed.sizes))[part]:
            rows[:, row, _AT["spikes_sent"]] += spikes.by_layer[:, k]
        for at, names in enumerate(
            (("packets", "spikes_delivered"), ("packets_sent",), ("sops", "weight_reads"))
        ):
            for name in names:
                rows[:, row, _AT[name]] = spikes.met[:, row, at]
        rows[:, row, _AT["symbols"]] = sum(placed.sizes[part])
    for at, name in enumerate(("hops_ew", "hops_ns", "aer_hops")):
        rows[:, 1, _AT[name]] = spikes.crossed[:, at]
    rows[:, 0, _AT["clamped_updates"]] = placed.sizes[0]
    if idle is not None:
        rows[:, 1, _AT["neuron_updates"]] = sum(placed.sizes[1:])
        rows[:, 1, _AT["idle_updates"]] = idle[1]
    return rows.reshape(2 * ticks, -1)
