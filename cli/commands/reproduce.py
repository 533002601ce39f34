"""``neurochip reproduce``: published results, tested here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..joining import Mergeable, merge_command
from ..names import KnownName
from ..options import THREADS
from ..progress import showing_share

if TYPE_CHECKING:
    from neurochip.papers import Reproduction

__all__ = ["command"]


def _experiments() -> list[tuple[str, str]]:
    from neurochip.papers.table import experiments

    return [("list", ""), *((name, "") for name in experiments())]


@merge_command("Join the shards of an experiment.", "result.json")
@THREADS
def merge(folders: tuple[Path, ...], out: Path, threads: int | None, quiet: bool, as_json: bool) -> None:
    """Join the shards of one experiment in DIR..., compute what is left of it, and write its results."""
    from neurochip.papers.sharing import merge_reproductions

    with showing_share(quiet=quiet or as_json) as tell:
        done = merge_reproductions(folders, out, threads=threads, on_progress=tell)
    _tell(done, quiet, as_json)


@click.command(
    "reproduce",
    cls=Mergeable,
    merge=merge,
    short_help="Test what a paper claims, and draw its figure.",
    epilog="`neurochip reproduce merge DIR... --out DIR` joins the shards of an experiment.",
)
@click.argument("name", type=KnownName("experiment", _experiments), required=False)
@click.option("--all", "every", is_flag=True, help="Every experiment, one after the other.")
@click.option(
    "--quick", is_flag=True, help="The short form: under two minutes each, and it still tests the claims."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the results, which must not exist; with --all the folder that theirs go into.  "
    "[default: reproduced/NAME-TIME]",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="Every random draw follows from it."
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads; they do not change the result."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Whole experiments side by side on so many processes here, each with --threads (1).",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="The same on the workers of a Dask cluster, e.g. tcp://host:8786.",
)
@click.option(
    "--shard",
    metavar="K/N",
    help="Do every N-th of the jobs of NAME only, beginning with the K-th longest; join all with reproduce merge.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Go on with a reproduction that was stopped; DIR is the folder that it would have made.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but the folder of the results.")
@click.option("--json", "as_json", is_flag=True, help="Print result.json and nothing else.")
def command(
    name: str | None,
    every: bool,
    quick: bool,
    out: Path | None,
    seed: int,
    threads: int | None,
    workers: int | None,
    scheduler: str | None,
    shard: str | None,
    resume: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the experiment NAME of a paper, and say what was claimed, what came out, and whether it holds.

    `neurochip reproduce list` lists them.
    """
    if resume is not None:
        source = click.get_current_context().get_parameter_source("seed")
        is_seed = source is click.core.ParameterSource.COMMANDLINE
        _refuse_with_resume(
            {
                "NAME": name,
                "--all": every,
                "--quick": quick,
                "--out": out,
                "--seed": is_seed,
                "--workers": workers,
                "--scheduler": scheduler,
                "--shard": shard,
            }
        )
        if _is_shard(resume):
            _shard(None, None, False, None, 1, threads, quiet, as_json, resume)
            return
        _one(None, False, None, 1, threads, quiet, as_json, resume)
        return
    if name == "list" and not every:
        _list()
        return
    if (name is None) == (not every):
        raise click.UsageError("name one experiment, or say --all; `neurochip reproduce list` lists them")
    if shard is not None:
        for given, words in ((every, "--all"), (workers, "--workers"), (scheduler, "--scheduler")):
            if given:
                raise click.UsageError(f"--shard is a part of one experiment, done here; leave out {words}")
        _shard(name, shard, quick, out, seed, threads, quiet, as_json)
        return
    from neurochip.papers.table import experiments

    if workers is not None or scheduler is not None:
        names = experiments() if every else [name or ""]
        _elsewhere(list(names), workers, scheduler, quick, out, seed, threads or 1, quiet, as_json, every)
        return
    if every:
        parent = out if out is not None else Path("reproduced")
        if out is not None and out.exists():
            from neurochip.errors import OutputError

            raise OutputError(str(out), "exists already; choose another folder with --out or remove it")
        for each in experiments():
            folder = None if out is None else parent / each
            _one(each, quick, folder, seed, threads, quiet, as_json)
    elif name is not None:
        _one(name, quick, out, seed, threads, quiet, as_json)


def _refuse_with_resume(given: dict[str, object]) -> None:
    named = ", ".join(name for name, value in given.items() if value)
    if named:
        raise click.UsageError(
            f"--resume goes on with the reproduction of its folder as it was; leave out {named}"
        )


def _elsewhere(
    names: list[str],
    workers: int | None,
    scheduler: str | None,
    quick: bool,
    out: Path | None,
    seed: int,
    threads: int,
    quiet: bool,
    as_json: bool,
    every: bool,
) -> None:
    """Run whole experiments on processes or on a cluster; with several, ``out`` is the folder of theirs."""
    from neurochip.errors import OutputError
    from neurochip.papers.elsewhere import reproduce_elsewhere
    from neurochip.sweep.engine import EngineChoice

    if every and out is not None and out.exists():
        raise OutputError(str(out), "exists already; choose another folder with --out or remove it")
    folders = [None if out is None else out / name if every else out for name in names]
    for done in reproduce_elsewhere(
        names, EngineChoice(workers, scheduler), quick=quick, folders=folders, seed=seed, threads=threads
    ):
        _tell(done, quiet, as_json)


def _is_shard(folder: Path) -> bool:
    from neurochip.papers.sharing import shard_of

    return shard_of(folder) is not None


def _shard(
    name: str | None,
    shard: str | None,
    quick: bool,
    out: Path | None,
    seed: int,
    threads: int | None,
    quiet: bool,
    as_json: bool,
    resume: Path | None = None,
) -> None:
    """Do the jobs of a shard; what they found has no result.json."""
    from neurochip.papers.sharing import reproduce_shard, shard_of

    silent = quiet or as_json
    if resume is not None and resume.is_dir():
        click.echo(f"{resume} is finished; nothing was left to do", err=True)
        folder = resume
    else:
        with showing_share(quiet=silent) as tell:
            folder = reproduce_shard(
                name, shard, quick=quick, out=out, seed=seed, threads=threads, resume=resume, on_progress=tell
            )
    click.echo(str(folder))
    if not silent:
        click.echo(
            f"Shard {shard_of(folder)}; join all with: neurochip reproduce merge DIR... --out DIR", err=True
        )


def _one(
    name: str | None,
    quick: bool,
    out: Path | None,
    seed: int,
    threads: int | None,
    quiet: bool,
    as_json: bool,
    resume: Path | None = None,
) -> None:
    from neurochip.papers.reproducing import finished, reproduce
    from neurochip.papers.table import find

    silent = quiet or as_json
    if resume is not None and finished(resume):
        click.echo(f"{resume} is finished; nothing was left to do", err=True)
        click.echo(
            (resume / "result.json").read_text(encoding="utf-8") if as_json else str(resume), nl=not as_json
        )
        return
    if name is not None and not silent:
        experiment = find(name)
        form = "quick" if quick else "full"
        click.echo(f"{name}, {form} form: takes about {_span(experiment.seconds[not quick])}", err=True)
    with showing_share(quiet=silent) as tell:
        done = reproduce(
            name, quick=quick, out=out, seed=seed, threads=threads, resume=resume, on_progress=tell
        )
    _tell(done, quiet, as_json)


def _tell(done: Reproduction, quiet: bool, as_json: bool) -> None:
    if done.folder is None:
        raise RuntimeError("a reproduction of the command line always has a folder")
    if as_json:
        click.echo((done.folder / "result.json").read_text(encoding="utf-8"), nl=False)
    elif quiet:
        click.echo(str(done.folder))
    else:
        _summarise(done)


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _list() -> None:
    from neurochip.errors import ConfigError
    from neurochip.papers.table import experiments, find

    from ..screen import print_table

    rows = []
    for name in experiments():
        try:
            experiment = find(name)
        except ConfigError as error:  # of somebody's package: a list is no place to stop
            rows.append((name, "", "", "", f"cannot be used: {error.problem}"))
            continue
        quick, full = (_span(seconds) for seconds in experiment.seconds)
        rows.append((name, f"{experiment.paper}, {experiment.figure}", quick, full, experiment.about))
    print_table(("experiment", "source", "quick", "full", "about"), rows, right=("quick", "full"))


def _summarise(done: Reproduction) -> None:
    from neurochip.papers.pages import shown

    experiment = done.experiment
    click.echo(f"{experiment.name} – {experiment.paper}, {experiment.figure}\n")
    for claim, finding, verdict in done.rows:
        tolerance, in_part = claim.bounds(quick=done.settings.quick)
        part = "" if in_part is None else f" (in part: {in_part})"
        _paragraph("claim", claim.says)
        _paragraph("measured", f"{shown(finding.value)}: {claim.measure}")
        if finding.note:
            _paragraph("", finding.note)
        _paragraph("control", f"{shown(finding.control)}: {claim.control}")
        _paragraph("tolerance", f"{tolerance}{part}")
        _paragraph("verdict", verdict)
        click.echo()
    repetitions = f"{done.outcome.seeds} repetition{'s' if done.outcome.seeds != 1 else ''}"
    click.echo(f"{done.verdict} (seed {done.settings.seed}, {repetitions}, {done.seconds:.1f} s)")
    click.echo(f"{done.folder}")


def _paragraph(name: str, text: str) -> None:
    lead = f"{name:<11}"
    click.echo(click.wrap_text(f"{lead}{text}", 100, subsequent_indent=" " * 11))
