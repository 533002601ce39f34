"""How well it learnt: the curve and the confusion matrix; or how near a settling network came."""

from __future__ import annotations

from neurochip.report.markup import Content, Markup, tag
from neurochip.report.plots import Line, line_plot
from neurochip.report.quantities import percent
from neurochip.report.schema import ConvergenceTable, Document, EpochTable
from neurochip.report.sections.frame import section

__all__ = ["convergence", "learning"]

_CURVES = (
    ("test", "test_error", 0),
    ("training, evaluated", "train_error", 1),
    ("training, as presented", "online_error", 2),
)


def learning(document: Document) -> Markup | None:
    """Return learning curve and confusion matrix; `None` for a run that does not learn."""
    result = document["result"]
    if not result["epochs"]:
        return None
    lines = [Line(name, _points(result["epochs"], key), colour, dots=True) for name, key, colour in _CURVES]
    curve = tag(
        "figure",
        line_plot(
            lines, x_label="epoch", percent=True, about="Share of samples classified wrong after each epoch"
        ),
        tag("figcaption", "Samples classified wrong, logarithmic scale."),
    )
    matrix = None if result["confusion"] is None else _confusion(result["confusion"])
    return section("Learning", tag("div", curve, matrix, class_="columns wide-left"))


def _points(epochs: list[EpochTable], key: str) -> list[tuple[float, float]]:
    found = ((epoch["epoch"], epoch.get(key)) for epoch in epochs)
    return [(x, y) for x, y in found if isinstance(y, int | float)]


def _confusion(matrix: list[list[int]]) -> Markup:
    classes = range(len(matrix))
    mistakes = [n for true, row in enumerate(matrix) for said, n in enumerate(row) if said != true]
    worst = max(mistakes, default=0) or 1
    head = tag("tr", tag("td"), *(tag("th", said) for said in classes), tag("th", "error", class_="wide"))
    rows = []
    for true, row in enumerate(matrix):
        cells: list[Content] = []
        for said, n in enumerate(row):
            title = f"{n} × a {true} taken for a {said}"
            if said == true:
                cells.append(tag("td", n, class_="right", title=f"{n} × a {true} recognised"))
            else:
                heat = f"--a:{(n / worst) ** 0.7:.2f}" if n else None
                cells.append(tag("td", n or "", class_="wrong" if n else None, style=heat, title=title))
        total = sum(row)
        share = percent((total - row[true]) / total, 1) if total and true < len(row) else "–"
        rows.append(tag("tr", tag("th", true), *cells, tag("td", share, class_="wide")))
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="confusion")
    caption = "Test samples after the last epoch: rows are what they were, columns what the network said."
    return tag("figure", table, tag("figcaption", caption))


def convergence(document: Document) -> Markup | None:
    """Return the error at every tick; `None` for a run that learns."""
    curve = document["convergence"]
    if curve is None:
        return None
    line = Line(curve["scheme"], _mean(curve), 0, band=_band(curve))
    figure = tag(
        "figure",
        line_plot(
            [line],
            x_label="tick",
            marks=[(curve["n_free"], "nudge")],
            about="Distance to the real-valued fixed point at every tick",
        ),
        tag(
            "figcaption",
            "Distance |s − s*| to the real-valued fixed point of the phase, mean over the neurons of a layer and "
            "over layers, logarithmic scale; mean and one standard deviation over networks.",
        ),
        class_="tall",
    )
    return section("Convergence", figure)


def _mean(curve: ConvergenceTable) -> list[tuple[float, float]]:
    return [(tick, y) for tick, y in enumerate(curve["mean_error"], 1) if y is not None]


def _band(curve: ConvergenceTable) -> list[tuple[float, float, float]]:
    pairs = enumerate(zip(curve["mean_error"], curve["std_error"], strict=True), 1)
    return [(tick, y - sd, y + sd) for tick, (y, sd) in pairs if y is not None and sd is not None]
