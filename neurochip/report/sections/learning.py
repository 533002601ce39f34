"""How well it learnt: the curve and the confusion matrix; or how near a settling network came."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurochip.report.figures import Chart, Curve, plot
from neurochip.report.figures.captioned import Captioned
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import decimal, exact, percent
from neurochip.report.schema import Document, EpochTable, HeadTable, RegressionOutputTable
from neurochip.report.sections.frame import section
from neurochip.report.wording import learning_words

__all__ = [
    "answer_charts",
    "convergence",
    "convergence_chart",
    "error_chart",
    "file_word",
    "learning",
    "learning_chart",
]

_HELD = "validation"
_CURVES = (
    ("test", "test_error", 0),
    ("training, evaluated", "train_error", 1),
    ("training, as presented", "online_error", 2),
    (_HELD, "validation_error", 3),
)
_MOST_OUTPUTS = 4  # whose answers are drawn


def learning(document: Document) -> Markup | None:
    """Return learning curve and confusion matrix; `None` for a run that does not learn."""
    result, chart = document["result"], learning_chart(document)
    if chart is None:
        return None
    told = " ".join(f"{words[0].upper()}{words[1:]}." for words in learning_words(document)) or None
    if "regression" in document:
        words = "Share of the variance that is left unexplained, 1 − R², logarithmic scale."
        curve = tag("figure", plot(chart), tag("figcaption", words))
        answers = (shown.markup() for shown in answer_charts(document))
        return section("Learning", tag("div", curve, *answers, class_="columns"), about=told)
    if "heads" in document:
        words = "Mean over heads of the share of wrong answers, of numbers of 1 − R²; logarithmic scale."
        curve = tag("figure", plot(chart), tag("figcaption", words))
        return section("Learning", tag("div", curve, *_heads(document), class_="columns"), about=told)
    curve = tag("figure", plot(chart), tag("figcaption", "Samples classified wrong, logarithmic scale."))
    names = document["data"].get("classes", []) if "data" in document else []
    matrix = None if result["confusion"] is None else _confusion(result["confusion"], names)
    return section("Learning", tag("div", curve, matrix, class_="columns wide-left"), about=told)


def learning_chart(document: Document) -> Chart | None:
    """Return the errors after every epoch; `None` for a run that does not learn."""
    epochs = document["result"]["epochs"]
    if not epochs:
        return None
    curves = [(name, _points(epochs, key), colour) for name, key, colour in _CURVES]
    chart = error_chart([curve for curve in curves if curve[1] or curve[0] != _HELD])
    if "regression" in document:
        return replace(chart, title="Unexplained variance", about="1 − R² after each epoch")
    if "heads" in document:
        return replace(chart, about="Mean error of the heads after each epoch")
    return chart


def answer_charts(document: Document) -> list[Captioned]:
    """Return what the network says against what is true, a chart for each of the first numbers that it says."""
    table = document.get("regression")
    outputs = [] if table is None else table["outputs"]
    if "heads" in document:
        outputs = [output for head in document["heads"]["each"] for output in head.get("regression", [])]
    return [_answers(output) for output in outputs[:_MOST_OUTPUTS]]


def _heads(document: Document) -> Iterator[Markup]:
    """Yield a figure for each head of classes and of labels, and for the first numbers."""
    for head in document["heads"]["each"]:
        if "confusion" in head:
            yield _confusion(head["confusion"], head["names"], head["name"])
        elif "labels" in head:
            yield _labels(head)
    yield from (shown.markup() for shown in answer_charts(document))


def _labels(head: HeadTable) -> Markup:
    """Return a row for each label: how often it holds and is said, and how well that fits."""
    names = ("holds", "said", "both", "wrong", "F1")
    rows = [
        tag(
            "tr",
            tag("th", label["name"]),
            *(tag("td", exact(label[key])) for key in ("holds", "said", "both")),
            tag("td", percent(label["error"])),
            tag("td", decimal(label["f1"])),
        )
        for label in head["labels"]
    ]
    table = tag(
        "table", tag("thead", tag("tr", tag("td"), *(tag("th", n) for n in names))), tag("tbody", *rows)
    )
    words = (
        f"{head['name']}: in how many test samples each holds, the network says so, and both; after the last epoch. "
        f"All right in {percent(head['exact'])} of the samples; mean F1 {decimal(head['f1'])}."
    )
    return tag("figure", table, tag("figcaption", words))


def _answers(output: RegressionOutputTable) -> Captioned:
    true, said = output["true"], output["said"]
    ends = min(true, default=0.0), max(true, default=1.0)
    chart = Chart(
        f"Predicted against true: {output['name']}",
        f"{output['name']}, true",
        "predicted",
        [Curve("test sample", true, said, 0, "dots"), Curve("exact", ends, ends, 7, "dashed")],
    )
    r2 = "–" if output["r2"] is None else f"{output['r2']:.3f}"
    words = f"{output['name']}: R² {r2}, r.m.s. deviation {decimal(output['rms'])}; test samples, after the last epoch."
    return Captioned(f"answers-{file_word(output['name'])}", None, chart, words)


def file_word(name: str) -> str:
    """Return a name as part of the name of a file."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def error_chart(curves: Sequence[tuple[str, Sequence[tuple[float, float]], int]]) -> Chart:
    """Return the chart of errors over epochs: (name, points, colour) of each curve."""
    drawn = [
        Curve.through(name, points, colour, x_label="epoch", words=percent) for name, points, colour in curves
    ]
    about = "Share of samples classified wrong after each epoch"
    return Chart("Error", "epoch", "", drawn, log_y=True, y_unit="%", about=about)


def _points(epochs: list[EpochTable], key: str) -> list[tuple[float, float]]:
    found = [(epoch["epoch"], epoch.get(key)) for epoch in epochs]
    return [(x, y) for x, y in found if isinstance(y, int | float)]


def _confusion(matrix: list[list[int]], names: Sequence[str], name: str = "") -> Markup:
    named = names if len(names) == len(matrix) else [str(k) for k in range(len(matrix))]
    classes = [each if len(each) <= 16 else f"{each[:15]}…" for each in named]
    mistakes = [n for true, row in enumerate(matrix) for said, n in enumerate(row) if said != true]
    worst = max(mistakes, default=0) or 1
    head = tag("tr", tag("td"), *(tag("th", each) for each in classes), tag("th", "error", class_="wide"))
    rows = []
    for true, row in enumerate(matrix):
        cells: list[Content] = []
        for said, n in enumerate(row):
            title = f"{n} × a {named[true]} taken for a {named[said]}"
            if said == true:
                cells.append(tag("td", n, class_="right", title=f"{n} × a {named[true]} recognised"))
            else:
                heat = f"--a:{(n / worst) ** 0.7:.2f}" if n else None
                cells.append(tag("td", n or "", class_="wrong" if n else None, style=heat, title=title))
        total = sum(row)
        share = percent((total - row[true]) / total, 1) if total and true < len(row) else "–"
        rows.append(tag("tr", tag("th", classes[true]), *cells, tag("td", share, class_="wide")))
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="confusion")
    caption = "Test samples after the last epoch: rows are what they were, columns what the network said."
    caption = f"The head {name}. {caption}" if name else caption
    return tag("figure", table, tag("figcaption", caption))


def convergence(document: Document) -> Markup | None:
    """Return the error at every tick; `None` for a run that learns."""
    chart = convergence_chart(document)
    if chart is None:
        return None
    caption = (
        "Distance |s − s*| to the real-valued fixed point of the phase, mean over the neurons of a layer and "
        "over layers, logarithmic scale; mean and one standard deviation over networks."
    )
    figure = tag("figure", plot(chart), tag("figcaption", caption), class_="tall")
    return section("Convergence", figure)


def convergence_chart(document: Document) -> Chart | None:
    """Return the distance to the fixed point at every tick; `None` for a run that learns."""
    curve = document["convergence"]
    if curve is None:
        return None
    ticks = list(range(1, len(curve["mean_error"]) + 1))
    mean, spread = (_numbers(curve[key]) for key in ("mean_error", "std_error"))
    line = Curve(curve["scheme"], ticks, mean, low=mean - spread, high=mean + spread)
    return Chart(
        "Convergence",
        "tick",
        "|s − s*|",
        [line],
        log_y=True,
        marks=[(curve["n_free"], "nudge")],
        about="Distance to the real-valued fixed point at every tick",
    )


def _numbers(values: Sequence[float | None]) -> NDArray[np.float64]:
    """Return f64 with what is missing as not a number."""
    return np.array([math.nan if value is None else value for value in values], np.float64)
