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
    from neurochip.bench.words import asked_words, machine_words, reached_words, spread_words

    for line in machine_words(document):
        click.echo(line)
    click.echo()
    rows: list[tuple[str, ...]] = []
    family = ""
    for row in document["rows"]:
        if row["family"] != family and rows:
            rows.append(("",) * 6)
        family = row["family"]
        rows.append(_cells(row, asked_words(row), spread_words(row), reached_words(row)))
    print_table(("row", "what", "asked", "median (min–max)", "ratio", "reached"), rows)
    notes = [row for row in document["rows"] if row["note"]]
    if notes:
        click.echo()
    for row in notes:
        click.echo(f"{row['name']}: {row['note']}")
    for warning in document["warnings"]:
        click.echo(f"Warning: {warning}", err=True)


def _cells(row: RowTable, asked: str, words: tuple[str, str], reached: str) -> tuple[str, ...]:
    if row["missing"] is not None:
        return (row["name"], row["about"], asked, f"not measured: {row['missing']}", "", "")
    value, ratio = words
    return (row["name"], row["about"], asked, value, ratio, reached)
