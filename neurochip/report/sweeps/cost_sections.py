"""Costs on the page of a sweep: beside the error, and which settings nothing dominates."""

from __future__ import annotations

from neurochip.report.figures import Chart, Curve
from neurochip.report.figures.captioned import Captioned
from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import percent
from neurochip.report.sections.frame import grid, row, section
from neurochip.report.sweeps.costs import COSTS, cells_of, cost_names, cost_words
from neurochip.report.sweeps.schema import FrontTable, PointTable, SweepDocument
from neurochip.report.sweeps.words import COLOURS, one, short

__all__ = ["cost_charts", "cost_section"]

_MOST_DOTS = 5000  # of single measurements, behind the settings


def cost_section(document: SweepDocument) -> Markup | None:
    """Return error and costs of every mode at every setting, and the front; `None` where no cost is known."""
    names = cost_names(cell["costs"] for cell in cells_of(document))
    if not names:
        return None
    front = {(entry["mode"], *entry["values"]) for entry in document["front"]}
    rows = []
    for panel in document["panels"]:
        for curve in panel["curves"]:
            for cell in curve["cells"]:
                values = (cell["value"], *panel["others"].values())
                costs = (cell["costs"].get(name) for name in names)
                rows.append(
                    row(
                        curve["mode"],
                        *map(short, values),
                        percent(cell["mean"]),
                        percent(cell["good_share"], 0),
                        *(
                            cost_words(n, None if c is None else c["mean"])
                            for n, c in zip(names, costs, strict=True)
                        ),
                        *(["●" if (curve["mode"], *values) in front else ""] if front else []),
                    )
                )
    keys = [entry["key"] for entry in document["definition"]["vary"]]
    heads = ["mode", *keys, "mean error", "good", *(COSTS[name].words for name in names)]
    figures = [shown.markup() for shown in cost_charts(document)]
    return section(
        "What it costs",
        tag("div", *figures, class_="columns") if figures else None,
        grid([*heads, *(["not dominated"] if front else [])], rows),
        tag("p", _words(document, names), class_="lead"),
    )


def _words(document: SweepDocument, names: list[str]) -> str:
    said = ["Costs are those of classifying one test sample with the final weights, and of the chip."]
    if "area_um2" in names:
        said.append(
            "The area is W · L of one matched device (two, where it stands for a pair) for each synapse and each "
            "neuron, without wires and capacitors."
        )
    if document["definition"]["run"]["substrate"] == "analog":
        said.append("Energy is not known: no source gives the bias currents of this circuit.")
    if document["front_costs"]:
        said.append(
            "A setting is not dominated when no other one has at most its mean error and its costs and less of one."
        )
    return " ".join(said)


def cost_charts(document: SweepDocument) -> list[Captioned]:
    """Return error against every cost of the front."""
    return [_chart(document, name) for name in document["front_costs"]]


def _chart(document: SweepDocument, name: str) -> Captioned:
    """Return error against a cost: every measurement, every mode at every setting, and the front of the two."""
    curves = []
    modes = [mode for mode in document["definition"]["modes"] if mode != "ideal"]
    for mode in modes:
        points = _of(document, mode, name)
        xs, ys = [p["costs"][name] for p in points], [p["error"] or 0.0 for p in points]
        curves.append(Curve("", xs, ys, COLOURS[mode], "dots", faint=True))
        cells = [
            (
                cell["costs"][name]["mean"],
                cell["mean"],
                ", ".join(map(short, [cell["value"], *panel["others"].values()])),
            )
            for panel in document["panels"]
            for curve in panel["curves"]
            for cell in curve["cells"]
            if curve["mode"] == mode and name in cell["costs"] and cell["mean"] is not None
        ]
        titles = [f"{mode}, {words}: {percent(y)}, {cost_words(name, x)}" for x, y, words in cells]
        curves.append(
            Curve(
                mode, [x for x, *_ in cells], [y for _, y, _ in cells], COLOURS[mode], "dots", titles=titles
            )
        )
    steps = _staircase(document["front"], name)
    curves.append(Curve("front", [x for x, _ in steps], [y for _, y in steps], 9, "steps"))
    ys = [y for curve in curves for y in curve.y]
    chart = Chart(
        f"Error against {COSTS[name].words}",
        COSTS[name].words,
        "mean test error",
        curves,
        x_unit=COSTS[name].unit,
        y_range=(0.0, 1.06 * max([*ys, 1e-9])),
        y_unit="%",
        about=f"Mean test error against {COSTS[name].words}, with the front",
    )
    caption = (
        f"Faint: every {one(document['definition'])}. The line: the least error that is had for so much."
    )
    heading = tag("h3", f"Error and {COSTS[name].words}")
    return Captioned(f"cost-{name.replace('_', '-')}", heading, chart, caption)


def _of(document: SweepDocument, mode: str, name: str) -> list[PointTable]:
    """Return the measurements of a mode of which this cost is known; some of very many."""
    found = {
        point["task"]: point
        for point in document["points"]
        if point["mode"] == mode and name in point["costs"] and point["error"] is not None
    }
    return list(found.values())[:: len(found) // _MOST_DOTS + 1]


def _staircase(front: list[FrontTable], name: str) -> list[tuple[float, float]]:
    """Return (cost, error) of the settings of the front that no cheaper one matches, by rising cost."""
    steps: list[tuple[float, float]] = []
    for cost, error in sorted((entry["costs"][name], entry["error"]) for entry in front):
        if not steps or error < steps[-1][1]:
            steps.append((cost, error))
    return steps
