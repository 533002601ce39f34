"""What is asked and said before a sweep begins: how large it is, what a precision will cost, slips of the pen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from neurochip.errors import ConfigError
from neurochip.sweep.definition import Definition
from neurochip.sweep.dies import is_imperfection
from neurochip.sweep.precision import forecast

__all__ = ["ASK_FROM", "check_size", "first_words"]

ASK_FROM = 20_000  # points: more are begun only when asked for expressly
MOST_POINTS = 10_000_000  # all are planned before the first is measured
_PERCENT_FROM = 2.0  # a mismatch of more is most likely meant in percent


def check_size(definition: Definition, confirm: Callable[[int], bool] | None) -> None:
    """Refuse a sweep that is too large, or very large and not allowed by ``confirm``, told the number of points."""
    points = definition.points
    if points > MOST_POINTS:
        raise ConfigError(
            "--vary", f"makes {points} points, and a sweep has at most {MOST_POINTS}; vary less"
        )
    if points > ASK_FROM and (confirm is None or not confirm(points)):
        raise ConfigError(
            "--vary", f"makes {points} points, and more than {ASK_FROM} are begun only with --yes; vary less"
        )


def first_words(definition: Definition) -> Iterator[str]:
    """Say what a precision will cost, and what looks like a slip of the pen."""
    if definition.precision is not None:
        yield forecast(definition)
    for axis in definition.axes:
        largest = max(axis.numbers or (0.0,))
        if axis.key.startswith("analog.mismatch.") and is_imperfection(axis.key) and largest > _PERCENT_FROM:
            yield (
                f"--vary {axis.key}: goes up to {largest:g}, which is {100 * largest:g} %; it is a share, 0.5 for 50 %"
            )
