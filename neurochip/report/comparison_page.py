"""A comparison of runs → one page that opens offline, in the look of the reports."""

from __future__ import annotations

from typing import Any, cast

from neurochip.report.bars import Bar, log_bars
from neurochip.report.comparability import MOST_KEYS
from neurochip.report.comparison import Comparison
from neurochip.report.figures import COLOURS, Chart, plot
from neurochip.report.markup import Markup, tag
from neurochip.report.page import page, page_head
from neurochip.report.sections.frame import grid, row, section
from neurochip.report.sections.learning import error_chart

__all__ = ["comparison_page", "key_rows"]

MIXED = (
    "The energy tables of these runs do not agree ({what}): joules have a ratio only where they do. Cost them with "
    "one table (neurochip report DIR --energies TABLE) and compare the folders again."
)
_MOST_NAMED = 4
# Of these a bar chart is drawn: what is paid for one sample.
DRAWN = (
    "symbols_per_sample",
    "aer_per_sample",
    "real_valued_per_sample",
    "energy_per_sample",
    "seconds_per_sample",
    "seconds_per_test_sample",
    "energy",
    "energy_per_inference",
    "seconds",
    "seconds_per_inference",
)


def drawn_unit(key: str) -> str:
    """Return the unit of a quantity that is drawn."""
    return "J" if key.startswith("energy") else "s" if key.startswith("seconds") else "bit"


def mixed_words(comparison: Comparison) -> str:
    """Return why joules are not compared."""
    differing = comparison.other_energies
    more = f" and {len(differing) - _MOST_NAMED} more" if len(differing) > _MOST_NAMED else ""
    return MIXED.format(what=", ".join(differing[:_MOST_NAMED]) + more)


def key_rows(comparison: Comparison) -> list[tuple[str, tuple[str, ...]]]:
    """Return the keys in which the runs differ, with the value that each has; of very many the first ones."""
    found = [(key, words) for key, words in comparison.differing[:MOST_KEYS]]
    if more := len(comparison.differing) - len(found):
        found.append((f"{more} more keys", ("…",) * len(comparison.runs)))
    return found


def comparison_page(comparison: Comparison) -> str:
    """Return the text of the page."""
    names = [run.name for run in comparison.runs]
    notes = [] if comparison.same_energies else [tag("p", mixed_words(comparison), class_="note")]
    notes += [tag("p", sentence, class_="note") for sentence in comparison.cautions]
    head = page_head(" · ".join(names), "Runs side by side; ratios are to the first.", (), *notes)
    return page(" · ".join(names), head, _curves(comparison), _table(comparison), _charts(comparison))


def comparison_chart(comparison: Comparison) -> Chart | None:
    """Return the test error of every run over its epochs; `None` where none learns."""
    curves = []
    for number, run in enumerate(comparison.runs):
        points = [
            (float(epoch["epoch"]), epoch["test_error"])
            for epoch in cast(Any, run.document).get("result", {"epochs": []})["epochs"]
            if epoch["test_error"] is not None
        ]
        if points:
            curves.append((run.name, points, number % COLOURS))
    return error_chart(curves) if curves else None


def _curves(comparison: Comparison) -> Markup | None:
    chart = comparison_chart(comparison)
    if chart is None:
        return None
    lead = "Share of test samples classified wrong, of numbers of their variance left unexplained; logarithmic scale."
    return section("Test error", plot(chart), about=lead)


def _table(comparison: Comparison) -> Markup:
    first, *others = comparison.runs
    names = [tag("th"), first.name, *(tag("th", run.name, colspan=2) for run in others)]
    about = [
        tag("td", tag("small", run.about), class_="words", colspan=1 if run is first else 2)
        for run in comparison.runs
    ]
    rows = [row("network", *about)]
    for name, values in key_rows(comparison):
        rest = (tag("td", value, class_="words", colspan=2) for value in values[1:])
        rows.append(row(name, tag("td", values[0], class_="words"), *rest))
    for line in comparison.rows:
        cells = [tag("td", line.words[0])]
        for words, against in list(zip(line.words, line.ratios, strict=True))[1:]:
            cells += [tag("td", words), tag("td", tag("small", against), class_="against")]
        rows.append(row(line.name, *cells))
    learns = "result" in comparison.runs[0].document
    about_costs = "Costs are those of training." if learns else None
    return section("Side by side", grid(names, rows), about=about_costs)


def _charts(comparison: Comparison) -> Markup | None:
    charts = []
    for line in comparison.rows:
        if line.key not in DRAWN or (line.key.startswith("energy") and not comparison.same_energies):
            continue
        drawn = [
            Bar(run.name, value, words, against if against != "1" else None, f"b{number % COLOURS}")
            for number, (run, value, words, against) in enumerate(
                zip(comparison.runs, line.values, line.words, line.ratios, strict=True)
            )
            if value is not None
        ]
        unit = drawn_unit(line.key)
        charts.append(tag("figure", tag("h3", line.name), log_bars(drawn, unit=unit)))
    if not charts:
        return None
    return section("What a sample costs", *charts, about="Logarithmic scale.")
