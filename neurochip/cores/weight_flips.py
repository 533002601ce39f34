"""Bits of synapse memory that are read inverted: which, and how to put them in and out of the weights."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.layout import Layout
from neurochip.description.precision import integer_bits
from neurochip.errors import CapabilityError, ConfigError
from neurochip.kernels.random_bits import mix

__all__ = ["WeightFlips", "flips_of"]

_ROWS = 256  # of a matrix, drawn at once


class WeightFlips(NamedTuple):
    """Words with a wrong bit: where they stand in the weights, and which bits; ``width`` bits make a word."""

    places: NDArray[np.intp]
    masks: NDArray[np.int64]
    width: int
    of_bits: int

    @property
    def n_bits(self) -> int:
        """Bits that are read inverted."""
        return int(np.bitwise_count(self.masks.astype(np.uint64)).sum())

    def turn(self, weights: NDArray[np.number]) -> None:
        """Invert the bits, in place; a second time puts them back. Words are two's complement."""
        words = (weights[self.places].astype(np.int64) ^ self.masks) & ((1 << self.width) - 1)
        weights[self.places] = words - ((words >> (self.width - 1)) << self.width)


def flips_of(layout: Layout, rate: float, key: np.uint64) -> WeightFlips:
    """Draw the wrong bits of every word, by projection, source and target: the mapping does not matter.

    Raises
    ------
    ConfigError
        For weights that are no integers.
    CapabilityError
        For a weight that several synapses share: each core has a copy of it, which may be wrong by itself.
    """
    width = integer_bits(layout.image.precision)
    if width is None:
        raise ConfigError(
            "faults.weight_bit_flip", f"is for integer weights, not for {layout.image.precision}"
        )
    network = layout.image.network
    places: list[NDArray[np.intp]] = [np.zeros(0, dtype=np.intp)]
    masks: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    of_bits = 0
    listed: set[int] = set()
    for block in layout.blocks:
        core, connection = layout.image.cores[block.core], network.projections[block.projection].connection
        here = np.uint64(mix(key, np.uint64(block.projection)))
        if connection is None:
            of_bits += block.rows * core.size * width
            columns = np.arange(core.first, core.last, dtype=np.uint64)[None, :]
            for first in range(0, block.rows, _ROWS):
                rows = np.arange(first, min(first + _ROWS, block.rows), dtype=np.uint64)[:, None]
                mask = _mask(here, rows, columns, width, rate)
                i, j = np.nonzero(mask)
                places.append(block.start + (first + i) * block.stride + j)
                masks.append(mask[i, j])
            continue
        if connection.synapses != math.prod(connection.shape):
            raise CapabilityError(
                network.name_of(block.projection),
                f'is "{connection.kind}", whose synapses share weights; faults.weight_bit_flip needs one for each '
                "synapse",
            )
        if block.projection not in listed:  # its words stand in one list, those of all cores
            listed.add(block.projection)
            source, target, weight = connection.edges()
            of_bits += source.size * width
            mask = _mask(here, source.astype(np.uint64), target.astype(np.uint64), width, rate)
            wrong = np.flatnonzero(mask)
            places.append(block.start + weight[wrong])
            masks.append(mask[wrong])
    return WeightFlips(np.concatenate(places), np.concatenate(masks), width, of_bits)


def _mask(
    here: np.uint64, source: NDArray[np.uint64], target: NDArray[np.uint64], width: int, rate: float
) -> NDArray[np.int64]:
    """Return the bits that are wrong in the words of synapses."""
    # The hash of random_bits, on whole arrays.
    words = mix.function(mix.function(here, source), target)
    mask = np.zeros(words.shape, dtype=np.int64)
    for bit in range(width):
        draws = (mix.function(words, np.array([bit], dtype=np.uint64)) >> np.uint64(11)) * 2.0**-53
        mask |= (draws < rate).astype(np.int64) << bit
    return mask
