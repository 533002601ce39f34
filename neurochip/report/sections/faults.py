"""Faults: what was broken, and what was lost or made up because of it, phase by phase."""

from __future__ import annotations

from collections.abc import Sequence

from neurochip.report.fault_rows import FaultRow, fault_rows
from neurochip.report.markup import Content, Markup, tag
from neurochip.report.quantities import percent, quantity
from neurochip.report.schema import Document
from neurochip.report.sections.frame import section
from neurochip.report.wording import phase_words

__all__ = ["faults"]


def faults(document: Document) -> Markup | None:
    """Return the section; `None` for a sound chip."""
    rows = fault_rows(document)
    if not rows:
        return None
    phases = [phase for phase, counted in document["counters"].items() if counted["ticks"]]
    names = ("fault", "rate", "acts", "broken for good", "what it did")
    head = tag(
        "tr",
        *(tag("th", name, class_="text") for name in names),
        *(tag("th", name) for name in (*map(phase_words, phases), "in all", "share")),
    )
    body = [line for row in rows for line in _lines(row, phases)]
    grid = tag("table", tag("thead", head), tag("tbody", *body), class_="figures")
    lead = (
        "What was broken on this chip. Packets sent = delivered + lost + under way, in every phase; lost packets "
        "were paid for as far as they got. Named cores, links and every count stand in report.json."
    )
    return section("Faults", tag("div", grid, class_="scroll"), about=lead)


def _lines(row: FaultRow, phases: Sequence[str]) -> list[Markup]:
    """Return a line for each thing that a fault counts; the first one names the fault."""
    lines = []
    for position, did in enumerate(row.did or [None]):
        first = position == 0
        words = (row.setting, row.when, row.broken or "–") if first else ("", "", "")
        numbers: list[Content] = ["–"] * (len(phases) + 2)
        if did is not None:
            numbers = [quantity(did.by_phase[phase]) for phase in phases]
            numbers += [quantity(did.number), percent(did.number / did.of if did.of else 0.0)]
        lines.append(
            tag(
                "tr",
                tag("th", tag("code", row.name) if first else None),
                *(tag("td", word, class_="text words") for word in words),
                tag("td", "–" if did is None else did.words, class_="text"),
                *(tag("td", number) for number in numbers),
            )
        )
    return lines
