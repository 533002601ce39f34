"""Tables of the terminal: bits, time, energy, faults, and what a chip is used for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from neurochip.description import ChipSpec
from neurochip.energy.charges import CATEGORIES
from neurochip.report.bit_rows import BitRow
from neurochip.report.fault_rows import FaultRow, in_words
from neurochip.report.quantities import decimal, exact, memory, percent, quantity, ratio
from neurochip.report.schema import Document, TimingTable
from neurochip.report.utilisation import fullest, utilisation
from neurochip.report.wording import (
    latency_words,
    phase_words,
)
from neurochip.training.record import CoreUse

if TYPE_CHECKING:
    from rich.table import Table


__all__ = [
    "bits_table",
    "chip_line",
    "joules_table",
    "fault_lines",
    "timing_lines",
    "timing_table",
    "utilisation_table",
]


def bits_table(document: Document, rows: Sequence[BitRow]) -> Table:
    """Return what was sent, in each coding: bits of a sample, and their share of the words of real values."""
    from rich import box
    from rich.table import Table as NewTable

    table = NewTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("bits" if document["convergence"] is not None else "bits in training")
    for name in ("sent", "per sample", "× links", "received", "vs real"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        style = "bold" if row.is_reference else ""
        table.add_row(
            f"{row.name} [dim]{row.about}[/]",
            quantity(row.bits, "bit"),
            "–" if row.per_sample is None else quantity(row.per_sample, "bit"),
            "–" if row.over_links is None else quantity(row.over_links, "bit"),
            "–" if row.received is None else quantity(row.received, "bit"),
            "reference" if row.is_reference else ratio(row.bits, row.reference),
            style=style,
        )
    return table


def timing_table(timing: TimingTable) -> Table:
    """Return cycles and seconds by phase."""
    from rich import box
    from rich.table import Table as NewTable

    table = NewTable(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_footer=True
    )
    whole = timing["cycles"] is not None and timing["seconds"] is not None
    table.add_column(f"time, {timing['model']}", footer="all" if whole else "not all timed")
    for name in ("cycles per tick", "longest", "per presentation"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("cycles", justify="right", footer=quantity(timing["cycles"] or 0) if whole else "")
    table.add_column("time", justify="right", footer=quantity(timing["seconds"] or 0, "s") if whole else "")
    for phase, row in timing["by_phase"].items():
        each, tick = row["cycles_per_presentation"], row["cycles_per_tick"]
        if row["seconds"]:
            table.add_row(
                phase_words(phase),
                "" if tick is None else quantity(round(tick)),
                exact(row["longest_tick"]) if row["ticks"] else "",
                "" if each is None else quantity(round(each)),
                quantity(row["cycles"] + (row["host_cycles"] or 0)),
                quantity(row["seconds"], "s"),
            )
    return table


def timing_lines(document: Document, timing: TimingTable) -> list[str]:
    """Return sentences on the time of a run: its longest tick, what waited, and what is not known."""
    lines = []
    if timing["cycles"] is None:
        lines.append(f"one presentation in {timing['every']} was timed, the others were not")
    if timing["cores"]:
        busiest = max(timing["cores"], key=lambda core: core["busy"])
        held = max(timing["cores"], key=lambda core: core["stalled"])
        line = f"busiest: core {busiest['site']}, {percent(busiest['busy'], 0)}"
        if held["stalled"] > 0:
            line += f"; most stalled: core {held['site']}, {percent(held['stalled'], 0)}"
        if timing["links"]:
            link = max(timing["links"], key=lambda link: link["flits"])
            line += (
                f"; fullest link: ({link['x']}, {link['y']}) {link['direction']}, "
                f"{decimal(link['load'])} flits a cycle"
            )
        lines.append(line)
    latency = timing["latency"]
    if latency is not None:
        deepest = max(timing["queues"], key=lambda queue: queue["max"])["max"] if timing["queues"] else 0
        figures = ", ".join(
            f"{name} {latency_words(value)}"
            for name, value in (
                ("p50", latency["p50"]),
                ("p90", latency["p90"]),
                ("p99", latency["p99"]),
                ("max", latency["max"]),
            )
        )
        lines.append(f"packets: {figures} cycles; deepest queue {deepest} flits")
    products = document["energy_j"].get("delay_js", {})
    words = ", ".join(f"{quantity(value, 'J·s')} per sample ({name})" for name, value in products.items())
    static = document["energy_j"].get("static", "")
    lines.append(
        "; ".join(
            part for part in (f"energy × delay: {words}" * bool(words), f"static power: {static}") if part
        )
    )
    if timing["not_modelled"]:
        lines.append(
            f"not in this specification, so not in the times: {' and '.join(timing['not_modelled'])}"
        )
    return lines


def joules_table(document: Document) -> Table:
    """Return joules by category (rows) and phase (columns)."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table as NewTable

    energy = document["energy_j"]
    phases = list(energy["by_phase"])
    cells: dict[tuple[str, str], float] = {}
    for line in energy["lines"]:
        key = (line["category"], line["phase"])
        cells[key] = cells.get(key, 0.0) + line["joules"]
    total = energy["total"] or 0.0
    table = NewTable(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_footer=True
    )
    table.add_column("energy", footer="all")
    for phase in phases:
        table.add_column(
            escape(phase_words(phase)), justify="right", footer=quantity(energy["by_phase"][phase], "J")
        )
    table.add_column("all", justify="right", footer=quantity(total, "J"), style="bold")
    table.add_column("share", justify="right", style="dim")
    for category in (name for name in CATEGORIES if name in energy["by_category"]):
        joules = energy["by_category"][category]
        shown = (cells.get((category, phase)) for phase in phases)
        table.add_row(
            category,
            *("" if value is None else quantity(value, "J") for value in shown),
            quantity(joules, "J"),
            percent(joules / total, 1) if total else "",
        )
    return table


def fault_lines(rows: Sequence[FaultRow]) -> Table:
    """Return what was broken, a row for each kind of fault."""
    from rich.table import Table as NewTable

    table = NewTable.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(no_wrap=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    for position, row in enumerate(rows):
        table.add_row(
            "" if position else "faults", f"{row.name} [yellow]{row.setting}[/]", row.when, in_words(row)
        )
    return table


def chip_line(document: Document) -> Any:
    """Return how many cores are used and which is fullest; `None` where there are none."""
    from rich.text import Text

    chip = document["chip"]
    if not chip["layout"]:
        return None
    n_cores = chip["tiles"] * chip["cores_per_tile"]
    text = f"{chip['name']}: {len(chip['layout'])} of {n_cores} cores"
    peak = fullest(chip["layout"], chip["limits"])
    if peak is not None:
        core, what, share = peak
        text += f"; fullest: core {core['site']} ({core['population']}), {what} {percent(share, 0)}"
    return Text(text, style="dim")


def utilisation_table(layout: Sequence[CoreUse], chip: ChipSpec) -> Table:
    """Return what each core in use holds, and of how much, for ``neurochip chips`` and before a run."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table as NewTable

    table = NewTable(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="dim",
        title=f"{len(layout)} of {chip.mesh.n_cores} cores of {escape(chip.name)}",
        title_justify="left",
        title_style="bold",
    )
    table.add_column("core", justify="right")
    table.add_column("tile")
    table.add_column("population", no_wrap=True)
    for name in ("neurons", "synapses", "state", "in", "out"):
        table.add_column(name, justify="right", no_wrap=True)
    limits = asdict(chip.core)
    for core in layout:
        shares = utilisation(asdict(core), limits)
        table.add_row(
            str(core.site),
            f"{core.x}, {core.y}",
            f"{escape(core.population)} [dim]{core.first}–{core.last - 1}[/]",
            _used(exact(core.neurons), shares.get("neurons")),
            _used(memory(core.synapse_bits), shares.get("synapse memory")),
            _used("", shares.get("state memory")) or memory(core.state_bits),
            _used("", shares.get("axons in")) or exact(core.input_axons),
            _used("", shares.get("axons out")) or exact(core.output_axons),
        )
    return table


def _used(words: str, share: float | None) -> str:
    if share is None:
        return words
    colour = "red" if share > 0.95 else "yellow" if share > 0.8 else "dim"
    return f"{words} [{colour}]{100 * share:3.0f} %[/]".lstrip()
