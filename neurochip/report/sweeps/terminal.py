"""The summary after a sweep: a table for each panel, and the verdict."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from neurochip.report.quantities import percent
from neurochip.report.sweeps.by_die import die_table
from neurochip.report.sweeps.costs import COSTS, cost_names, cost_range
from neurochip.report.sweeps.schema import CellTable, PanelTable, SweepDocument
from neurochip.report.sweeps.words import failure_words, how_many

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

__all__ = ["print_sweep"]

_MOST_PANELS = 8  # beyond these the terminal only has the verdicts


def print_sweep(document: SweepDocument, console: Console | None = None) -> None:
    """Print errors and yields by value and mode, and the verdict; the standard output if no console is given."""
    from rich.console import Console as NewConsole
    from rich.rule import Rule
    from rich.text import Text

    console = console or NewConsole()
    definition = document["definition"]
    name = Text.assemble((str(definition["run"]["name"]), "bold"), f"  sweep, {how_many(definition)}")
    console.print(Rule(name, align="left", style="dim"))
    panels = document["panels"]
    for panel in panels:
        others = ", ".join(f"{key} = {value}" for key, value in panel["others"].items())
        if others:
            console.print(Text(others, style="bold"))
        if len(panels) <= _MOST_PANELS and panel["curves"]:
            console.print(_table(document, panel))
            costs = _costs(document, panel)
            if costs is not None:
                console.print(costs)
        console.print(Text(panel["verdict"]))
    dies = die_table(document)
    if dies is not None:
        console.print(dies)
    counts = [panel["failures"] for panel in panels] + [document["ideal_failures"]]
    failed = Counter[str]()
    for failures in counts:
        failed.update(failures)
    if failed:
        words = failure_words(dict(failed.most_common()))
        console.print(Text(f"Failed: {words}; the page says why.", style="yellow"))
    flagged = sum(bool(point.get("warnings")) for point in document["points"])
    if flagged:
        console.print(Text(f"{flagged} points have warnings; the page has them.", style="yellow"))


def _table(document: SweepDocument, panel: PanelTable) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table as NewTable

    table = NewTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(escape(document["definition"]["vary"][0]["key"]))
    for curve in panel["curves"]:
        table.add_column(curve["mode"], justify="right", no_wrap=True)
        table.add_column("good", justify="right", no_wrap=True, style="dim")
    ideal = document["ideal"]
    if ideal is not None:
        table.caption = f"mean test error ± half its 95 % band; ideal {percent(ideal['mean'])}"
        table.caption_justify = "left"
    rows: list[Any] = list(zip(*(curve["cells"] for curve in panel["curves"]), strict=True))
    for cells in rows:
        table.add_row(
            escape(cells[0]["value"]),
            *(words for cell in cells for words in (_error(cell), percent(cell["good_share"], 0))),
        )
    return table


def _costs(document: SweepDocument, panel: PanelTable) -> Table | None:
    """Return what each value costs, over all modes; `None` where nothing is known of costs."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table as NewTable

    rows: list[Any] = list(zip(*(curve["cells"] for curve in panel["curves"]), strict=True))
    names = cost_names(cell["costs"] for cells in rows for cell in cells)
    if not names:
        return None
    table = NewTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(escape(document["definition"]["vary"][0]["key"]))
    for name in names:
        table.add_column(name.rsplit("_", 1)[0] if COSTS[name].unit else name, justify="right")
    for cells in rows:
        table.add_row(escape(cells[0]["value"]), *(cost_range(name, cells) for name in names))
    table.caption, table.caption_justify = "of one test sample, and of the chip", "left"
    return table


def _error(cell: CellTable) -> str:
    if cell["mean"] is None:
        return "failed" if cell["failed"] else "–"
    if cell["low"] is None or cell["high"] is None:
        return percent(cell["mean"])
    return f"{percent(cell['mean'])} [dim]± {50 * (cell['high'] - cell['low']):.2f}[/]"
