"""Charts as SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from neurochip.errors import ConfigError
from neurochip.report.figures import Chart, Curve, drawn, svg
from neurochip.report.figures.colours import PALETTE
from neurochip.report.figures.drawing import HEIGHT, WIDTH, Area, Dots, Drawing, Stroke, Words

SPACE = "{http://www.w3.org/2000/svg}"


def _read(drawings: list[Drawing], columns: int = 1) -> ElementTree.Element:
    return ElementTree.fromstring(svg(drawings, about="made", columns=columns))


def test_each_part_is_drawn_where_it_lies_and_in_its_colour() -> None:
    parts = (
        Stroke(np.array([[10.0, 20.0], [30.0, 20.0]]), 3, 2.0),
        Dots(np.array([[30.0, 31.0]]), 0, 12.0),
        Area(np.array([5.0, 35.0]), np.array([30.0, 30.0]), np.array([10.0, 10.0]), 1),
    )
    tree = _read([Drawing(60, 60, parts)])
    (line,), (disc,), (band,) = (list(tree.iter(f"{SPACE}{n}")) for n in ("polyline", "circle", "polygon"))
    assert (line.get("points"), line.get("stroke"), line.get("stroke-width")) == (
        "10.0,20.0 30.0,20.0",
        f"#{PALETTE[3]}",
        "2.0",
    )
    assert (disc.get("cx"), disc.get("cy"), disc.get("r")) == ("30.0", "31.0", "12.0")
    assert band.get("points") == "5.0,10.0 35.0,10.0 35.0,30.0 5.0,30.0"
    assert band.get("fill") == f"#{PALETTE[1]}"


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
        tree = _read([drawn(Chart("t", "x", "y", [], log_x=log, log_y=log))])
        assert tree.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    assert _read([]).get("viewBox") == "0 0 1 1"


def test_charts_stand_side_by_side() -> None:
    drawing = drawn(Chart("t", "x", "y", [Curve("c", [0, 1], [0, 1])]))
    tree = _read([drawing] * 3, columns=2)
    assert tree.get("viewBox") == f"0 0 {2 * WIDTH} {2 * HEIGHT}"
    places = [group.get("transform") for group in tree if group.tag == f"{SPACE}g"]
    assert places == ["translate(0 0)", f"translate({WIDTH} 0)", f"translate(0 {HEIGHT})"]


def test_svg_is_well_formed_and_keeps_strange_words() -> None:
    chart = Chart(
        "<b> & 'ρ'", "x", "y", [Curve("a<b", [0, 1], [0, 1], low=[0, 0], high=[1, 2], style="dots")]
    )
    tree = ElementTree.fromstring(svg([drawn(chart)], about='it\'s "so"'))
    assert "<b> & 'ρ'" in [text.text for text in tree.iter(f"{SPACE}text")]
    assert len(list(tree.iter(f"{SPACE}circle"))) == 2 + 1  # two points, one in the legend


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
