"""The weights as they are stored: bits, granular and asymmetric changes, and drift."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.die import glorot_deviation
from neurochip.description.die.circuit import AnalogSpec
from neurochip.network import Network
from neurochip.substrate.streams import stream

__all__ = ["WeightStore"]

Array = NDArray[np.floating]


class WeightStore:
    """What every stored weight goes through when it is written. All off by default: then a change is added as it is.

    Parameters
    ----------
    network, spec
        Which projections, and which of [analog.converters], [analog.drift] and [analog.learning_path] are set.
    seed
        Of rounding and of the random walk.
    """

    def __init__(self, network: Network, spec: AnalogSpec, seed: int) -> None:
        self._spec, self._seed = spec, seed
        self._unit = [glorot_deviation(network, k) for k in range(len(network.projections))]

    def loaded(self, projection: int, weights: Array) -> Array:
        """Return weights as they are stored when the whole chip is programmed: on the grid, rounded to nearest."""
        return self._on_grid(projection, weights, np.rint)

    def meant(self, projection: int, change: Array, update: int) -> Array:
        """Return the change that a write makes where ``change`` was meant."""
        path = self._spec.learning_path
        if path.granularity:
            quantum = path.granularity * self._unit[projection]
            draw = stream(self._seed, "granularity", update, projection).random(change.shape)
            change = (np.floor(change / quantum + draw) * quantum).astype(change.dtype)
        if path.asymmetry:
            factor = np.where(change > 0, 1 + path.asymmetry, 1 - path.asymmetry).astype(change.dtype)
            change = change * factor
        return change

    def written(self, projection: int, weights: Array, update: int) -> tuple[Array, int]:
        """Return weights after a change as they are stored, and how many met the end of their range."""
        converters = self._spec.converters
        if converters.weight_bits is None:
            return weights, 0

        def rounded(steps: Array) -> Array:
            if converters.rounding == "nearest":
                return np.rint(steps)
            draw = stream(self._seed, "rounding", update, projection).random(steps.shape)
            return np.floor(steps + draw)

        stored = self._on_grid(projection, weights, rounded)
        ends = np.abs(stored) >= self._range(projection) * (1 - 1e-6)
        return stored, int(np.count_nonzero(ends))

    def drifted(self, projection: int, weights: Array, update: int) -> Array:
        """Return weights as they are by the next update."""
        drift = self._spec.drift
        if drift.decay:
            weights = weights * weights.dtype.type(1 - drift.decay)
        if drift.walk:
            step = stream(self._seed, "walk", update, projection).standard_normal(weights.shape)
            weights = weights + (drift.walk * self._unit[projection] * step).astype(weights.dtype)
        return weights

    @property
    def is_plain(self) -> bool:
        """Whether a change is added as it is, and stays."""
        path, drift = self._spec.learning_path, self._spec.drift
        return (
            self._spec.converters.weight_bits is None
            and not (path.granularity or path.asymmetry)
            and not (drift.decay or drift.walk)
        )

    def _range(self, projection: int) -> float:
        """Largest stored weight: Glorot's bound is √3 standard deviations."""
        return self._spec.converters.weight_range * float(np.sqrt(3.0)) * self._unit[projection]

    def _on_grid(self, projection: int, weights: Array, rounded: Callable[[Array], Array]) -> Array:
        bits = self._spec.converters.weight_bits
        if bits is None:
            return weights
        most = 2 ** (bits - 1) - 1
        step = self._range(projection) / most
        steps = np.clip(rounded(weights / step), -most, most)
        return np.asarray(steps * step, dtype=weights.dtype)
