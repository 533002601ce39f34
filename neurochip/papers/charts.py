"""Charts of a reproduction as JSON values, so that they can be drawn again from its folder."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import GenericAlias
from typing import Any, get_type_hints

import msgspec
import numpy as np

from neurochip.errors import DataError
from neurochip.files import Foreign, read_json
from neurochip.report.figures import Chart, Curve

__all__ = ["chart_table", "read_charts"]

_NUMBERS = ("x", "y", "low", "high")  # null where they are not finite
_ON_PAGES_ONLY = {"titles"}  # what points say when they are pointed at


def _stored(of: type, **types: object) -> object:
    """Return the type of what stands in a file for a `Curve` or a `Chart`."""
    types = get_type_hints(of) | types
    kept = [field.name for field in dataclasses.fields(of) if field.name not in _ON_PAGES_ONLY]
    return msgspec.defstruct(f"{of.__name__}Table", [(name, types[name]) for name in kept])


_Curve = _stored(Curve, **dict.fromkeys(_NUMBERS, list[float | None]))
_Charts = GenericAlias(list, _stored(Chart, curves=GenericAlias(list, _Curve)))
# The part of ``result.json`` that is read here.
_Result = msgspec.defstruct("_Result", [("charts", _Charts | None, None)])


def chart_table(chart: Chart) -> dict[str, object]:
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
    result: Any = read_json(file, _Result)
    if result.charts is None:
        raise DataError(str(path), "holds no charts: it is of an earlier version; reproduce it again")
    with file.guarded():
        return [_chart(msgspec.structs.asdict(table)) for table in result.charts]


def _chart(table: dict[str, Any]) -> Chart:
    curves = [msgspec.structs.asdict(curve) for curve in table["curves"]]
    for curve in curves:
        curve |= {key: np.array(curve[key], np.float64) for key in _NUMBERS}  # null: NaN
    return Chart(**{**table, "curves": [Curve(**curve) for curve in curves]})
