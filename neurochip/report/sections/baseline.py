"""The same training with real values: what it takes, and what that is assumed to mean."""

from __future__ import annotations

from neurochip.report.baseline_rows import EnergyRow, against, baseline_rows
from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import exact, quantity
from neurochip.report.schema import BaselineTable, Document
from neurochip.report.sections.frame import section

__all__ = ["baseline"]


def baseline(document: Document) -> Markup | None:
    """Return the run beside both baselines, their counts and every assumption."""
    table = document["energy_j"].get("baseline")
    if table is None:
        return None
    rows = baseline_rows(document)
    lead = (
        f"What the same training costs with real values in {table['free']} + {table['nudged']} steps a "
        "presentation: the denominator of every saving. Training only."
    )
    unit = "per sample" if document["convergence"] is None else "per network"
    names = ("", "training", unit, "per percentage point", "against this run", "energy table")
    grid = tag(
        "table",
        tag("thead", tag("tr", *(tag("th", name) for name in names))),
        tag("tbody", *(_row(row, rows) for row in rows)),
        class_="figures",
    )
    notes = [tag("p", f"{row.name}: {row.note}.", class_="note") for row in rows if row.joules is None]
    assumed = tag("ul", *(tag("li", sentence) for sentence in table["assumptions"]), class_="assumed")
    return section(
        "With real values instead",
        tag("div", grid, class_="scroll"),
        *notes,
        tag("h3", "What is assumed"),
        assumed,
        _counts(table),
        about=lead,
    )


def _row(row: EnergyRow, rows: list[EnergyRow]) -> Markup:
    values = (row.joules, row.per_sample, row.per_point)
    return tag(
        "tr",
        tag("th", row.name),
        *(tag("td", "–" if value is None else quantity(value, "J")) for value in values),
        tag("td", against(row, rows)),
        tag("td", row.energy_table),
    )


def _counts(table: BaselineTable) -> Markup:
    samples = table["samples"]
    projections = [
        tag(
            "tr",
            tag("th", f"multiply–adds {entry['source']} → {entry['target']}"),
            tag("td", exact(entry["each_step"])),
            tag("td", exact(entry["per_sample"])),
            tag("td", quantity(entry["per_sample"] * samples)),
        )
        for entry in table["projections"]
    ]
    counts = [
        tag(
            "tr",
            tag("th", name.replace("_", " ")),
            tag("td", ""),
            tag("td", quantity(count / samples) if samples else "–"),
            tag("td", quantity(count)),
        )
        for name, count in table["counts"].items()
    ]
    head = tag("tr", *(tag("th", name) for name in ("count", "per step", "per sample", "training")))
    grid = tag("table", tag("thead", head), tag("tbody", *projections, *counts), class_="figures")
    lines = [
        tag(
            "tr",
            tag("td", row["name"]),
            tag("td", line["category"]),
            tag("td", tag("code", line["event"])),
            tag("td", quantity(line["count"]), class_="number", title=str(line["count"])),
            tag("td", quantity(line["unit_j"], "J", 4), class_="number"),
            tag("td", quantity(line["joules"], "J"), class_="number"),
        )
        for row in table["rows"]
        for line in sorted(row["lines"], key=lambda line: -line["joules"])
    ]
    titles = [
        *(tag("th", name) for name in ("baseline", "category", "event")),
        *(tag("th", name, class_="number") for name in ("count", "each", "joules")),
    ]
    costed = tag("table", tag("thead", tag("tr", *titles)), tag("tbody", *lines), class_="counters")
    return tag(
        "details",
        tag("summary", "Counts and energies per event that these figures are made of"),
        tag("div", grid, class_="scroll"),
        tag("div", costed, class_="scroll") if lines else None,
    )
