"""Charts of HTML and inline SVG: they take the page's colours and width, and text in them stays text.

Lines are drawn in a stretched SVG; ticks and dots stand over it in HTML, so that type keeps its size on a
telephone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neurochip.report.axes import log_ticks, log_words, percent_words, round_ticks
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import decimal, quantity

__all__ = ["Bar", "Line", "bars", "line_plot", "log_bars", "stacked_bar"]

_BOX = 1000  # side of the SVG's own square, stretched to the plot


@dataclass(frozen=True, slots=True)
class Line:
    """One curve in colour number ``colour``: points (x, y), and a band of (x, lower, upper)."""

    name: str
    points: Sequence[tuple[float, float]]
    colour: int
    dots: bool = False
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar with what stands left and right of it."""

    label: Content
    value: float
    shown: Content
    aside: Content = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Data → shares of the plot's width and height; y is logarithmic."""

    left: float
    right: float
    low: float
    high: float

    @classmethod
    def around(cls, lines: Sequence[Line], *, percent: bool) -> _Scale:
        xs = [x for line in lines for x, _ in line.points] or [0.0]
        ys = [y for line in lines for _, y in line.points if y > 0] or [1.0]
        low = high = min(ys)
        # A lower edge may come close to 0; it must not stretch the axis over many decades.
        edges = [edge for line in lines for band in line.band for edge in band[1:] if edge > low / 2]
        low, high = min([low, *edges]) / 10**0.05, max([*ys, *edges]) * 10**0.05
        if high / low < 4:
            low, high = low / 2, high * 2
        if percent:
            high = min(high, 1.0)
            low = min(low, high / 2)
        return cls(min(xs), max(xs), low, high)

    def x(self, x: float) -> float:
        return (x - self.left) / ((self.right - self.left) or 1.0)

    def y(self, y: float) -> float:
        share = math.log10(max(y, self.low) / self.low) / math.log10(self.high / self.low)
        return min(1.0, max(0.0, share))

    def path(self, points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{_BOX * self.x(x):.1f},{_BOX * (1 - self.y(y)):.1f}" for x, y in points)


def line_plot(
    lines: Sequence[Line],
    *,
    x_label: str,
    percent: bool = False,
    marks: Sequence[tuple[float, str]] = (),
    about: str,
) -> Markup:
    """Return curves over a logarithmic y axis; a value of 0 lies on its floor.

    Parameters
    ----------
    percent
        Whether y is a share, to be written in percent.
    marks
        (x, word) of vertical lines.
    about
        What the chart shows, for those who cannot see it.
    """
    lines = [line for line in lines if line.points]
    scale = _Scale.around(lines, percent=percent)
    ticks = log_ticks(scale.low, scale.high)
    legend = [tag("span", tag("i", class_=f"b{line.colour}"), line.name) for line in lines]
    y_labels = [
        tag("span", percent_words(y) if percent else log_words(y), style=f"bottom:{100 * scale.y(y):.2f}%")
        for y in ticks
    ]
    x_labels = [
        tag("span", f"{x:g}", style=f"left:{100 * scale.x(x):.2f}%")
        for x in round_ticks(scale.left, scale.right)
    ]
    words = [tag("span", word, class_="marked", style=f"left:{100 * scale.x(x):.2f}%") for x, word in marks]
    dots = [dot for line in lines if line.dots for dot in _dots(line, scale, x_label, percent=percent)]
    picture = tag(
        "svg",
        *_drawing(lines, scale, ticks, [x for x, _ in marks]),
        viewBox=f"0 0 {_BOX} {_BOX}",
        preserveAspectRatio="none",
        role="img",
        aria_label=about,
    )
    return tag(
        "div",
        tag("div", *legend, class_="legend"),
        tag(
            "div",
            tag("div", *y_labels, class_="ys"),
            tag("div", picture, *dots, *words, class_="area"),
            tag("div", *x_labels, class_="xs"),
            tag("div", x_label, class_="xname"),
            class_="plot",
        ),
    )


def _drawing(
    lines: Sequence[Line], scale: _Scale, ticks: Sequence[float], marks: Sequence[float]
) -> list[Markup]:
    drawn = []
    for y in ticks:
        level = round(_BOX * (1 - scale.y(y)), 1)
        drawn.append(tag("line", x1=0, x2=_BOX, y1=level, y2=level, class_="grid"))
    for x in marks:
        place = round(_BOX * scale.x(x), 1)
        drawn.append(tag("line", x1=place, x2=place, y1=0, y2=_BOX, class_="mark"))
    for line in lines:
        upper = [(x, high) for x, _, high in line.band]
        lower = [(x, low) for x, low, _ in reversed(line.band)]
        if upper:
            drawn.append(tag("polygon", points=scale.path([*upper, *lower]), class_=f"band f{line.colour}"))
    for line in lines:
        drawn.append(tag("polyline", points=scale.path(line.points), class_=f"curve s{line.colour}"))
    return drawn


def _dots(line: Line, scale: _Scale, x_label: str, *, percent: bool) -> list[Markup]:
    return [
        tag(
            "span",
            class_=f"dot b{line.colour}",
            style=f"left:{100 * scale.x(x):.2f}%;bottom:{100 * scale.y(y):.2f}%",
            title=f"{line.name}, {x_label} {x:g}: {f'{100 * y:.2f} %' if percent else decimal(y)}",
        )
        for x, y in line.points
    ]


def bars(rows: Iterable[tuple[Content, Markup, Content, Content]]) -> Markup:
    """Return rows of (name, bar, value, aside); on a narrow page the bar goes below the words."""
    return tag(
        "div",
        *(
            tag(
                "div",
                tag("div", name, class_="name"),
                bar,
                tag("div", value, class_="value"),
                tag("div", aside, class_="aside"),
                class_="row",
            )
            for name, bar, value, aside in rows
        ),
        class_="bars",
    )


def log_bars(rows: Sequence[Bar], *, unit: str, reference: float | None = None) -> Markup:
    """Return horizontal bars on one logarithmic scale with its axis, and a line at ``reference``."""
    values = [bar.value for bar in rows if bar.value > 0] or [1.0]
    low = 10.0 ** math.floor(math.log10(min(values)) - 0.5)
    high = max(values) * 1.15

    def share(value: float) -> float:
        return 100 * math.log10(max(value, low) / low) / math.log10(high / low)

    first, last = math.ceil(math.log10(low) + 1e-9), math.floor(math.log10(high))
    every = max(1, math.ceil((last - first + 1) / 5))
    decades = [10.0**exponent for exponent in range(first, last + 1, every)]
    grid = [tag("u", style=f"left:{share(value):.2f}%") for value in decades]
    line = None if not reference else tag("s", style=f"left:{share(reference):.2f}%")
    drawn = [
        (
            bar.label,
            tag(
                "div",
                tag("b", class_=bar.style, style=f"width:{share(bar.value):.2f}%"),
                *grid,
                line,
                class_="track",
            ),
            bar.shown,
            bar.aside,
        )
        for bar in rows
    ]
    axis = [tag("span", quantity(value, unit, 1), style=f"left:{share(value):.2f}%") for value in decades]
    return bars([*drawn, (None, tag("div", *axis, class_="axis"), None, None)])


def stacked_bar(parts: Sequence[tuple[str, float, int, str]], whole: float) -> Markup:
    """Return one bar of (name, value, colour, words) parts; ``whole`` fills the width."""
    return tag(
        "div",
        *(
            tag(
                "b",
                class_=f"b{colour}",
                style=f"width:{100 * value / whole:.3f}%",
                title=f"{name}: {words}",
            )
            for name, value, colour, words in parts
            if whole > 0 and value > 0
        ),
        class_="stack",
    )
