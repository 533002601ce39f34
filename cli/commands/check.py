"""``neurochip check``: an imported network beside a run of the tool that wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import click

__all__ = ["command"]


@click.command("check", short_help="Compare an imported network with a run of the tool that wrote it.")
@click.argument("net", metavar="NET.nir", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--input", "inputs", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Input: an .npz with x, 0 and 1, [tick, unit].",
)  # fmt: skip
@click.option(
    "--expect", "expected", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="What the tool gave: [tick, unit] of each group, by the name of its node; of outputs that do not fire, v.",
)  # fmt: skip
@click.option("--dt", type=float, metavar="SECONDS", help="How long a tick is.")
@click.option(
    "--from", "tool", help="The tool that wrote it, as of `neurochip import`.",
    type=click.Choice(["generic", "snntorch", "norse", "sinabs", "rockpool", "spyx", "lava-dl"]),
)  # fmt: skip
@click.option(
    "--reset",
    type=click.Choice(["value", "subtract", "subtract-late", "value-late", "value-at-once", "none"]),
    help="What a spike does to v.",
)
@click.option("--method", type=click.Choice(["euler", "exact"]), help="How a tick stands for dt.")
@click.pass_context
def command(
    context: click.Context,
    net: Path,
    inputs: Path,
    expected: Path,
    dt: float | None,
    tool: str | None,
    reset: str | None,
    method: str | None,
) -> None:
    """Run NET.nir on its input and compare it with what the tool gave, spike by spike; 1 where something differs.

    Each group is later here by its depth, as `neurochip import` says. Where something differs, other conventions are
    tried.
    """
    from neurochip.inference.checking import check_nir

    found = check_nir(net, inputs, expected, dt=dt, source=tool, reset=cast(Any, reset), method=method)
    for note in found.notes:
        click.echo(f"Note: {note}", err=True)
    for name, differ in found.differ.items():
        click.echo(f"{name:20}{differ:10} of {found.compared[name]} differ, {found.late[name]} ticks later")
    if found.first is None:
        click.echo("the same")
        return
    one = found.first
    click.echo(f"first at step {one.tick}, {one.group}[{one.unit}]: {one.here:g} here, {one.there:g} there")
    best = [tried for tried in found.tried if tried.differ is not None][:3]
    total = sum(found.differ.values())
    for tried in best:
        if cast(int, tried.differ) < total:
            click.echo(f"{tried.words}: {tried.differ or 'nothing'} would differ")
    if not best or cast(int, best[0].differ) >= total:
        click.echo("no other convention that is known would leave less")
    context.exit(1)
