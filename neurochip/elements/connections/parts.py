"""What a spike meets on each of several parts of the targets, such as cores: counted from the synapses that exist."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurochip.elements.connections.connection import Connection

__all__ = ["fan_out_by_part"]

_MOST_RUNS = 64
_SYNAPSES = 1 << 20  # that are listed at once


def fan_out_by_part(connection: Connection, part_of: NDArray[np.int64], n_parts: int) -> NDArray[np.int64]:
    """Return i64[source, part]: the synapses that a spike of each source meets on each part.

    Whatever counts synaptic operations takes these: spikes of each source, i64[source], times this matrix are the
    operations on each part; where it is not 0, the part receives the source's spikes.

    Parameters
    ----------
    part_of
        i64[target], the part that each target belongs to, 0 … ``n_parts`` − 1.
    """
    if n_parts == 1:
        return connection.fan_out()[:, None]
    edges = np.flatnonzero(np.diff(part_of)) + 1
    sources, counts = range(connection.sources), np.zeros((connection.sources, n_parts), dtype=np.int64)
    if edges.size < _MOST_RUNS:
        for first, last in zip([0, *edges.tolist()], [*edges.tolist(), len(part_of)], strict=True):
            counts[:, part_of[first]] += connection.part(sources, range(first, last)).fan_out()
        return counts
    every = connection.edges()
    for at in range(0, every.source.size, _SYNAPSES):
        here: slice = slice(at, at + _SYNAPSES)
        place = every.source[here] * n_parts + part_of[every.target[here]]
        counts += np.bincount(place, minlength=counts.size).reshape(counts.shape)
    return counts
