"""Charts as specs: shown on a page that can be zoomed, or laid out once and written as an SVG file."""

from __future__ import annotations

from neurochip.report.figures.chart import COLOURS, Chart, Curve
from neurochip.report.figures.drawing import drawn
from neurochip.report.figures.plot import plot
from neurochip.report.figures.svg import svg

__all__ = ["COLOURS", "Chart", "Curve", "drawn", "plot", "svg"]
