"""A search → one page: the front, every trial against every key, and the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neurochip.report.figures import Chart, Curve, plot
from neurochip.report.markup import Content, Markup, join, tag
from neurochip.report.page import page, page_head
from neurochip.report.quantities import decimal, percent, quantity
from neurochip.report.sections.frame import grid, row, section
from neurochip.search.dimensions import Choice, Dimension
from neurochip.search.objectives import Objective
from neurochip.search.study import Trial

__all__ = ["front_chart", "search_page", "slice_charts", "value_words"]


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
    name = f"tune {summary['run']['name']}"
    return page(
        name,
        page_head(name, "making small: " + ", ".join(o.words for o in objectives), facts),
        _front(good, objectives, front, share=share) if len(objectives) > 1 and good else None,
        _slices(good, dimensions, objectives, front, share=share) if good else None,
        _table(trials, dimensions, objectives, front, summary, share=share),
    )


def _unit(objective: Objective, *, share: bool) -> str:
    """Return what the ticks of an objective are written in."""
    return ("%" if share else "") if objective.name == "error" else objective.unit


def _dots(trials: Sequence[Trial], front: Sequence[int], x_of: Callable[[Trial], float]) -> list[Curve]:
    """Return the trials over a quantity against the first objective, those of the front before the others."""
    curves = []
    for name, colour, best in (("others", 9, False), ("not beaten", 0, True)):
        chosen = [trial for trial in trials if (trial.number in front) is best]
        xs, ys = [x_of(trial) for trial in chosen], [trial.objectives[0] for trial in chosen]
        titles = [_title(trial) for trial in chosen]
        curves.append(Curve(name, xs, ys, colour, "dots", titles=titles, faint=not best))
    return curves


def _title(trial: Trial) -> str:
    return f"trial {trial.number}: " + ", ".join(f"{key} = {_short(v)}" for key, v in trial.values.items())


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def front_chart(
    trials: Sequence[Trial], objectives: Sequence[Objective], front: Sequence[int], *, share: bool
) -> Chart:
    """Return every trial over the first two objectives."""
    y, x = objectives[0], objectives[1]
    best = sorted((t.objectives[1], t.objectives[0]) for t in trials if t.number in front)
    line = Curve("", [a for a, _ in best], [b for _, b in best])
    return Chart(
        "Pareto front",
        x.words,
        y.words,
        [line, *_dots(trials, front, lambda trial: trial.objectives[1])],
        log_x=True,
        log_y=True,
        x_room=0.05,
        x_unit=_unit(x, share=share),
        y_unit=_unit(y, share=share),
        about=f"{y.words} of each trial against {x.words}; the line joins those that no other beats in both",
    )


def _front(
    trials: Sequence[Trial], objectives: Sequence[Objective], front: Sequence[int], *, share: bool
) -> Markup:
    lead = "Each point is a trial; no trial beats those on the line in both quantities. Logarithmic scales."
    return section("Pareto front", plot(front_chart(trials, objectives, front, share=share)), about=lead)


def _named(dimension: Dimension) -> tuple[str, ...]:
    return dimension.values if isinstance(dimension, Choice) else ()


def slice_charts(
    trials: Sequence[Trial],
    dimensions: Sequence[Dimension],
    objectives: Sequence[Objective],
    front: Sequence[int],
    *,
    share: bool,
) -> list[Chart]:
    """Return every trial over each key and the first objective."""
    y = objectives[0]
    charts = []
    for dimension in dimensions:
        places = {value: float(n) for n, value in enumerate(_named(dimension))}

        def value(trial: Trial, key: str = dimension.key, places: dict[str, float] = places) -> float:
            found = trial.values[key]
            return places[str(found)] if places else float(found)

        chart = Chart(
            dimension.key,
            dimension.key,
            y.words,
            _dots(trials, front, value),
            log_x=not isinstance(dimension, Choice) and dimension.log,
            log_y=True,
            x_names=[(place, name) for name, place in places.items()],
            x_room=0.05,
            y_unit=_unit(y, share=share),
            about=f"{y.words} of each trial against {dimension.key}",
        )
        charts.append(chart)
    return charts


def _slices(
    trials: Sequence[Trial],
    dimensions: Sequence[Dimension],
    objectives: Sequence[Objective],
    front: Sequence[int],
    *,
    share: bool,
) -> Markup:
    charts = slice_charts(trials, dimensions, objectives, front, share=share)
    plots = [tag("figure", plot(chart)) for chart in charts]
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
        cells: list[Content] = []
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
        number: Content = str(trial.number)
        if trial.number not in front:
            number = tag("span", trial.number, class_="plain")
        if trial.measured.get("warnings"):
            number = join([number, " ", tag("small", "warnings about its numbers")])
        rows.append(row(number, *cells))
    return section("Trials", grid(head, rows), about="The best ones first.")
