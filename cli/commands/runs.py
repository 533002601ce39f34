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
        rows.append((name, run.substrate, run.network.title, about))
    print_table(("run", "substrate", "layers", "about"), rows)


@command.command("keys", short_help="Describe the keys of a run.")
@click.argument("prefix", default="")
def keys(prefix: str) -> None:
    """Describe every key of a run, or those that begin with PREFIX: type, range, unit, default, when it has an effect.

    `neurochip runs keys analog.mismatch`
    """
    from neurochip.description.key_reference import key_rows

    from ..screen import print_table

    print_table(("key", "is", "default", "effect", "what it is"), key_rows(prefix))


@command.command("show", short_help="Print a run as TOML.")
@click.argument("name", type=RUN_NAME)
def show(name: str) -> None:
    """Print the run NAME as TOML: save it, change it, and run the file."""
    from neurochip.description import run_text

    click.echo(run_text(name), nl=False)
