"""A comparison of runs → one page that opens offline, in the look of the reports."""

from __future__ import annotations

from importlib import resources
from string import Template

from neurochip.report.comparison import Comparison, Row
from neurochip.report.markup import Markup, join, tag
from neurochip.report.plots import Bar, Line, line_plot, log_bars
from neurochip.report.sections.frame import section

__all__ = ["comparison_page"]

_MIXED = (
    "These runs are priced with different price lists: their joules must not be compared. "
    "Price them with one list (neurochip report DIR --prices LIST) and compare the folders again."
)
# Of these a bar chart is drawn: what is paid for one sample.
_DRAWN = ("symbols_per_sample", "aer_per_sample", "real_valued_per_sample", "energy_per_sample")
_COLOURS = 4  # that curves can have


def comparison_page(comparison: Comparison) -> str:
    """Return the text of the page."""
    names = [run.name for run in comparison.runs]
    head = tag(
        "header",
        tag("h1", " · ".join(names)),
        tag("p", "Runs side by side; ratios are to the first.", class_="about"),
        None if comparison.priced_alike else tag("p", _MIXED, class_="note"),
    )
    body = tag("main", head, _curves(comparison), _table(comparison), _charts(comparison))
    folder = resources.files("neurochip.report") / "templates"
    page = Template((folder / "report.html").read_text(encoding="utf-8"))
    style = (folder / "report.css").read_text(encoding="utf-8")
    return page.substitute(title=join([" · ".join(names), " – neurochip"]), style=style, body=body)


def _curves(comparison: Comparison) -> Markup | None:
    lines = []
    for number, run in enumerate(comparison.runs):
        points = [
            (epoch["epoch"], epoch["test_error"])
            for epoch in run.document["result"]["epochs"]
            if epoch["test_error"] is not None
        ]
        if points:
            lines.append(Line(run.name, points, number % _COLOURS, dots=True))
    if not lines:
        return None
    plot = line_plot(lines, x_label="epoch", percent=True, about="test error of each run over epochs")
    return section("Test error", plot, about="Share of test samples classified wrongly; logarithmic scale.")


def _table(comparison: Comparison) -> Markup:
    head = tag("tr", tag("th"), *(tag("th", run.name) for run in comparison.runs))
    about = tag("tr", tag("th", tag("small", "network")), *(_cell(run.about) for run in comparison.runs))
    rows = [
        tag("tr", tag("th", row.name), *(_value(words, against) for words, against in _pairs(row)))
        for row in comparison.rows
    ]
    grid = tag("table", tag("thead", head), tag("tbody", about, *rows), class_="figures")
    return section("Side by side", tag("div", grid, class_="scroll"), about="Costs are those of training.")


def _pairs(row: Row) -> list[tuple[str, str]]:
    return list(zip(row.words, row.ratios, strict=True))


def _cell(words: str) -> Markup:
    return tag("td", tag("small", words), class_="words")


def _value(words: str, against: str) -> Markup:
    shown = None if against in ("", "1") else tag("small", " ", against)
    return tag("td", words, shown)


def _charts(comparison: Comparison) -> Markup | None:
    charts = []
    for row in comparison.rows:
        if row.key not in _DRAWN or (row.key.startswith("energy") and not comparison.priced_alike):
            continue
        drawn = [
            Bar(run.name, value, words, against if against != "1" else None, f"b{number % _COLOURS}")
            for number, (run, value, words, against) in enumerate(
                zip(comparison.runs, row.values, row.words, row.ratios, strict=True)
            )
            if value is not None
        ]
        unit = "J" if row.key.startswith("energy") else "bit"
        charts.append(tag("figure", tag("h3", row.name), log_bars(drawn, unit=unit)))
    if not charts:
        return None
    return section("What a sample costs", *charts, about="Logarithmic scale.")
