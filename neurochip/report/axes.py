"""Axes: where values lie between the ends, where ticks stand, and what is written beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.report.quantities import prefixed

__all__ = ["Axis", "are_whole", "log_ticks", "percent_words", "round_ticks", "tick_words"]

_MOST = 8
_FEW = 3  # fewer ticks than these say too little of a logarithmic axis


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of values.

    Attributes
    ----------
    low, high
        Its ends.
    log
        Whether it is logarithmic; both ends are then above 0.
    whole
        Whether nothing lies between whole numbers, as with ticks and epochs.
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    @classmethod
    def around(
        cls,
        values: ArrayLike,
        *,
        log: bool = False,
        room: float = 0.0,
        edges: ArrayLike = (),
        whole: bool = False,
    ) -> Axis:
        """Return the axis that shows all values; nothing finite gives an axis around 1.

        ``room`` is added at both ends, as a share of the length. ``edges`` of bands are shown too, but on a
        logarithmic axis one that comes close to 0 must not stretch it over many decades: it is cut off.
        """
        found = _finite(values, positive=log)
        if not found.size:
            found = np.array([1.0])
        beside = _finite(edges, positive=log)
        if log:
            beside = beside[beside > found.min() / 2]
        found = np.concatenate([found, beside])
        low, high = float(found.min()), float(found.max())
        if log:
            low, high = (low / 2, high * 2) if high / low < 1.5 else (low, high)
            edge = (high / low) ** room
            return cls(low / edge, high * edge, True, whole)
        if high - low < 1e-12 * max(abs(high), 1.0):
            low, high = low - 0.5, high + 0.5
        edge = (high - low) * room
        return cls(low - edge, high + edge, False, whole)

    def share(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return where values lie, 0 to 1; what is beyond an end lies on it."""
        at = np.asarray(values, dtype=np.float64)
        if self.log:
            shares = np.log10(np.maximum(at, self.low) / self.low) / math.log10(self.high / self.low)
        else:
            shares = (at - self.low) / (self.high - self.low)
        return np.asarray(np.clip(shares, 0.0, 1.0))

    def value(self, share: float) -> float:
        """Return the value that lies at a share."""
        if self.log:
            return self.low * math.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)

    def ticks(self, most: int = _MOST) -> list[float]:
        """Return round values on it, about ``most`` of them or fewer."""
        if self.log:
            ticks = log_ticks(self.low, self.high, most=most)
            if len(ticks) >= _FEW:
                return ticks
        return [
            tick
            for tick in round_ticks(self.low, self.high, whole=self.whole, most=most)
            if tick > 0 or not self.log
        ]


def _finite(values: ArrayLike, *, positive: bool) -> NDArray[np.float64]:
    found = np.ravel(np.asarray(values, dtype=np.float64))
    found = found[np.isfinite(found)]
    return found[found > 0] if positive else found


def log_ticks(low: float, high: float, *, most: int = _MOST) -> list[float]:
    """Return 1, 2, 5 × 10ⁿ in ``low`` … ``high``, only 10ⁿ where those would be too many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1, 2, 5), (1,)):
        ticks = [s * 10.0**d for d in decades for s in steps if low * 0.999 <= s * 10.0**d <= high * 1.001]
        if len(ticks) <= most:
            break
    return ticks[:: math.ceil(len(ticks) / most) or 1]


def round_ticks(low: float, high: float, *, whole: bool = True, most: int = _MOST) -> list[float]:
    """Return multiples of a round number in ``low`` … ``high``; whole ones, if asked for, where there is room."""
    if high <= low:
        return [low]
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * s for s in (1, 2, 2.5, 5, 10) if size * s >= rough * 0.999)
    if whole and high - low >= 1:
        step = math.ceil(step)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def tick_words(value: float, unit: str = "") -> str:
    """Return what stands beside a tick: shares in ``%``, joules and other units with a prefix, numbers as they are.

    A number is plain from 0.001 to 99 999, else a power of ten.
    """
    if unit == "%":
        return percent_words(value)
    if unit:
        return prefixed(value, unit)
    if value == 0 or 1e-3 <= abs(value) * 1.0000001 < 1e5:
        return f"{value:.6g}".replace("-", "−")
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    digits = f"{value / 10.0**exponent:.3g}".replace("-", "−")
    power = "10" + str(exponent).translate(_RAISED)
    return power if digits == "1" else f"{digits}·{power}"


def percent_words(y: float) -> str:
    """Return a share in percent without needless zeros."""
    return f"{100 * y:.6g} %".replace("-", "−")


def are_whole(values: Iterable[float]) -> bool:
    """Return whether all are whole numbers."""
    return all(float(value).is_integer() for value in values)
