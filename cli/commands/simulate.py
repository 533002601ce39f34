"""``neurochip simulate``: one experiment, from its description to its report."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from ..names import RUN

__all__ = ["command"]

DEFAULT_RUN = "mnist-small"


@click.command("simulate", short_help="Run an experiment and report spikes, bits and energy.")
@click.argument("run", type=RUN, required=False)
@click.option(
    "--set",
    "overrides",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a value of the run, e.g. learning.beta=0.3 or network.precision=int8; may be repeated.",
)
@click.option("--seed", type=int, help="Seed of every random draw; the same seed gives the same result.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the results, which must not exist.  [default: runs/NAME-TIME]",
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads; they do not change the result."
)
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on with the run in DIR where it was stopped; takes no RUN, --set, --seed or --out.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but the folder of the results.")
@click.option("--json", "as_json", is_flag=True, help="Print report.json and nothing else.")
def command(
    run: str | None,
    overrides: tuple[str, ...],
    seed: int | None,
    out: Path | None,
    threads: int | None,
    resume: Path | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the experiment RUN, a name of the catalogue (`neurochip runs`) or a TOML file, and report on it.

    Without RUN: mnist-small, which trains [784, 500, 10] on 2000 handwritten digits.
    """
    given = {
        "RUN": run is not None,
        "--set": bool(overrides),
        "--seed": seed is not None,
        "--out": out is not None,
    }
    if resume is not None and any(given.values()):
        named = ", ".join(name for name, is_given in given.items() if is_given)
        raise click.UsageError(f"--resume goes on with the run of its folder as it was; leave out {named}")
    from neurochip.simulation import simulate

    from ..progress import showing_progress

    with showing_progress(quiet=quiet) as on_progress:
        outcome = simulate(
            run or DEFAULT_RUN,
            overrides=overrides,
            seed=seed,
            out=out,
            threads=threads,
            resume=resume,
            on_progress=on_progress,
        )
    if outcome.folder is None:
        raise RuntimeError("a run of the command line always has a folder")
    if as_json:
        click.echo((outcome.folder / "report.json").read_text(encoding="utf-8"), nl=False)
    elif quiet:
        click.echo(str(outcome.folder))
    else:
        _summarise(outcome.folder)


def _summarise(folder: Path) -> None:
    from neurochip.report.reading import read_document
    from neurochip.report.terminal import print_summary

    from ..screen import summary_console

    print_summary(read_document(folder), summary_console())
    click.echo(f"\n{folder}\nneurochip report {shlex.quote(str(folder))} --open")
