"""``neurochip figures``: the charts of results as files for a paper."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("figures", short_help="Write the charts of results for a paper, and their numbers.")
@click.argument(
    "folders", metavar="DIR…", nargs=-1, required=True, type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(["svg", "pdf", "png", "csv"]),
    multiple=True,
    default=("svg",),
    show_default=True,
    help="May be repeated. The numbers of each figure stand beside it as CSV; csv alone writes nothing else.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Folder for the files; those of the same names are replaced.  [default: figures in DIR, of several ./figures]",
)
@click.option("--width", type=float, default=3.5, show_default=True, metavar="INCHES", help="Of each figure.")
def command(folders: tuple[Path, ...], formats: tuple[str, ...], out: Path | None, width: float) -> None:
    """Write the figures of the results in DIR: of a run, a replay, a sweep, a search or a reproduction.

    Several runs are set side by side.
    """
    from neurochip.figures.folders import figures_of
    from neurochip.figures.writing import write_figures

    place = out if out is not None else folders[0] / "figures" if len(folders) == 1 else Path("figures")
    for path in write_figures(figures_of(folders), place, formats, width=width):  # type: ignore[arg-type]
        click.echo(str(path))
