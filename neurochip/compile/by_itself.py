"""Where neurons stand that nobody placed: on as few cores as the limits allow, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.partition import Linked, Needs, partition
from neurochip.compile.route import snake
from neurochip.description.chip import ChipSpec
from neurochip.elements.connections import Connection

__all__ = ["compiled_placement"]


def compiled_placement(
    sizes: Sequence[int],
    projections: Sequence[tuple[int, int]],
    chip: ChipSpec,
    *,
    weight_bits: int,
    state_bits: int,
    connections: Sequence[Connection] | None = None,
) -> list[NDArray[np.int64]]:
    """Return the core of each neuron, list over layers of i64[unit].

    Parameters
    ----------
    sizes, projections
        Neurons of each layer; (source, target) layers of each projection.
    weight_bits, state_bits
        Of one synapse; of one neuron that is not in layer 0.
    connections
        Of each projection; `None`: all are dense.

    Raises
    ------
    MappingError
        When the network does not fit.
    """
    linked = [None] * len(projections) if connections is None else connections
    ranges = partition(
        Needs(
            [f"layer {k}" for k in range(len(sizes))],
            sizes,
            [Linked(*ends, c, weight_bits) for ends, c in zip(projections, linked, strict=True)],
            [0, *[state_bits] * (len(sizes) - 1)],
        ),
        chip,
    )
    sites = iter(snake(chip.mesh, sum(map(len, ranges))))
    return [
        np.concatenate([np.full(last - first, next(sites), dtype=np.int64) for first, last, _ in pieces])
        for pieces in ranges
    ]
