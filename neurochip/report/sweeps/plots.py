"""Curves, bands and clouds of dots over the values of a key; percent upwards, from 0 or around it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neurochip.report.axes import log_ticks, round_ticks
from neurochip.report.markup import Markup, tag

__all__ = ["Cloud", "Curve", "Places", "chart"]

_BOX = 1000  # side of the SVG's own square, stretched to the plot
_MOST_WORDS = 12  # under the axis


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (x, share) joined by a line, with a band of (x, lower, upper), in colour number ``colour``."""

    name: str
    colour: int
    points: Sequence[tuple[float, float]]
    band: Sequence[tuple[float, float, float]] = ()


@dataclass(frozen=True, slots=True)
class Cloud:
    """Dots (x, share), each beside its value by a share of the distance to the next."""

    name: str
    colour: int
    dots: Sequence[tuple[float, float, float]]  # (x, aside, share)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the values of a key stand: in proportion, on a logarithmic axis, or one beside the other with words."""

    xs: tuple[float, ...]
    words: tuple[str, ...]
    name: str
    logarithmic: bool = False
    listed: bool = False
    margin: float = 0.04  # of the width, left and right of the outermost values

    def at(self, x: float) -> float:
        """Return a value's share of the width."""
        low, high = self._value(min(self.xs)), self._value(max(self.xs))
        share = (self._value(x) - low) / (high - low) if high > low else 0.5
        return self.margin + (1 - 2 * self.margin) * share

    def gap(self) -> float:
        """Return the smallest distance between neighbours, as a share of the width."""
        places = sorted(self.at(x) for x in self.xs)
        return min((b - a for a, b in zip(places, places[1:], strict=False)), default=0.5)

    def _value(self, x: float) -> float:
        return math.log10(x) if self.logarithmic else x

    def ticks(self) -> Iterable[tuple[float, str]]:
        """Yield (value, word): every value where there is room, round ones where there is not."""
        if len(self.xs) <= _MOST_WORDS or self.listed:
            yield from zip(self.xs, self.words, strict=True)
            return
        low, high = min(self.xs), max(self.xs)
        for x in log_ticks(low, high) if self.logarithmic else round_ticks(low, high):
            yield x, f"{x:g}"


def chart(
    curves: Sequence[Curve],
    places: Places,
    *,
    about: str,
    clouds: Sequence[Cloud] = (),
    levels: Sequence[tuple[float, str]] = (),
    lowest: float = 0.0,
    highest: float | None = None,
    percent: bool = True,
) -> Markup:
    """Return a chart of shares.

    Parameters
    ----------
    about
        What it shows, for those who cannot see it.
    levels
        (share, word) of dashed horizontal lines.
    lowest, highest
        Of the y axis; without ``highest`` as far as the data need, and a little more.
    percent
        Whether to write shares in percent.
    """
    ys = [y for curve in curves for _, y in curve.points]
    ys += [edge for curve in curves for _, *edges in curve.band for edge in edges]
    ys += [y for cloud in clouds for *_, y in cloud.dots] + [y for y, _ in levels]
    top = highest if highest is not None else (max(ys, default=1.0) * 1.06 or 1.0)
    span = top - lowest

    def height(y: float) -> float:
        return min(1.0, max(0.0, (y - lowest) / span))

    def path(points: Iterable[tuple[float, float]]) -> str:
        return " ".join(f"{_BOX * places.at(x):.1f},{_BOX * (1 - height(y)):.1f}" for x, y in points)

    unit = 100.0 if percent else 1000.0  # round numbers of percent, or of thousandths
    ticks = [tick / unit for tick in round_ticks(unit * lowest, unit * top)]
    drawn: list[Markup] = []
    for y in ticks:
        level = round(_BOX * (1 - height(y)), 1)
        drawn.append(tag("line", x1=0, x2=_BOX, y1=level, y2=level, class_="grid"))
    for y, _ in levels:
        level = round(_BOX * (1 - height(y)), 1)
        drawn.append(tag("line", x1=0, x2=_BOX, y1=level, y2=level, class_="mark"))
    for curve in curves:
        if curve.band:
            upper = [(x, high) for x, _, high in curve.band]
            lower = [(x, low) for x, low, _ in reversed(curve.band)]
            drawn.append(tag("polygon", points=path([*upper, *lower]), class_=f"band f{curve.colour}"))
    for curve in curves:
        drawn.append(tag("polyline", points=path(curve.points), class_=f"curve s{curve.colour}"))
    for cloud in clouds:
        # Strokes of no length with round ends: dots that stay round in a stretched picture, all in one path.
        moves = "".join(
            f"M{_BOX * (places.at(x) + aside * places.gap()):.1f} {_BOX * (1 - height(y)):.1f}h0"
            for x, aside, y in cloud.dots
        )
        drawn.append(tag("path", d=moves, class_=f"cloud s{cloud.colour}"))
    dots = [
        tag(
            "span",
            class_=f"dot b{curve.colour}",
            style=f"left:{100 * places.at(x):.2f}%;bottom:{100 * height(y):.2f}%",
            title=f"{curve.name}, {places.name} {x:g}: {f'{100 * y:.2f} %' if percent else f'{y:.3f}'}",
        )
        for curve in curves
        for x, y in curve.points
    ]
    words = [tag("span", word, class_="level", style=f"bottom:{100 * height(y):.2f}%") for y, word in levels]
    named = {curve.name: curve.colour for curve in curves} | {cloud.name: cloud.colour for cloud in clouds}
    legend = [tag("span", tag("i", class_=f"b{colour}"), name) for name, colour in named.items()]
    y_labels = [
        tag("span", f"{100 * y:.6g} %" if percent else f"{y:.6g}", style=f"bottom:{100 * height(y):.2f}%")
        for y in ticks
    ]
    x_labels = [tag("span", word, style=f"left:{100 * places.at(x):.2f}%") for x, word in places.ticks()]
    picture = tag(
        "svg",
        *drawn,
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
            tag("div", places.name, class_="xname"),
            class_="plot",
        ),
    )
