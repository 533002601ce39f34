"""Points of two quantities, with the line through those that matter."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from neurochip.report.axes import log_ticks, round_ticks
from neurochip.report.markup import Content, Markup, tag

__all__ = ["Axis", "Point", "scatter_plot"]

_BOX = 1000


@dataclass(frozen=True, slots=True)
class Axis:
    """A quantity: what it is called, how its values are written, whether its scale is logarithmic."""

    name: str
    words: Callable[[float], Content]
    log: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One point; ``title`` is shown when it is pointed at."""

    x: float
    y: float
    colour: int = 0
    title: str = ""
    faint: bool = False


class _Scale:
    """Values → shares of a length, with a margin."""

    def __init__(self, values: Sequence[float], *, log: bool) -> None:
        low, high = min(values), max(values)
        self.log = log and low > 0
        if self.log:
            low, high = math.log10(low), math.log10(high)
        margin = 0.05 * (high - low) or (0.1 if self.log else abs(high) * 0.1 or 1.0)
        self.low, self.high = low - margin, high + margin

    def share(self, value: float) -> float:
        at = math.log10(value) if self.log else value
        return (at - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        if not self.log:
            return round_ticks(self.low, self.high)
        ticks = log_ticks(10**self.low, 10**self.high)
        if len(ticks) >= 2:
            return ticks
        return [tick for tick in round_ticks(10**self.low, 10**self.high) if tick > 0]


def scatter_plot(
    points: Sequence[Point], x: Axis, y: Axis, *, line: Sequence[tuple[float, float]] = (), about: str
) -> Markup:
    """Return a plot of at least one point; ``line`` joins (x, y) of the same quantities."""
    across = _Scale([p.x for p in points], log=x.log)
    up = _Scale([p.y for p in points], log=y.log)
    grid = [
        tag("line", x1=0, x2=_BOX, y1=level, y2=level, class_="grid")
        for level in (round(_BOX * (1 - up.share(value)), 1) for value in up.ticks())
    ]
    path = " ".join(f"{_BOX * across.share(a):.1f},{_BOX * (1 - up.share(b)):.1f}" for a, b in line)
    drawn = [*grid, tag("polyline", points=path, class_="curve s0")] if path else grid
    picture = tag(
        "svg",
        *drawn,
        viewBox=f"0 0 {_BOX} {_BOX}",
        preserveAspectRatio="none",
        role="img",
        aria_label=about,
    )
    dots = [
        tag(
            "span",
            class_=f"dot b{point.colour}{' faint' if point.faint else ''}",
            style=f"left:{100 * across.share(point.x):.2f}%;bottom:{100 * up.share(point.y):.2f}%",
            title=point.title or None,
        )
        for point in sorted(points, key=lambda point: not point.faint)
    ]
    ys = [tag("span", y.words(value), style=f"bottom:{100 * up.share(value):.2f}%") for value in up.ticks()]
    xs = [
        tag("span", x.words(value), style=f"left:{100 * across.share(value):.2f}%")
        for value in across.ticks()
    ]
    return tag(
        "div",
        tag("div", y.name, class_="yname"),
        tag("div", *ys, class_="ys"),
        tag("div", picture, *dots, class_="area"),
        tag("div", *xs, class_="xs"),
        tag("div", x.name, class_="xname"),
        class_="plot scatter",
    )
