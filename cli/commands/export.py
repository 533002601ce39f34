"""``neurochip export``: a network for other tools, as NIR."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("export", short_help="Hand a network to other tools as NIR.")
@click.argument("source", metavar="RUN|NET.npz", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT.nir", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--dt",
    type=float,
    default=1e-3,
    show_default=True,
    metavar="SECONDS",
    help="How long a tick of a RUN is to be.",
)
def command(source: Path, out: Path, dt: float) -> None:
    """Write the folder of a finished RUN, or a network that was imported, as OUT.nir.

    The neurons of a RUN have no counterpart in NIR: they become integrate-and-fire neurons whose mean rates
    have the same
    fixed point, which is an approximation (docs/nir.md).
    """
    from neurochip.exporting import network_of, write_network

    if out.suffix != ".nir":
        raise click.UsageError(f"OUT must end in .nir, got {out}")
    network, exact = network_of(source, dt=dt)
    write_network(network, out)
    click.echo(f"{out}: {sum(network.sizes)} neurons, dt {network.dt:g} s")
    if not exact:
        click.echo(
            "Neurons of equilibrium propagation were written as IF: an approximation, see docs/nir.md."
        )
