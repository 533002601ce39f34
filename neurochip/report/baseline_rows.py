"""The run beside its baselines, as rows that the terminal and the page both show."""

from __future__ import annotations

from typing import NamedTuple

from neurochip.report.quantities import ratio
from neurochip.report.schema import Document

__all__ = ["EnergyRow", "against", "baseline_rows"]


class EnergyRow(NamedTuple):
    """Joules of training, of a sample, and of a percentage point of accuracy; `note` where there are none."""

    key: str
    name: str
    energy_table: str
    joules: float | None
    per_sample: float | None
    per_point: float | None
    note: str


def baseline_rows(document: Document) -> list[EnergyRow]:
    """Return a row for the run itself and one for each baseline; none of a report that was stored without."""
    energy = document["energy_j"]
    table = energy.get("baseline")
    if table is None:
        return []
    own = EnergyRow(
        "run",
        "this run",
        energy["energy_table"],
        energy["training"],
        energy["per_sample"],
        energy.get("per_point"),
        energy["note"] if energy["training"] is None else "",
    )
    keys = ("key", "name", "energy_table", "joules", "per_sample", "per_point", "note")
    return [own, *(EnergyRow(*(row[key] for key in keys)) for row in table["rows"])]  # type: ignore[literal-required]


def against(row: EnergyRow, rows: list[EnergyRow]) -> str:
    """Return how much more or less than the run a baseline takes, in words; nothing where one is not costed."""
    own = rows[0].joules
    if row.joules is None or own is None or row.key == "run":
        return ""
    return ratio(row.joules, own).replace("fewer", "less")
