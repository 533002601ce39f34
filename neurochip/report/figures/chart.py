"""What a chart shows: curves over two axes. How it is drawn is for `drawing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from neurochip.errors import ConfigError

__all__ = ["COLOURS", "Chart", "Curve", "Style"]

Style = Literal["line", "dashed", "dots", "steps", "ticks"]
Numbers = Sequence[float] | NDArray[Any]
STYLES = ("line", "dashed", "dots", "steps", "ticks")
COLOURS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One curve.

    Attributes
    ----------
    name
        For the legend; an empty name stays out of it.
    x, y
        Points; one whose y is not finite is left out.
    colour
        Number of the palette, 0 to 9.
    style
        ``line``, ``dashed``, ``dots``, ``steps`` (a value holds until the next), or ``ticks``: a short upright stroke
        at each point, for spikes.
    low, high
        Edges of a band around it.
    """

    name: str
    x: Numbers
    y: Numbers
    colour: int = 0
    style: Style = "line"
    low: Numbers = ()
    high: Numbers = ()

    def __post_init__(self) -> None:
        """Check lengths, colour and style."""
        if len(self.x) != len(self.y):
            raise ConfigError(f"curve {self.name!r}", f"has {len(self.x)} x but {len(self.y)} y")
        if len(self.low) != len(self.high) or len(self.low) not in (0, len(self.x)):
            raise ConfigError(f"curve {self.name!r}", "its band must have an edge for each point")
        if not 0 <= self.colour < COLOURS:
            raise ConfigError(f"curve {self.name!r}", f"colour must be 0 to {COLOURS - 1}, got {self.colour}")
        if self.style not in STYLES:
            raise ConfigError(f"curve {self.name!r}", f"style must be one of {', '.join(STYLES)}")


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Curves over two axes.

    Attributes
    ----------
    title, x_label, y_label
        Words; the labels say the unit.
    curves
        Drawn in this order.
    log_x, log_y
        Whether an axis is logarithmic; values ≤ 0 then lie on its edge.
    x_range, y_range
        Ends of the axes; `None` takes them from the curves.
    marks
        (x, word) of dashed upright lines.
    levels
        (y, word) of dashed level lines.
    caption
        A sentence below it on a page.
    """

    title: str
    x_label: str
    y_label: str
    curves: Sequence[Curve]
    log_x: bool = False
    log_y: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    marks: Sequence[tuple[float, str]] = ()
    levels: Sequence[tuple[float, str]] = ()
    caption: str = ""
