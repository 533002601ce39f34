"""A chart on a page: lines in a stretched SVG, words around it in HTML, so that type keeps its size on a telephone.

Everything is there without a script; with one (`templates/zoom.js`) the reader can zoom. The script reads the axes
from ``data-x`` and ``data-y`` and moves what has a place, ``--x`` or ``--y``: its share of an axis.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neurochip.report.axes import Axis, tick_words
from neurochip.report.figures.chart import Chart, Curve
from neurochip.report.figures.drawing import in_steps
from neurochip.report.markup import Content, Markup, tag

__all__ = ["axis_data", "axis_words", "fit", "fitting_ticks", "plot"]

_BOX = 1000  # side of the SVG's own square, stretched to the plot
_LETTERS, _BETWEEN = 40, 2  # room below a plot of a narrow page, and between two words, in letters
_MOST_NUMBERS, _POINT = 12_000, 12  # letters of all numbers of a chart, and of a point at the least
_STROKE = 14  # half the length of the strokes of style "ticks", in the box


def plot(chart: Chart, *, class_: str = "") -> Markup:
    """Return legend, plot and axes; title and caption are for the page to set."""
    across, along = chart.axes()
    at = _Places(across, along)
    curves = [curve for curve in chart.curves if len(curve.known())]
    named = [curve for curve in curves if curve.name]
    legend = [tag("span", tag("i", class_=_swatch(curve)), curve.name) for curve in named]
    picture = tag(
        "svg",
        tag("g", *(_level(at.y(tick), "grid") for tick in along.ticks()), class_="grid"),
        *(_level(at.y(y), "mark") for y, _ in chart.levels),
        *(_upright(at.x(x), "mark") for x, _ in chart.marks),
        *(_band(curve, at) for curve in curves if len(curve.low)),
        *(part for curve in curves for part in _curve(curve, at)),
        viewBox=f"0 0 {_BOX} {_BOX}",
        preserveAspectRatio="none",
        role="img",
        aria_label=chart.words,
    )
    words = [
        tag("span", word, class_="marked", style=f"--x:{across.share(x):.4f}")
        for x, word in chart.marks
        if word
    ]
    words += [
        tag("span", word, class_="level", style=f"--y:{along.share(y):.4f}")
        for y, word in chart.levels
        if word
    ]
    below = chart.x_names or fitting_ticks(across, chart.x_unit)
    slanted = " slanted" if not fit(word for _, word in below) else ""
    beside = [(tick, tick_words(tick, chart.y_unit)) for tick in along.ticks()]
    return tag(
        "div",
        tag("div", *legend, class_="legend") if legend else None,
        tag(
            "div",
            tag("div", chart.y_label, class_="yname") if chart.y_label else None,
            tag("div", *axis_words(along, beside, "y"), class_="ys"),
            tag("div", picture, *words, class_="area"),
            tag("div", *axis_words(across, below, "x"), class_=f"xs{slanted}"),
            tag("div", chart.x_label, class_="xname"),
            class_=f"plot {class_}".rstrip(),
            data_x=axis_data(across, chart.x_unit, named=bool(chart.x_names)),
            data_y=axis_data(along, chart.y_unit),
            data_numbers=_numbers(chart),
        ),
        class_="chart",
    )


def _numbers(chart: Chart) -> str | None:
    """Return the points of all curves as CSV, which the page hands over; `None` where they are too many for a page."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    bands = any(len(curve.low) for curve in chart.curves)
    write(["curve", chart.x_label or "x", chart.y_label or "y", *(["low", "high"] if bands else [])])
    for curve in chart.curves:
        if _POINT * len(curve.x) + text.tell() > _MOST_NUMBERS:
            return None
        columns = [curve.x, curve.y, *([curve.low, curve.high] if len(curve.low) else [])]
        missing = [""] * (2 * bands - len(columns) + 2)
        for values in zip(*columns, strict=True):
            write([curve.name, *(f"{float(value):.9g}" for value in values), *missing])
    return text.getvalue() if text.tell() <= _MOST_NUMBERS else None


def fit(words: Iterable[str]) -> bool:
    """Return whether words fit side by side under a plot on a telephone."""
    return sum(len(word) + _BETWEEN for word in words) <= _LETTERS


def fitting_ticks(axis: Axis, unit: str = "") -> list[tuple[float, str]]:
    """Return as many round values as there is room for under a plot on a telephone."""
    named: list[tuple[float, str]] = []
    for most in range(8, 1, -1):
        named = [(tick, tick_words(tick, unit)) for tick in axis.ticks(most)]
        if fit(word for _, word in named):
            break
    return named


def axis_data(axis: Axis, unit: str = "", *, named: bool = False) -> str:
    """Return what the script has to know of an axis; a ``named`` one keeps the words that it has."""
    about = {"low": axis.low, "high": axis.high, "log": axis.log, "whole": axis.whole, "unit": unit}
    return json.dumps({**about, "named": named}, ensure_ascii=False)


def axis_words(axis: Axis, ticks: Iterable[tuple[float, Content]], along: str) -> list[Markup]:
    """Return the words of an axis at their places; ``along`` is ``x`` or ``y``."""
    return [tag("span", word, style=f"--{along}:{axis.share(value):.4f}") for value, word in ticks]


class _Places:
    """Values → the SVG's box, y downwards."""

    def __init__(self, across: Axis, along: Axis) -> None:
        self.across, self.along = across, along

    def x(self, x: float) -> float:
        return round(_BOX * float(self.across.share(x)), 1)

    def y(self, y: float) -> float:
        return round(_BOX * (1 - float(self.along.share(y))), 1)

    def points(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
        return np.column_stack([_BOX * self.across.share(x), _BOX * (1 - self.along.share(y))])


def _swatch(curve: Curve) -> str:
    style = {"dots": "disc ", "ticks": "disc ", "dashed": "dashes "}.get(curve.style, "")
    return f"{style}b{curve.colour}"


def _level(y: float, style: str) -> Markup:
    return tag("line", x1=0, x2=_BOX, y1=y, y2=y, class_=style)


def _upright(x: float, style: str) -> Markup:
    return tag("line", x1=x, x2=x, y1=0, y2=_BOX, class_=style)


def _written(points: NDArray[np.float64]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _band(curve: Curve, at: _Places) -> Markup:
    low, high = np.asarray(curve.low, np.float64), np.asarray(curve.high, np.float64)
    known = np.isfinite(low) & np.isfinite(high)
    x = np.asarray(curve.x, np.float64)[known]
    edge = np.concatenate([at.points(x, high[known]), at.points(x, low[known])[::-1]])
    return tag("polygon", points=_written(edge), class_=f"band f{curve.colour}")


def _curve(curve: Curve, at: _Places) -> Iterable[Markup]:
    known = curve.known()
    points = at.points(known[:, 0], known[:, 1])
    colour = f"s{curve.colour}{' faint' if curve.faint else ''}"
    if curve.style == "ticks":
        path = "".join(f"M{x:.1f},{y - _STROKE:.1f}v{2 * _STROKE}" for x, y in points)
        yield tag("path", d=path, class_=f"curve thin {colour}")
        return
    if curve.style != "dots":
        line = in_steps(points) if curve.style == "steps" else points
        style = "curve dashed" if curve.style == "dashed" else "curve"
        yield tag("polyline", points=_written(line), class_=f"{style} {colour}")
    if curve.style == "dots" or curve.dots:
        yield from _dots(curve, points, colour)


def _dots(curve: Curve, points: NDArray[np.float64], colour: str) -> Iterable[Markup]:
    """Return dots as strokes of no length with round ends, which a stretched picture leaves round."""
    places = [f"M{x:.1f},{y:.1f}h0" for x, y in points]
    small = " small" if len(places) > 60 else ""
    if curve.style != "dots":
        yield tag("path", d="".join(places), class_="halo")
    if not curve.titles:
        yield tag("path", d="".join(places), class_=f"dot{small} {colour}")
        return
    x, y = np.asarray(curve.x, np.float64), np.asarray(curve.y, np.float64)
    titles = [
        title for title, known in zip(curve.titles, np.isfinite(x) & np.isfinite(y), strict=True) if known
    ]
    for place, title in zip(places, titles, strict=True):
        yield tag("path", tag("title", title), d=place, class_=f"dot{small} {colour}")
