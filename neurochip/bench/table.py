"""All families of the benchmark, in the order of the table, and how their rows are found by name."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Sequence

from neurochip.bench.row import Family, Row
from neurochip.errors import ConfigError

__all__ = ["FAMILIES", "chosen", "families"]

# Modules of this package; each has a FAMILY.
FAMILIES = (
    "settle",
    "learning",
    "delivery",
    "roofline",
    "growth",
    "noc",
    "timed_runs",
    "traces",
    "faults",
    "analog",
    "memory",
    "startup",
    "long_runs",
    "others",
)


def families() -> tuple[Family, ...]:
    """Import and return all of them."""
    return tuple(importlib.import_module(f"neurochip.bench.{name}").FAMILY for name in FAMILIES)


def chosen(
    known: Sequence[Family], names: Iterable[str], quick: bool
) -> list[tuple[Family, tuple[Row, ...]]]:
    """Return the rows that are asked for by name, of families or their own; without names those of the form.

    Raises
    ------
    ConfigError
        A name that there is not.
    """
    asked = list(names)
    rows = {row.name: row for family in known for row in family.rows}
    if len(rows) != sum(len(family.rows) for family in known):
        raise ConfigError("bench", "two rows have one name")
    words = [*rows, *(family.name for family in known)]
    for name in asked:
        if name not in words:
            close = difflib.get_close_matches(name, words, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else "; `neurochip bench list` names them"
            raise ConfigError("bench", f"there is no row '{name}'{hint}")
    found = []
    for family in known:
        wanted = tuple(row for row in family.rows if _wanted(family, row, asked, quick))
        if wanted:
            found.append((family, wanted))
    return found


def _wanted(family: Family, row: Row, asked: list[str], quick: bool) -> bool:
    if row.name in asked:
        return True
    if asked and family.name not in asked:
        return False
    if row.form == "named":
        return all(other.form == "named" for other in family.rows) and family.name in asked
    return row.form == "quick" or not quick
