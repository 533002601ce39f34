"""What a row of the benchmark table is, and what is measured for it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

from neurochip.errors import ConfigError

__all__ = [
    "Effort",
    "Family",
    "Figure",
    "Form",
    "Missing",
    "Row",
    "Spread",
    "spread",
    "within_rounds",
]

T = TypeVar("T")

# The size of a benchmark: `tiny` proves that it works and measures nothing worth reading.
Form = Literal["tiny", "quick", "full"]


class Spread(NamedTuple):
    """Median and ends of what the rounds gave."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return median, least and most of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def within_rounds(above: Sequence[float], below: Sequence[float]) -> tuple[float, ...]:
    """Return above / below, round by round: the machine's own speed changes from one round to the next."""
    return tuple(a / b for a, b in zip(above, below, strict=True))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes
    ----------
    name
        As it is asked for: ``neurochip bench NAME``.
    about
        What is measured.
    unit
        Of the value.
    against
        What the ratio is to; without one the row has a value only.
    form
        The smallest form that holds it: ``quick``, ``full``, or ``named``, which is measured only when it is named.
    """

    name: str
    about: str
    unit: str
    against: str = ""
    form: Literal["quick", "full", "named"] = "quick"


class Figure(NamedTuple):
    """What was measured for a row.

    Attributes
    ----------
    row
        Its name.
    values
        One per round, in the row's unit.
    ratios
        One per round, to what the row names; empty where it names nothing.
    note
        What has to stand beside the numbers.
    extra
        Numbers behind it.
    """

    row: str
    values: tuple[float, ...]
    ratios: tuple[float, ...] = ()
    note: str = ""
    extra: Mapping[str, float | str] = {}


class Missing(NamedTuple):
    """A row that was not measured, and why."""

    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is to be measured.

    Attributes
    ----------
    form
        ``quick`` takes about two minutes on two cores, ``full`` takes its time.
    rounds
        How often variants are timed in turn; `None` leaves it to the family.
    pythons
        Tool → Python of the environment that it is installed in.
    """

    form: Form = "full"
    rounds: int | None = None
    pythons: Mapping[str, str] = field(default_factory=dict)

    def pick(self, tiny: T, quick: T, full: T) -> T:
        """Return what belongs to the form."""
        return {"tiny": tiny, "quick": quick, "full": full}[self.form]

    def times(self, quick: int, full: int) -> int:
        """Return the number of rounds."""
        return self.rounds if self.rounds is not None else self.pick(2, quick, full)


Measure = Callable[[Effort, frozenset[str]], Iterator[Figure | Missing]]


@dataclass(frozen=True, slots=True)
class Family:
    """Rows that are measured together, in turn.

    Attributes
    ----------
    name
        As it is asked for; it stands for all its rows.
    about
        The load that its rows share.
    rows
        In the order of the table.
    measure
        Measures the rows that are wanted: effort and their names → figures, in any order.
    """

    name: str
    about: str
    rows: tuple[Row, ...]
    measure: Measure = field(repr=False)

    def __post_init__(self) -> None:
        """Check that rows can be told apart."""
        names = [row.name for row in self.rows]
        if not names or len(set(names)) != len(names):
            raise ConfigError(self.name, "needs at least one row, each with a name of its own")


def sound(figure: Figure) -> bool:
    """Whether all numbers of a figure are finite and positive, as times, speeds and sizes are."""
    numbers = [*figure.values, *figure.ratios]
    return bool(figure.values) and all(math.isfinite(number) and number > 0 for number in numbers)
