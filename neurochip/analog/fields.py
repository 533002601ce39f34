"""Deviations that depend on where a device lies: a gradient over the die, and a random field that neighbours share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from neurochip.analog.floorplan import Block, Floorplan
from neurochip.description.die.location import LocationSpec
from neurochip.substrate.streams import stream

__all__ = ["WAVES", "Field", "shift"]

WAVES = 512  # of the random field
_DIGITS = 9  # products of matrices differ behind them from one machine to the next

Array = NDArray[np.float64]


class Field:
    """What one kind of device has of a die's gradient and random field; variance 1 each, over dies and devices.

    The field is a sum of `WAVES` cosines of random direction, length and phase (Rahimi & Recht, NIPS 2007). Lengths
    are drawn from the spectrum of the correlation exp(−d/ℓ) in a plane, (1 + ℓ²k²)^(−3/2).

    Parameters
    ----------
    location
        Shares of the two parts, and ℓ.
    plan
        Of the first circuit of the die, which sets the scale of the gradient.
    die, kind
        Whose it is.
    """

    def __init__(self, location: LocationSpec, plan: Floorplan, die: int, kind: str) -> None:
        self._location = location
        self._x, self._y, self._radius = plan.centre()
        self._slope = stream(die, "gradient", kind).standard_normal(2)
        waves = stream(die, "correlated", kind)
        self._numbers = waves.standard_normal((WAVES, 2)) / np.abs(waves.standard_normal((WAVES, 1)))
        self._numbers /= location.correlation_um
        self._phases = waves.uniform(0, 2 * math.pi, WAVES)

    def mixed(self, independent: Array, block: Block) -> Array:
        """Return numbers of variance 1 with the shares of the die in place of as much of the ``independent`` ones.

        f64[row, column] of a block; f64[column] of a row of neurons.
        """
        location = self._location
        mixed = math.sqrt(max(1 - location.gradient - location.correlated, 0.0)) * independent
        if location.gradient:
            mixed = mixed + math.sqrt(location.gradient) * self.gradient(block).reshape(independent.shape)
        if location.correlated:
            mixed = mixed + math.sqrt(location.correlated) * self.correlated(block).reshape(independent.shape)
        return np.asarray(mixed)

    def gradient(self, block: Block) -> Array:
        """Return the linear part, f64[row, column]."""
        if self._radius == 0:
            return np.zeros((block.rows, block.columns))
        along = (block.across - self._x) * self._slope[0]
        up = (block.up - self._y) * self._slope[1]
        return np.asarray((along[None, :] + up[:, None]) / self._radius)

    def correlated(self, block: Block) -> Array:
        """Return the random field, f64[row, column]."""
        along = np.outer(block.across, self._numbers[:, 0]) + self._phases
        up = np.outer(block.up, self._numbers[:, 1])
        waves = np.cos(up) @ np.cos(along).T - np.sin(up) @ np.sin(along).T
        return np.asarray(np.round(math.sqrt(2 / WAVES) * waves, _DIGITS))


def shift(location: LocationSpec, die: int, kind: str) -> float:
    """Return ln of the factor that all devices of a kind have in common on a die, by its lot and its wafer."""
    lot = location.lot and location.lot * stream(location.lot_of(die), "lot", kind).standard_normal()
    wafer = (
        location.wafer and location.wafer * stream(location.wafer_of(die), "wafer", kind).standard_normal()
    )
    return float(lot + wafer)
