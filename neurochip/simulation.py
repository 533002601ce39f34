"""`simulate`: one run from its description to its folder of results."""

from __future__ import annotations

import datetime
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from neurochip import data, plugins
from neurochip.analog.chronicle import LOOKED_AT, after_epoch, die_table
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.building import Built, build, check_prices, core_uses, digest_of, fault_uses
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.data.dated import dated
from neurochip.description import RunSpec, read_run, run_to_toml
from neurochip.description.used_plugins import plugins_of
from neurochip.durable.atomic import replacing
from neurochip.durable.signals import stoppable
from neurochip.energy.hardware import hardware_of
from neurochip.errors import CheckpointError, ConfigError, Interrupted, OutputError
from neurochip.learning.rules import rule_for
from neurochip.report.write import write_report
from neurochip.substrate.phase_time import FRACTIONS
from neurochip.training.checkpoint import read_checkpoint, write_checkpoint
from neurochip.training.convergence import convergence_curve
from neurochip.training.evaluate import rasters
from neurochip.training.loop import Trainer
from neurochip.training.progress import Progress, Reporter
from neurochip.training.record import Raster, RunRecord, Timeline
from neurochip.training.state import TrainingState
from neurochip.training.streams import glorot

__all__ = ["CHECKPOINT", "RESOLVED", "Outcome", "TimingModel", "simulate", "versions"]

TimingModel = Literal["tick", "analytic", "cycle"]

CHECKPOINT, RESOLVED = "checkpoint.h5", "run.toml"


class Outcome(NamedTuple):
    """What a run leaves: its record, and the folder where it was written (`None` if it was not)."""

    record: RunRecord
    folder: Path | None


def simulate(
    run: RunSpec | str = "mnist-small",
    *,
    overrides: Sequence[str] = (),
    timing: TimingModel | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    threads: int | None = None,
    resume: Path | str | None = None,
    samples: data.Dataset | None = None,
    through: Callable[[RunSpec, Built], Built] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    write: bool = True,
    allow_code: bool = False,
) -> Outcome:
    """Carry out a run and write its folder: report.json, report.html, run.toml, checkpoint.h5, raster.npz.

    Parameters
    ----------
    run
        Name from the catalogue, TOML file, or a `RunSpec`.
    overrides
        ``key.path=value`` each, over the run's own; not with a `RunSpec`.
    timing
        ``"tick"``, ``"analytic"`` or ``"cycle"``, over the run's own. None changes a spike or a count.
    seed
        Over the run's own.
    out
        Folder to make; `None` makes ``runs/<name>-<time>``.
    threads
        `None` uses every core. The result does not depend on it.
    resume
        Folder of an interrupted run: goes on from its checkpoint, with its own run.toml.
    samples
        Take these instead of the data set that the run names, e.g. another split of it.
    through
        Puts something between the run and the machine that was built for it, e.g. the controller of a chip; the
        result does not depend on it, but for what it costs.
    on_progress
        Called about ten times a second.
    stop
        Asked between minibatches; when it says yes the run ends as on SIGINT. For threads, which get no signals.
    write
        Whether to write a folder at all.
    allow_code
        Whether code that the run names (analog.vector_field) may be run.

    Returns
    -------
    Outcome
        The record of the run, and its folder, `None` where none was written.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written.
    Interrupted
        On SIGINT or SIGTERM, or when ``stop`` says so, after a checkpoint was written.
    """
    spec, folder = _resolve(run, overrides, timing, seed, out, resume, write)
    workers = threads if threads is not None else len(os.sched_getaffinity(0))
    if workers < 1:
        raise ConfigError("threads", f"must be ≥ 1, got {workers}")
    built = build(spec, threads=workers, allow_code=allow_code)
    digest = digest_of(built)
    check_prices(spec, built, driven=through is not None)
    if through is not None:
        built = through(spec, built)
    if spec.learning is not None:
        rule = built.rule or rule_for(built.network, spec.learning, spec.phases)
        rule.check(built.substrate)  # before anything is written
        built = built._replace(rule=rule)
    if spec.experiment != "train":
        samples = None
    elif samples is None:
        samples = data.load(spec.data.set, train=spec.data.train, test=spec.data.test)
    if folder is not None and resume is not None:
        state = read_checkpoint(folder / CHECKPOINT, digest=digest)
        state.resumed += 1
        built.substrate.restore_books(state.ledger, state.updates)
    else:
        parameters = glorot(built.network, spec.seed)
        built.substrate.load(parameters)
        state = TrainingState(built.substrate.parameters(), built.substrate.ledger(), started=_now())
        if folder is not None:
            _open_folder(folder, spec, state, digest)
    built.substrate.load(state.parameters)
    with stoppable("simulate", folder) as asked:
        stopped = asked if stop is None else lambda: asked() or stop()
        record = _carry_out(spec, built, samples, state, folder, digest, stopped, on_progress)
        if folder is not None:
            write_report(record, folder)
    return Outcome(record, folder)


def _resolve(
    run: RunSpec | str,
    overrides: Sequence[str],
    timing: TimingModel | None,
    seed: int | None,
    out: Path | str | None,
    resume: Path | str | None,
    write: bool,
) -> tuple[RunSpec, Path | None]:
    """Return the run and its folder, which does not exist yet unless the run is resumed."""
    if resume is not None:
        folder = Path(resume)
        if not (folder / RESOLVED).is_file():
            raise CheckpointError(str(folder), f"has no {RESOLVED}; name the folder of an interrupted run")
        return read_run(str(folder / RESOLVED)), folder
    if isinstance(run, RunSpec):
        if overrides:
            raise ConfigError("overrides", "are for runs given by name or file; change the RunSpec instead")
        given = {name: value for name, value in (("timing", timing), ("seed", seed)) if value is not None}
        if given:
            run = RunSpec.from_dict(run.to_dict() | given)
    else:
        extra = [f"timing={timing}"] if timing is not None else []
        extra += [f"seed={seed}"] if seed is not None else []
        run = read_run(run, [*overrides, *extra])
    if not write:
        return run, None
    folder = Path(out) if out is not None else dated("runs", run.name)
    if folder.exists():
        raise OutputError(str(folder), "exists already; choose another folder with --out or remove it")
    return run, folder


def _carry_out(
    spec: RunSpec,
    built: Built,
    samples: data.Dataset | None,
    state: TrainingState,
    folder: Path | None,
    digest: str,
    stop: Callable[[], bool],
    on_progress: Callable[[Progress], None] | None,
) -> RunRecord:
    began = time.perf_counter()
    earlier = state.seconds
    drawn: tuple[Raster, ...] = ()
    curve = None
    if spec.experiment == "convergence":
        reporter = Reporter(on_progress, spec.convergence.nets if spec.convergence else 0)
        curve = convergence_curve(spec, built.network, built.substrate, reporter, stop)
        if stop():
            raise Interrupted(None if folder is None else str(folder))
    elif samples is not None and spec.learning is not None:
        rule = built.rule or rule_for(built.network, spec.learning, spec.phases)
        reporter = Reporter(on_progress, 0)
        trainer = Trainer(spec, built.substrate, rule, samples, state, reporter, stop)
        reporter.skip(-trainer.work_per_epoch() * (spec.learning.epochs - state.epoch))

        def save() -> None:
            state.seconds = earlier + time.perf_counter() - began
            if folder is not None:
                write_checkpoint(folder / CHECKPOINT, state, run=run_to_toml(spec), digest=digest)

        while state.epoch < spec.learning.epochs:
            finished = trainer.epoch()
            if finished and isinstance(built.substrate, AnalogSubstrate):
                state.diagnostics.append(_diagnosed(built.substrate, state.epoch, samples))
            save()
            if not finished or (stop() and state.epoch < spec.learning.epochs):
                raise Interrupted(None if folder is None else str(folder))
        if spec.substrate == "digital":
            ledger = built.substrate.ledger()
            drawn = rasters(
                built.substrate,
                samples,
                spec.record.presentations,
                free=spec.phases.free,
                nudged=spec.phases.nudged,
                beta=abs(spec.learning.beta),
                populations=tuple(p.name for p in built.network.populations),
            )
            # Pictures are not part of the experiment: what they cost is not booked.
            built.substrate.restore_books(ledger, state.updates)
    timeline = None
    if spec.timing != "tick" and drawn and isinstance(built.substrate, DigitalSubstrate):
        timeline = _timeline(built.substrate, drawn[0])
    return RunRecord(
        run=spec,
        chip=built.chip,
        layout=core_uses(built.image),
        hardware=hardware_of(spec),
        ledger=built.substrate.ledger(),
        epochs=tuple(state.epochs),
        rasters=drawn,
        convergence=curve,
        confusion=state.confusion,
        seconds=earlier + time.perf_counter() - began,
        started=state.started,
        versions=versions(spec),
        resumed=state.resumed,
        stopped_early=False,
        faults=fault_uses(spec, built),
        timeline=timeline,
        analog=die_table(built.substrate, state.diagnostics)
        if isinstance(built.substrate, AnalogSubstrate)
        else None,
    )


def _timeline(substrate: DigitalSubstrate, raster: Raster) -> Timeline:
    """Return what the cores did in each tick of a recorded presentation."""
    ticks = substrate.each_tick(raster.spikes)
    return Timeline(
        presentation=raster.presentation,
        n_free=raster.n_free,
        cycles=np.array([tick.cycles for tick in ticks], dtype=np.int64),
        busy=np.array([tick.busy for tick in ticks]) / FRACTIONS,
        stalled=np.array([tick.stalled for tick in ticks]) / FRACTIONS,
    )


def _diagnosed(substrate: AnalogSubstrate, epoch: int, samples: data.Dataset) -> dict[str, Any]:
    """Look at the first training samples after an epoch."""
    chosen = np.arange(min(LOOKED_AT, len(samples.train_labels)))
    return after_epoch(substrate, epoch, samples.images(chosen), samples.train_labels[chosen])


def _open_folder(folder: Path, spec: RunSpec, state: TrainingState, digest: str) -> None:
    """Make the folder with the resolved run and a first checkpoint, or leave nothing behind."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
    try:
        with replacing(folder / RESOLVED) as file:
            file.write(run_to_toml(spec).encode())
        write_checkpoint(folder / CHECKPOINT, state, run=run_to_toml(spec), digest=digest)
    except BaseException:
        (folder / RESOLVED).unlink(missing_ok=True)
        folder.rmdir()
        raise


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def versions(run: RunSpec | None = None) -> dict[str, str]:
    """Return package → version, of neurochip, what it computes with, and whose plug-ins a run uses."""
    found = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("neurochip", "numba", "h5py"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            from neurochip import __version__

            found[package] = __version__ if package == "neurochip" else "unknown"
    return found if run is None else found | plugins.distributions(plugins_of(run))
