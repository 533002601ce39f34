"""``neurochip data``: the data sets that are embedded, and those that are fetched."""

from __future__ import annotations

from pathlib import Path

import click

from ..names import DATA_SET

__all__ = ["command"]

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group("data", short_help="Fetch data sets, or list them.")
def command() -> None:
    """Fetch data sets, or list them."""


@command.command("list", short_help="List the data sets and where they are.")
def list_sets() -> None:
    """List the data sets: which come with neurochip, which are fetched, and where they are kept."""
    from neurochip import plugins
    from neurochip.data import FACTS, FETCHABLE, data_folder

    from ..screen import print_table

    rows = []
    for name, facts in FACTS.items():
        train = f"{facts.whole}, split" if facts.train is None else str(facts.train)
        test = "" if facts.test is None else str(facts.test)
        state = _state(name) if name in FETCHABLE else "embedded"
        rows.append((name, str(facts.inputs), str(facts.outputs), train, test, state))
    for plugin in plugins.installed("datasets"):
        rows.append((plugin.name, "", "", "", "", f"of {plugin.distribution} {plugin.version}"))
    heads = ("data set", "inputs", "outputs", "train", "test", "")
    print_table(heads, rows, right=("inputs", "outputs", "train", "test"))
    click.echo(f"\nFetched sets are kept in {data_folder()}")
    click.echo("NEUROCHIP_DATA names another folder.")


def _state(name: str) -> str:
    from neurochip.data import data_folder, load
    from neurochip.errors import DataError

    try:
        load(name)  # reads and verifies every byte
    except DataError as error:
        return f"not usable: {error}"
    return f"fetched, in {data_folder(name)}"


@command.command("fetch", short_help="Fetch a data set and verify it.")
@click.argument("name", type=DATA_SET)
@click.option(
    "--from", "source", type=FOLDER, metavar="DIR", help="Take the files from DIR; download nothing."
)
@click.option(
    "--to", "target", type=FOLDER, metavar="DIR", help="Put them into DIR instead of the data folder."
)
def fetch_set(name: str, source: Path | None, target: Path | None) -> None:
    """Fetch the data set NAME and verify every byte; what is there already and right is kept."""
    from neurochip.data import data_folder, fetch

    from ..download import download_bars

    with download_bars() as progress:
        folder = fetch(name, source_folder=source, folder=target, progress=progress)
    click.echo(str(folder))
    if target is not None and target.resolve() != data_folder(name).resolve():
        click.echo(f"Runs look for it in {data_folder(name)}; see `neurochip data list`.", err=True)
