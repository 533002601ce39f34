"""What driving the chip took, where a controller stood between host and cores."""

from __future__ import annotations

import math

from neurochip.report.markup import Markup, tag
from neurochip.report.quantities import exact, quantity
from neurochip.report.schema import Document
from neurochip.report.sections.frame import section
from neurochip.report.wording import control_totals, phase_words
from neurochip.substrate.counters import CONTROL

__all__ = ["control"]


def control(document: Document) -> Markup | None:
    """Return the section; `None` when the chip was driven directly."""
    totals = control_totals(document)
    if totals is None:
        return None
    costed = {line["phase"] for line in document["energy_j"]["lines"] if line["category"] == "control"}
    head = tag(
        "tr",
        tag("th", "phase"),
        *(tag("th", name.replace("_", " ")) for name in CONTROL),
        tag("th", "energy"),
    )
    rows = []
    for phase, counted in document["counters"].items():
        counts = counted.get("control")
        if counts is None:
            continue
        cells = (tag("td", exact(counts[name])) for name in CONTROL)
        joules = quantity(_joules(document, phase), "J") if phase in costed else "–"
        rows.append(tag("tr", tag("th", phase_words(phase)), *cells, tag("td", joules)))
    whole = quantity(_joules(document, None), "J") if costed else "–"
    foot = tag(
        "tr", tag("th", "all"), *(tag("td", exact(totals[name])) for name in CONTROL), tag("td", whole)
    )
    grid = tag("table", tag("thead", head), tag("tbody", *rows), tag("tfoot", foot), class_="figures")
    return section(
        "Control",
        tag("div", grid, class_="scroll"),
        about="The chip was driven by its controller: words of 32 bits over its bus, bytes between it and the host, "
        "cycles in which it was awake. Loading is what was moved whole, weights and counters and states.",
    )


def _joules(document: Document, phase: str | None) -> float:
    return math.fsum(
        line["joules"]
        for line in document["energy_j"]["lines"]
        if line["category"] == "control" and phase in (None, line["phase"])
    )
