"""The summary after a run, in at most forty lines (sixteen more with cycles), and tables of a chip's use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from neurochip.description import ChipSpec, RunSpec
from neurochip.energy.charges import CATEGORIES
from neurochip.report.baseline_rows import against, baseline_rows
from neurochip.report.bit_rows import BitRow, bit_rows
from neurochip.report.fault_rows import FaultRow, fault_rows, in_words
from neurochip.report.number_rows import numbers_in_words
from neurochip.report.quantities import decimal, duration, exact, memory, percent, quantity, ratio
from neurochip.report.schema import Document, TimingTable
from neurochip.report.utilisation import fullest, utilisation
from neurochip.report.wording import (
    control_totals,
    error_words,
    held_error,
    latency_words,
    learning_words,
    network_words,
    phase_words,
    standard_error,
    warnings_of,
)
from neurochip.training.record import CoreUse

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

__all__ = ["chip_line", "energy_table", "print_summary", "summary", "utilisation_table"]


def print_summary(document: Document, console: Console | None = None) -> None:
    """Print `summary` on a console, the standard output if none is given."""
    from rich.console import Console as NewConsole

    (console or NewConsole()).print(summary(document))


def summary(document: Document) -> Group:
    """Return what a person wants to know when a run is over."""
    from rich.console import Group as NewGroup
    from rich.rule import Rule
    from rich.text import Text

    run = RunSpec.from_dict(document["run"])
    title = Text.assemble(
        (run.name, "bold"), f"  {network_words(run, document['chip']['name'])}, seed {document['seed']}"
    )
    parts: list[Any] = [Rule(title, align="left", style="dim"), _headline(document)]
    if run.substrate != "analog":  # currents, not bits
        parts.append(_bits_table(document, bit_rows(document)))
    parts += _die_lines(document)
    energy = document["energy_j"]
    if energy["total"] is None:
        parts.append(Text(f"energy  {energy['note']}", style="dim"))
    else:
        parts.append(energy_table(document))
    parts += _baseline(document)
    control = control_totals(document)
    if control is not None:
        text = f"driven by its controller: {quantity(control['bus_words'])} words over its bus, "
        text += f"{quantity(control['link_bytes'])}B from and to the host, "
        text += f"{quantity(control['controller_cycles'])} cycles awake"
        parts.append(Text(text, style="dim"))
    parts += [Text(sentence, style="yellow") for sentence in warnings_of(document)]
    told = (*learning_words(document), numbers_in_words(document))
    parts += [Text(words, style="dim") for words in told if words]
    broken = fault_rows(document)
    if broken:
        parts.append(_fault_lines(broken))
    timing = document.get("timing")
    if timing is not None:
        parts.append(_timing_table(timing))
        parts.append(Text("\n".join(_timing_lines(document, timing)), style="dim"))
    line = chip_line(document)
    if line is not None:
        parts.append(line)
    return NewGroup(*parts)


def _die_lines(document: Document) -> list[Any]:
    """Return what the die is, how good its learning signal was, and what to be warned of."""
    from rich.text import Text

    table = document.get("analog")
    if table is None:
        return []
    gains = next(row for row in table["mismatch"] if row["kind"] == "synapse_gain")
    asked = "as measured" if gains["asked"] is None else f"asked {gains['asked']:.3g}"
    words = f"die {table['die']['origin']} ({table['die']['digest']}), σ of synapse gains: {asked}, "
    lines = [Text(f"{words}drawn {gains['drawn']:.3g}")]
    last = table["epochs"][-1] if table["epochs"] else {}
    if last.get("cosine_all") is not None:
        aligned = ", ".join(f"{pair} {value:.2f}" for pair, value in last["alignment"].items())
        lines.append(
            Text(
                f"cos(ν, −∂J/∂W) {last['cosine_all']:.2f} over {last['solved']} samples; alignment {aligned}"
            )
        )
    lines += [Text(sentence, style="yellow") for sentence in table["warnings"]]
    return lines


def _headline(document: Document) -> Table:
    """Two columns: how well, and how much."""
    from rich.markup import escape
    from rich.table import Table as NewTable

    result, time, energy = document["result"], document["time"], document["energy_j"]
    left: list[tuple[str, str]] = []
    right: list[tuple[str, str]] = []
    curve = document["convergence"]
    if curve is not None:
        free, end = curve["mean_error"][curve["n_free"] - 1], curve["mean_error"][-1]
        left.append(("error, free", "–" if free is None else decimal(free)))
        left.append(("error, nudged", "–" if end is None else decimal(end)))
        right.append(("scheme", escape(curve["scheme"])))
    else:
        left += _errors(document)
        done = f"{result['epochs'][-1]['epoch']:g}" if result["epochs"] else "0"
        cut = " [yellow](stopped early)[/]" if document["stopped_early"] else ""
        left.append(("epochs", done + cut))
    speed = f", {time['samples_per_s']:.0f} samples/s" if time["samples_per_s"] is not None else ""
    right.append(("time", duration(time["seconds"]) + speed))
    if time["ticks_per_sample"] is not None:
        right.append(("ticks", f"{exact(time['training_ticks'])}, {time['ticks_per_sample']:g} a sample"))
    if energy["per_sample"] is not None:
        right.append(
            ("energy", f"{quantity(energy['per_sample'], 'J')} a sample ({escape(energy['prices'])})")
        )
    table = NewTable.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column(min_width=22)
    table.add_column(style="dim")
    table.add_column()
    for row in range(max(len(left), len(right))):
        cells = [
            *(left[row] if row < len(left) else ("", "")),
            *(right[row] if row < len(right) else ("", "")),
        ]
        table.add_row(*cells)
    return table


def _errors(document: Document) -> list[tuple[str, str]]:
    """Return errors of classes, or R² and deviations of numbers."""
    from rich.markup import escape

    result = document["result"]
    test, train = result["test_error"], result["train_error"]
    if "heads" in document:
        exact_share = document["heads"]["exact"]
        rows = [("test error", f"[bold green]{percent(test)}[/] [dim]mean of heads[/]")]
        for head in document["heads"]["each"][:4]:
            numbers = head["kind"] == "numbers"
            words = f"R² {1 - head['error']:.3f}" if numbers else f"{percent(head['error'])} wrong"
            rows.append((f"  {escape(head['name'])}", words))
        rows += [] if exact_share is None else [("all right", percent(exact_share))]
        rows.append(("train error", percent(train)))
    elif "regression" not in document:
        spread = standard_error(result)
        told = f"[bold green]{percent(test)}[/]" + (f" [dim]± {percent(spread)}[/]" if spread else "")
        rows = [("test error", told), ("train error", percent(train))]
    else:
        found = document["regression"]
        rows = [
            ("R², test", "–" if test is None else f"[bold green]{1 - test:.3f}[/]"),
            ("R², training", "–" if train is None else f"{1 - train:.3f}"),
            ("r.m.s. deviation", decimal(found["rms"])),
        ]
        if len(found["outputs"]) > 1:
            rows += [(f"  {escape(o['name'])}", decimal(o["rms"])) for o in found["outputs"][:4]]
    if (held := held_error(document)) is not None:
        rows.append(("validation " + error_words(document), percent(held)))
    return rows


def _bits_table(document: Document, rows: Sequence[BitRow]) -> Table:
    from rich import box
    from rich.table import Table as NewTable

    table = NewTable(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("bits" if document["convergence"] is not None else "bits in training")
    for name in ("sent", "a sample", "× links", "received", "vs real"):
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


def _timing_table(timing: TimingTable) -> Table:
    """Return cycles and seconds by phase."""
    from rich import box
    from rich.table import Table as NewTable

    table = NewTable(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_footer=True
    )
    whole = timing["cycles"] is not None and timing["seconds"] is not None
    table.add_column(f"time, {timing['model']}", footer="all" if whole else "not all timed")
    for name in ("cycles a tick", "longest", "a presentation"):
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


def _timing_lines(document: Document, timing: TimingTable) -> list[str]:
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
    words = ", ".join(f"{quantity(value, 'J·s')} a sample ({name})" for name, value in products.items())
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


def energy_table(document: Document) -> Table:
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


def _baseline(document: Document) -> list[Any]:
    """Return the run beside what it would cost with real values; what is not priced is said."""
    from rich.markup import escape
    from rich.table import Table as NewTable
    from rich.text import Text

    rows, table = baseline_rows(document), document["energy_j"].get("baseline")
    if table is None:
        return []
    grid = NewTable.grid(padding=(0, 2))
    grid.add_column()
    for _ in range(3):
        grid.add_column(justify="right", no_wrap=True)
    unit = "a sample" if document["convergence"] is None else "a network"
    head = (f"real values, {table['free']} + {table['nudged']} steps", unit, "a point", "vs this run")
    grid.add_row(*(f"[dim]{word}[/]" for word in head))
    notes = []
    for row in rows:
        values = ("–" if value is None else quantity(value, "J") for value in (row.per_sample, row.per_point))
        name = f"{row.name} [dim]{escape(row.prices)}[/]" if row.joules is not None else row.name
        grid.add_row(name, *values, against(row, rows))
        if row.joules is None and row.key != "run":
            notes.append(Text(f"{row.name}: {row.note}", style="dim"))
    return [grid, *notes]


def _fault_lines(rows: Sequence[FaultRow]) -> Table:
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
