"""Spike counts of a replay → its counters: by core, by tick, and in total.

A packet is taken in within the tick that sends it, before the barrier: nothing is in flight between ticks. The
sum that it adds to acts in the next tick.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

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

    def to_json(self) -> dict[str, Any]:
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
    layer, clamped = placed.layers, placed.layers == 0
    by_way = spikes.by_way
    by_row = _summed(by_way, placed.way_rows, len(placed.operations))

    def sent(per_way: Counts | int = 1) -> Counts:
        return _summed(by_way * per_way, placed.way_pieces, layer.size)

    symbols, links, receivers = placed.neurons * ticks, placed.links.sum(axis=1), placed.frames.sum(axis=1)
    counted = np.zeros((layer.size, len(COUNTERS)), dtype=np.int64)
    counted[:, _AT["clamped_updates"]] = np.where(clamped, symbols, 0)
    if idle is not None:
        counted[:, _AT["neuron_updates"]] = np.where(clamped, 0, symbols)
        counted[:, _AT["idle_updates"]] = idle[0]
    counted[:, _AT["spikes_sent"]] = sent()
    counted[:, _AT["packets"]] = sent(placed.packets)
    counted[:, _AT["spikes_delivered"]] = by_row @ placed.delivered
    counted[:, _AT["hops_ew"]] = sent(placed.links[:, 0])
    counted[:, _AT["hops_ns"]] = sent(placed.links[:, 1])
    counted[:, _AT["sops"]] = counted[:, _AT["weight_reads"]] = by_row @ placed.operations
    counted[:, _AT["symbols"]] = symbols
    counted[:, _AT["symbols_hops"]] = counted[:, _AT["bitmap_hops"]] = symbols * placed.frame_links
    counted[:, _AT["spikes_hops"]] = sent(links)
    counted[:, _AT["aer"]] = sent(placed.aer)
    counted[:, _AT["aer_hops"]] = sent(placed.aer_hops)
    forks = placed.chip.packet.routing == "multicast"
    counted[:, _AT["packets_sent"]] = sent(np.minimum(placed.packets, 1) if forks else placed.packets)
    counted[:, _AT["bitmap"]] = symbols * (np.minimum(receivers, 1) if forks else receivers)
    counted[:, _AT["aer_received"]] = by_row @ placed.received_bits
    counted[:, _AT["symbols_received"]] = symbols @ placed.frames
    phases = {Phase.FREE: PhaseCounters(1, ticks, counted)}
    counters = Counters(tuple(names[k] for k in layer), tuple(int(s) for s in placed.sites), phases)
    per_tick = PhaseCounters(1, ticks, _by_tick(placed, spikes, idle))
    return TrafficCounters(counters, per_tick, link_load(placed, by_way))


def _summed(values: Counts, at: Counts, n: int) -> Counts:
    """Return i64[n], sums of the values that belong to each."""
    total = np.zeros(n, dtype=np.int64)
    np.add.at(total, at, values)
    return total


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
