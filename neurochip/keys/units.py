"""Quantities with units, ``"35.5 pJ"`` or ``"128 KiB"``, → SI numbers; bits stay exact integers."""

from __future__ import annotations

import difflib
import re
from fractions import Fraction

from neurochip.errors import ConfigError

__all__ = ["DIMENSIONS", "format_quantity", "parse_bits", "parse_quantity"]

# Dimension → (article and name for messages, an example, its base units and the SI symbol they make).
DIMENSIONS: dict[str, tuple[str, str, str]] = {
    "energy": ("an energy", "35.5 pJ", "J"),
    "energy per bit": ("an energy per bit", "26 fJ/bit", "J/bit"),
    "time": ("a time", "4 ns", "s"),
    "frequency": ("a frequency", "500 MHz", "Hz"),
    "voltage": ("a voltage", "0.9 V", "V"),
    "current": ("a current", "10 nA", "A"),
    "power": ("a power", "0.8 mW", "W"),
    "length": ("a length", "45 nm", "m"),
    "capacitance": ("a capacitance", "10 fF", "F"),
    "resistance": ("a resistance", "1 MOhm", "Ohm"),
    "conductance": ("a conductance", "1 uS", "S"),
    "area": ("an area", "50 um2", "m2"),
    "memory": ("an amount of memory", "128 KiB", "bit"),
}

_PREFIXES = {
    "a": Fraction(1, 10**18),
    "f": Fraction(1, 10**15),
    "p": Fraction(1, 10**12),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 10**3),
    "": Fraction(1),
    "k": Fraction(10**3),
    "M": Fraction(10**6),
    "G": Fraction(10**9),
    "T": Fraction(10**12),
}
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


def _units() -> dict[str, tuple[str, Fraction]]:
    """Every unit that can be written → its dimension and its size in the SI unit of that dimension."""
    units: dict[str, tuple[str, Fraction]] = {}
    for dimension, (_, _, symbol) in DIMENSIONS.items():
        if dimension == "memory":
            continue
        for prefix, size in _PREFIXES.items():
            units[prefix + symbol] = (dimension, size**2 if dimension == "area" else size)
    for symbol, bits in (("bit", 1), ("B", 8)):
        for prefix in ("", "k", "M", "G"):
            units[prefix + symbol] = ("memory", _PREFIXES[prefix] * bits)
        for prefix, factor in _BINARY.items():
            units[prefix + symbol] = ("memory", Fraction(factor * bits))
    units["bits"] = units["bit"]
    return units


_UNITS = _units()
_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
# One exponent may need thousands of digits as an exact fraction; nothing physical does.
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*(\S.*?)?\s*")
_LONGEST = 60


def _exact(value: object, dimension: str, place: str) -> Fraction:
    """Return the exact value in SI units, or refuse with what was expected."""
    expected, example, _ = DIMENSIONS[dimension]
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ConfigError(place, f'has no unit: write {expected} such as "{example}", got {value}')
    if not isinstance(value, str):
        raise ConfigError(place, f'expected {expected} such as "{example}", got {value!r}')
    match = _QUANTITY.fullmatch(value)
    if match is None or len(value) > _LONGEST:
        raise ConfigError(place, f'expected {expected} such as "{example}", got "{value}"')
    number, unit = match.groups()
    if not unit:
        raise ConfigError(place, f'has no unit: write {expected} such as "{example}", got "{value}"')
    spelled = unit.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    spelled = spelled.replace("\N{OHM SIGN}", "Ohm").replace("\N{GREEK CAPITAL LETTER OMEGA}", "Ohm")
    if spelled not in _UNITS:
        rightful = [name for name, (kind, _) in _UNITS.items() if kind == dimension]
        close = difflib.get_close_matches(spelled, rightful, n=1, cutoff=0.5)
        hint = f'; did you mean "{close[0]}"?' if close else f'; write {expected} such as "{example}"'
        raise ConfigError(place, f'unknown unit "{unit}" in "{value}"{hint}')
    found, size = _UNITS[spelled]
    if found != dimension:
        raise ConfigError(
            place, f'expected {expected} such as "{example}", got "{value}", which is {DIMENSIONS[found][0]}'
        )
    exponent = re.search(r"[eE]([+-]?\d+)$", number)
    if exponent is not None and abs(int(exponent.group(1))) > 99:
        raise ConfigError(place, f'is out of range, got "{value}"')
    return Fraction(number) * size


def parse_quantity(value: object, dimension: str, place: str) -> float:
    """Return ``value``, e.g. ``"35.5 pJ"``, in SI units, correctly rounded.

    Parameters
    ----------
    value
        What the file says: a string of number and unit. Anything else is refused.
    dimension
        A key of `DIMENSIONS`.
    place
        Where the value stands, for the error.
    """
    return float(_exact(value, dimension, place))


def parse_bits(value: object, place: str) -> int:
    """Return an amount of memory, e.g. ``"128 KiB"``, as an exact number of bits."""
    bits = _exact(value, "memory", place)
    if bits.denominator != 1:
        raise ConfigError(place, f'must be a whole number of bits, got "{value}"')
    return int(bits)


def format_quantity(value: float, dimension: str) -> str:
    """Return an SI value with the prefix that leaves 1 to 999 before the point, e.g. ``23.6 pJ``."""
    symbol = DIMENSIONS[dimension][2]
    if value == 0:
        return f"0 {symbol}"
    power = 2 if dimension == "area" else 1  # km2 are square kilometres
    ordered = sorted(((prefix, size**power) for prefix, size in _PREFIXES.items()), key=lambda item: item[1])
    # A hair below 1, so that 1e-12 × 1e12 counts as 1 pJ and not as 1000 fJ.
    fitting = [item for item in ordered if abs(value) / float(item[1]) >= 1 - 1e-9] or ordered[:1]
    prefix, size = fitting[-1]
    return f"{value / float(size):.4g} {prefix}{symbol}"
