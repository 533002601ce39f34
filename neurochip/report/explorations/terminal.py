"""The terminal's summary of an exploration: the chips on the fronts, and what moves what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neurochip.report.explorations.metrics import METRICS, metric_words, value_words
from neurochip.report.explorations.schema import ExplorationDocument
from neurochip.report.quantities import decimal, duration

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_exploration"]

_COLUMNS = ("error", "energy_j", "seconds", "energy_delay_js", "cores", "busiest_link")
_MOST = 20  # chips of a front that are listed


def print_exploration(document: ExplorationDocument, console: Console) -> None:
    """Print what a person wants to know when an exploration is over."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    points = document["points"]
    failed = [point for point in points if point["failure"] is not None]
    fronts = {tuple(front["metrics"]): front["points"] for front in document["fronts"]}
    shown = [tuple(pair) for pair in document["shown"] if tuple(pair) in fronts]
    per = "an inference" if document["samples"] else "the recording"
    console.print(
        Text.assemble(
            (document["name"], "bold"),
            f"  {len(points)} chips, figures of {per}, {document['chip']}, timing = {document['timing']}",
        )
    )
    which = sorted({k for pair in shown for k in fronts[pair]})
    keys = [axis["key"] for axis in document["vary"]]
    names = [name for name in _COLUMNS if name in document["metrics"]]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for head in (*(key.removeprefix("chip.") for key in keys), *(METRICS[name].words for name in names)):
        table.add_column(head, justify="right", overflow="fold")
    for k in which[:_MOST]:
        values, figures = points[k]["values"], points[k]["metrics"]
        table.add_row(
            *(value_words(key, values[key]) for key in keys),
            *(metric_words(n, figures.get(n)) for n in names),
        )
    what = ", ".join(f"{METRICS[a].words} and {METRICS[b].words}" for a, b in shown)
    if which:
        more = f", the first {_MOST}" if len(which) > _MOST else ""
        console.print(Text(f"{len(which)} not beaten in {what}{more}:"))
        console.print(table)
    for entry in document["sensitivity"]:
        if entry["metric"] in ("energy_j", "seconds") and entry["ratio"] and entry["ratio"] > 1 + 1e-9:
            console.print(
                Text(f"{entry['key']} moves {METRICS[entry['metric']].words} × {decimal(entry['ratio'])}")
            )
    for axis in document["vary"]:
        if axis["effect"]:
            console.print(Text(f"{axis['key']}: {axis['effect']}", style="yellow"))
    if failed:
        console.print(Text(f"{len(failed)} cannot be; the first: {failed[0]['failure']}"))
    work = document["work"]
    console.print(
        Text(
            f"spikes computed {work['spikes']} ×, counted {work['counted']} ×, costed {work['costed']} ×, "
            f"{duration(document['seconds'])}",
            style="dim",
        )
    )
