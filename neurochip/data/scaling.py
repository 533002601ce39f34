"""Numbers into [0, 1], the range of a neuron's value, and back."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["BYTES", "SPIKES", "Scaling", "counts", "min_max", "standard", "target_range", "unscaled"]

_DEVIATIONS = 3.0  # standard deviations on each side of the mean that are told apart
_MARGIN = (
    0.1  # of a neuron's range on each side of the training targets: an output at 0 or 1 has stopped moving
)


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """Where the ends of [0, 1] lie in the numbers of the data, for each column.

    Attributes
    ----------
    kind
        ``none``, ``bytes``, ``min-max``, ``standard``, ``counts``, ``spikes``; of targets ``range``.
    low, high
        f64[column], the numbers that become 0 and 1. What lies beyond is clipped.
    """

    kind: str
    low: NDArray[np.float64] = field(repr=False)
    high: NDArray[np.float64] = field(repr=False)

    def coded(self, values: NDArray[np.number]) -> NDArray[np.float32]:
        """Return numbers [sample, column] as values of neurons, f32 in [0, 1]."""
        if self.kind == "none":
            return np.asarray(values, dtype=np.float32)
        share = (np.asarray(values, dtype=np.float64) - self.low) / (self.high - self.low)
        return np.clip(share, 0.0, 1.0).astype(np.float32)

    def decoded(self, values: NDArray[np.number]) -> NDArray[np.float64]:
        """Return values of neurons as numbers of the data, f64[sample, column]."""
        return self.low + np.asarray(values, dtype=np.float64) * (self.high - self.low)

    def clipped(self, values: NDArray[np.number]) -> int:
        """Return how many numbers lie beyond the ends."""
        return int(np.count_nonzero((values < self.low) | (values > self.high)))


def unscaled(columns: int) -> Scaling:
    """Return what leaves values in [0, 1] as they are."""
    return Scaling("none", np.zeros(columns), np.ones(columns))


BYTES = Scaling("bytes", np.zeros(1), np.full(1, 255.0))
SPIKES = Scaling("spikes", np.zeros(1), np.ones(1))


def min_max(training: NDArray[np.number]) -> Scaling:
    """Return the scaling by the least and greatest number of each column of the training part."""
    return Scaling(
        "min-max", training.min(axis=0).astype(np.float64), training.max(axis=0).astype(np.float64)
    )


def counts(training: NDArray[np.number]) -> Scaling:
    """Return the scaling of counts: 0 is 0, and 1 the greatest count that any column of the training part has."""
    most = float(training.max(initial=0.0)) or 1.0
    return Scaling("counts", np.zeros(training.shape[1]), np.full(training.shape[1], most))


def standard(training: NDArray[np.number]) -> Scaling:
    """Return the scaling by mean and standard deviation of each column of the training part."""
    mean, deviation = training.mean(axis=0, dtype=np.float64), training.std(axis=0, dtype=np.float64)
    return Scaling("standard", mean - _DEVIATIONS * deviation, mean + _DEVIATIONS * deviation)


def target_range(training: NDArray[np.number]) -> Scaling:
    """Return the scaling of targets: those of the training part lie between a tenth and nine tenths."""
    least, most = training.min(axis=0).astype(np.float64), training.max(axis=0).astype(np.float64)
    room = (most - least) * _MARGIN / (1 - 2 * _MARGIN)
    return Scaling("range", least - room, most + room)
