"""Drawings as an SVG file of their own: on white, in colours that need no page around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.report.figures.colours import colour_code
from neurochip.report.figures.drawing import Area, Dots, Drawing, Stroke, Words
from neurochip.report.markup import Markup, tag

__all__ = ["svg"]


def svg(drawings: Sequence[Drawing], *, about: str, columns: int = 1) -> Markup:
    """Return an ``<svg>`` with so many drawings in a row; ``about`` says what it shows to those who cannot see it."""
    columns = max(1, min(columns, len(drawings)))
    width = max((drawing.width for drawing in drawings), default=1)
    height = max((drawing.height for drawing in drawings), default=1)
    rows = max(1, -(-len(drawings) // columns))
    return tag(
        "svg",
        tag("rect", width="100%", height="100%", fill="#fff"),
        *(
            tag(
                "g",
                *(_part(part) for part in drawing.parts),
                transform=f"translate({width * (number % columns)} {height * (number // columns)})",
            )
            for number, drawing in enumerate(drawings)
        ),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {columns * width} {rows * height}",
        font_family="system-ui, sans-serif",
        role="img",
        aria_label=about,
    )


def _part(part: Stroke | Area | Dots | Words) -> Markup:
    colour = f"#{colour_code(part.colour)}"
    if isinstance(part, Stroke):
        return tag(
            "polyline",
            points=_path(part.points),
            fill="none",
            stroke=colour,
            stroke_width=part.width,
            stroke_dasharray="5 4" if part.dashed else None,
        )
    if isinstance(part, Area):
        edge = np.concatenate(
            [np.column_stack([part.x, part.high]), np.column_stack([part.x, part.low])[::-1]]
        )
        return tag("polygon", points=_path(edge), fill=colour, opacity=0.2)
    if isinstance(part, Dots):
        discs = [tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=part.radius) for x, y in part.points]
        return tag("g", *discs, fill=colour)
    turn = f"rotate(-90 {part.x:.1f} {part.y:.1f})" if part.upright else None
    return tag(
        "text",
        part.text,
        x=f"{part.x:.1f}",
        y=f"{part.y:.1f}",
        text_anchor=part.anchor,
        font_size=part.size,
        font_weight=600 if part.colour == "ink" else None,
        fill=colour,
        transform=turn,
    )


def _path(points: NDArray[np.float64]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
