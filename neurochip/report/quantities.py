"""Numbers as people read them: three digits and a prefix."""

from __future__ import annotations

import math

__all__ = ["decimal", "duration", "exact", "memory", "percent", "prefixed", "quantity", "ratio"]

_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SMALL = ((1e-3, "m"), (1e-6, "µ"), (1e-9, "n"), (1e-12, "p"), (1e-15, "f"), (1e-18, "a"))
_SMALL_UNITS = ("J", "s", "J·s")  # of anything else there is no thousandth


def decimal(value: float, digits: int = 3) -> str:
    """Return so many significant digits without an exponent, e.g. ``0.0312``, ``4.1``, ``312``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    behind = digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, behind)
    if rounded != 0:  # 9.996 has become 10.0: one digit less behind the point
        behind = digits - 1 - math.floor(math.log10(abs(rounded)))
    return f"{rounded:.{max(behind, 0)}f}"


def quantity(value: float, unit: str = "", digits: int = 3) -> str:
    """Return ``value`` with an SI prefix, e.g. ``15.3 Gbit``, ``1.27 mJ``; whole counts below 1000 stay whole."""
    if value == 0:
        return f"0 {unit}".rstrip()
    if unit in ("", "bit") and float(value).is_integer() and abs(value) < 1000:
        return f"{value:.0f} {unit}".rstrip()
    size, prefix = _prefix(value, unit, digits)
    return f"{decimal(value / size, digits)} {prefix}{unit}".rstrip()


def prefixed(value: float, unit: str) -> str:
    """Return a round value with an SI prefix and no needless zeros, e.g. ``20 kbit``."""
    size, prefix = _prefix(value, unit, 4) if value else (1.0, "")
    return f"{value / size:.4g} {prefix}{unit}".rstrip()


def _prefix(value: float, unit: str, digits: int) -> tuple[float, str]:
    """Return the largest prefix that leaves a number of at least 1, as far as so many digits show."""
    prefixes = (*_PREFIXES, *_SMALL) if unit in _SMALL_UNITS else _PREFIXES
    return next(
        ((size, prefix) for size, prefix in prefixes if abs(value) >= size * (1 - 5 * 10 ** -(digits + 1))),
        prefixes[-1],
    )


def exact(count: int) -> str:
    """Return an integer with thin spaces between thousands."""
    return f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def percent(share: float | None, digits: int = 2) -> str:
    """Return a share as percent, ``–`` when there is none, ``< 0.1 %`` rather than a rounded 0."""
    if share is None:
        return "–"
    least = 10.0**-digits
    return f"< {least:g} %" if 0 < 100 * share < least / 2 else f"{100 * share:z.{digits}f} %"


def ratio(value: float, reference: float) -> str:
    """Return how many times more or fewer, e.g. ``3.1× fewer``."""
    if value == 0 or reference == 0:
        return "–"
    factor = value / reference
    if 0.995 < factor < 1.005:
        return "the same"
    return f"{decimal(factor, 2)}× more" if factor > 1 else f"{decimal(1 / factor, 2)}× fewer"


def duration(seconds: float) -> str:
    """Return ``14.2 s``, ``3 min 05 s`` or ``2 h 11 min``."""
    if seconds < 59.95:
        return f"{decimal(seconds) if seconds < 1 else format(seconds, '.1f')} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


def memory(bits: int) -> str:
    """Return an amount of memory in bytes, e.g. ``388 KiB``."""
    if bits < 8 * 1024:
        return f"{decimal(bits / 8) if bits % 8 else bits // 8} B"
    size, prefix = (8 * 2**20, "Mi") if bits >= 8 * 2**20 else (8 * 2**10, "Ki")
    return f"{decimal(bits / size)} {prefix}B"
