"""Which neurons reach which cores: over the synapses that exist, and no others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.network import Network, Projection

__all__ = ["Piece", "reached_by", "reaches", "synapses_met"]

Piece = tuple[int, int]  # first neuron, neuron after the last


def synapses_met(network: Network, projection: Projection, piece: Piece) -> NDArray[np.int64]:
    """Return i64[source neuron]: synapses of a projection on some neurons of its target."""
    first, last = piece
    sources = network.sizes[projection.source]
    if projection.connection is None:
        return np.full(sources, last - first, dtype=np.int64)
    return projection.connection.part(range(sources), range(first, last)).fan_out()


def reached_by(network: Network, source: int, target: int, piece: Piece) -> NDArray[np.bool_]:
    """Return bool[source neuron]: whether a spike of a population meets any synapse on a piece of another."""
    found = np.zeros(network.sizes[source], dtype=np.bool_)
    for k in network.into(target):
        if network.projections[k].source == source:
            found |= synapses_met(network, network.projections[k], piece) > 0
    return found


def reaches(network: Network, population: int, pieces: Sequence[tuple[int, Piece]]) -> NDArray[np.bool_]:
    """Return bool[neuron, piece]: whether a spike of each neuron of a population meets any synapse on each piece.

    ``pieces`` are (population, its first neuron and the one after the last).
    """
    found = np.zeros((network.sizes[population], len(pieces)), dtype=np.bool_)
    targets = {network.projections[k].target for k in network.out_of(population)}
    for c, (target, piece) in enumerate(pieces):
        if target in targets:
            found[:, c] = reached_by(network, population, target, piece)
    return found
