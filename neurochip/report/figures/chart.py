"""What a chart shows: curves over two axes. How it is drawn is for `drawing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurochip.errors import ConfigError
from neurochip.report.axes import Axis, are_whole

__all__ = ["COLOURS", "Chart", "Curve", "Style"]

Style = Literal["line", "dashed", "dots", "steps", "ticks"]
Numbers = Sequence[float] | NDArray[np.number]
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
    dots
        Whether a line has a dot at each point as well.
    titles
        What each point says when it is pointed at, on a page.
    faint
        Whether it only stands behind the others.
    """

    name: str
    x: Numbers
    y: Numbers
    colour: int = 0
    style: Style = "line"
    low: Numbers = ()
    high: Numbers = ()
    dots: bool = False
    titles: Sequence[str] = ()
    faint: bool = False

    def __post_init__(self) -> None:
        """Check lengths, colour and style."""
        if len(self.x) != len(self.y):
            raise ConfigError(f"curve {self.name!r}", f"has {len(self.x)} x but {len(self.y)} y")
        if len(self.low) != len(self.high) or len(self.low) not in (0, len(self.x)):
            raise ConfigError(f"curve {self.name!r}", "its band must have an edge for each point")
        if len(self.titles) not in (0, len(self.x)):
            raise ConfigError(f"curve {self.name!r}", "must have a title for each point, or none")
        if not 0 <= self.colour < COLOURS:
            raise ConfigError(f"curve {self.name!r}", f"colour must be 0 to {COLOURS - 1}, got {self.colour}")
        if self.style not in STYLES:
            raise ConfigError(f"curve {self.name!r}", f"style must be one of {', '.join(STYLES)}")

    @classmethod
    def through(
        cls,
        name: str,
        points: Sequence[tuple[float, float]],
        colour: int,
        *,
        x_label: str,
        words: Callable[[float], str],
        band: Sequence[tuple[float, float]] = (),
    ) -> Curve:
        """Return a line with a dot at each point (x, y), which says its value in ``words`` when pointed at."""
        titles = [f"{name}, {x_label} {x:g}: {words(y)}" for x, y in points]
        xs, ys = ([point[k] for point in points] for k in (0, 1))
        low, high = ([edge[k] for edge in band] for k in (0, 1))
        return cls(name, xs, ys, colour, low=low, high=high, dots=True, titles=titles)

    def known(self) -> NDArray[np.float64]:
        """Return f64[point, 2] of the points that are finite."""
        points = np.column_stack([np.asarray(self.x, np.float64), np.asarray(self.y, np.float64)])
        return points[np.isfinite(points).all(axis=1)]


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
    x_unit, y_unit
        What ticks are written in: ``%`` of a share, a unit that takes a prefix (``J``, ``s``, ``bit``), or nothing.
    x_names
        (x, word) of values that have names, or of the only ones there are; they stand under the axis in place of
        round numbers.
    x_room
        Share of the width left free at either end.
    about
        What it shows, for those who cannot see it; `None` says which quantities.
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
    x_unit: str = ""
    y_unit: str = ""
    x_names: Sequence[tuple[float, str]] = ()
    x_room: float = 0.0
    about: str | None = None

    def axes(self) -> tuple[Axis, Axis]:
        """Return both axes, from their ranges or around the curves."""
        xs, ys, edges, levels = (np.zeros(0) for _ in range(4))
        if self.curves:
            xs = np.concatenate([np.asarray(c.x, np.float64) for c in self.curves])
            ys = np.concatenate([np.asarray(c.y, np.float64) for c in self.curves])
            edges = np.concatenate([np.asarray(e, np.float64) for c in self.curves for e in (c.low, c.high)])
        if self.levels:
            levels = np.array([y for y, _ in self.levels], np.float64)
        named = np.array([x for x, _ in self.x_names], np.float64)
        if self.x_range is not None:
            across = Axis(*self.x_range, self.log_x)
        else:
            whole = not self.log_x and xs.size > 0 and are_whole(xs[np.isfinite(xs)])
            across = Axis.around(np.append(xs, named), log=self.log_x, room=self.x_room, whole=whole)
        if self.y_range is not None:
            return across, Axis(*self.y_range, self.log_y)
        along = Axis.around(np.append(ys, levels), log=self.log_y, room=0.05, edges=edges)
        if self.log_y and self.y_unit == "%" and along.low < 1 < along.high and not (ys > 1).any():
            along = Axis(along.low, 1.0, True)  # no share is above 1
        return across, along

    @property
    def words(self) -> str:
        """What it shows, in words."""
        return (
            self.about if self.about is not None else f"{self.title}: {self.y_label} against {self.x_label}"
        )
