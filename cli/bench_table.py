"""The benchmark table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .screen import print_table

if TYPE_CHECKING:
    from neurochip.bench.document import BenchDocument, RowTable

__all__ = ["print_bench"]


def print_bench(document: BenchDocument) -> None:
    """Print the machine, the table, and what has to be said beside it."""
    from neurochip.bench.words import machine_words, spread_words

    for line in machine_words(document):
        click.echo(line)
    click.echo()
    rows: list[tuple[str, ...]] = []
    family = ""
    for row in document["rows"]:
        if row["family"] != family and rows:
            rows.append(("",) * 4)
        family = row["family"]
        rows.append(_cells(row, spread_words(row)))
    print_table(("row", "what", "median (min–max)", "ratio"), rows)
    notes = [row for row in document["rows"] if row["note"]]
    if notes:
        click.echo()
    for row in notes:
        click.echo(f"{row['name']}: {row['note']}")
    for warning in document["warnings"]:
        click.echo(f"Warning: {warning}", err=True)


def _cells(row: RowTable, words: tuple[str, str]) -> tuple[str, ...]:
    if row["missing"] is not None:
        return (row["name"], row["about"], f"not measured: {row['missing']}", "")
    return (row["name"], row["about"], *words)
