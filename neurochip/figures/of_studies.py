"""The figures of studies: sweeps, searches, comparisons and reproductions."""

from __future__ import annotations

from pathlib import Path

from neurochip.figures.kinds import Bars, ChartFigure, Figure
from neurochip.papers.charts import read_charts
from neurochip.report.comparison import Comparison
from neurochip.report.comparison_page import DRAWN, comparison_chart, drawn_unit
from neurochip.report.explorations.page import front_chart, key_charts
from neurochip.report.explorations.schema import ExplorationDocument
from neurochip.report.sweeps.cost_sections import cost_charts
from neurochip.report.sweeps.figures import panel_charts
from neurochip.report.sweeps.schema import SweepDocument
from neurochip.search.stored import search_charts

__all__ = [
    "comparison_figures",
    "exploration_figures",
    "reproduction_figures",
    "search_figures",
    "sweep_figures",
]


def sweep_figures(document: SweepDocument) -> list[Figure]:
    """Return the figures of every combination of the other keys, and those of the costs."""
    found: list[Figure] = []
    for number, panel in enumerate(document["panels"]):
        before = f"{number + 1}-" if len(document["panels"]) > 1 else ""
        found += [ChartFigure(before + shown.name, shown.chart) for shown in panel_charts(document, panel)]
    return found + [ChartFigure(shown.name, shown.chart) for shown in cost_charts(document)]


def exploration_figures(document: ExplorationDocument) -> list[Figure]:
    """Return the fronts that the page of an exploration draws, and the figures against each key."""
    fronts = [(pair, front_chart(document, pair[0], pair[1])) for pair in document["shown"]]
    found: list[Figure] = [
        ChartFigure(f"front-{'-'.join(pair)}".replace("_", "-"), chart)
        for pair, chart in fronts
        if chart is not None
    ]
    return found + [
        ChartFigure(f"key-{number}", chart) for number, chart in enumerate(key_charts(document), start=1)
    ]


def search_figures(folder: Path) -> list[Figure]:
    """Return the front and a figure for each key."""
    return [ChartFigure(name, chart) for name, chart in search_charts(folder).items()]


def comparison_figures(comparison: Comparison) -> list[Figure]:
    """Return the errors of all runs, and a figure for each quantity that the page draws."""
    chart = comparison_chart(comparison)
    found: list[Figure] = [] if chart is None else [ChartFigure("errors", chart)]
    for row in comparison.rows:
        if row.key not in DRAWN or (row.key.startswith("energy") and not comparison.same_energies):
            continue
        known = [
            (run.name, value)
            for run, value in zip(comparison.runs, row.values, strict=True)
            if value is not None
        ]
        unit = drawn_unit(row.key)
        names, values = [name for name, _ in known], [value for _, value in known]
        found.append(Bars(row.key.replace("_", "-"), row.name, row.name, unit, names, {"": values}, log=True))
    return found


def reproduction_figures(folder: Path) -> list[Figure]:
    """Return the charts of a reproduced experiment, in their order."""
    charts = read_charts(folder)
    width = len(str(len(charts)))
    return [ChartFigure(f"figure-{number:0{width}}", chart) for number, chart in enumerate(charts, start=1)]
