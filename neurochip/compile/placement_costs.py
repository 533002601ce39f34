"""What a placement costs for given spikes, by three objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.links import core_traffic, link_load
from neurochip.compile.sending import Sending
from neurochip.compile.ways import summed
from neurochip.errors import ConfigError
from neurochip.keys.reading import did_you_mean

__all__ = ["OBJECTIVES", "Costs", "Objective", "check_objective", "costs"]

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


def costs(sending: Sending, fired: Sequence[Counts]) -> Costs:
    """Return what is sent costs for the spikes of each neuron, list over populations of i64[unit]."""
    ways, spikes = sending.ways, sending.ways.spikes(fired)
    traffic, load = core_traffic(sending, spikes), link_load(sending, spikes)
    on_cores = summed(spikes, ways.rows, len(sending.synapses)) @ sending.synapses
    return Costs(
        hops=int(load.sum()),
        balance=int(on_cores.max(initial=0)),
        cut=int(traffic.sum() - np.trace(traffic)),
        busiest_link=int(load.max(initial=0)),
        cores=int(sending.cores.size),
    )
