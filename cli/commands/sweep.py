"""``neurochip sweep``: a run over a grid of values, on many dies, in several modes."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..names import RUN
from ..options import ALLOW_CODE, QUIET, SET, json_option, out_folder, seed_option

__all__ = ["command"]


@click.command("sweep", short_help="Draw error and yield against any key of a run, over dies.")
@click.argument("run", type=RUN, required=False)
@click.option(
    "--vary",
    metavar="KEY=VALUES",
    multiple=True,
    help="Values of a key of the run, with commas between them; START:STOP:COUNT stands for so many in equal steps, "
    "START:STOP:COUNTlog in equal ratios. May be repeated, for a grid; curves are drawn over the first key.",
)
@click.option(
    "--modes",
    metavar="MODES",
    help="Of ideal, deploy, in-loop, fine-tune, with commas.  [default: all that have a meaning]",
)
@click.option(
    "--dies", type=click.IntRange(min=1), metavar="N", help="Dies, where there are any.  [default: 30]"
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    metavar="N",
    help="Seeds of weights and order of samples.  [default: 1 with dies, 5 without]",
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
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes here.  [default: one per core]"
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Use the workers of a Dask cluster, e.g. tcp://host:8786."
)
@out_folder("sweeps/NAME-TIME")
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on with the sweep in DIR; other options change what is asked for, e.g. --dies 100. Nothing is repeated.",
)
@ALLOW_CODE
@click.option("--yes", is_flag=True, help="Begin even a very large sweep without asking.")
@QUIET
@json_option("sweep.json")
def command(
    run: str | None,
    vary: tuple[str, ...],
    modes: str | None,
    dies: int | None,
    seeds: int | None,
    nominal: tuple[str, ...],
    fine_tune_epochs: int | None,
    within: float | None,
    wanted: float | None,
    overrides: tuple[str, ...],
    seed: int | None,
    workers: int | None,
    scheduler: str | None,
    out: Path | None,
    resume: Path | None,
    allow_code: bool,
    yes: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Vary keys of RUN and draw its test error and yield: how much mismatch, how many faults, how few bits it bears.

    Modes say how the network comes onto the chip: deploy trains on the nominal chip and tests on the varied one,
    in-loop trains on the varied one, fine-tune does both.
    """
    from neurochip.report.sweeps.terminal import print_sweep
    from neurochip.sweeping import run_sweep

    from ..screen import print_folder, summary_console, told_briefly
    from ..sweep_progress import showing_sweep

    def confirm(points: int) -> bool:
        return yes or (sys.stdin.isatty() and click.confirm(f"That makes {points} points. Begin?", err=True))

    with showing_sweep(quiet=quiet) as on_progress:
        outcome = run_sweep(
            run,
            vary=vary,
            modes=modes,
            dies=dies,
            seeds=seeds,
            nominal=nominal,
            fine_tune_epochs=fine_tune_epochs,
            within=None if within is None else within / 100,
            wanted=None if wanted is None else wanted / 100,
            overrides=overrides,
            seed=seed,
            workers=workers,
            scheduler=scheduler,
            out=out,
            resume=resume,
            confirm=confirm,
            on_progress=on_progress,
            allow_code=allow_code,
        )
    if not told_briefly(outcome.folder, "sweep.json", quiet=quiet, as_json=as_json):
        print_sweep(outcome.document, summary_console())
        print_folder(outcome.folder)
