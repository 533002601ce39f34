"""A chart laid out: strokes, areas, dots and words in pixels, the same for a page and for a PNG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurochip.report.axes import log_ticks, round_ticks
from neurochip.report.figures.chart import Chart, Curve

__all__ = ["HEIGHT", "WIDTH", "Area", "Dots", "Drawing", "Stroke", "Words", "drawn"]

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
class _Axis:
    """Values → pixels."""

    low: float
    high: float
    log: bool
    start: float
    end: float

    def at(self, values: Points) -> Points:
        values = np.asarray(values, dtype=np.float64)
        if self.log:
            share = np.log10(np.maximum(values, self.low) / self.low) / math.log10(self.high / self.low)
        else:
            share = (values - self.low) / (self.high - self.low)
        return np.asarray(self.start + (self.end - self.start) * np.clip(share, 0, 1))

    def ticks(self) -> list[float]:
        return log_ticks(self.low, self.high) if self.log else round_ticks(self.low, self.high, whole=False)


def drawn(chart: Chart) -> Drawing:
    """Lay a chart out in 640 × 400 pixels."""
    rows = _legend_rows([curve for curve in chart.curves if curve.name])
    top = 34 + 19 * len(rows)
    xs = [np.asarray(curve.x, dtype=np.float64) for curve in chart.curves]
    ys = [
        np.concatenate([np.asarray(e, dtype=np.float64) for e in (c.y, c.low, c.high)]) for c in chart.curves
    ]
    ys.append(np.array([y for y, _ in chart.levels]))
    across = _axis(xs, chart.x_range, chart.log_x, (LEFT, WIDTH - RIGHT), room=0.0)
    along = _axis(ys, chart.y_range, chart.log_y, (HEIGHT - BOTTOM, top), room=0.05)
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


def _axis(
    values: Sequence[Points],
    given: tuple[float, float] | None,
    log: bool,
    ends: tuple[float, float],
    *,
    room: float,
) -> _Axis:
    if given is not None:
        return _Axis(*given, log, *ends)
    found = np.concatenate([np.ravel(v) for v in values]) if values else np.zeros(0)
    found = found[np.isfinite(found)]
    if log:
        found = found[found > 0]
    if not found.size:
        found = np.array([1.0])
    low, high = float(found.min()), float(found.max())
    if log:
        low, high = (low / 2, high * 2) if high / low < 1.5 else (low, high)
        edge = (high / low) ** room
        return _Axis(low / edge, high * edge, log, *ends)
    if high - low < 1e-12 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    edge = (high - low) * room
    return _Axis(low - edge, high + edge, log, *ends)


def _frame(across: _Axis, along: _Axis, chart: Chart) -> Iterable[Stroke | Words]:
    left, right, bottom, top = across.start, across.end, along.start, along.end
    for tick, y in zip(along.ticks(), along.at(np.array(along.ticks())), strict=True):
        yield Stroke(np.array([[left, y], [right, y]]), "line", 1)
        yield Words(left - 8, y + 4.5, _number(tick), "end", "soft")
    for tick, x in zip(across.ticks(), across.at(np.array(across.ticks())), strict=True):
        yield Stroke(np.array([[x, bottom], [x, bottom + 4]]), "soft", 1)
        yield Words(x, bottom + 18, _number(tick), "middle", "soft")
    yield Stroke(np.array([[left, top], [left, bottom], [right, bottom]]), "soft", 1)
    yield Words((left + right) / 2, HEIGHT - 12, chart.x_label, "middle", "soft")
    yield Words(16, (top + bottom) / 2, chart.y_label, "middle", "soft", upright=True)
    for value, word in chart.marks:
        x = float(across.at(np.array([value]))[0])
        yield Stroke(np.array([[x, top], [x, bottom]]), "soft", 1, dashed=True)
        yield Words(x + 5, top + 12, word, "start", "soft")
    for value, word in chart.levels:
        y = float(along.at(np.array([value]))[0])
        yield Stroke(np.array([[left, y], [right, y]]), "soft", 1, dashed=True)
        yield Words(right, y - 5, word, "end", "soft")


def _band(curve: Curve, across: _Axis, along: _Axis) -> Area:
    x = across.at(np.asarray(curve.x, dtype=np.float64))
    return Area(
        x, along.at(np.asarray(curve.low, float)), along.at(np.asarray(curve.high, float)), curve.colour
    )


def _curve(curve: Curve, across: _Axis, along: _Axis) -> Iterable[Stroke | Dots]:
    x, y = np.asarray(curve.x, dtype=np.float64), np.asarray(curve.y, dtype=np.float64)
    known = np.isfinite(x) & np.isfinite(y)
    points = np.column_stack([across.at(x[known]), along.at(y[known])])
    if curve.style == "dots":
        yield Dots(points, curve.colour, 3.0 if len(points) < 200 else 1.6)
    elif curve.style == "ticks":
        for x0, y0 in points:
            yield Stroke(np.array([[x0, y0 - 4], [x0, y0 + 4]]), curve.colour, 1.2)
    else:
        if curve.style == "steps" and len(points) > 1:
            points = np.repeat(points, 2, axis=0)
            points = np.column_stack([points[1:, 0], points[:-1, 1]])
        yield Stroke(points, curve.colour, 2.0, dashed=curve.style == "dashed")


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


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _number(value: float) -> str:
    """Return a tick's value: plain from 0.001 to 99 999, else as a power of ten."""
    if value == 0 or 1e-3 <= abs(value) * 1.0000001 < 1e5:
        return f"{value:.6g}".replace("-", "−")
    exponent = math.floor(math.log10(abs(value)) + 1e-9)
    digits = f"{value / 10.0**exponent:.3g}".replace("-", "−")
    power = "10" + str(exponent).translate(_RAISED)
    return power if digits == "1" else f"{digits}·{power}"
