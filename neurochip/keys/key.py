"""`Key`: what is known of a field besides its type, and the ranges that numbers may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from neurochip.keys.conditions import Condition
from neurochip.keys.ranges import MOST_COUNTED

__all__ = ["Alone", "Count", "Key", "Listed", "Natural", "Nonnegative", "Positive", "Seed", "Share"]

# A range is msgspec's: Meta(ge, gt, le, lt, multiple_of, pattern, min_length, max_length).
Positive = Annotated[float, Meta(gt=0)]
Nonnegative = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1, le=MOST_COUNTED)]
Natural = Annotated[int, Meta(ge=0, le=MOST_COUNTED)]
Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class Listed:
    """Marks a list: one value alone stands for a list of it, an `Alone`."""


class Alone(tuple[Any, ...]):
    """The list that one value alone stands for."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; of a section, it holds for every key in it.

    Attributes
    ----------
    about
        One sentence.
    unit
        Of its number, as it stands after one: ``µm``, ``ticks``.
    live_if
        When the key has an effect: a condition, or the key that has to be set. Given at another time, it is refused.
    imperfect
        Something wrong with a chip: nominally it is 0.
    per_die
        Drawn, or deciding what is drawn, once for each die.
    shapes
        Weights that were trained with one value do not fit another, or another task.
    training_only
        A network that has learned does not notice it.
    irrelevant
        It changes no result, only what a run is called and what is kept of it.
    task
        It says what is asked of the network: results with different values cannot be compared.
    """

    about: str
    unit: str = ""
    live_if: Condition | str | None = None
    imperfect: bool = False
    per_die: bool = False
    shapes: bool = False
    training_only: bool = False
    irrelevant: bool = False
    task: bool = False
