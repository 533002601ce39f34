"""What every part of a page stands in: sections, tables, numbers under their names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from neurochip.report.markup import Content, Markup, join, tag

__all__ = ["card", "grid", "row", "section"]

_BEFORE_A_UNIT = re.compile(r"(?<=[0-9]) (?=%|[pnµmkMG]?(?:J|W|s|bit)\b)")


def section(name: str, *contents: Content, about: Content = None) -> Markup:
    """Return a part of the page under its heading."""
    lead = tag("p", about, class_="lead") if about is not None else None
    return tag("section", tag("h2", name), lead, join(contents))


def grid(
    names: Iterable[Content], rows: Iterable[Markup], foot: Markup | None = None, *, class_: str = "figures"
) -> Markup:
    """Return a table under its headings; one wider than the page scrolls on its own."""
    head = tag("tr", *(name if _is_cell(name) else tag("th", name) for name in names))
    last = None if foot is None else tag("tfoot", foot)
    table = tag("table", tag("thead", head), tag("tbody", *rows), last, class_=class_)
    return tag("div", table, class_="scroll")


def row(name: Content, *cells: Content) -> Markup:
    """Return a row of a table under its name; a cell that is an element already stays as it is."""
    return tag("tr", tag("th", name), *(cell if _is_cell(cell) else tag("td", cell) for cell in cells))


def _is_cell(content: Content) -> bool:
    return isinstance(content, Markup) and content.startswith(("<td", "<th"))


def card(name: str, value: Content, about: Content, style: str = "") -> Markup:
    """Return one number under its name; figures in what is said about it stay beside their units."""
    if isinstance(about, str) and not isinstance(about, Markup):
        about = _BEFORE_A_UNIT.sub("\u00a0", about)
    return tag(
        "div",
        tag("div", name, class_="what"),
        tag("div", value, class_="number"),
        tag("div", about, class_="more"),
        class_=f"card {style}".strip(),
    )
