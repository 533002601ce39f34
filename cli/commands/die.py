"""``neurochip die``: the die of an analog run, its devices and where their spread comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..names import RUN
from ..options import set_option

if TYPE_CHECKING:
    from neurochip.analog.die import Die
    from neurochip.description import RunSpec
    from neurochip.network import Network

__all__ = ["command"]

SET = set_option("analog.die=7 or analog.mismatch.sigma=0.3")


@click.group("die", short_help="Show, save or take in the die of an analog run.")
def command() -> None:
    """A die is every device's own deviation, drawn once: the same seed gives the same die, wherever it is drawn."""


@command.command("show", short_help="Show a die: its spread as asked and as drawn.")
@click.argument("run", type=RUN)
@SET
def show(run: str, overrides: tuple[str, ...]) -> None:
    """Show the die of RUN, with the σ that was asked for beside the σ that was drawn."""
    from neurochip.runs.dies import die_of_run

    _print(*die_of_run(run, overrides))


@command.command("save", short_help="Write the die of a run as a file.")
@click.argument("run", type=RUN)
@click.argument("out", metavar="OUT.h5", type=click.Path(dir_okay=False, path_type=Path))
@SET
def save(run: str, out: Path, overrides: tuple[str, ...]) -> None:
    """Write the die of RUN to OUT.h5; `--set analog.die_file=OUT.h5` runs on it."""
    from neurochip.runs.dies import die_of_run, save_die

    die, _, _ = die_of_run(run, overrides)
    save_die(die, out)
    click.echo(f"{out}: die {die.digest} ({die.origin})")


@command.command("load", short_help="Check a die file, or turn measured devices into one.")
@click.argument("source", metavar="DIE.h5|DEVICES.csv", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("out", metavar="[OUT.h5]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--run",
    type=RUN,
    metavar="RUN",
    default="analog-mnist-small",
    show_default=True,
    help="Whose network it is for.",
)
@SET
def load(source: Path, out: Path | None, run: str, overrides: tuple[str, ...]) -> None:
    """Read a die and show it; with OUT.h5, write it there. A CSV lists measured devices (docs/analog.md)."""
    from neurochip.runs.dies import die_of_run, save_die

    die, spec, network = die_of_run(run, [*overrides, f'analog.die_file="{source}"'])
    _print(die, spec, network)
    if out is not None:
        save_die(die, out)
        click.echo(f"\n{out}")


def _print(die: Die, spec: RunSpec, network: Network) -> None:
    from neurochip.analog.cell_spread import die_spreads
    from neurochip.analog.drawing import drawn_sigmas
    from neurochip.analog.location_table import location_table, location_words
    from neurochip.analog.spread import gain_law

    from ..screen import print_table

    if spec.analog is None:
        raise RuntimeError("a run with a die is analog")
    mismatch = spec.analog.mismatch
    is_drawn = spec.analog.die_file is None
    click.echo(f"die {die.digest} ({die.origin}) for [{'-'.join(map(str, die.sizes))}]\n")
    drawn = drawn_sigmas(die, network, gain_law(mismatch))
    rows = [
        (
            spread.kind.replace("_", " "),
            spread.law,
            f"{spread.sigma:.4g}" if is_drawn else "–",
            f"{drawn[spread.kind]:.4g}",
            spread.origin if is_drawn else die.origin,
        )
        for spread in die_spreads(spec.analog)
    ]
    print_table(("device", "law", "σ asked", "σ drawn", "from"), rows, right=("σ asked", "σ drawn"))
    placed = location_table(network, spec.analog)
    if placed is not None:
        click.echo(f"\n{location_words(placed)}")
    process = mismatch.transistors
    if process is not None and is_drawn:
        click.echo(
            f"\n{mismatch.process} ({process.evidence}): {process.coefficients()} "
            f"of one transistor; published as {process.as_published}.\n"
            f"Source: {process.source}.\n"
            f"Gate {mismatch.width_um:g} × {mismatch.length_um:g} µm, {mismatch.region}; σ is that of "
            f"{'one transistor (single)' if mismatch.convention == 'single' else 'a difference of two (pair)'}."
        )
