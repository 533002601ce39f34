"""What was taken from a foundry's model card: current and mismatch of transistors of many sizes at each V_GS.

Two CSV files that come with neurochip make up a table. ``NAME.csv`` has a row for each gate and |V_GS|: ``width``,
``length`` (µm), ``v_gs`` (V), the current of a square gate ``i_square`` (A), and ∂ ln I/∂x by each mismatch term x of
the kit, in saturation at 27 °C. ``NAME-bins.csv`` has the σ·√(WL) of each term in every bin of the card. Between gates
everything is interpolated. `benchmarks/sky130_mismatch.py` makes both from a copy of the kit.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError
from neurochip.files import Foreign, read_rows

__all__ = ["TERMS", "WEAK_A", "Bin", "TransistorTable", "between", "rows_of", "transistor_table"]

WEAK_A = (
    1e-9  # of a square gate: weak inversion, and well above leakage, on every card that there is a table of
)

TERMS = ("vth0", "voff", "toxe", "nfactor")
_SIZES = ("w_min", "w_max", "l_min", "l_max")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bin:
    """Sizes that share a model of the card, from and to in µm, and σ·√(WL) of each mismatch term, f64[term]."""

    width: tuple[float, float]
    length: tuple[float, float]
    slopes: Array

    @property
    def name(self) -> str:
        """Its sizes: ``W 1–1.26, L 1–2 µm``."""
        (a, b), (c, d) = self.width, self.length
        return f"W {a:g}–{b:g}, L {c:g}–{d:g} µm"


@dataclass(frozen=True, slots=True, eq=False)
class TransistorTable:
    """One kind of transistor of a foundry.

    Attributes
    ----------
    widths, lengths
        Of the gates that were looked at, µm, rising.
    current
        Of a square gate, A, f64[width, length, V_GS].
    slope
        ∂ ln I/∂x of each term x, f64[width, length, V_GS, term].
    bins
        Of the card.
    """

    widths: Array
    lengths: Array
    current: Array
    slope: Array
    bins: tuple[Bin, ...]

    def bin_of(self, width: float, length: float, place: str) -> Bin:
        """Return the bin of a gate of ``width`` × ``length`` µm.

        Raises
        ------
        ConfigError
            With ``place``, when the card has no such transistor.
        """
        (w_min, w_max), (l_min, l_max) = self.widths[[0, -1]], self.lengths[[0, -1]]
        if not (w_min <= width <= w_max and l_min <= length <= l_max):
            raise ConfigError(
                place,
                f"must be a size that the foundry's card has a model for, W {w_min:g} to {w_max:g} and L {l_min:g} "
                f"to {l_max:g} µm, got {width:g} × {length:g}",
            )
        # The largest gates are of the last bin, every other edge of the bin that it begins.
        return max(
            (b for b in self.bins if b.width[0] <= width and b.length[0] <= length),
            key=lambda one: (one.width[0], one.length[0]),
        )

    def area_sigma(self, width: float, length: float, square: float, place: str) -> float:
        """Return σ(ln I)·√(WL) in µm of a gate at the current ``square`` of a square one, A.

        Raises
        ------
        ConfigError
            With ``place``, for a size that is not in the table, or a current.
        """
        slopes = self.bin_of(width, length, place).slopes
        total: Array = np.zeros(len(slopes))
        for i, by_width in between(self.widths, width):
            for j, by_length in between(self.lengths, length):
                current = self.current[i, j]
                if not current[0] <= square <= current[-1]:
                    raise ConfigError(
                        place,
                        f"must give {current[0]:.2g} to {current[-1]:.2g} A in a square gate, which the table of the "
                        f"card reaches, got {square:.2g}",
                    )
                at, points = np.log(square), np.log(current)
                found = [np.interp(at, points, column) for column in self.slope[i, j].T]
                total += by_width * by_length * np.array(found)
        return float(np.linalg.norm(total * slopes))


def between(points: Array, value: float) -> list[tuple[int, float]]:
    """Return the neighbours of a value among rising points, with their weights on a logarithmic scale."""
    upper = int(np.clip(np.searchsorted(points, value), 1, len(points) - 1))
    share = float(np.log(value / points[upper - 1]) / np.log(points[upper] / points[upper - 1]))
    return [(at, weight) for at, weight in ((upper - 1, 1 - share), (upper, share)) if weight > 0]


def rows_of(name: str, columns: tuple[str, ...]) -> Array:
    """Return columns of a table of numbers that comes with neurochip, f64[row, column]."""
    file = resources.files("neurochip.description") / "transistors" / f"{name}.csv"
    with resources.as_file(file) as path:
        rows = read_rows(Foreign(path, "a table of transistors", "install neurochip anew"), columns)
        return np.array([[float(row[column]) for column in columns] for _, row in rows])


@functools.cache
def transistor_table(name: str) -> TransistorTable:
    """Return the table of a kind of transistor, e.g. ``sky130-nfet-01v8``."""
    rows = rows_of(name, ("width", "length", "v_gs", "i_square", *TERMS))
    widths, lengths = np.unique(rows[:, 0]), np.unique(rows[:, 1])
    shaped = rows.reshape(len(widths), len(lengths), -1, rows.shape[1])
    bins = (
        Bin((row[0], row[1]), (row[2], row[3]), row[4:]) for row in rows_of(f"{name}-bins", (*_SIZES, *TERMS))
    )
    return TransistorTable(widths, lengths, shaped[..., 3], shaped[..., 4:], tuple(bins))
