"""A search → one page: the front, every trial against every key, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any

from neurochip.report.axes import log_words
from neurochip.report.markup import Content, Markup, join, tag
from neurochip.report.quantities import decimal, percent, quantity
from neurochip.report.scatter import Axis, Point, scatter_plot
from neurochip.report.sections.frame import section
from neurochip.search.dimensions import Choice, Dimension
from neurochip.search.objectives import Objective
from neurochip.search.study import Trial

__all__ = ["search_page", "value_words"]


def value_words(objective: Objective, value: float, *, share: bool) -> str:
    """Return the value of an objective as people read it; ``share``: errors are shares of samples."""
    if objective.name == "error":
        return percent(value) if share else decimal(value)
    return quantity(value, objective.unit)


def search_page(
    summary: dict[str, Any],
    dimensions: Sequence[Dimension],
    trials: Sequence[Trial],
    objectives: Sequence[Objective],
    front: Sequence[int],
    *,
    share: bool,
) -> str:
    """Return the text of the page; ``front`` numbers the trials that nothing beats."""
    good = [trial for trial in trials if not trial.failure]
    facts = [
        f"{len(trials)} trials",
        summary["sampler"],
        f"seed {summary['seed']}",
        summary["judged_on"],
        *(f"{len(trials) - len(good)} failed" for _ in range(len(trials) > len(good))),
    ]
    body = tag(
        "main",
        tag(
            "header",
            tag("h1", f"tune {summary['run']['name']}"),
            tag("p", "making small: " + ", ".join(o.words for o in objectives), class_="about"),
            tag("div", *(tag("span", fact) for fact in facts), class_="facts"),
        ),
        _front(good, objectives, front, share=share) if len(objectives) > 1 and good else None,
        _slices(good, dimensions, objectives, front, share=share) if good else None,
        _table(trials, dimensions, objectives, front, summary, share=share),
    )
    folder = resources.files("neurochip.report") / "templates"
    page = Template((folder / "report.html").read_text(encoding="utf-8"))
    style = (folder / "report.css").read_text(encoding="utf-8")
    title = join([f"tune {summary['run']['name']} – neurochip"])
    return page.substitute(title=title, style=style, body=body)


def _axis(objective: Objective, *, share: bool) -> Axis:
    def words(value: float) -> Content:
        if objective.name == "error":
            return f"{100 * value:.4g} %" if share else log_words(value)
        return quantity(value, objective.unit, 2)

    return Axis(objective.words, words, log=True)


def _title(trial: Trial) -> str:
    return f"trial {trial.number}: " + ", ".join(f"{key} = {_short(v)}" for key, v in trial.values.items())


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _front(
    trials: Sequence[Trial], objectives: Sequence[Objective], front: Sequence[int], *, share: bool
) -> Markup:
    y, x = objectives[0], objectives[1]
    points = [
        Point(
            t.objectives[1], t.objectives[0], 0 if t.number in front else 9, _title(t), t.number not in front
        )
        for t in trials
    ]
    best = [(t.objectives[1], t.objectives[0]) for t in trials if t.number in front]
    plot = scatter_plot(
        points,
        _axis(x, share=share),
        _axis(y, share=share),
        line=sorted(best),
        about=f"{y.words} of each trial against {x.words}; the line joins those that no other beats in both",
    )
    lead = "Each point is a trial; no trial beats those on the line in both quantities. Logarithmic scales."
    return section("Pareto front", plot, about=lead)


def _named(dimension: Dimension) -> tuple[str, ...]:
    return dimension.values if isinstance(dimension, Choice) else ()


def _key_axis(dimension: Dimension) -> Axis:
    names = _named(dimension)

    def words(value: float) -> str:
        if not names:
            return f"{value:.4g}"
        place = round(value)
        return names[place] if value == place and 0 <= place < len(names) else ""

    return Axis(dimension.key, words, log=not isinstance(dimension, Choice) and dimension.log)


def _slices(
    trials: Sequence[Trial],
    dimensions: Sequence[Dimension],
    objectives: Sequence[Objective],
    front: Sequence[int],
    *,
    share: bool,
) -> Markup:
    y = objectives[0]
    plots = []
    for dimension in dimensions:
        places = {value: float(n) for n, value in enumerate(_named(dimension))}
        axis = _key_axis(dimension)
        points = [
            Point(
                places.get(str(t.values[dimension.key]), t.values[dimension.key]),  # type: ignore[arg-type]
                t.objectives[0],
                0 if t.number in front else 9,
                _title(t),
                t.number not in front,
            )
            for t in trials
        ]
        about = f"{y.words} of each trial against {dimension.key}"
        plots.append(tag("figure", scatter_plot(points, axis, _axis(y, share=share), about=about)))
    lead = "What each key does, whatever the others were." if len(dimensions) > 1 else None
    return section("Key by key", tag("div", *plots, class_="slices"), about=lead)


def _table(
    trials: Sequence[Trial],
    dimensions: Sequence[Dimension],
    objectives: Sequence[Objective],
    front: Sequence[int],
    summary: dict[str, Any],
    *,
    share: bool,
) -> Markup:
    confirmed = {entry["trial"]: entry for entry in summary["confirmed"]}
    head = ["trial", *(o.words for o in objectives), *(d.key for d in dimensions)]
    if confirmed:
        head.insert(1, "test error, trained anew on everything")
    order = sorted(trials, key=lambda t: (t.number not in front, bool(t.failure), t.objectives))
    rows = []
    for trial in order:
        cells: list[Content] = [tag("strong", trial.number) if trial.number in front else str(trial.number)]
        if confirmed:
            found = confirmed.get(trial.number)
            cells.append("" if found is None else f"{percent(found['mean'])} ± {percent(found['std'])}")
        if trial.failure:
            cells += [tag("small", trial.failure), *[""] * (len(objectives) - 1)]
        else:
            cells += [
                value_words(o, v, share=share) for o, v in zip(objectives, trial.objectives, strict=True)
            ]
        cells += [_short(trial.values[d.key]) for d in dimensions]
        rows.append(tag("tr", *(tag("td", cell) for cell in cells)))
    grid = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", word) for word in head))),
        tag("tbody", *rows),
        class_="figures",
    )
    return section("Trials", tag("div", grid, class_="scroll"), about="The best ones first.")
