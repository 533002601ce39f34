"""``neurochip verify``: an exported chip against the emulator, in a Verilog simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from ..options import json_option

__all__ = ["command"]

_SHOWN = 20


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
@click.option(
    "--firmware",
    metavar="PROGRAM",
    help="Drive it by its registers: a controller's program, a file or one that ships.",
)
@click.option(
    "--entry",
    metavar="LABEL",
    help="Where the program starts (--firmware).  [default: its first instruction]",
)
@click.option(
    "--batches",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Minibatches in the controller's queues (--firmware).",
)
@json_option("the verdict as JSON")
@click.pass_context
def command(
    ctx: click.Context,
    folder: Path,
    simulator: str | None,
    limit: float,
    firmware: str | None,
    entry: str | None,
    batches: int,
    as_json: bool,
) -> None:
    """Compare every spike, value, weight, bias and cycle of an exported chip with what the emulator did.

    OUT is a folder of `neurochip export RUN OUT --rtl`; Verilog in it may have been edited. The exit code is 1 where
    something differs, and the first difference is named: presentation, tick, core, neuron, signal, expected, found.

    With --firmware the same programs that drive the emulated chip (`neurochip firmware run`) drive the Verilog over a
    bus, from the first weights of the run: the controller is given what the Verilog does, and all of it is compared.
    """

    def told(what: str) -> None:
        if not as_json:
            click.echo(f"{what} …", err=True)

    if firmware is not None:
        _drive(ctx, folder, simulator or "", limit, (firmware, entry, batches), told, as_json)
        return
    from neurochip.rtl.verify import verify

    found = verify(folder, simulator=simulator or "", limit_s=limit, told=told)
    if as_json:
        import json

        table = found._asdict() | {"shown": [one._asdict() for one in found.shown]}
        click.echo(json.dumps(table, indent=1))
    else:
        spent = found.seconds if found.presenting is None else found.presenting
        click.echo(
            f"{found.comparisons} comparisons in {found.ticks} ticks of {found.tick_cycles} cycles, "
            f"{found.cycles} with loading and learning, "
            f"{found.operations} synaptic operations ({found.simulator}, {found.seconds:.1f} s of CPU time, "
            f"{found.operations / max(spent, 1e-9):.2g} operations a second"
            f"{'' if found.presenting is None else f' in the {spent:.1f} s of presentations'})"
        )
        click.echo(f"{found.mismatches} mismatches")
        for one in found.shown:
            click.echo(one.in_words())
    if found.mismatches:
        ctx.exit(1)


def _drive(
    ctx: click.Context,
    folder: Path,
    simulator: str,
    limit: float,
    asked: tuple[str, str | None, int],
    told: Callable[[str], None],
    as_json: bool,
) -> None:
    """Run a controller's program on the Verilog, and say what it read and what differs."""
    from firmware_sim.running import run_program
    from neurochip.rtl.program import driven_verilog

    from .firmware import answers_table, print_answers, program_of

    name, entry, batches = asked
    program = program_of(name)
    with driven_verilog(folder, simulator=simulator, limit_s=limit, told=told) as driven:
        ran = run_program(program, driven.spec, entry=entry, batches=batches, machine=driven.machine)
        comparisons, differs, cycles, accesses = driven.found()
    if as_json:
        import json

        table = {"simulator": driven.simulator, "comparisons": comparisons, "mismatches": len(differs),
                 "shown": differs[:_SHOWN], "tick_cycles": cycles, "accesses": accesses}  # fmt: skip
        click.echo(json.dumps({**table, **answers_table(ran)}, indent=1))
    else:
        print_answers(program, ran)
        click.echo(
            f"{comparisons} comparisons, ticks of {cycles} cycles, {accesses} accesses of the bus ({driven.simulator})"
        )
        click.echo(f"{len(differs)} mismatches")
        for one in differs[:_SHOWN]:
            click.echo(one)
    if differs:
        ctx.exit(1)
