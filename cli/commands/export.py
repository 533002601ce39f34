"""``neurochip export``: a network for other tools, as NIR, Verilog or a netlist."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["command"]


@click.command("export", short_help="Hand a network to others: NIR, Verilog, or SPICE of analog chips.")
@click.argument("source", metavar="RUN|NET.npz", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT.nir|OUT.cir|OUT", type=click.Path(path_type=Path))
@click.option(
    "--dt",
    type=float,
    default=1e-3,
    show_default=True,
    metavar="SECONDS",
    help="How long a tick of a RUN is to be.",
)
@click.option(
    "--unscaled", is_flag=True, help="Of a network in whole steps (--bits): in the units that it had before."
)
@click.option(
    "--rtl", is_flag=True, help="Write the cores of a RUN in integers as Verilog, into a new folder."
)
@click.option(
    "--lanes", type=int, default=4, show_default=True, metavar="N", help="Weights read at once (--rtl)."
)
@click.option(
    "--samples",
    type=int,
    default=2,
    show_default=True,
    metavar="N",
    help="Training samples that the bench repeats and learns from (--rtl).",
)
@click.option("--spice", is_flag=True, help="Write a small analog RUN as a netlist for ngspice.")
@click.option(
    "--level",
    type=click.Choice(["behaviour", "transistor"]),
    default="behaviour",
    show_default=True,
    help="Of behavioural sources, or of transistors on --models (--spice).",
)
@click.option(
    "--models",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Model cards, as ngspice reads them (--level transistor).",
)
@click.option(
    "--sample",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Test sample at the inputs (--spice).",
)
@click.option(
    "--beta", type=float, default=0.0, metavar="B", help="Nudge towards the sample's class (--spice)."
)
@click.option(
    "--transient",
    type=float,
    metavar="SECONDS",
    help="Ask for a transient from rest instead of the operating point (--spice).",
)
def command(
    source: Path,
    out: Path,
    dt: float,
    unscaled: bool,
    rtl: bool,
    lanes: int,
    samples: int,
    spice: bool,
    level: str,
    models: Path | None,
    sample: int,
    beta: float,
    transient: float | None,
) -> None:
    """Write the folder of a finished RUN, or a network that was imported, as OUT.nir.

    The neurons of a RUN have no counterpart in NIR: they become integrate-and-fire neurons whose mean rates have the
    same fixed point, which is an approximation (docs/nir.md).
    """
    if rtl:
        from neurochip.rtl.export import write_rtl

        made = write_rtl(source, out, samples=samples, lanes=lanes)
        click.echo(
            f"{out}: {len(made['cores'])} cores in Verilog, a bench with {made['ticks']} recorded ticks; "
            f"neurochip verify {out} compares them"
        )
        return
    if spice:
        from neurochip.runs.dies import run_netlist, write_netlist

        if (level == "transistor") != (models is not None):
            raise click.UsageError("--level transistor and --models FILE go together; give both or neither")
        text = run_netlist(source, sample=sample, beta=beta, duration_s=transient, models=models)
        write_netlist(text, out)
        click.echo(f"{out}: ngspice -b {out} writes the voltages to out.txt")
        return
    from neurochip.runs.exporting import network_of, write_network

    if out.suffix != ".nir":
        raise click.UsageError(f"OUT must end in .nir, got {out}")
    network, exact = network_of(source, dt=dt)
    if unscaled:
        from neurochip.inference import quantising

        if not any("quantised" in group.metadata for group in network.groups):
            raise click.UsageError(f"--unscaled is of a network in whole steps, and {source} is none")
        network = quantising.unscaled(network)
    write_network(network, out)
    click.echo(f"{out}: {sum(network.sizes)} neurons, dt {network.dt:g} s")
    if not exact:
        click.echo(
            "Neurons of equilibrium propagation were written as IF: an approximation, see docs/nir.md."
        )
