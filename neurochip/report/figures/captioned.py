"""A chart of a page with what stands around it."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.report.figures.chart import Chart
from neurochip.report.figures.plot import plot
from neurochip.report.markup import Content, Markup, tag

__all__ = ["Captioned"]


class Captioned(NamedTuple):
    """A chart, the heading above it, and the words below it.

    Attributes
    ----------
    name
        Of a file that holds it.
    heading
        As it stands on the page; `None` for none.
    chart
        What is shown.
    words
        Below it; empty for none.
    style
        Class of the page's style specification.
    """

    name: str
    heading: Content
    chart: Chart
    words: str = ""
    style: str | None = None

    def markup(self) -> Markup:
        """Return it as it stands on a page."""
        caption = tag("figcaption", self.words) if self.words else None
        return tag("figure", self.heading, plot(self.chart), caption, class_=self.style)
