"""A chart laid out: strokes, areas, dots and words in pixels, the same for a page and for a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.report.axes import Axis, tick_words
from neurochip.report.figures.chart import Chart, Curve

__all__ = ["HEIGHT", "WIDTH", "Area", "Dots", "Drawing", "Stroke", "Words", "drawn", "in_steps"]

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, BOTTOM = 82, 26, 52
LETTER = 0.56  # mean advance of a letter, in sizes
SMALL, LARGE = 13, 15

Points = NDArray[np.float64]
Colour = int | Literal["ink", "soft", "line"]


class Stroke(NamedTuple):
    """A line through f64[point, 2]."""

    points: Points
    colour: Colour
    width: float
    dashed: bool = False


class Area(NamedTuple):
    """The band between two edges over the same f64 x."""

    x: Points
    low: Points
    high: Points
    colour: Colour


class Dots(NamedTuple):
    """Discs at f64[point, 2]."""

    points: Points
    colour: Colour
    radius: float


class Words(NamedTuple):
    """Text on a baseline at (x, y); ``upright`` text reads from below."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"]
    colour: Colour
    size: float = SMALL
    upright: bool = False


class Drawing(NamedTuple):
    """Everything in the order in which it is drawn, y downwards."""

    width: int
    height: int
    parts: tuple[Stroke | Area | Dots | Words, ...]


@dataclass(frozen=True, slots=True)
class _Laid:
    """An axis between two pixels."""

    axis: Axis
    start: float
    end: float

    def at(self, values: ArrayLike) -> Points:
        return np.asarray(self.start + (self.end - self.start) * self.axis.share(values))


def drawn(chart: Chart) -> Drawing:
    """Lay a chart out in 640 × 400 pixels."""
    rows = _legend_rows([curve for curve in chart.curves if curve.name])
    top = 34 + 19 * len(rows)
    x_axis, y_axis = chart.axes()
    across = _Laid(x_axis, LEFT, WIDTH - RIGHT)
    along = _Laid(y_axis, HEIGHT - BOTTOM, top)
    parts: list[Stroke | Area | Dots | Words] = [Words(LEFT, 20, chart.title, "start", "ink", LARGE)]
    for number, row in enumerate(rows):
        parts += _legend(row, 39 + 19 * number)
    parts += _frame(across, along, chart)
    for curve in chart.curves:
        if len(curve.low):
            parts.append(_band(curve, across, along))
    for curve in chart.curves:
        parts += _curve(curve, across, along)
    return Drawing(WIDTH, HEIGHT, tuple(parts))


def _frame(across: _Laid, along: _Laid, chart: Chart) -> Iterable[Stroke | Words]:
    left, right, bottom, top = across.start, across.end, along.start, along.end
    for tick in along.axis.ticks():
        y = float(along.at(tick))
        yield Stroke(np.array([[left, y], [right, y]]), "line", 1)
        yield Words(left - 8, y + 4.5, tick_words(tick, chart.y_unit), "end", "soft")
    named = chart.x_names or [(tick, tick_words(tick, chart.x_unit)) for tick in across.axis.ticks()]
    for tick, word in named:
        x = float(across.at(tick))
        yield Stroke(np.array([[x, bottom], [x, bottom + 4]]), "soft", 1)
        yield Words(x, bottom + 18, word, "middle", "soft")
    yield Stroke(np.array([[left, top], [left, bottom], [right, bottom]]), "soft", 1)
    yield Words((left + right) / 2, HEIGHT - 12, chart.x_label, "middle", "soft")
    yield Words(16, (top + bottom) / 2, chart.y_label, "middle", "soft", upright=True)
    for value, word in chart.marks:
        x = float(across.at(value))
        yield Stroke(np.array([[x, top], [x, bottom]]), "soft", 1, dashed=True)
        yield Words(x + 5, top + 12, word, "start", "soft")
    for value, word in chart.levels:
        y = float(along.at(value))
        yield Stroke(np.array([[left, y], [right, y]]), "soft", 1, dashed=True)
        yield Words(right, y - 5, word, "end", "soft")


def _band(curve: Curve, across: _Laid, along: _Laid) -> Area:
    return Area(across.at(curve.x), along.at(curve.low), along.at(curve.high), curve.colour)


def _curve(curve: Curve, across: _Laid, along: _Laid) -> Iterable[Stroke | Dots]:
    points = curve.known()
    points = np.column_stack([across.at(points[:, 0]), along.at(points[:, 1])])
    colour: Colour = "line" if curve.faint else curve.colour
    if curve.style == "ticks":
        for x0, y0 in points:
            yield Stroke(np.array([[x0, y0 - 4], [x0, y0 + 4]]), colour, 1.2)
        return
    if curve.style != "dots":
        line = in_steps(points) if curve.style == "steps" else points
        yield Stroke(line, colour, 2.0, dashed=curve.style == "dashed")
    if curve.style == "dots" or curve.dots:
        yield Dots(points, colour, 3.0 if len(points) < 200 else 1.6)


def in_steps(points: Points) -> Points:
    """Return the corners of a curve whose values hold until the next: f64[point, 2]."""
    twice = np.repeat(points, 2, axis=0)
    return np.column_stack([twice[1:, 0], twice[:-1, 1]]) if len(points) > 1 else points


def _legend_rows(curves: Sequence[Curve]) -> list[list[Curve]]:
    rows: list[list[Curve]] = []
    used = float("inf")
    for curve in curves:
        needed = _entry_width(curve)
        if used + needed > WIDTH - LEFT - RIGHT:
            rows.append([])
            used = 0.0
        rows[-1].append(curve)
        used += needed
    return rows


def _entry_width(curve: Curve) -> float:
    return 44 + LETTER * SMALL * len(curve.name)


def _legend(row: Sequence[Curve], y: float) -> Iterable[Stroke | Dots | Words]:
    x = float(LEFT)
    for curve in row:
        if curve.style == "dots":
            yield Dots(np.array([[x + 10, y - 4.5]]), curve.colour, 3.5)
        elif curve.style == "ticks":
            yield Stroke(np.array([[x + 10, y - 9], [x + 10, y]]), curve.colour, 1.5)
        else:
            line = np.array([[x, y - 4.5], [x + 20, y - 4.5]])
            yield Stroke(line, curve.colour, 3, dashed=curve.style == "dashed")
        yield Words(x + 26, y, curve.name, "start", "soft")
        x += _entry_width(curve)
