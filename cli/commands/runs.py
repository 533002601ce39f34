"""``neurochip runs``: what the catalogue offers to run."""

from __future__ import annotations

import click

from ..names import RUN_NAME

__all__ = ["command"]


@click.group("runs", invoke_without_command=True, short_help="List the runs of the catalogue, or show one.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """List the runs of the catalogue: `neurochip simulate NAME` does one of them."""
    if ctx.invoked_subcommand is None:
        _list()


def _list() -> None:
    from neurochip.description import read_run, runs
    from neurochip.errors import ConfigError

    from ..screen import print_table

    rows = []
    for name, about in runs():
        try:
            run = read_run(name)
        except ConfigError as error:  # of somebody's package: a list is no place to stop
            rows.append((name, "", "", f"cannot be used: {error.problem}"))
            continue
        rows.append((name, run.substrate, "-".join(map(str, run.network.layers)), about))
    print_table(("run", "substrate", "layers", "about"), rows)


@command.command("show", short_help="Print a run as TOML.")
@click.argument("name", type=RUN_NAME)
def show(name: str) -> None:
    """Print the run NAME as TOML: save it, change it, and run the file."""
    from neurochip.description import run_text

    click.echo(run_text(name), nl=False)
