"""What a placement costs for given spikes, by three objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.links import core_traffic, link_load
from neurochip.compile.placement import PlacedNetwork
from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["OBJECTIVES", "Costs", "Objective", "check_objective", "costs", "spikes_of_ways"]

Counts = NDArray[np.int64]
Objective = Literal["hops", "balance", "cut"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)


class Costs(NamedTuple):
    """What is made small by each objective, and the busiest link.

    Attributes
    ----------
    hops
        Links crossed, over all packets.
    balance
        Synaptic operations of the core that does most.
    cut
        Packets to other cores than their own.
    busiest_link
        Flits.
    cores
        In use.
    """

    hops: int
    balance: int
    cut: int
    busiest_link: int
    cores: int

    def of(self, objective: Objective) -> int:
        """Return the one that an objective makes small."""
        return int(getattr(self, objective))


def check_objective(name: str) -> Objective:
    """Return an objective by its name."""
    for objective in OBJECTIVES:
        if objective == name:
            return objective
    hint = did_you_mean(name, OBJECTIVES)
    raise ConfigError("placement", f"must be one of {', '.join(OBJECTIVES)}, or a file, got {name!r}{hint}")


def spikes_of_ways(placed: PlacedNetwork, fired: Sequence[Counts]) -> Counts:
    """Return i64[way] from the spikes of each neuron, list over layers of i64[unit]."""
    total = np.zeros(placed.way_pieces.size, dtype=np.int64)
    for ways, spikes in zip(placed.way_of, fired, strict=True):
        np.add.at(total, ways, spikes)
    return total


def costs(placed: PlacedNetwork, fired: Sequence[Counts]) -> Costs:
    """Return what a placement costs for the spikes of each neuron, list over layers of i64[unit]."""
    by_way = spikes_of_ways(placed, fired)
    traffic = core_traffic(placed, by_way)
    by_row = np.zeros(len(placed.operations), dtype=np.int64)
    np.add.at(by_row, placed.way_rows, by_way)
    on_core = np.zeros(placed.cores.size, dtype=np.int64)
    np.add.at(on_core, np.searchsorted(placed.cores, placed.sites), by_row @ placed.operations)
    load = link_load(placed, by_way)
    return Costs(
        hops=int(load.sum()),
        balance=int(on_core.max(initial=0)),
        cut=int(traffic.sum() - np.trace(traffic)),
        busiest_link=int(load.max(initial=0)),
        cores=int(placed.cores.size),
    )
