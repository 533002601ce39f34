"""The numbers of a figure are those that it shows; each kind is drawn, by both renderers of pixels and of vectors."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurochip.errors import ConfigError, OutputError
from neurochip.figures.kinds import Bars, ChartFigure, Figure, Heat, Mesh, RasterFigure
from neurochip.figures.style import scale_of
from neurochip.figures.writing import csv_of, image_of, write_figures
from neurochip.papers.charts import chart_table, read_charts
from neurochip.papers.pages import _plain
from neurochip.report.figures import Chart, Curve

BITS = np.zeros((6, 3), np.uint8)
BITS[2, 1] = BITS[5, 0] = 1
BAND = Curve("a", [1, 2, 3], [0.5, 0.25, np.nan], low=[0.4, 0.2, 0.1], high=[0.6, 0.3, 0.2], dots=True)
CHART = Chart("Error", "epoch", "", [BAND, Curve("b", [1], [0.125], 3, "dots", faint=True)], y_unit="%",
              log_y=True, marks=[(2, "here")], levels=[(0.3, "ideal")])  # fmt: skip
NAMED = Chart(
    "Cost", "key", "cost", [Curve("", [0, 1], [2e-6, 3e-6])], y_unit="J", x_names=[(0, "off"), (1, "on")]
)
KINDS: dict[str, Figure] = {
    "chart": ChartFigure("chart", CHART),
    "named": ChartFigure("named", NAMED),
    "empty": ChartFigure("empty", Chart("Nothing", "x", "y", [])),
    "bars": Bars("bars", "Energy", "Energy", "J", ["free", "nudged"], {"synapse": [1e-6, 2e-6], "neuron": [0, 1e-7]}),
    "log": Bars("log", "Bits", "Bits", "bit", ["a", "b"], {"": [10.0, 4e5]}, log=True, reference=(100.0, "words")),
    "heat": Heat("heat", "", "True class", "Answer", ["0", "1"], ["0", "1"], np.array([[5, 1], [0, 6]])),
    "raster": RasterFigure("raster", "", {"input": BITS, "output": BITS[:, :1]}, 4, {"input": 9}),
    "mesh": Mesh("mesh", "", 2, 2, [(0, 0, 0, "a", 3.0), (1, 0, 1, "b", None)], "SOPs", [(0, 0, "south", 7, 0.25)]),
}  # fmt: skip


def rows(figure: Figure) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_of(figure).decode())))


def test_a_chart_as_numbers() -> None:
    """Shares are per cent, as on the axis; every point has its curve and the edges of its band."""
    assert rows(KINDS["chart"]) == [
        ["curve", "epoch", "Error [%]", "low", "high"],
        ["a", "1", "50.0", "40.0", "60.0"],
        ["a", "2", "25.0", "20.0", "30.0"],
        ["a", "3", "nan", "10.0", "20.0"],
        ["b", "1", "12.5", "", ""],
    ]
    assert rows(KINDS["named"])[1] == ["", "off", "0", "2e-06"]


def test_the_other_kinds_as_numbers() -> None:
    assert rows(KINDS["bars"]) == [["name", "synapse [J]", "neuron [J]"], ["free", "1e-06", "0.0"],
                                   ["nudged", "2e-06", "1e-07"]]  # fmt: skip
    assert rows(KINDS["heat"]) == [["True class \\ Answer", "0", "1"], ["0", "5", "1"], ["1", "0", "6"]]
    assert rows(KINDS["raster"])[1:] == [["input", "2", "1"], ["input", "5", "0"], ["output", "5", "0"]]
    assert rows(KINDS["mesh"])[1:] == [["core", "0", "0", "0", "a", "3.0", ""], ["core", "1", "0", "1", "b", "", ""],
                                       ["link", "", "0", "0", "south", "0.25", "7"]]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_drawn(kind: str) -> None:
    pytest.importorskip("matplotlib")
    svg = image_of(KINDS[kind], "svg")
    assert svg.startswith(b"<?xml") and b"<path" in svg
    assert svg == image_of(KINDS[kind], "svg")  # no date, no random names


def test_what_stands_at_the_axes() -> None:
    """Labels with units, values in them, and the points themselves."""
    pytest.importorskip("matplotlib")
    from neurochip.figures.drawing import drawn

    [axes] = drawn(KINDS["chart"]).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epoch", "Error (%)")
    assert axes.lines[0].get_ydata()[:2].tolist() == [50.0, 25.0]
    [axes] = drawn(KINDS["named"]).axes
    assert axes.get_ylabel() == "Cost (µJ)" and axes.lines[0].get_ydata().tolist() == pytest.approx([2, 3])
    assert [word.get_text() for word in axes.get_xticklabels()] == ["off", "on"]
    [axes] = drawn(KINDS["heat"]).axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Answer", "True class")
    [axes] = drawn(KINDS["bars"]).axes
    assert axes.get_xlabel() == "Energy (µJ)"
    [axes] = drawn(KINDS["raster"]).axes
    assert [word.get_text() for word in axes.get_yticklabels()] == ["input\n(3 of 9)", "output\n(1)"]


@pytest.mark.parametrize(
    ("values", "unit", "wanted"),
    [([0.5], "%", (0.01, "%")), ([2.3e-6], "J", (1e-6, "µJ")), ([1500], "bit", (1e3, "kbit")),
     ([0.2], "bit", (1.0, "bit")), ([7], "", (1.0, "")), ([], "J", (1.0, "J")), ([1e-20], "J", (1e-15, "fJ"))],
)  # fmt: skip
def test_units(values: list[float], unit: str, wanted: tuple[float, str]) -> None:
    assert scale_of(values, unit) == wanted


def test_files(tmp_path: Path) -> None:
    figures = [KINDS["bars"], KINDS["heat"]]
    assert [path.name for path in write_figures(figures, tmp_path / "a", ["csv"])] == ["bars.csv", "heat.csv"]
    pytest.importorskip("matplotlib")
    written = write_figures(figures[:1], tmp_path / "a", ["pdf", "png"], width=2.0)
    assert [path.name for path in written] == ["bars.csv", "bars.pdf", "bars.png"]
    assert written[1].read_bytes().startswith(b"%PDF") and written[2].read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("width", "formats"), [(0.0, ["csv"]), (float("nan"), ["csv"]), (3.5, ["gif"])])
def test_what_cannot_be(tmp_path: Path, width: float, formats: list[Any]) -> None:
    with pytest.raises(ConfigError):
        write_figures([], tmp_path / "a", formats, width=width)
    assert not (tmp_path / "a").exists()


def test_a_place_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be made"):
        write_figures([], tmp_path / "a", ["csv"])


def test_charts_of_a_reproduction_come_back(tmp_path: Path) -> None:
    import json

    stored = {"charts": [_plain(chart_table(chart)) for chart in (CHART, NAMED)]}
    (tmp_path / "result.json").write_text(json.dumps(stored, allow_nan=False), encoding="utf-8")
    for read, chart in zip(read_charts(tmp_path), (CHART, NAMED), strict=True):
        assert csv_of(ChartFigure("a", read)).replace(b".0", b"") == csv_of(ChartFigure("a", chart)).replace(
            b".0", b""
        )
        assert read.axes() == chart.axes() and read.marks == [tuple(mark) for mark in chart.marks]
