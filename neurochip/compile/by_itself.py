"""A placement that nobody gave: layers over as few cores as the limits allow, core after core along the mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.partition import partition
from neurochip.compile.route import snake
from neurochip.description.chip import ChipSpec
from neurochip.description.network import Network, Population, Projection

__all__ = ["compiled_placement"]


def compiled_placement(
    sizes: Sequence[int],
    projections: Sequence[tuple[int, int]],
    chip: ChipSpec,
    *,
    weight_bits: int,
    state_bits: int,
) -> list[NDArray[np.int64]]:
    """Return the core of each neuron, list over layers of i64[unit].

    Parameters
    ----------
    sizes, projections
        Neurons of each layer; (source, target) layers of each projection.
    weight_bits, state_bits
        Of one synapse; of one neuron.

    Raises
    ------
    MappingError
        When the network does not fit.
    """
    network = Network(
        tuple(Population(f"layer {k}", size, clamped=k == 0) for k, size in enumerate(sizes)),
        tuple(Projection(source, target) for source, target in projections),
        tied=False,
    )
    ranges = partition(network, chip, weight_bits=weight_bits, state_bits=state_bits, trace_bits=0)
    sites = iter(snake(chip.mesh, sum(len(pieces) for pieces in ranges)))
    placement = []
    for pieces in ranges:
        cores = [np.full(last - first, next(sites), dtype=np.int64) for first, last, _ in pieces]
        placement.append(np.concatenate(cores))
    return placement
