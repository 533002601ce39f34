"""Charts as SVG and PNG."""

from __future__ import annotations

import struct
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray

from neurochip.errors import ConfigError
from neurochip.report.figures import Chart, Curve, drawn, png, svg
from neurochip.report.figures.colours import PALETTE
from neurochip.report.figures.drawing import HEIGHT, WIDTH, Area, Dots, Drawing, Stroke, Words
from neurochip.report.figures.letters import GLYPHS, known, strokes_of, width_of
from neurochip.report.figures.raster import SCALE, sheet


def _pixels(content: bytes) -> NDArray[np.uint8]:
    """Read a PNG as its standard describes it, with nothing of what wrote it."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        (check,) = struct.unpack(">I", content[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 2)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def _colour(number: int) -> NDArray[np.uint8]:
    return np.array([int(PALETTE[number][i : i + 2], 16) for i in (0, 2, 4)], dtype=np.uint8)


def test_a_level_line_covers_its_own_pixels_and_no_others() -> None:
    line = Stroke(np.array([[10.0, 20.0], [30.0, 20.0]]), 3, 2.0)
    pixels = _pixels(png([Drawing(40, 40, (line,))]))
    assert pixels.shape == (40 * SCALE, 40 * SCALE, 3)
    painted = (pixels == _colour(3)).all(axis=2)
    rows, columns = np.nonzero(painted)
    # Two wide around y = 20, and round ends reach one beyond x = 10 and 30.
    assert set(rows) == {38, 39, 40, 41}
    assert (columns.min(), columns.max()) == (pytest.approx(18, abs=1), pytest.approx(61, abs=1))
    untouched = np.ones(pixels.shape[:2], dtype=bool)
    untouched[36:44, 16:64] = False
    assert (pixels[untouched] == 255).all()


def test_a_disc_has_the_area_of_a_disc() -> None:
    pixels = sheet([Drawing(60, 60, (Dots(np.array([[30.0, 30.0]]), 0, 12.0),))])
    white, paint = 255.0, _colour(0).astype(float)
    cover = (white - pixels.astype(float)) / (white - paint)
    assert cover.mean(axis=2).sum() == pytest.approx(np.pi * (12 * SCALE) ** 2, rel=0.01)


def test_a_band_lies_between_its_edges() -> None:
    area = Area(np.array([5.0, 35.0]), np.array([30.0, 30.0]), np.array([10.0, 10.0]), 1)
    pixels = sheet([Drawing(40, 40, (area,))])
    tinted = (pixels < 255).any(axis=2)
    rows, columns = np.nonzero(tinted)
    assert (rows.min(), rows.max() + 1) == (10 * SCALE, 30 * SCALE)
    assert (columns.min(), columns.max()) == (5 * SCALE, 35 * SCALE)


def test_values_stand_where_the_axes_say() -> None:
    curve = Curve("c", [0, 1, 2], [1.0, 10.0, 100.0])
    chart = Chart("t", "x", "y", [curve], log_y=True, y_range=(1, 100))
    (line,) = [p for p in drawn(chart).parts if isinstance(p, Stroke) and p.colour == 0 and p.width == 2]
    steps = np.diff(line.points, axis=0)
    assert steps[0] == pytest.approx(steps[1])
    assert steps[0][1] < 0  # up on the page
    written = {p.text: p.y for p in drawn(chart).parts if isinstance(p, Words) and p.anchor == "end"}
    assert {"1", "10", "100"} <= written.keys()
    assert [written[t] - 4.5 for t in ("1", "10", "100")] == pytest.approx(line.points[:, 1].tolist())


def test_a_point_that_is_not_finite_is_left_out() -> None:
    chart = Chart("t", "x", "y", [Curve("c", [0, 1, 2], [1.0, float("nan"), 3.0])])
    (line,) = [p for p in drawn(chart).parts if isinstance(p, Stroke) and p.colour == 0 and p.width == 2]
    assert line.points.shape == (2, 2)
    assert np.isfinite(line.points).all()


def test_a_chart_of_nothing_can_be_drawn() -> None:
    for log in (False, True):
        assert (
            _pixels(png([drawn(Chart("t", "x", "y", [], log_x=log, log_y=log))])).shape[0] == HEIGHT * SCALE
        )


def test_charts_stand_side_by_side() -> None:
    drawing = drawn(Chart("t", "x", "y", [Curve("c", [0, 1], [0, 1])]))
    assert sheet([drawing] * 3, columns=2).shape == (2 * HEIGHT * SCALE, 2 * WIDTH * SCALE, 3)


def test_svg_is_well_formed_and_keeps_strange_words() -> None:
    chart = Chart(
        "<b> & 'ρ'", "x", "y", [Curve("a<b", [0, 1], [0, 1], low=[0, 0], high=[1, 2], style="dots")]
    )
    tree = ElementTree.fromstring(svg(drawn(chart), about='it\'s "so"'))
    space = "{http://www.w3.org/2000/svg}"
    assert "<b> & 'ρ'" in [text.text for text in tree.iter(f"{space}text")]
    assert len(list(tree.iter(f"{space}circle"))) == 2 + 1  # two points, one in the legend


def test_every_glyph_stays_on_its_grid() -> None:
    assert len(GLYPHS) > 100
    for letter, written in GLYPHS.items():
        for stroke in written.split():
            assert len(stroke) % 2 == 0 and len(stroke) >= 4, letter
            assert all("0" <= x <= "4" for x in stroke[::2]), letter


def test_words_take_their_width() -> None:
    assert known("σ̄² ≤ 10⁻³ ṡᵢ(t) – 5 %")
    assert not known("漢")
    points = np.concatenate(strokes_of("width", 20.0))
    assert 0.85 * width_of("width", 20.0) < np.ptp(points[:, 0]) <= width_of("width", 20.0)
    assert width_of("ṡ", 20.0) == width_of("s", 20.0)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"x": [0, 1], "y": [0]}, "curve 'c': has 2 x but 1 y"),
        (
            {"x": [0], "y": [0], "low": [0], "high": []},
            "curve 'c': its band must have an edge for each point",
        ),
        ({"x": [0], "y": [0], "titles": ["a", "b"]}, "curve 'c': must have a title for each point, or none"),
        ({"x": [0], "y": [0], "colour": 10}, "curve 'c': colour must be 0 to 9, got 10"),
        (
            {"x": [0], "y": [0], "style": "bars"},
            "curve 'c': style must be one of line, dashed, dots, steps, ticks",
        ),
    ],
)
def test_a_curve_that_cannot_be(values: dict, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        Curve("c", **values)
    assert str(error.value) == sentence
