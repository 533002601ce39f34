"""Placements as lists of cores: that of an image, and, where nobody gave one, as few cores as the limits allow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.compile.image import ChipImage
from neurochip.compile.partition import partition
from neurochip.compile.route import snake
from neurochip.description.chip import ChipSpec
from neurochip.network import Network, Population, Projection

__all__ = ["compiled_placement", "placement_of"]


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
    )
    ranges = partition(network, chip, weight_bits=weight_bits, state_bits=state_bits, trace_bits=0)
    sites = iter(snake(chip.mesh, sum(len(pieces) for pieces in ranges)))
    placement = []
    for pieces in ranges:
        cores = [np.full(last - first, next(sites), dtype=np.int64) for first, last, _ in pieces]
        placement.append(np.concatenate(cores))
    return placement


def placement_of(image: ChipImage) -> list[NDArray[np.int64]]:
    """Return the core of each neuron of a compiled chip, list over layers of i64[unit]."""
    return [
        np.concatenate([np.full(image.cores[c].size, image.cores[c].site) for c in image.cores_of(p)])
        for p in range(len(image.network.populations))
    ]
