"""``neurochip report``: a stored run, rendered again or costed anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..names import ENERGIES

if TYPE_CHECKING:
    from neurochip.report.schema import JoulesTable

__all__ = ["command"]


@click.command("report", short_help="Render a stored run again, or cost its counts with other energies.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--energies",
    type=ENERGIES,
    metavar="CHIP|FILE",
    help="Cost the stored counts with the energies of a chip or a TOML file. The result stands beside the "
    "original, which stays as it is.",
)
@click.option(
    "--baseline",
    type=ENERGIES,
    metavar="CHIP|FILE",
    help="Cost the multiply-adds of the baseline with the energies of a chip or a TOML file, beside the original too.",
)
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
def command(folder: Path, energies: str | None, baseline: str | None, open_page: bool) -> None:
    """Render the report of the run in DIR again, or cost its counts with other energies."""
    from neurochip.description import read_energies
    from neurochip.report.reading import drawing_stored, read_document
    from neurochip.report.replay_files import is_replay, read_replay, render_replay_again
    from neurochip.report.replay_summary import replay_summary
    from neurochip.report.terminal import print_summary
    from neurochip.report.write import render_again

    from ..screen import summary_console

    if baseline is not None and ((folder / "sweep.json").is_file() or is_replay(folder)):
        raise click.UsageError("--baseline is for runs that learn; this folder holds none")
    if (folder / "sweep.json").is_file():
        _render_sweep(folder, energies, open_page)
        return
    energy_table = None if energies is None else read_energies(energies)
    before: JoulesTable
    if is_replay(folder):
        before = read_replay(folder)["energy_j"]
        replayed, page = render_replay_again(folder, energy_table)
        with drawing_stored(folder):
            summary_console().print(replay_summary(replayed))
        after = replayed["energy_j"]
    else:
        before = read_document(folder)["energy_j"]
        document, page = render_again(
            folder, energy_table, None if baseline is None else read_energies(baseline)
        )
        with drawing_stored(folder):
            print_summary(document, summary_console())
        after = document["energy_j"]
    click.echo()
    if energy_table is not None:
        click.echo(f"energy: {_total(before)} → {_total(after)}")
    click.echo(str(page))
    if open_page:
        _open(page)


def _render_sweep(folder: Path, energies: str | None, open_page: bool) -> None:
    from neurochip.report.explorations import (
        drawing_stored_exploration,
        is_exploration,
        read_exploration,
        write_exploration,
    )
    from neurochip.report.explorations.terminal import print_exploration
    from neurochip.report.sweeps import drawing_stored_sweep, read_sweep, write_sweep
    from neurochip.report.sweeps.terminal import print_sweep

    from ..screen import summary_console

    if energies is not None:
        raise click.UsageError(
            "--energies is for runs; a sweep stores errors, and nothing that has an energy"
        )
    if is_exploration(folder):
        explored = read_exploration(folder)
        with drawing_stored_exploration(folder):
            page = write_exploration(explored, folder)
            print_exploration(explored, summary_console())
    else:
        document = read_sweep(folder)
        with drawing_stored_sweep(folder):
            page = write_sweep(document, folder)
            print_sweep(document, summary_console())
    click.echo(f"\n{page}")
    if open_page:
        _open(page)


def _open(page: Path) -> None:
    if click.launch(page.resolve().as_uri()) != 0:
        click.echo("No browser could be started; open the page yourself.", err=True)


def _total(energy: JoulesTable) -> str:
    from neurochip.report.quantities import quantity

    if energy["total"] is None:
        return f"not costed ({energy['energy_table']})"
    return f"{quantity(energy['total'], 'J')} ({energy['energy_table']})"
