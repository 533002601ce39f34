"""The metrics of NeuroBench (Yik et al. 2025), of a network's run on a chip: from its counters and its synapses."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from neurochip.description.spiking import Connection, SpikingNetwork
from neurochip.replays.replaying import Replay

__all__ = ["Workload", "workload"]


class Workload(TypedDict):
    """NeuroBench's static metrics, and those of the workload for each sample.

    ``footprint_bytes`` is what synapses and neurons take on the cores. A connection is sparse by its weights of 0, an
    activation by the ticks at which neurons that fire are silent. Effective operations are those with weights that are
    not 0; spikes are bits, so all are accumulations. Dense ones are what every synapse would do at every tick. A
    membrane is updated where something reached its neuron, or it was not at rest; a neuron, at every tick.
    """

    footprint_bytes: float
    connection_sparsity: float
    activation_sparsity: float
    effective_acs: float
    effective_macs: float
    dense: float
    membrane_updates: float
    neuron_updates: float


def workload(network: SpikingNetwork, replay: Replay, samples: int = 1) -> Workload:
    """Return the metrics of a run of so many samples, which followed one another.

    Activations are those of the steps that all groups have seen: of each the ticks from its beginning on.
    """
    names = [group.name for group in network.groups]
    each = len(replay.spikes[0]) // samples
    steps = max(1, each - max(group.begins for group in network.groups))
    ticks = steps * samples
    fired = [
        bits.reshape(samples, each, -1)[:, group.begins : group.begins + steps].sum(
            axis=(0, 1), dtype=np.int64
        )
        for group, bits in zip(network.groups, replay.spikes, strict=True)
    ]
    weights = zeros = effective = synapses = 0
    for c in network.connections:
        made, held = c.joined(network.group(c.source).size)
        weights += held.size
        zeros += held.size - int(np.count_nonzero(held))
        synapses += made.synapses
        effective += int(_effective(network, c) @ fired[names.index(c.source)])
    neurons = [k for k, group in enumerate(network.groups) if group.fires]
    there = sum(network.groups[k].size for k in neurons) * ticks
    silent = there - sum(int(fired[k].sum()) for k in neurons)
    totals = replay.counters.totals
    needs = replay.placed.needs
    return {
        "footprint_bytes": float((needs["synapse_memory"].sum() + needs["neuron_state_memory"].sum()) / 8),
        "connection_sparsity": zeros / weights if weights else 0.0,
        "activation_sparsity": silent / there if there else 0.0,
        "effective_acs": effective / samples,
        "effective_macs": 0.0,
        "dense": synapses * ticks / samples,
        "membrane_updates": (totals["neuron_updates"] - totals["idle_updates"]) / samples,
        "neuron_updates": totals["neuron_updates"] / samples,
    }


def _effective(network: SpikingNetwork, c: Connection) -> NDArray[np.int64]:
    """Return i64[source]: synapses of each unit whose weight is not 0."""
    made, held = c.joined(network.group(c.source).size)
    if not held.size or np.all(held):
        return made.fan_out()
    if made.kind == "dense":
        return np.asarray(np.count_nonzero(held, axis=1), dtype=np.int64)
    edges = made.edges()
    there = edges.source[held.reshape(-1)[edges.weight] != 0]
    counts: NDArray[np.int64] = np.bincount(there, minlength=made.sources).astype(np.int64)
    return counts
