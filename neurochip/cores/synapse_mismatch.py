"""Synapses that do not deliver what their memory holds: a factor for each, drawn once for each core."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from neurochip.cores.layout import Layout
from neurochip.errors import ConfigError

__all__ = ["SynapseMismatch", "synapse_factors"]

Spread = Literal["log-normal", "gaussian"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SynapseMismatch:
    """What a synapse delivers is its weight times a factor of mean 1 that never changes.

    Parameters
    ----------
    deviation
        Standard deviation of the factor; 0 is a chip without mismatch.
    spread
        ``"log-normal"`` keeps every sign; ``"gaussian"`` may turn one round.
    seed
        Names the chip: the same seed is the same chip.
    """

    deviation: float
    spread: Spread = "log-normal"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the deviation and the name of the spread."""
        if not (self.deviation >= 0 and math.isfinite(self.deviation)):
            raise ConfigError("mismatch.deviation", f"must be ≥ 0 and finite, got {self.deviation:g}")
        if self.spread not in get_args(Spread):
            raise ConfigError("mismatch.spread", f'must be "log-normal" or "gaussian", got {self.spread!r}')

    def draw(self, random: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.float64]:
        """Return factors."""
        normal = random.standard_normal(shape)
        if self.spread == "gaussian":
            return 1.0 + self.deviation * normal
        variance = math.log1p(self.deviation**2)
        return np.exp(math.sqrt(variance) * normal - 0.5 * variance)


def synapse_factors(
    layout: Layout, mismatch: SynapseMismatch
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the factors of all weights and of all bias synapses, in the places of the kernels' arrays.

    Each block of each core has a stream of its own, named by seed, core and projection.
    """
    weights, biases = np.ones(layout.n_weights), np.ones(layout.n_slots)
    image = layout.image
    for block in layout.blocks:
        core = image.cores[block.core]
        random = _stream(mismatch.seed, core.site, block.projection)
        layout.block(weights, block)[...] = mismatch.draw(random, (block.rows, core.size))
    for c, core in enumerate(image.cores):
        first, _ = layout.core_slots[c]
        random = _stream(mismatch.seed, core.site, len(image.network.projections))
        biases[first : first + core.size] = mismatch.draw(random, core.size)
    return weights, biases


def _stream(seed: int, site: int, projection: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(b"synapse mismatch"), site, projection])
