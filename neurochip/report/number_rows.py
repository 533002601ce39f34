"""How often integer state met the end of its format, population by population: the rows that every report shows."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.description import RunSpec
from neurochip.report.quantities import percent, quantity
from neurochip.report.schema import Document

__all__ = ["Saturation", "number_rows", "numbers_in_words"]

# Counter → what it is called, and the key of its format.
_COUNTED = {
    "saturated_inputs": ("weighted sums", "state"),
    "saturated_membranes": ("membranes", "membrane"),
    "saturated_nets": ("net inputs", "state"),
    "saturated_residues": ("residues", "residue"),
    "saturated_errors": ("errors", "annealer"),
}


class Saturation(NamedTuple):
    """What was held at the end of its format: in which population, what, its format, how often, of how many updates."""

    population: str
    what: str
    format: str
    times: int
    updates: int


def number_rows(document: Document) -> list[Saturation]:
    """Return a row for each quantity of each population that was ever held; none for floating-point state."""
    formats = RunSpec.from_dict(document["run"]).fixed_point
    if formats is None:
        return []
    counts: dict[tuple[str, str], int] = {}
    updates: dict[str, int] = {}
    for counted in document["counters"].values():
        for core in counted["cores"].values():
            name = str(core["population"])
            done = int(core["neuron_updates"]) + int(core["clamped_updates"])
            updates[name] = updates.get(name, 0) + done
            for counter in _COUNTED:
                counts[name, counter] = counts.get((name, counter), 0) + int(core.get(counter, 0))
    return [
        Saturation(
            name, _COUNTED[counter][0], str(getattr(formats, _COUNTED[counter][1])), count, updates[name]
        )
        for (name, counter), count in counts.items()
        if count
    ]


def numbers_in_words(document: Document) -> str:
    """Return the formats of integer state and what of it was held at its end, in one line; nothing for floats."""
    formats = RunSpec.from_dict(document["run"]).fixed_point
    if formats is None:
        return ""
    held = [
        f"{row.what} of {row.population} ({row.format}) {quantity(row.times)} times, "
        f"{percent(row.times / row.updates, 3)}"
        for row in number_rows(document)
    ]
    words = (
        "nothing met the end of its format"
        if not held
        else "held at the end of their formats: " + "; ".join(held)
    )
    return f"integers, state {formats.state}, {formats.state_bits} bits per neuron: {words}"
