"""Drawings as a PNG, by hand: coverage of lines and discs from their distance, one sheet of RGB bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from neurochip.report.figures.colours import colour_code
from neurochip.report.figures.drawing import Area, Colour, Dots, Drawing, Stroke, Words
from neurochip.report.figures.letters import strokes_of, width_of
from neurochip.report.png import png_file

__all__ = ["png", "sheet"]

SCALE = 2  # pixels of the file per pixel of the drawing, for sharp print

Canvas = NDArray[np.float64]
Points = NDArray[np.float64]


def png(drawings: Sequence[Drawing], *, columns: int = 2) -> bytes:
    """Return a PNG with the drawings side by side, so many in a row."""
    pixels = sheet(drawings, columns=columns)
    height, width, _ = pixels.shape
    return png_file((width, height), depth=8, colour=2, rows=pixels.reshape(height, -1))


def sheet(drawings: Sequence[Drawing], *, columns: int = 2) -> NDArray[np.uint8]:
    """Return the drawings as u8[row, column, RGB] on white."""
    columns = max(1, min(columns, len(drawings)))
    width = max((d.width for d in drawings), default=1)
    height = max((d.height for d in drawings), default=1)
    rows = -(-len(drawings) // columns)
    canvas = np.ones((max(rows, 1) * height * SCALE, columns * width * SCALE, 3))
    for number, drawing in enumerate(drawings):
        row, column = divmod(number, columns)
        part = canvas[
            row * height * SCALE : (row + 1) * height * SCALE,
            column * width * SCALE : (column + 1) * width * SCALE,
        ]
        _draw(part, drawing)
    return np.round(255 * canvas).astype(np.uint8)


def _draw(canvas: Canvas, drawing: Drawing) -> None:
    for part in drawing.parts:
        colour = _rgb(part.colour)
        if isinstance(part, Stroke):
            pieces = _dashes(part.points * SCALE) if part.dashed else [part.points * SCALE]
            _lines(canvas, pieces, part.width * SCALE, colour)
        elif isinstance(part, Area):
            _area(canvas, part, colour)
        elif isinstance(part, Dots):
            dots = [np.array([p, p]) for p in part.points * SCALE]
            _lines(canvas, dots, 2 * part.radius * SCALE, colour)
        else:
            _words(canvas, part, colour)


def _rgb(colour: Colour) -> Points:
    code = colour_code(colour)
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)]) / 255


def _lines(canvas: Canvas, pieces: Sequence[Points], width: float, colour: Points) -> None:
    """Draw polylines as one shape, so that a joint is not darker than its arms."""
    pieces = [piece if len(piece) > 1 else np.repeat(piece, 2, axis=0) for piece in pieces if len(piece)]
    if not pieces:
        return
    every = np.concatenate(pieces)
    reach = width / 2 + 1
    x0, y0 = np.maximum(np.floor(every.min(axis=0) - reach), 0).astype(int)
    x1, y1 = np.ceil(every.max(axis=0) + reach).astype(int) + 1
    x1, y1 = min(x1, canvas.shape[1]), min(y1, canvas.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    cover = np.zeros((y1 - y0, x1 - x0))
    for piece in pieces:
        for a, b in zip(piece[:-1] - (x0, y0), piece[1:] - (x0, y0), strict=True):
            _segment(cover, a, b, width / 2, reach)
    _blend(canvas[y0:y1, x0:x1], cover, colour)


def _segment(cover: Canvas, a: Points, b: Points, half: float, reach: float) -> None:
    left, low = np.maximum(np.floor(np.minimum(a, b) - reach), 0).astype(int)
    right, high = np.ceil(np.maximum(a, b) + reach).astype(int) + 1
    window = cover[low:high, left:right]
    if not window.size:
        return
    ys, xs = np.ogrid[low : low + window.shape[0], left : left + window.shape[1]]
    along = b - a
    length = float(along @ along)
    dx, dy = xs + 0.5 - a[0], ys + 0.5 - a[1]
    share = np.clip((dx * along[0] + dy * along[1]) / length, 0, 1) if length else 0.0
    distance = np.hypot(dx - share * along[0], dy - share * along[1])
    np.maximum(window, np.clip(half + 0.5 - distance, 0, 1), out=window)


def _area(canvas: Canvas, area: Area, colour: Points) -> None:
    x, low, high = (np.asarray(v) * SCALE for v in (area.x, area.low, area.high))
    known = np.isfinite(low) & np.isfinite(high)
    if known.sum() < 2:
        return
    columns = np.arange(int(np.ceil(x[known].min())), int(x[known].max()) + 1)
    columns = columns[(columns >= 0) & (columns < canvas.shape[1])]
    upper = np.interp(columns, x[known], np.minimum(low, high)[known])
    lower = np.interp(columns, x[known], np.maximum(low, high)[known])
    ys = np.arange(canvas.shape[0])[:, None] + 0.5
    cover = np.clip(np.minimum(ys - upper, lower - ys) + 0.5, 0, 1)
    _blend(canvas[:, columns[0] : columns[-1] + 1], 0.2 * cover, colour)


def _words(canvas: Canvas, words: Words, colour: Points) -> None:
    size = words.size * SCALE
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[words.anchor] * width_of(words.text, size)
    pieces = []
    for points in strokes_of(words.text, size):
        along, up = points[:, 0] - shift, points[:, 1]
        placed = np.column_stack([-up, -along]) if words.upright else np.column_stack([along, -up])
        pieces.append(placed + np.array([words.x, words.y]) * SCALE)
    _lines(canvas, pieces, size / (8 if words.colour == "ink" else 10), colour)


def _dashes(points: Points) -> list[Points]:
    """Cut a line into strokes of 5 with gaps of 4 pixels of the drawing."""
    lengths = np.hypot(*np.diff(points, axis=0).T)
    far = np.concatenate([[0.0], np.cumsum(lengths)])
    if far[-1] == 0:
        return [points]
    pieces = []
    for start in np.arange(0, far[-1], 9.0 * SCALE):
        end = min(start + 5.0 * SCALE, far[-1])
        inside = points[(far > start) & (far < end)]
        ends = [[np.interp(at, far, points[:, k]) for k in (0, 1)] for at in (start, end)]
        pieces.append(np.concatenate([[ends[0]], inside, [ends[1]]]))
    return pieces


def _blend(canvas: Canvas, cover: Canvas, colour: Points) -> None:
    canvas += cover[:, :, None] * (colour - canvas)
