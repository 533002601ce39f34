"""``neurochip sweep``: a run over a grid of values, on many dies, in several modes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..joining import Mergeable, merge_command
from ..names import CHIP, ENERGIES, RUN
from ..options import ALLOW_CODE, QUIET, SET, json_option, out_folder, seed_option

if TYPE_CHECKING:
    from neurochip.replays.replaying import Timing

__all__ = ["command"]


@merge_command("Join sweeps that were measured apart, e.g. as shards.", "sweep.json")
def merge(folders: tuple[Path, ...], out: Path, quiet: bool, as_json: bool) -> None:
    """Join the stores in DIR..., of one sweep that was measured in parts, and write its report.

    Tasks that stand in several are compared; those that stand in none are counted, and measured with
    `neurochip sweep --resume`.
    """
    from neurochip.report.sweeps.terminal import print_sweep
    from neurochip.studies.merging import merge_sweeps

    from ..screen import print_folder, summary_console, told_briefly

    merged = merge_sweeps(folders, out)
    found = f"{merged.tasks - merged.missing} of {merged.tasks} tasks, {merged.twice} of them measured twice and alike"
    click.echo(found, err=True)
    if merged.lost:
        click.echo(f"{merged.lost} results could not be read and are left out", err=True)
    if merged.missing:
        which = f"; shards {', '.join(merged.shards_missing)} were not given" if merged.shards_missing else ""
        click.echo(
            f"{merged.missing} tasks are missing{which}; measure them with: neurochip sweep --resume {out}",
            err=True,
        )
    if merged.needed:
        click.echo(f"{merged.needed}; go on with: neurochip sweep --resume {out}", err=True)
    if not told_briefly(merged.folder, "sweep.json", quiet=quiet, as_json=as_json):
        print_sweep(merged.document, summary_console())
        print_folder(merged.folder)


@click.command(
    "sweep",
    cls=Mergeable,
    merge=merge,
    short_help="Draw error and yield against any key of a run, over dies.",
    epilog="`neurochip sweep merge DIR... --out DIR` joins sweeps that were measured apart, as with --shard.",
)
@click.argument("words", metavar="[RUN]", type=RUN, nargs=-1)
@click.option(
    "--vary",
    metavar="KEY=VALUES",
    multiple=True,
    help="Values of a key of the run, with commas between them; START:STOP:COUNT stands for so many in equal steps, "
    "START:STOP:COUNTlog in equal ratios. May be repeated, for a grid; curves are drawn over the first key.",
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Explore chips: RUN is a network (.npz or .nir), and FILE holds labelled samples (docs/nir.md); only keys of "
    "the chip, chip.…, are varied.",
)
@click.option(
    "--replay",
    "raster",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Explore chips for the spikes recorded in FILE (docs/replay.md), or for a network with them as its input.",
)
@click.option(
    "--chip", type=CHIP, metavar="CHIP|FILE", help="With --data or --replay: the chip that is changed."
)
@click.option(
    "--energies",
    type=ENERGIES,
    metavar="CHIP|FILE",
    help="With --data or --replay: energies other than the chip's own.",
)
@click.option(
    "--timing",
    type=click.Choice(["tick", "analytic", "cycle"]),
    help="With --data or --replay: how the time of a chip is found, as in simulate.  [default: tick]",
)
@click.option(
    "--placement",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="With --data or --replay: the core of each neuron, as a CSV (docs/replay.md), on every chip.",
)
@click.option(
    "--front",
    "fronts",
    metavar="FIGURE,FIGURE",
    multiple=True,
    help="With --data or --replay: draw the front of two figures, e.g. energy_j,seconds. May be repeated.",
)
@click.option(
    "--modes",
    metavar="MODES",
    help="Of ideal, deploy, in-loop, fine-tune, with commas.  [default: all that have a meaning]",
)
@click.option(
    "--dies",
    multiple=True,
    metavar="N|FILES",
    help="How many dies are drawn, where there are any; or files, tables or folders of measured dies, e.g. "
    "measured/*.csv. May be repeated, to mix both.  [default: 30]",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Seeds of weights and order of samples.  [default: 1 with dies, 5 without]",
)
@click.option(
    "--references",
    type=click.IntRange(min=1),
    metavar="N",
    help="Trainings of the ideal chip, to compare with their mean.  [default: 8 with dies, else as many as seeds]",
)
@click.option(
    "--grid",
    is_flag=True,
    help="Measure all dies at the values of --vary only, instead of seeking the limit of each between them.",
)
@click.option(
    "--precision",
    type=float,
    metavar="VALUE",
    help="Add dies until the limit is known to ± so much, in values of the first key; says first what that will cost.",
)
@click.option(
    "--nominal",
    metavar="KEY=VALUE",
    multiple=True,
    help="Value of a varied key where the ideal chip is trained.  [default: 0 for faults and mismatch, else the run's]",
)
@click.option(
    "--fine-tune-epochs", type=click.IntRange(min=1), metavar="N", help="Epochs on the chip.  [default: 1]"
)
@click.option(
    "--within",
    type=float,
    metavar="POINTS",
    help="A die is good within so many points of ideal.  [default: 1]",
)
@click.option(
    "--yield",
    "wanted",
    type=float,
    metavar="PERCENT",
    help="So many of the dies shall be good.  [default: 95]",
)
@SET
@seed_option("First seed of the run.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes here.  [default: one per core, or as it was]",
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Use the workers of a Dask cluster, e.g. tcp://host:8786."
)
@click.option(
    "--shard",
    metavar="K/N",
    help="Only every N-th task, from the K-th on: for job arrays. `neurochip sweep merge` joins the folders.",
)
@out_folder("sweeps/NAME-TIME")
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on with the sweep in DIR; other options change what is asked for, e.g. --dies 100. Nothing is repeated. "
    "With --out, begin anew there and take over what is still valid.",
)
@ALLOW_CODE
@click.option("--yes", is_flag=True, help="Begin even a very large sweep without asking.")
@QUIET
@json_option("sweep.json")
def command(
    words: tuple[str, ...],
    vary: tuple[str, ...],
    data: Path | None,
    raster: Path | None,
    chip: str | None,
    energies: str | None,
    timing: Timing | None,
    placement: Path | None,
    fronts: tuple[str, ...],
    modes: str | None,
    dies: tuple[str, ...],
    seeds: int | None,
    references: int | None,
    grid: bool,
    precision: float | None,
    nominal: tuple[str, ...],
    fine_tune_epochs: int | None,
    within: float | None,
    wanted: float | None,
    overrides: tuple[str, ...],
    seed: int | None,
    workers: int | None,
    scheduler: str | None,
    shard: str | None,
    out: Path | None,
    resume: Path | None,
    allow_code: bool,
    yes: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Vary keys of RUN and draw its test error and yield: how much mismatch, how many faults, how few bits it bears.

    Modes say how the network comes onto the chip: deploy trains on the nominal chip and tests on the varied one,
    in-loop trains on the varied one, fine-tune does both. With --data or --replay nothing is trained: the same spikes
    cross every chip, and each is counted, timed and costed.
    """
    if data is not None or raster is not None:
        _refuse_beside_exploring()
        _explore(
            words,
            vary,
            data,
            raster,
            (chip, energies, placement),
            timing or "tick",
            fronts,
            overrides,
            out,
            quiet=quiet,
            as_json=as_json,
        )
        return
    if chip or energies or timing or placement or fronts:
        raise click.UsageError(
            "--chip, --energies, --timing, --placement and --front need --data or --replay; of a run change values "
            "with --set"
        )
    from neurochip.report.sweeps.terminal import print_sweep
    from neurochip.studies.sweeping import run_sweep
    from neurochip.sweep.request import SweepRequest

    from ..screen import print_folder, summary_console, told_briefly
    from ..sweep_progress import showing_sweep

    def confirm(points: int) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(f"That makes {points} points. Begin?", err=True))

    run, more = _run_and_dies(words, dies)
    request = SweepRequest(
        run,
        vary=vary,
        modes=modes,
        dies=[*dies, *more] or None,
        seeds=seeds,
        references=references,
        grid=grid,
        precision=precision,
        nominal=nominal,
        fine_tune_epochs=fine_tune_epochs,
        within=None if within is None else within / 100,
        wanted=None if wanted is None else wanted / 100,
        overrides=overrides,
        seed=seed,
    )
    with showing_sweep(quiet=quiet) as on_progress:
        outcome = run_sweep(
            request,
            workers=workers,
            scheduler=scheduler,
            shard=shard,
            out=out,
            resume=resume,
            confirm=confirm,
            on_progress=on_progress,
            allow_code=allow_code,
        )
    if outcome.was_done:
        click.echo(f"{outcome.folder} is finished; nothing was left to do", err=True)
    if outcome.shard is not None:  # a part of the points has no statistics
        click.echo(outcome.folder)
        if not quiet:
            click.echo(
                f"Shard {outcome.shard}; join all with: neurochip sweep merge DIR... --out DIR", err=True
            )
        return
    if not told_briefly(outcome.folder, "sweep.json", quiet=quiet, as_json=as_json):
        print_sweep(outcome.document, summary_console())
        print_folder(outcome.folder)


_EXPLORING = (
    "words",
    "vary",
    "data",
    "raster",
    "chip",
    "energies",
    "timing",
    "placement",
    "fronts",
    "overrides",
    "out",
)


def _refuse_beside_exploring() -> None:
    """Refuse options that only trainings have."""
    context = click.get_current_context()
    for option in context.command.params:
        name = str(option.name)
        if name in (*_EXPLORING, "quiet", "as_json", "yes", "help"):
            continue
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{option.opts[0]} is for sweeps that train; with --data or --replay leave it out"
            )


def _explore(
    words: tuple[str, ...],
    vary: tuple[str, ...],
    data: Path | None,
    raster: Path | None,
    on: tuple[str | None, str | None, Path | None],
    timing: Timing,
    fronts: tuple[str, ...],
    overrides: tuple[str, ...],
    out: Path | None,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    from neurochip.exploration import explore
    from neurochip.exploration.given import given
    from neurochip.report.explorations.terminal import print_exploration

    from ..screen import print_folder, summary_console, told_briefly

    if data is not None and raster is not None:
        raise click.UsageError("--data shows samples and --replay spikes; name one of them")
    run, _ = _run_and_dies(words, ())
    chip, energies, placement = on
    what = given(
        run,
        data=data,
        raster=raster,
        overrides=overrides,
        chip=chip,
        energies=energies,
        placement=placement,
        timing=timing,
    )
    found = explore(
        what.workload,
        what.chip,
        vary,
        name=what.name,
        file=what.file,
        network=what.network,
        timing=timing,
        changes=what.changes,
        fronts=fronts,
        out=out,
    )
    if not told_briefly(found.folder, "sweep.json", quiet=quiet, as_json=as_json):
        print_exploration(found.document, summary_console())
        print_folder(found.folder)


def _run_and_dies(words: tuple[str, ...], dies: tuple[str, ...]) -> tuple[str | None, list[str]]:
    """Part the run from dies that a shell made of a pattern after --dies: files, which no run is."""
    more = [word for word in words if dies and Path(word).suffix.lower() in (".csv", ".h5", ".hdf5")]
    rest = [word for word in words if word not in more]
    if len(rest) > 1:
        raise click.UsageError(f"Got unexpected extra argument{'s' * (len(rest) > 2)} ({' '.join(rest[1:])})")
    return (rest[0] if rest else None), more
