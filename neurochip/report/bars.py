"""Horizontal bars of HTML: they take the page's colours and width, and text beside them stays text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import prefixed

__all__ = ["Bar", "bars", "log_bars", "stacked_bar"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar with what stands left and right of it."""

    label: Content
    value: float
    shown: Content
    aside: Content = None
    style: str = ""


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
    axis = [tag("span", prefixed(value, unit), style=f"left:{share(value):.2f}%") for value in decades]
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
