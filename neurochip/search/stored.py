"""The charts of a search, from its folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypedDict

from neurochip.files import Foreign, read_json
from neurochip.report.figures import Chart
from neurochip.search.dimensions import Value, read_dimensions
from neurochip.search.objectives import read_objectives
from neurochip.search.page import front_chart, slice_charts
from neurochip.search.study import Trial

__all__ = ["SUMMARY", "search_charts"]

SUMMARY = "tune.json"


class _Trial(TypedDict):
    """One `Trial`."""

    number: int
    values: dict[str, Value]
    objectives: tuple[float, ...]
    measured: dict[str, float]
    seconds: float
    failure: str


class _Summary(TypedDict):
    """The part of the file that is read here."""

    vary: list[str]
    objective: str
    run: dict[str, Any]
    front: list[int]
    trials: list[_Trial]


def search_charts(folder: Path) -> dict[str, Chart]:
    """Return the front, where there are several objectives, and a chart for each key, by names for files.

    Raises
    ------
    DataError
        When the folder holds no search, or it is damaged.
    """
    file = Foreign(
        folder / SUMMARY, "a search", "search again", absent="name the folder of a search that is done"
    )
    found: _Summary = read_json(file, _Summary)
    with file.guarded():
        dimensions, objectives = read_dimensions(found["vary"]), read_objectives(found["objective"])
        share = found["run"].get("experiment") == "train"
        good = [Trial(**trial) for trial in found["trials"] if not trial["failure"]]
        charts: dict[str, Chart] = {}
        if len(objectives) > 1 and good:
            charts["front"] = front_chart(good, objectives, found["front"], share=share)
        slices = slice_charts(good, dimensions, objectives, found["front"], share=share)
        for dimension, chart in zip(dimensions, slices, strict=True):
            charts[re.sub(r"[^A-Za-z0-9]+", "-", dimension.key).strip("-")] = chart
        return charts
