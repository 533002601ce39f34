"""Where the ticks of an axis stand, and what is written beside them."""

from __future__ import annotations

import math

from neurochip.report.markup import Content, join, tag

__all__ = ["log_ticks", "log_words", "percent_words", "round_ticks"]

_MOST = 8


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5 × 10ⁿ in ``low`` … ``high``, only 10ⁿ where those would be too many."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks: list[float] = []
    for steps in ((1, 2, 5), (1,)):
        ticks = [s * 10.0**d for d in decades for s in steps if low * 0.999 <= s * 10.0**d <= high * 1.001]
        if len(ticks) <= _MOST:
            break
    return ticks[:: math.ceil(len(ticks) / _MOST) or 1]


def round_ticks(low: float, high: float, *, whole: bool = True) -> list[float]:
    """Return multiples of a round number in ``low`` … ``high``; whole ones, if asked for, where there is room."""
    if high <= low:
        return [low]
    rough = (high - low) / _MOST
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * s for s in (1, 2, 2.5, 5, 10) if size * s >= rough * 0.999)
    if whole and high - low >= 1:
        step = math.ceil(step)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]


def log_words(y: float) -> Content:
    """Return 0.001 … 1000 as it is, anything else as a power of ten."""
    exponent = math.floor(math.log10(y) + 1e-9)
    if -3 <= exponent <= 3:
        return f"{y:g}"
    digit = round(y / 10.0**exponent)
    return join(["" if digit == 1 else f"{digit} · ", "10", tag("sup", str(exponent))])


def percent_words(y: float) -> str:
    """Return a share in percent without needless zeros."""
    return f"{100 * y:.6g} %"
