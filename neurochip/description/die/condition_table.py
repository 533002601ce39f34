"""What a foundry's card says of other temperatures and corners: beside the table of `transistor_table`, of fewer gates.

``NAME-temperatures.csv`` has a row for each gate, temperature and |V_GS|, as the table at 27 °C; ``NAME-corners.csv``
by how many mV |V_GS| of a corner differs from the typical one where a square gate carries ``mv_at_I`` A, at 27 °C.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurochip.description.die.conditions import kelvin
from neurochip.description.die.transistor_table import TERMS, Bin, between, rows_of
from neurochip.errors import ConfigError

__all__ = ["ConditionTable", "condition_table"]

_CORNERS = ("ff", "ss", "fs", "sf")
_NOMINAL = 27.0

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ConditionTable:
    """One kind of transistor of a foundry.

    Attributes
    ----------
    widths, lengths, temperatures
        Of the gates that were looked at, µm, and of each gate, °C; rising.
    voltage
        |V_GS|, V, f64[V_GS].
    log_current
        ln of the current of a square gate, f64[width, length, temperature, V_GS].
    slope
        ∂ ln I/∂x of each mismatch term x, f64[width, length, temperature, V_GS, term].
    squares, shift
        Currents of a square gate at which corners were compared, A, and by how many mV each differs there,
        f64[width, length, corner, current].
    """

    widths: Array
    lengths: Array
    temperatures: Array
    voltage: Array
    log_current: Array
    slope: Array
    squares: Array
    shift: Array

    def check(self, celsius: float, place: str) -> None:
        """Refuse a temperature that the table does not reach, with ``place``."""
        low, high = self.temperatures[[0, -1]]
        if not low <= celsius <= high:
            raise ConfigError(
                place,
                f"must be {low:g} to {high:g} °C, which the table of the foundry's card reaches, got {celsius:g}",
            )

    def sigma_ratio(self, gate: Bin, size: tuple[float, float], square: float, celsius: float) -> float:
        """Return σ(ln I) of a gate at a temperature over that at 27 °C, at the same current of a square one."""
        return math.exp(
            self._over(size, lambda i, j: math.log(self._sigma(i, j, gate.slopes, square, celsius)))
            - self._over(size, lambda i, j: math.log(self._sigma(i, j, gate.slopes, square, _NOMINAL)))
        )

    def current_factor(self, size: tuple[float, float], square: float, celsius: float, corner: str) -> float:
        """Return by how much the current of a fixed gate voltage differs from ``square``, A, at 27 °C and typical."""

        def log_factor(i: int, j: int) -> float:
            nominal = self.log_current[i, j, self._at(_NOMINAL)]
            gate = _cubic(nominal, self.voltage, math.log(square)) - 1e-3 * self._corner(i, j, square, corner)
            return self._log_current(i, j, gate, celsius) - math.log(square)

        return math.exp(self._over(size, log_factor))

    def _over(self, size: tuple[float, float], value: Callable[[int, int], float]) -> float:
        """Return a value interpolated between gates."""
        return math.fsum(
            by_width * by_length * value(i, j)
            for i, by_width in between(self.widths, size[0])
            for j, by_length in between(self.lengths, size[1])
        )

    def _at(self, celsius: float) -> int:
        return int(np.flatnonzero(self.temperatures == celsius)[0])

    def _near(self, celsius: float) -> list[tuple[int, float]]:
        """Return the temperatures beside one, with their weights: ln I of a gate voltage is nearly linear in 1/T."""
        upper = int(np.clip(np.searchsorted(self.temperatures, celsius), 1, len(self.temperatures) - 1))
        low, high = (1 / kelvin(float(at)) for at in self.temperatures[upper - 1 : upper + 1])
        share = (1 / kelvin(celsius) - low) / (high - low)
        return [(at, weight) for at, weight in ((upper - 1, 1 - share), (upper, share)) if weight]

    def _sigma(self, i: int, j: int, terms: Array, square: float, celsius: float) -> float:
        found = 0.0
        for at, weight in self._near(celsius):
            points = self.log_current[i, j, at]
            slopes = [np.interp(math.log(square), points, column) for column in self.slope[i, j, at].T]
            found += weight * float(np.linalg.norm(np.array(slopes) * terms))
        return found

    def _log_current(self, i: int, j: int, gate: float, celsius: float) -> float:
        curves = ((self.log_current[i, j, at], weight) for at, weight in self._near(celsius))
        return math.fsum(weight * _cubic(self.voltage, curve, gate) for curve, weight in curves)

    def _corner(self, i: int, j: int, square: float, corner: str) -> float:
        if corner not in _CORNERS:
            return 0.0
        return float(
            np.interp(math.log(square), np.log(self.squares), self.shift[i, j, _CORNERS.index(corner)])
        )


def _cubic(points: Array, values: Array, at: float) -> float:
    """Return what the cubic through the four nearest of rising points is at one."""
    first = int(np.clip(np.searchsorted(points, at) - 2, 0, len(points) - 4))
    x, y = points[first : first + 4], values[first : first + 4]
    return math.fsum(
        float(y[k] * np.prod([(at - x[m]) / (x[k] - x[m]) for m in range(4) if m != k])) for k in range(4)
    )


@functools.cache
def condition_table(name: str) -> ConditionTable:
    """Return the table of a kind of transistor, e.g. ``sky130-nfet-01v8``."""
    rows = rows_of(f"{name}-temperatures", ("width", "length", "celsius", "v_gs", "i_square", *TERMS))
    axes = [np.unique(rows[:, k]) for k in range(4)]
    shaped = rows.reshape(*(len(axis) for axis in axes), rows.shape[1])
    squares = ("mv_at_1e-09", "mv_at_1e-07")
    shifts = rows_of(f"{name}-corners", squares)
    shape = (len(axes[0]), len(axes[1]), len(_CORNERS), len(squares))
    return ConditionTable(
        widths=axes[0],
        lengths=axes[1],
        temperatures=axes[2],
        voltage=axes[3],
        log_current=np.log(shaped[..., 4]),
        slope=shaped[..., 5:],
        squares=np.array([float(square.removeprefix("mv_at_")) for square in squares]),
        shift=shifts.reshape(shape),
    )
