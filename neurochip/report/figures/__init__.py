"""Figures of their own: charts as specs, drawn once, shown as SVG in a page or as a PNG file."""

from __future__ import annotations

from neurochip.report.figures.chart import Chart, Curve
from neurochip.report.figures.drawing import drawn
from neurochip.report.figures.raster import png
from neurochip.report.figures.svg import svg

__all__ = ["Chart", "Curve", "drawn", "png", "svg"]
