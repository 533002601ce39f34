"""Integer state: the format of each quantity, and how often it met its end."""

from __future__ import annotations

from neurochip.description import RunSpec
from neurochip.report.markup import Markup, tag
from neurochip.report.number_rows import number_rows
from neurochip.report.quantities import percent, quantity
from neurochip.report.schema import Document
from neurochip.report.sections.frame import grid, row, section

__all__ = ["numbers"]


def numbers(document: Document) -> Markup | None:
    """Return the section; `None` where state is floating-point."""
    formats = RunSpec.from_dict(document["run"]).fixed_point
    if formats is None:
        return None
    words = ", ".join(f"{name} {bits}" for name, bits in formats.words.items())
    lead = (
        f"Cores compute in integers alone: state {formats.state}, membrane {formats.membrane}, residue "
        f"{formats.residue}, steps of values rounded to {formats.rounding}. A neuron keeps {formats.state_bits} bits: "
        f"{words}."
    )
    rows = [
        row(
            held.population,
            tag("td", held.what, class_="text"),
            tag("td", held.format, class_="text"),
            quantity(held.times),
            percent(held.times / held.updates, 3),
        )
        for held in number_rows(document)
    ]
    table = grid(["population", "held at its end", "format", "times", "of updates"], rows)
    return section("Integers", table if rows else tag("p", "Nothing met the end of its format."), about=lead)
