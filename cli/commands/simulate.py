"""``neurochip simulate``: one experiment, from its description to its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..links import TOKEN_FILE
from ..names import CHIP, ENERGIES, RUN
from ..options import ALLOW_CODE, QUIET, SET, THREADS, json_option, out_folder, seed_option

if TYPE_CHECKING:
    from neurochip.runs.simulation import TimingModel

__all__ = ["command"]

DEFAULT_RUN = "mnist-small"


@click.command("simulate", short_help="Run an experiment and report spikes, bits and energy.")
@click.argument("run", type=RUN, required=False)
@SET
@click.option(
    "--timing",
    type=click.Choice(["tick", "analytic", "cycle"]),
    help="Count events only (tick), or cycles as well: from each tick's counts (analytic), or flit by flit (cycle).",
)
@seed_option("Seed of every random draw; the same seed gives the same result.")
@out_folder("runs/NAME-TIME")
@THREADS
@click.option(
    "--resume",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Go on with the run in DIR where it was stopped, or say that it is done; takes no RUN, --set, --timing, "
    "--seed, --out or --placement.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    metavar="N",
    help="With --resume: learn up to epoch N, more than the run in DIR was begun with, in a folder of its own (--out); "
    "the weights end as if N had been asked for at once.",
)
@click.option(
    "--replay",
    "raster",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Drive the chip with the spikes recorded in FILE (.npz, docs/replay.md) and cost their traffic; nothing is "
    "trained. RUN then only says whose network they are of.",
)
@click.option(
    "--data",
    "samples",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Show a network (.npz of `neurochip import`) labelled samples, each from rest: spikes [sample, tick, unit] "
    "and labels [sample] of an .npz (docs/nir.md).",
)
@click.option(
    "--output", metavar="NAME", help="With --data: the output that classifies, where the network has several."
)
@click.option("--chip", type=CHIP, metavar="CHIP|FILE", help="With --replay or --data: the chip.")
@click.option(
    "--bits",
    type=click.IntRange(2, 16),
    metavar="N",
    help="Round the weights of a network to so many bits, biases and potentials to 1/256 of a step (docs/nir.md).  "
    "[default: the most that the chip has, where it has integers only]",
)
@click.option(
    "--calibrate",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Samples by which the scale of each layer is chosen where a network is rounded, as of `neurochip import`.",
)
@click.option(
    "--per-channel", is_flag=True, help="A scale for each neuron, or each map, where a network is rounded."
)
@click.option(
    "--energies",
    type=ENERGIES,
    metavar="CHIP|FILE",
    help="With --replay: energies other than the chip's own.",
)
@click.option(
    "--placement",
    metavar="FILE|OBJECTIVE",
    help="With --replay or --data: the core of each neuron (CSV, docs/replay.md), or what is made small: hops, balance "
    "or cut. Of a run that trains: hops, or hops:N, for what crosses when N training samples (100) are shown to its "
    "first weights.",
)
@click.option(
    "--through",
    type=click.Choice(["firmware"]),
    help="Drive the chip by the registers and programs of its controller: the same result, and what driving costs.",
)
@click.option(
    "--device",
    metavar="tcp://HOST:PORT",
    help="Drive a chip that is served elsewhere (`neurochip firmware serve`); implies --through firmware.",
)
@TOKEN_FILE
@ALLOW_CODE
@QUIET
@json_option("report.json")
def command(
    run: str | None,
    overrides: tuple[str, ...],
    timing: TimingModel | None,
    seed: int | None,
    out: Path | None,
    threads: int | None,
    resume: Path | None,
    epochs: int | None,
    raster: Path | None,
    samples: Path | None,
    output: str | None,
    chip: str | None,
    energies: str | None,
    bits: int | None,
    calibrate: Path | None,
    per_channel: bool,
    placement: str | None,
    through: str | None,
    device: str | None,
    token_file: Path | None,
    allow_code: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run the experiment RUN, a name of the catalogue (`neurochip runs`) or a TOML file, and report on it.

    With --replay nothing is trained: recorded spikes cross the chip, and their traffic is costed.

    Without RUN: mnist-small, which trains [784, 500, 10] on 2000 handwritten digits.
    """
    given = {
        "RUN": run is not None,
        "--set": bool(overrides),
        "--timing": timing is not None,
        "--seed": seed is not None,
        "--out": out is not None and epochs is None,
        "--replay": raster is not None,
        "--data": samples is not None,
        "--placement": placement is not None,
    }
    network = run is not None and run.endswith((".npz", ".nir"))
    if samples is not None:
        if raster is not None or not network:
            raise click.UsageError("--data shows samples to a network: name its .npz, and leave out --replay")
        raster = samples
    if output is not None and samples is None:
        raise click.UsageError("--output says what classifies labelled samples: give them with --data")
    if raster is None:
        alone = {"--chip": chip, "--energies": energies}
        named = ", ".join(name for name, value in alone.items() if value is not None)
        if named:
            raise click.UsageError(
                f"{named} needs --replay; of a run change the value with --set, e.g. --set chip=loihi"
            )
    if resume is not None and any(given.values()):
        named = ", ".join(name for name, is_given in given.items() if is_given)
        raise click.UsageError(f"--resume goes on with the run of its folder as it was; leave out {named}")
    if epochs is not None and resume is None:
        raise click.UsageError("--epochs is for --resume; of a run change --set learning.epochs")
    if raster is None and network:
        raise click.UsageError("a network needs its input: --replay FILE, or --data FILE")
    if not network and (bits is not None or calibrate is not None or per_channel):
        raise click.UsageError(
            "--bits, --calibrate and --per-channel round the weights of a network: name its .npz"
        )
    if raster is not None and (through or device):
        raise click.UsageError(
            "--replay drives the chip by recorded spikes; leave out --through and --device"
        )
    if raster is not None:
        if seed is not None or (threads is not None and samples is None):
            raise click.UsageError(
                "--replay draws nothing and takes one thread; leave out --seed and --threads"
                if samples is None
                else "--data draws nothing; leave out --seed"
            )
        _replay(
            raster,
            run,
            overrides,
            chip,
            energies,
            timing or "tick",
            out,
            (samples is not None, threads or 1, output),
            (bits, calibrate, per_channel),
            placement,
            quiet=quiet,
            as_json=as_json,
        )
        return
    from neurochip.runs.simulation import simulate

    from ..links import through_controller
    from ..progress import showing_progress
    from ..screen import told_briefly

    if resume is not None:
        is_done, driver = _begun(resume)
        if is_done and epochs is None:
            click.echo(f"{resume} is finished; nothing was left to do", err=True)
            if not told_briefly(resume, "report.json", quiet=quiet, as_json=as_json):
                _summarise(resume)
            return
        if driver is not None and through is None and device is None:
            through, device = (driver, None) if driver == "firmware" else (None, driver)
    with (
        showing_progress(quiet=quiet) as on_progress,
        through_controller(through, device, token_file) as controller,
    ):
        outcome = simulate(
            run or DEFAULT_RUN,
            overrides=overrides,
            timing=timing,
            seed=seed,
            out=out,
            threads=threads,
            resume=resume,
            epochs=epochs,
            placement=placement,
            on_progress=on_progress,
            **controller,
            allow_code=allow_code,
        )
    if outcome.folder is None:
        raise RuntimeError("a run of the command line always has a folder")
    if not told_briefly(outcome.folder, "report.json", quiet=quiet, as_json=as_json):
        _summarise(outcome.folder)


def _begun(folder: Path) -> tuple[bool, str | None]:
    """Return whether a run is done, and what drove its chip."""
    from neurochip.training.folder import RunFolder

    with RunFolder.open(folder) as begun:
        return begun.is_done, begun.options["through"]


def _replay(
    raster: Path,
    run: str | None,
    overrides: tuple[str, ...],
    chip: str | None,
    energies: str | None,
    timing: TimingModel,
    out: Path | None,
    labelled: tuple[bool, int, str | None],
    numbers: tuple[int | None, Path | None, bool],
    placement: str | None,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    from neurochip.inference.replay_run import replay_run
    from neurochip.inference.whole_numbers import AskedNumbers
    from neurochip.report.replay_summary import replay_summary

    from ..screen import print_folder, summary_console, told_briefly

    outcome = replay_run(
        raster,
        run=run,
        overrides=overrides,
        chip=chip,
        energies=energies,
        timing=timing,
        out=out,
        labelled=labelled[0],
        threads=labelled[1],
        output=labelled[2],
        numbers=AskedNumbers(*numbers),
        placement=placement,
    )
    for note in outcome.notes:
        click.echo(f"Note: {note}", err=True)
    if not told_briefly(outcome.folder, "report.json", quiet=quiet, as_json=as_json):
        summary_console().print(replay_summary(outcome.document))
        print_folder(outcome.folder)


def _summarise(folder: Path) -> None:
    from neurochip.report.reading import read_document
    from neurochip.report.terminal import print_summary

    from ..screen import print_folder, summary_console

    print_summary(read_document(folder), summary_console())
    print_folder(folder)
