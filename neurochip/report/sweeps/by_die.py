"""Measured dies one by one: the error of each, by mode, at each setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurochip.report.quantities import percent
from neurochip.report.sweeps.schema import PointTable, SweepDocument
from neurochip.report.sweeps.words import short

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["die_table"]

_MOST_LINES = 40  # beyond these, points.csv


def die_table(document: SweepDocument) -> Table | None:
    """Return a line for each measured die and setting; `None` where there are none, or too many for a terminal."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table as NewTable

    rows: dict[tuple[str, ...], dict[str, list[PointTable]]] = {}
    for point in document["points"]:
        if "file" in point:
            values = [value for value in point["values"] if value != "dies"]
            rows.setdefault((point["file"], *values), {}).setdefault(point["mode"], []).append(point)
    if not rows or len(rows) > _MOST_LINES:
        return None
    modes = [mode for mode in document["definition"]["modes"] if mode != "ideal"]
    keys = [entry["key"] for entry in document["definition"]["vary"] if entry["values"] != ["dies"]]
    table = NewTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for name in ("measured die", *keys):
        table.add_column(escape(name))
    for mode in modes:
        table.add_column(mode, justify="right", no_wrap=True)
    for (file, *values), by_mode in sorted(rows.items()):
        table.add_row(escape(file), *map(short, values), *(_error(by_mode.get(mode, [])) for mode in modes))
    return table


def _error(points: list[PointTable]) -> str:
    errors = [point["error"] for point in points if point["error"] is not None]
    if not errors:
        return "failed" if any(point["reason"] for point in points) else "–"
    return percent(sum(errors) / len(errors))
