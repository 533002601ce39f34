"""Tables and consoles of the terminal, in one look."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

__all__ = ["Sources", "error_console", "print_folder", "print_table", "summary_console", "told_briefly"]

# Nobody folds a line for a file or a pipe.
PIPE_WIDTH = 1000
LIST_WIDTH = 100


def summary_console() -> Console:
    """Return the console for the summary of a run, which has a width to fill."""
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else LIST_WIDTH)


def error_console() -> Console:
    """Return the console for progress, which leaves stdout to the results."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print rows under their headings, the columns in ``right`` flush right."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        table.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=position == 0,
            overflow="fold",
            header_style="bold",
        )
    for row in rows:
        table.add_row(*row)
    # Names and sources are printed as they are: a bracket in them is no markup.
    console = Console(
        highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else PIPE_WIDTH
    )
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def told_briefly(folder: Path, document: str, *, quiet: bool, as_json: bool) -> bool:
    """Print the document of a folder for --json, or the folder for --quiet; return whether that was asked for."""
    if as_json:
        click.echo((folder / document).read_text(encoding="utf-8"), nl=False)
    elif quiet:
        click.echo(str(folder))
    return as_json or quiet


def print_folder(folder: Path) -> None:
    """Print where the results are, and how to see them."""
    click.echo(f"\n{folder}\nneurochip report {shlex.quote(str(folder))} --open")


class Sources:
    """Sources as numbers in a table and as a list below it, since many values share one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, source: str) -> str:
        """Return the mark of a source, e.g. ``[2]``; an empty source has none."""
        if not source:
            return ""
        return f"[{self._numbers.setdefault(source, len(self._numbers) + 1)}]"

    def print(self) -> None:
        """Print the list."""
        click.echo("\nSources")
        for source, number in self._numbers.items():
            mark = f"[{number}]"
            click.echo(click.wrap_text(f"{mark:<5}{source}", LIST_WIDTH, subsequent_indent=" " * 5))
