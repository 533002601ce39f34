"""``neurochip compare``: finished runs side by side."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ..options import json_option

__all__ = ["command"]


@click.command("compare", short_help="Put finished runs side by side, with ratios to the first.")
@click.argument(
    "folders", metavar="DIR…", nargs=-1, required=True, type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page with curves into FILE too.",
)
@json_option("the values as JSON")
def command(folders: tuple[Path, ...], page: Path | None, as_json: bool) -> None:
    """Put the runs in the folders DIR… side by side: error, bits, packets, energy and time."""
    import json

    from neurochip.durable.atomic import replacing
    from neurochip.report.comparison import compare
    from neurochip.report.comparison_page import comparison_page, key_rows, mixed_words
    from neurochip.report.reading import drawing_stored
    from neurochip.report.replay_files import read_either

    from ..screen import print_table

    names = _names(folders)
    runs = []
    for name, folder in zip(names, folders, strict=True):
        runs.append((name, read_either(folder)))
        with drawing_stored(folder):  # each alone as well, so that what cannot be compared is named
            compare([runs[-1], runs[-1]])
    comparison = compare(runs)
    if page is not None:
        with replacing(page) as file:
            file.write(comparison_page(comparison).encode())
    if as_json:
        click.echo(json.dumps(comparison.to_json(), indent=1, ensure_ascii=False))
        return
    rows = [("network", *(run.about for run in comparison.runs))]
    rows += [(key, *words) for key, words in key_rows(comparison)]
    for row in comparison.rows:
        cells = zip(row.words, row.ratios, strict=True)
        rows.append((row.name, *(f"{w}  {r}" if r not in ("", "1") else w for w, r in cells)))
    print_table(("", *names), rows)
    if not comparison.same_energies:
        click.echo(
            f"\n{mixed_words(comparison)}",
            err=True,
        )
    for sentence in comparison.cautions:
        click.echo(f"\n{sentence}", err=True)
    if page is not None:
        click.echo(f"\n{page}")


def _names(folders: tuple[Path, ...]) -> list[str]:
    """Return the last part of each path, or the whole path where those are not told apart by it."""
    short = [Path(os.path.normpath(folder)).name for folder in folders]
    return short if len(set(short)) == len(short) else [str(folder) for folder in folders]
