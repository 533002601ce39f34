"""``neurochip tune``: a search of the keys of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..joining import Mergeable, merge_command
from ..names import CHIP, RUN
from ..options import QUIET, SET, THREADS, json_option, out_folder

if TYPE_CHECKING:
    from neurochip.exploration.given import Given
    from neurochip.exploration.search_request import ChipSearch
    from neurochip.exploration.searching import FoundChips
    from neurochip.replays.replaying import Timing
    from neurochip.search.objectives import Objective
    from neurochip.search.study import Trial
    from neurochip.studies.tuning import Ended, Tuned

__all__ = ["command"]


@merge_command("Join the shards of a search.", "tune.json")
def merge(folders: tuple[Path, ...], out: Path, quiet: bool, as_json: bool) -> None:
    """Join the shards of one search in DIR..., and do what is left: best trials trained anew, the report."""
    from neurochip.studies.joining import merge_searches

    from ..screen import told_briefly

    found = merge_searches(folders, out, on_confirmed=None if quiet else _tell_confirmed)
    if not told_briefly(found.folder, "tune.json", quiet=quiet, as_json=as_json):
        _print(found)


@click.command(
    "tune",
    cls=Mergeable,
    merge=merge,
    short_help="Search the keys of a run for the smallest error, bits or energy.",
    epilog="`neurochip tune merge DIR... --out DIR` joins the shards of a search.",
)
@click.argument("run", type=RUN, required=False)
@click.option(
    "--vary",
    metavar="KEY=LOW:HIGH",
    multiple=True,
    help="A key of the run and where to search: KEY=LOW:HIGH, with :log and :int behind it, or KEY=A,B,C; "
    "may be repeated.",
)
@click.option(
    "--objective",
    metavar="NAME[,NAME]",
    default="error",
    show_default=True,
    help="What to make small: error, bits, spikes, aer, packets, hops, sops, energy, time, cycles, energy-delay, "
    "cores, memory, link, ticks. Several give a Pareto front.",
)
@click.option(
    "--trials", type=click.IntRange(min=1), metavar="N", help="Trials in all.  [default: 40, or as it was]"
)
@click.option("--sampler", metavar="NAME", default="tpe", show_default=True, help="tpe, gp or random.")
@click.option("--seed", type=int, metavar="N", default=1, show_default=True, help="Seed of the proposals.")
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    help="Runs of each trial, whose mean counts.",
)
@click.option(
    "--held-out",
    type=click.IntRange(min=1),
    metavar="N",
    help="Training samples that judge the trials.  [default: a fifth, at most 5000]",
)
@click.option(
    "--confirm",
    type=click.IntRange(min=0),
    metavar="N",
    help="Train the best ones N times again on all training samples and measure the test error.  "
    "[default: 0, or as it was]",
)
@click.option(
    "--together",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    help="Trials proposed at once: --workers have as many things to do.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes here for trainings side by side."
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Use the workers of a Dask cluster, e.g. tcp://host:8786."
)
@click.option(
    "--shard",
    metavar="K/N",
    help="Carry out every N-th trial only, beginning with the K-th, with --sampler random; join all with tune merge.",
)
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Search chips: RUN is a network (.npz or .nir), and FILE holds labelled samples; only keys of the chip, "
    "chip.…, are varied (docs/exploring.md).",
)
@click.option(
    "--replay",
    "raster",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Search chips for the spikes recorded in FILE, or for a network with them as its input.",
)
@click.option(
    "--chip", type=CHIP, metavar="CHIP|FILE", help="With --data or --replay: the chip that is changed."
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
@SET
@out_folder("runs/tune-NAME-TIME")
@THREADS
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on with the search in DIR as it was, or say that it is done; --trials, --confirm, --threads, --workers "
    "and --scheduler may be others; of a search of chips --trials.",
)
@QUIET
@json_option("tune.json")
def command(
    run: str | None,
    vary: tuple[str, ...],
    objective: str,
    trials: int | None,
    sampler: str,
    seed: int,
    seeds: int,
    held_out: int | None,
    confirm: int | None,
    together: int,
    workers: int | None,
    scheduler: str | None,
    shard: str | None,
    data: Path | None,
    raster: Path | None,
    chip: str | None,
    timing: Timing | None,
    placement: Path | None,
    overrides: tuple[str, ...],
    out: Path | None,
    threads: int | None,
    resume: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Search the keys of RUN named with --vary; trials are judged on training samples that were held out."""
    given = {"RUN": run is not None, "--vary": bool(vary), "--set": bool(overrides), "--out": out is not None}
    for name in ("objective", "sampler", "seed", "seeds", "held_out", "together", "shard"):
        source = click.get_current_context().get_parameter_source(name)
        given[f"--{name.replace('_', '-')}"] = source is click.core.ParameterSource.COMMANDLINE
    if resume is not None and any(given.values()):
        named = ", ".join(name for name, is_given in given.items() if is_given)
        raise click.UsageError(f"--resume goes on with the search of its folder as it was; leave out {named}")
    if resume is not None:
        from neurochip.exploration.search_request import is_of_chips

        if is_of_chips(resume):
            _refuse_of_training("resume")
            if data is not None or raster is not None or chip or timing or placement:
                raise click.UsageError(
                    "--resume goes on with the search of its folder as it was; leave out all but --trials"
                )
            _resume_chips(resume, trials, quiet=quiet, as_json=as_json)
            return
    if data is not None or raster is not None:
        _refuse_of_training()
        if data is not None and raster is not None:
            raise click.UsageError("--data shows samples and --replay spikes; name one of them")
        from neurochip.exploration.search_request import ChipSearch

        files = [None if path is None else str(path) for path in (data, raster, placement)]
        asked = ChipSearch(
            vary, objective, sampler, seed, timing or "tick", run, files[0], files[1], overrides, chip, files[2],
            trials or 40,
        )  # fmt: skip
        _search_chips(asked.of_files(), asked.given(), out, quiet=quiet, as_json=as_json)
        return
    if chip or timing or placement:
        raise click.UsageError(
            "--chip, --timing and --placement need --data or --replay; of a run change values with --set"
        )
    from neurochip.studies.tuning import tune

    from ..screen import told_briefly

    found = tune(
        run or "mnist-small",
        vary=vary,
        overrides=overrides,
        objective=objective,
        trials=trials,
        sampler=sampler,
        seed=seed,
        seeds=seeds,
        held_out=held_out,
        confirm=confirm,
        out=out,
        resume=resume,
        threads=threads,
        together=together,
        workers=workers,
        scheduler=scheduler,
        shard=shard,
        on_trial=None if quiet else _tell,
        on_confirmed=None if quiet else _tell_confirmed,
    )
    if found.was_done:
        click.echo(f"{found.folder} is finished; nothing was left to do", err=True)
    if found.shard is not None:
        if not quiet:
            click.echo(f"Shard {found.shard}; join all with: neurochip tune merge DIR... --out DIR", err=True)
        click.echo(str(found.folder))
        return
    if not told_briefly(found.folder, "tune.json", quiet=quiet, as_json=as_json):
        _print(found)


_OF_TRAINING = (
    "shard",
    "seeds",
    "held_out",
    "confirm",
    "together",
    "workers",
    "scheduler",
    "threads",
    "resume",
)


def _refuse_of_training(but: str = "") -> None:
    """Refuse options of trainings, for chips are searched: a workload is made once."""
    context = click.get_current_context()
    for name in _OF_TRAINING:
        if name != but and context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"--{name.replace('_', '-')} is for searches that train; of chips leave it out"
            )


def _resume_chips(folder: Path, trials: int | None, *, quiet: bool, as_json: bool) -> None:
    """Go on with a search of chips."""
    from neurochip.exploration.search_request import go_on, store

    asked, held = go_on(folder)
    with held:
        if trials is not None and trials != asked.trials:
            asked = asked.of_trials(trials)
            store(folder, asked)
        _search_chips(asked, asked.given(), None, resumed=folder, quiet=quiet, as_json=as_json)


def _search_chips(
    asked: ChipSearch,
    what: Given,
    out: Path | None,
    *,
    resumed: Path | None = None,
    quiet: bool,
    as_json: bool,
) -> None:
    from neurochip.exploration.searching import search_chips

    from ..screen import told_briefly

    def tell(trial: Trial, is_best: bool, objectives: Sequence[Objective]) -> None:
        mark = "*" if is_best else " "
        click.echo(f"trial {trial.number:>2} {mark} {_outcome(trial, objectives, is_share=True)}", err=True)

    found = search_chips(what, asked, out, resumed=resumed, on_trial=None if quiet else tell)
    if found.was_done:
        click.echo(f"{found.folder} is finished; nothing was left to do", err=True)
    if not told_briefly(found.folder, "tune.json", quiet=quiet, as_json=as_json):
        _print(found)


def _tell(ended: Ended) -> None:
    mark = "*" if ended.is_best else " "
    said = _outcome(ended.trial, ended.objectives, is_share=ended.is_share)
    click.echo(f"trial {ended.trial.number:>2} {mark} {said}", err=True)


def _tell_confirmed(number: int, k: int, error: float) -> None:
    from neurochip.report.quantities import percent

    click.echo(f"trial {number}, trained anew, {k + 1}: test error {percent(error)}", err=True)


def _outcome(trial: Trial, objectives: Sequence[Objective], *, is_share: bool) -> str:
    from neurochip.search.page import value_words

    values = ", ".join(
        f"{key} = {value:.4g}" if isinstance(value, float) else f"{key} = {value}"
        for key, value in trial.values.items()
    )
    if trial.failure:
        return f"failed: {trial.failure}; {values}"
    reached = (
        f"{o.name} {value_words(o, v, share=is_share)}"
        for o, v in zip(objectives, trial.objectives, strict=True)
    )
    flag = "; warnings about its numbers" if trial.measured.get("warnings") else ""
    return f"{', '.join(reached)}; {values}; {trial.seconds:.1f} s{flag}"


def _print(found: Tuned | FoundChips) -> None:
    from neurochip.report.quantities import percent
    from neurochip.search.objectives import read_objectives

    is_share = found.summary["run"]["experiment"] == "train"
    objectives = read_objectives(found.summary["objective"])
    click.echo(
        "Best:" if len(found.front) == 1 or len(objectives) == 1 else f"Pareto front of {len(found.front)}:"
    )
    confirmed = {entry["trial"]: entry for entry in found.summary["confirmed"]}
    for number in found.front:
        click.echo(f"  trial {number}: {_outcome(found.trials[number], objectives, is_share=is_share)}")
        if number in confirmed:
            entry = confirmed[number]
            click.echo(
                f"    test error {percent(entry['mean'])} ± {percent(entry['std'])}, "
                f"trained anew {len(entry['errors'])} × on all training samples"
            )
    if not found.front:
        click.echo("  none: every trial failed")
    click.echo(f"\n{found.folder}")
