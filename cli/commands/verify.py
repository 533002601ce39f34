"""``neurochip verify``: an exported chip against the emulator, in a Verilog simulator."""

from __future__ import annotations

from pathlib import Path

import click

from ..options import json_option

__all__ = ["command"]


@click.command("verify", short_help="Run an exported chip in a Verilog simulator and compare.")
@click.argument("folder", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--simulator",
    type=click.Choice(["verilator", "icarus"]),
    help="Which to use; left out, the first that is installed.",
)
@click.option(
    "--limit", type=click.FloatRange(min=1), default=3600.0, show_default=True, metavar="SECONDS",
    help="Stop the simulation after so long.",
)  # fmt: skip
@json_option("the verdict as JSON")
@click.pass_context
def command(ctx: click.Context, folder: Path, simulator: str | None, limit: float, as_json: bool) -> None:
    """Compare every spike, value, weight, bias and cycle of an exported chip with what the emulator did.

    OUT is a folder of `neurochip export RUN OUT --rtl`; Verilog in it may have been edited. The exit code is 1 where
    something differs, and the first difference is named: presentation, tick, core, neuron, signal, expected, found.
    """
    from neurochip.rtl.verify import verify

    def told(what: str) -> None:
        if not as_json:
            click.echo(f"{what} …", err=True)

    found = verify(folder, simulator=simulator or "", limit_s=limit, told=told)
    if as_json:
        import json

        table = found._asdict() | {"shown": [one._asdict() for one in found.shown]}
        click.echo(json.dumps(table, indent=1))
    else:
        click.echo(
            f"{found.comparisons} comparisons in {found.ticks} ticks, {found.cycles} cycles, "
            f"{found.operations} synaptic operations ({found.simulator}, {found.seconds:.1f} s of CPU time, "
            f"{found.operations / max(found.seconds, 1e-9):.2g} operations a second)"
        )
        click.echo(f"{found.mismatches} mismatches")
        for one in found.shown:
            click.echo(one.in_words())
    if found.mismatches:
        ctx.exit(1)
