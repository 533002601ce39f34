"""Charts of a reproduction as JSON values, so that they can be drawn again from its folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np

from neurochip.errors import DataError
from neurochip.files import Foreign, read_json
from neurochip.report.figures import Chart, Curve

__all__ = ["ChartTable", "CurveTable", "chart_table", "read_charts"]

_ON_PAGES_ONLY = {"titles"}  # what points say when they are pointed at


class CurveTable(TypedDict):
    """A `Curve`; a value that is not finite is null."""

    name: str
    x: list[float | None]
    y: list[float | None]
    colour: int
    style: str
    low: list[float | None]
    high: list[float | None]
    dots: bool
    faint: bool


class ChartTable(TypedDict):
    """A `Chart`."""

    title: str
    x_label: str
    y_label: str
    curves: list[CurveTable]
    log_x: bool
    log_y: bool
    x_range: tuple[float, float] | None
    y_range: tuple[float, float] | None
    marks: list[tuple[float, str]]
    levels: list[tuple[float, str]]
    caption: str
    x_unit: str
    y_unit: str
    x_names: list[tuple[float, str]]
    x_room: float
    about: str | None


class _Result(TypedDict):
    """The part of ``result.json`` that is read here."""

    charts: NotRequired[list[ChartTable]]


def chart_table(chart: Chart) -> dict[str, Any]:
    """Return a chart as values, arrays among them."""
    table = {field.name: getattr(chart, field.name) for field in dataclasses.fields(chart)}
    table["curves"] = [
        {f.name: getattr(curve, f.name) for f in dataclasses.fields(curve) if f.name not in _ON_PAGES_ONLY}
        for curve in chart.curves
    ]
    return table


def read_charts(folder: Path) -> list[Chart]:
    """Return the charts of a reproduced experiment.

    Raises
    ------
    DataError
        When there is none in the folder, or it is damaged, or of a version that stored no charts.
    """
    path = folder / "result.json"
    file = Foreign(path, "a reproduced experiment", "reproduce it again")
    result: _Result = read_json(file, _Result)
    if "charts" not in result:
        raise DataError(str(path), "holds no charts: it is of an earlier version; reproduce it again")
    with file.guarded():
        return [_chart(table) for table in result["charts"]]


def _chart(table: ChartTable) -> Chart:
    curves = []
    for curve in table["curves"]:
        given: dict[str, Any] = {**curve}
        given |= {
            key: np.array([np.nan if value is None else value for value in curve[key]], np.float64)
            for key in ("x", "y", "low", "high")
        }
        curves.append(Curve(**given))
    values: dict[str, Any] = {**table, "curves": curves}
    return Chart(**values)
