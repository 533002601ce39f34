"""Bits in every coding, beside the 32-bit words of real-valued neurons."""

from __future__ import annotations

from neurochip.report.bars import Bar, log_bars
from neurochip.report.bit_rows import bit_rows
from neurochip.report.markup import Content, Markup, join, tag
from neurochip.report.quantities import quantity, ratio
from neurochip.report.schema import Document
from neurochip.report.sections.frame import section
from neurochip.report.wording import phase_words
from neurochip.substrate.counters import BIT_CODINGS

__all__ = ["bits"]


def bits(document: Document) -> Markup:
    """Return bars by coding and a table by phase."""
    rows = bit_rows(document)
    drawn = [
        Bar(
            label=join([tag("strong", row.name), " ", tag("small", row.about)]),
            value=row.bits,
            shown=quantity(row.bits, "bit"),
            aside="reference" if row.is_reference else ratio(row.bits, row.reference),
            style="b9" if row.is_real_valued else "b0",
        )
        for row in rows
    ]
    reference = rows[0].reference if rows else None
    sent = "Sent" if document["convergence"] is not None else "Sent in training, evaluation not counted"
    lead = (
        f"{sent}; logarithmic scale. The line is what real-valued neurons "
        "would have sent for the same presentations: a 32-bit word per neuron and step, each input once."
    )
    return section("Bits", log_bars(drawn, unit="bit", reference=reference), _by_phase(document), about=lead)


def _by_phase(document: Document) -> Markup | None:
    table = document["bits"]
    by_phase = table["by_phase"]
    if not any(count for phase in by_phase.values() for count in phase.values()):
        return None
    phases = [phase for phase, counts in by_phase.items() if any(counts.values())]
    names = list(BIT_CODINGS)
    head = tag(
        "tr",
        tag("th", "coding"),
        *(tag("th", phase_words(phase)) for phase in phases),
        tag("th", "per sample"),
    )
    rows = []
    for name in names:
        coding, _, what = name.partition("_")
        words: Content = coding + {"": " sent", "hops": " × links", "received": " received"}[what]
        cells = [tag("td", quantity(by_phase[phase].get(name, 0), "bit")) for phase in phases]
        each = table["per_sample"].get(name)
        last = tag("td", "–" if each is None else quantity(each, "bit"))
        rows.append(tag("tr", tag("th", words), *cells, last))
    grid = tag("table", tag("thead", head), tag("tbody", *rows), class_="figures")
    return tag(
        "details",
        tag("summary", "By phase: sent, times the links that each bit crossed, and received"),
        tag("div", grid, class_="scroll"),
    )
