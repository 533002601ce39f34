"""``neurochip trace``: one presentation of a run as a waveform, a timeline or arrays."""

from __future__ import annotations

from pathlib import Path

import click

from neurochip.errors import Interrupted

from ..names import CHIP, RUN
from ..options import SET
from ..stops import Interruption

__all__ = ["command"]


class TickRange(click.ParamType[tuple[int, int | None]]):
    """``A:B``, the ticks A … B − 1; either may be left out."""

    name = "ticks"

    def convert(
        self, value: str | tuple[int, int | None], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """Read both ends."""
        if isinstance(value, tuple):
            return value
        first, colon, last = value.partition(":")
        try:
            if not colon:
                raise ValueError
            return int(first or 0), int(last) if last else None
        except ValueError:
            self.fail(f"must be A:B, ticks A to B - 1, e.g. 0:100; got {value!r}", param, ctx)


@click.command("trace", short_help="Write waveforms of one presentation of a run.")
@click.argument("run", type=RUN)
@click.option(
    "--ticks", type=TickRange(), default=":", metavar="A:B", help="Ticks A to B - 1.  [default: all]"
)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["vcd", "perfetto", "npz"]),
    default="vcd",
    show_default=True,
    help="vcd for GTKWave and Surfer, perfetto for ui.perfetto.dev, npz for NumPy.",
)
@click.option(
    "--signals",
    metavar="PATTERN",
    multiple=True,
    help="Only signals that match, e.g. 'core.*' or 'neuron.hidden.1?.value'; may be repeated.",
)
@click.option(
    "--list", "listing", is_flag=True, help="Print the names of the signals there are, and write nothing."
)
@click.option(
    "--presentation", type=int, default=0, show_default=True, metavar="N", help="Number of the sample."
)
@click.option(
    "--split",
    type=click.Choice(["train", "test"]),
    default="test",
    show_default=True,
    help="Of which samples.",
)
@click.option(
    "--timing",
    type=click.Choice(["tick", "analytic", "cycle"]),
    default="tick",
    show_default=True,
    help="How the time of cores and links is found; it changes no spike.",
)
@click.option(
    "--replay",
    "raster",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The input of RUN, where that is a network (.npz of neurochip import).",
)
@click.option("--chip", type=CHIP, metavar="CHIP|FILE", help="Of a network.  [default: cmos45]")
@SET
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write into FILE, which must not exist.  [default: named after RUN and --format]",
)
def command(
    run: str,
    ticks: tuple[int, int | None],
    format_: str,
    signals: tuple[str, ...],
    listing: bool,
    presentation: int,
    split: str,
    timing: str,
    raster: Path | None,
    chip: str | None,
    overrides: tuple[str, ...],
    out: Path | None,
) -> None:
    """Show one sample to the chip of RUN and write what every signal was at every tick.

    RUN is the folder of a finished run, with the weights it has learnt, or a name of the catalogue or a TOML file,
    with fresh weights; or a network of spiking neurons (.npz of neurochip import) with its input, --replay.
    """
    from neurochip.presentations.presenting import Presentation
    from neurochip.presentations.tracing import Source, write_trace
    from neurochip.trace.signals import families, select

    source: Source
    if run.endswith(".npz"):
        if raster is None:
            raise click.UsageError("a network needs its input: --replay FILE")
        from neurochip.inference.replay_run import network_source

        source = network_source(run, raster, chip, timing)  # type: ignore[arg-type]
    elif raster is not None or chip is not None:
        raise click.UsageError(
            "--replay and --chip are for networks (.npz); of a run change the value with --set"
        )
    else:
        source = Presentation(
            run,
            overrides,
            presentation=presentation,
            split=split,  # type: ignore[arg-type]
            timing=timing,  # type: ignore[arg-type]
        )
    if listing:
        for group in select(source.groups(), signals):
            click.echo(f"{', '.join(families([group])):34}{len(group.signals):7}  {group.unit}")
        return
    done = write_trace(source, ticks=ticks, format=format_, signals=signals, out=out)  # type: ignore[arg-type]
    what = f"{done.path}: {done.signals} signals, ticks {done.ticks[0]} to {done.ticks[1] - 1}"
    if done.stopped:
        told = f"Stopped; the file ends with the last whole tick. {what}"
        raise Interruption(Interrupted(None, "trace"), told)
    click.echo(what)
