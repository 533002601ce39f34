"""What a search may change: a key of a run, and the values that it may take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from neurochip.description import RunSpec
from neurochip.errors import ConfigError

__all__ = ["Choice", "Dimension", "Range", "present_value", "read_dimension"]

Value = float | int | str


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from ``low`` to ``high``, both included.

    Attributes
    ----------
    key
        Path in the run, e.g. ``coding.annealer.nu_bar``.
    log
        Whether a decade counts as much as any other, rather than a unit.
    whole
        Whether only whole numbers are taken.
    """

    key: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        """Check the ends."""
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ConfigError(
                f"--vary {self.key}",
                f"must go from a number to a larger one, got {self.low:g}:{self.high:g}",
            )
        if self.log and not self.low > 0:
            raise ConfigError(
                f"--vary {self.key}", f"is logarithmic and must begin above 0, got {self.low:g}"
            )
        if self.whole and (self.low % 1 or self.high % 1):
            raise ConfigError(
                f"--vary {self.key}", f"must begin and end at whole numbers, got {self.low:g}:{self.high:g}"
            )

    def words(self) -> str:
        """Return the range as it is written."""
        marks = "".join(f":{name}" for name in ("log",) if self.log) + (":int" if self.whole else "")
        return f"{self.key}={self.low!r}:{self.high!r}{marks}"

    def holds(self, value: object) -> bool:
        """Whether a value of a run lies in the range."""
        return isinstance(value, int | float) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values, as they are written in a run."""

    key: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check that there is a choice."""
        if len(set(self.values)) < 2 or len(set(self.values)) != len(self.values):
            raise ConfigError(
                f"--vary {self.key}", f"must name two or more different values, got {','.join(self.values)}"
            )

    def words(self) -> str:
        """Return the choice as it is written."""
        return f"{self.key}={','.join(self.values)}"

    def holds(self, value: object) -> bool:
        """Whether a value of a run is one of these."""
        return str(value) in self.values


Dimension = Range | Choice


def read_dimension(text: str) -> Dimension:
    """Read ``key=low:high``, with ``:log`` and ``:int`` behind it, or ``key=a,b,c``.

    Raises
    ------
    ConfigError
        When the text has another form.
    """
    key, equals, rest = text.partition("=")
    key, rest = key.strip(), rest.strip()
    form = "must have the form key=low:high, key=low:high:log, key=low:high:int, or key=a,b,c"
    if not equals or not key or not rest:
        raise ConfigError(f"--vary {text}", form)
    if ":" not in rest:
        return Choice(key, tuple(value.strip() for value in rest.split(",")))
    low, high, *marks = rest.split(":")
    if not set(marks) <= {"log", "int"} or len(set(marks)) != len(marks):
        raise ConfigError(f"--vary {text}", form)
    try:
        ends = float(low), float(high)
    except ValueError:
        raise ConfigError(f"--vary {text}", form) from None
    return Range(key, *ends, log="log" in marks, whole="int" in marks)


def present_value(run: RunSpec, dimension: Dimension) -> Value | None:
    """Return the value that a run has at the key of a dimension; `None` where that is outside it."""
    found: object = run.to_dict()
    for part in dimension.key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    if not dimension.holds(found):
        return None
    return found if isinstance(found, int | float) and isinstance(dimension, Range) else str(found)
