"""What a search may change: a key of a run, and the numbers or values that it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neurochip.description import RunSpec
from neurochip.description.chip_changes import PREFIX, present
from neurochip.description.varied import Range, VariedKey, parse_varied, parse_varied_keys
from neurochip.errors import ConfigError
from neurochip.keys.live import dead_key
from neurochip.keys.tree import value_at

__all__ = ["Choice", "Dimension", "Range", "present_value", "read_dimension", "read_dimensions"]

Value = float | int | str


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


def read_dimensions(texts: Sequence[str]) -> list[Dimension]:
    """Read several ``KEY=VALUES``; a key may come once."""
    return [_dimension(varied) for varied in parse_varied_keys(texts)]


def read_dimension(text: str) -> Dimension:
    """Read ``KEY=VALUES``: a range without a count is searched as it is, anything else is a choice.

    Raises
    ------
    ConfigError
        When the text has another form.
    """
    return _dimension(parse_varied(text))


def _dimension(varied: VariedKey) -> Dimension:
    first = varied.pieces[0]
    if len(varied.pieces) > 1 or not isinstance(first, Range) or first.count is not None:
        return Choice(varied.key, varied.listed())
    if first.low > first.high:
        raise ConfigError(
            f"--vary {first.key}", f"must go from a number to a larger one, got {first.low:g}:{first.high:g}"
        )
    return first


def present_value(run: RunSpec, dimension: Dimension) -> Value | None:
    """Return the value that a run has at the key of a dimension; `None` where that is outside it."""
    table = run.to_dict()
    found: object = None
    if dimension.key.startswith(PREFIX):
        found = present(run.specification, dimension.key.removeprefix(PREFIX))
    elif dead_key(RunSpec, table, dimension.key) is None:
        found = value_at(RunSpec, table, dimension.key)
    if not dimension.holds(found):
        return None
    return found if isinstance(found, int | float) and isinstance(dimension, Range) else str(found)
