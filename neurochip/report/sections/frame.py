"""What every part of the page stands in."""

from __future__ import annotations

from neurochip.report.markup import Content, Markup, join, tag

__all__ = ["section"]


def section(name: str, *contents: Content, about: Content = None) -> Markup:
    """Return a part of the page under its heading."""
    lead = tag("p", about, class_="lead") if about is not None else None
    return tag("section", tag("h2", name), lead, join(contents))
