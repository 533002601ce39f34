"""The terminal's summary of a replay: what travelled, in bits and joules and cycles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rich.console import RenderableType

from neurochip.report.quantities import decimal, duration, exact, percent, quantity
from neurochip.report.replay_document import ReplayDocument
from neurochip.report.replay_numbers import membranes_line, quantisation_lines
from neurochip.report.replay_page import CODINGS
from neurochip.report.schema import Document
from neurochip.report.terminal_tables import chip_line, joules_table

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

__all__ = ["replay_summary"]


def replay_summary(document: ReplayDocument) -> Group:
    """Return what a person wants to know when a replay is over."""
    from rich.console import Group as NewGroup
    from rich.rule import Rule
    from rich.text import Text

    sizes = "-".join(str(size) for _, size in document["layers"])
    what = f"  [{sizes}] {document['hardware']['weight_format']} on {document['chip']['name']}"
    # The tables of energy and cores read only what both kinds of document have.
    shared = cast(Document, document)
    title = Text.assemble((document["name"], "bold"), what)
    parts: list[RenderableType] = [
        Rule(title, align="left", style="dim"),
        _headline(document),
        _bits(document),
    ]
    parts.append(Text(f"weights stored as {document['weights']}", style="dim"))
    if document["energy_j"]["total"] is None:
        parts.append(Text(f"energy  {document['energy_j']['note']}", style="dim"))
    else:
        parts.append(joules_table(shared))
    line = membranes_line(document)
    parts += [] if line is None else [Text(line, style="dim")]
    parts += [Text(line) for line in quantisation_lines(document)]
    parts += [Text(line) for line in _inferences(document)]
    line = chip_line(shared)
    return NewGroup(*parts, *([] if line is None else [line]))


def _inferences(document: ReplayDocument) -> list[str]:
    """Return what samples with labels came to, if there were any."""
    table = document.get("inference")
    if table is None:
        return []
    means = table["per_inference"]
    said = [
        f"accuracy  {table['accuracy']:.2%} ± {table['accuracy_error']:.2%} of {table['samples']} samples"
    ]
    units = {"energy_j": "J", "seconds": "s", "energy_delay_js": "J s"}
    for name, values in means.items():
        unit = units.get(name, "")
        what = name.removesuffix("_j").removesuffix("_js").replace("_", " × ")
        said.append(
            f"{what}  {quantity(values['mean'], unit)} ± {quantity(values['deviation'], unit)} an inference"
        )
    return said


def _headline(document: ReplayDocument) -> Table:
    from rich.markup import escape
    from rich.table import Table as NewTable

    totals, time, energy = document["totals"], document["time"], document["energy_j"]
    left = [
        ("packets", f"[bold green]{exact(totals['packets'])}[/]"),
        ("spikes", exact(totals["spikes_sent"])),
        ("hops", exact(totals["hops"])),
        ("SOPs", exact(totals["sops"])),
    ]
    right = [("ticks", exact(time["ticks"]))]
    if energy["total"] is not None:
        each = quantity(energy["total"] / time["ticks"], "J")
        right.append(
            (
                "energy",
                f"{quantity(energy['total'], 'J')}, {each} per tick ({escape(energy['energy_table'])})",
            )
        )
    if time["cycles"] is not None and time["seconds"] is not None:
        cycles = f"{quantity(time['cycles'])} cycles, {decimal(time['cycles'] / time['ticks'])} per tick"
        right.append(("time", f"{quantity(time['seconds'], 's')}, {cycles} ({time['model']})"))
    if time["latency"] is not None:
        latency = time["latency"]
        right.append(("latency", f"{latency['p50']:.0f} cycles, {latency['p99']:.0f} at 99 %"))
        right.append(
            ("cores", f"busy {percent(time['busy_share'], 1)}, stalled {percent(time['stalled_share'], 1)}")
        )
    right.append(("emulation", duration(time["emulation_seconds"])))
    table = NewTable.grid(padding=(0, 2))
    for style, width in (("dim", None), ("", 16), ("dim", None), ("", None)):
        table.add_column(style=style, min_width=width)
    for row in range(max(len(left), len(right))):
        first = left[row] if row < len(left) else ("", "")
        second = right[row] if row < len(right) else ("", "")
        table.add_row(*first, *second)
    return table


def _bits(document: ReplayDocument) -> Table:
    from rich import box
    from rich.table import Table as NewTable

    table = NewTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("bits")
    for name in ("sent", "a tick", "× links", "received"):
        table.add_column(name, justify="right", no_wrap=True)
    bits: Any = document["bits"]
    for name, about in CODINGS:
        each = quantity(bits[name] / document["time"]["ticks"], "bit")
        others = (bits.get(f"{name}_{what}") for what in ("hops", "received"))
        cells = ("–" if count is None else quantity(count, "bit") for count in others)
        table.add_row(f"{name} [dim]{about}[/]", quantity(bits[name], "bit"), each, *cells)
    return table
