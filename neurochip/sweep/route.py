"""Where limits are sought: the values between those of the first key, fine enough for the answer."""

from __future__ import annotations

import math

from neurochip.sweep.limits import Way

__all__ = ["lattice", "written"]

_CELLS = 64  # of a whole way, at least
_STEPS = 2  # of the lattice to what an answer shall be precise to


def lattice(way: Way, precision: float | None) -> Way:
    """Return a way with values between its own, in equal steps, or in equal ratios on a logarithmic one.

    Each stretch is halved again and again, so that a finer lattice has all values of a coarser one.
    """
    values = way.values
    whole = abs(values[-1] - values[0])
    finest = whole / _CELLS if precision is None else min(precision / _STEPS, whole / _CELLS)
    found: list[float] = []
    ratio = abs(math.log(values[-1] / values[0])) / _CELLS if way.logarithmic else 0.0
    for a, b in zip(values, values[1:], strict=False):
        if way.logarithmic:
            pieces = _halvings(abs(math.log(b / a)), ratio)
            found += [float(written(a * (b / a) ** (k / pieces))) for k in range(pieces)]
        else:
            pieces = _halvings(abs(b - a), finest)
            found += [float(written(a + (b - a) * k / pieces)) for k in range(pieces)]
    return way._replace(values=(*found, values[-1]))


def _halvings(length: float, finest: float) -> int:
    return int(2 ** max(0, math.ceil(math.log2(length / finest) - 1e-9)))


def written(value: float) -> str:
    """Return a value as a run has it: 0.3 rather than 0.30000000000000004."""
    return f"{value:.12g}"
