"""Energy by phase and category, and the lines that every figure is the sum of."""

from __future__ import annotations

import math

from neurochip.energy.charges import CATEGORIES
from neurochip.report.bars import bars, stacked_bar
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import percent, quantity
from neurochip.report.schema import Document, JoulesTable
from neurochip.report.sections.frame import section
from neurochip.report.wording import phase_words

__all__ = ["energy"]

_COLOURS = {category: colour for colour, category in enumerate(CATEGORIES)}
_EVIDENCE = ("measured", "pre-silicon", "pre-silicon, synthesised", "estimated")


def energy(document: Document) -> Markup:
    """Return the section; without energies it says why there are none."""
    table = document["energy_j"]
    if table["total"] is None:
        return section("Energy", tag("p", f"{table['energy_table']}: {table['note']}.", class_="note"))
    note = tag("p", table["note"].strip(), class_="note") if table["note"].strip() else None
    lead = f"Counts times the energy per event of {table['energy_table']}; every figure is a sum of the lines below."
    return section(
        "Energy",
        _bars(table),
        tag("div", _matrix(table), class_="scroll"),
        tag("div", _populations(table), _evidence(table), class_="columns"),
        note,
        _lines(table),
        about=lead,
    )


def _cells(table: JoulesTable) -> dict[tuple[str, str], float]:
    cells: dict[tuple[str, str], float] = {}
    for line in table["lines"]:
        key = (line["category"], line["phase"])
        cells[key] = cells.get(key, 0.0) + line["joules"]
    return cells


def _bars(table: JoulesTable) -> Markup:
    cells, whole = _cells(table), max(table["by_phase"].values(), default=0.0)
    rows = []
    for phase, joules in table["by_phase"].items():
        parts = [
            (
                name,
                cells.get((name, phase), 0.0),
                _COLOURS[name],
                quantity(cells.get((name, phase), 0.0), "J"),
            )
            for name in _COLOURS
        ]
        rows.append(_row(phase_words(phase), joules, stacked_bar(parts, whole), table["total"] or 0.0))
    return bars(rows)


def _row(name: str, joules: float, bar: Markup, total: float) -> tuple[Content, Markup, Content, Content]:
    share = percent(joules / total, 1) if total else ""
    return tag("strong", name), bar, quantity(joules, "J"), share


def _matrix(table: JoulesTable) -> Markup:
    cells, phases, total = _cells(table), list(table["by_phase"]), table["total"] or 0.0
    head = tag(
        "tr",
        tag("th", "category"),
        *(tag("th", phase_words(phase)) for phase in phases),
        tag("th", "all"),
        tag("th", "share"),
    )
    rows = []
    for name, joules in table["by_category"].items():
        shown = [cells.get((name, phase)) for phase in phases]
        rows.append(
            tag(
                "tr",
                tag("th", tag("i", class_=f"swatch b{_COLOURS.get(name, 9)}"), name),
                *(tag("td", "" if value is None else quantity(value, "J")) for value in shown),
                tag("td", tag("strong", quantity(joules, "J"))),
                tag("td", percent(joules / total, 1) if total else ""),
            )
        )
    foot = tag(
        "tr",
        tag("th", "all"),
        *(tag("td", quantity(table["by_phase"][phase], "J")) for phase in phases),
        tag("td", quantity(total, "J")),
        tag("td", ""),
    )
    return tag("table", tag("thead", head), tag("tbody", *rows), tag("tfoot", foot), class_="figures")


def _populations(table: JoulesTable) -> Markup:
    whole, total = max(table["by_population"].values(), default=0.0), table["total"] or 0.0
    rows = [
        _row(name, joules, stacked_bar([(name, joules, place % 8, quantity(joules, "J"))], whole), total)
        for place, (name, joules) in enumerate(table["by_population"].items())
    ]
    return tag("div", tag("h3", "By population"), bars(rows))


def _evidence(table: JoulesTable) -> Markup:
    """Return how much of the total rests on which kind of figure."""
    total = table["total"] or 0.0
    shares = {
        kind: math.fsum(line["joules"] for line in table["lines"] if line["evidence"] == kind)
        for kind in _EVIDENCE
    }
    rows = [
        _row(kind, joules, stacked_bar([(kind, joules, 9, quantity(joules, "J"))], total), total)
        for kind, joules in shares.items()
    ]
    return tag("div", tag("h3", "Evidence for the energies"), bars(rows))


def _lines(table: JoulesTable) -> Markup:
    head = tag(
        "tr",
        *(tag("th", name) for name in ("phase", "category", "event")),
        *(tag("th", name, class_="number") for name in ("count", "per event", "joules")),
        *(tag("th", name) for name in ("evidence", "source")),
    )
    rows = []
    for line in sorted(table["lines"], key=lambda line: -line["joules"]):
        free = line["contained_in"] is not None
        rows.append(
            tag(
                "tr",
                tag("td", phase_words(line["phase"])),
                tag("td", line["category"]),
                tag("td", tag("code", line["event"])),
                tag("td", quantity(line["count"]), class_="number", title=str(line["count"])),
                tag("td", "–" if free else quantity(line["unit_j"], "J", 4), class_="number"),
                tag("td", "–" if free else quantity(line["joules"], "J"), class_="number"),
                tag("td", line["evidence"]),
                tag("td", line["source"], class_="source"),
            )
        )
    grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="counters")
    summary = f"All {len(rows)} lines: count × energy per event, with evidence and source"
    return tag("details", tag("summary", summary), tag("div", grid, class_="scroll"))
