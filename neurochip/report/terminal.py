"""The summary after a run, in at most forty lines (sixteen more with cycles)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import RenderableType

from neurochip.description import RunSpec
from neurochip.report.baseline_rows import against, baseline_rows
from neurochip.report.bit_rows import bit_rows
from neurochip.report.fault_rows import fault_rows
from neurochip.report.number_rows import numbers_in_words
from neurochip.report.quantities import decimal, duration, exact, percent, quantity
from neurochip.report.schema import Document
from neurochip.report.terminal_tables import (
    bits_table,
    chip_line,
    fault_lines,
    joules_table,
    timing_lines,
    timing_table,
)
from neurochip.report.wording import (
    control_totals,
    error_words,
    held_error,
    learning_words,
    network_words,
    standard_error,
    warnings_of,
)

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.table import Table

__all__ = ["print_summary", "summary"]


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
    parts: list[RenderableType] = [Rule(title, align="left", style="dim"), _headline(document)]
    if run.substrate != "analog":  # currents, not bits
        parts.append(bits_table(document, bit_rows(document)))
    parts += _die_lines(document)
    energy = document["energy_j"]
    if energy["total"] is None:
        parts.append(Text(f"energy  {energy['note']}", style="dim"))
    else:
        parts.append(joules_table(document))
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
        parts.append(fault_lines(broken))
    timing = document.get("timing")
    if timing is not None:
        parts.append(timing_table(timing))
        parts.append(Text("\n".join(timing_lines(document, timing)), style="dim"))
    line = chip_line(document)
    if line is not None:
        parts.append(line)
    return NewGroup(*parts)


def _die_lines(document: Document) -> Sequence[RenderableType]:
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
        right.append(("ticks", f"{exact(time['training_ticks'])}, {time['ticks_per_sample']:g} per sample"))
    if energy["per_sample"] is not None:
        right.append(
            ("energy", f"{quantity(energy['per_sample'], 'J')} per sample ({escape(energy['energy_table'])})")
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


def _baseline(document: Document) -> list[RenderableType]:
    """Return the run beside what it would cost with real values; what is not costed is said."""
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
    unit = "per sample" if document["convergence"] is None else "per network"
    head = (
        f"real values, {table['free']} + {table['nudged']} steps",
        unit,
        "per % point",
        "vs this run",
    )
    grid.add_row(*(f"[dim]{word}[/]" for word in head))
    notes = []
    for row in rows:
        values = ("–" if value is None else quantity(value, "J") for value in (row.per_sample, row.per_point))
        name = f"{row.name} [dim]{escape(row.energy_table)}[/]" if row.joules is not None else row.name
        grid.add_row(name, *values, against(row, rows))
        if row.joules is None and row.key != "run":
            notes.append(Text(f"{row.name}: {row.note}", style="dim"))
    return [grid, *notes]
