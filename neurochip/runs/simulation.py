"""`simulate`: one run from its description to its folder of results."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurochip import data
from neurochip.analog.chronicle import LOOKED_AT, after_epoch, die_table
from neurochip.analog.substrate import AnalogSubstrate
from neurochip.cores.substrate import DigitalSubstrate
from neurochip.description import RunSpec, bound
from neurochip.description.run_data import check_shown
from neurochip.durable.dated import refuse_existing
from neurochip.durable.signals import stoppable
from neurochip.energy.hardware import hardware_of
from neurochip.errors import ConfigError, Interrupted, NumericError, Stopped
from neurochip.learning.rules import rule_for
from neurochip.machine import check_parallel, usable_cores
from neurochip.report.document import document
from neurochip.report.notebook import cards_html
from neurochip.report.write import write_report
from neurochip.runs.beginning import TimingModel, begin, resolved
from neurochip.runs.building import (
    Built,
    build,
    check_energies,
    check_recorded,
    core_uses,
    digest_of,
    fault_uses,
)
from neurochip.runs.extension import with_epochs
from neurochip.runs.placing import placed_nearer
from neurochip.runs.versions import versions
from neurochip.training.callbacks import Callback, Failure, call_all
from neurochip.training.convergence import convergence_curve
from neurochip.training.evaluate import rasters, read_populations
from neurochip.training.folder import RunFolder
from neurochip.training.loop import Trainer
from neurochip.training.progress import Progress, Reporter
from neurochip.training.record import Raster, RunRecord
from neurochip.training.results import answers_of, log_epoch, optimiser_use, timeline_of
from neurochip.training.state import TrainingState
from neurochip.training.streams import first_parameters

__all__ = ["Outcome", "TimingModel", "simulate", "versions"]

_LOG = logging.getLogger("neurochip.training")


class Outcome(NamedTuple):
    """What a run leaves.

    Attributes
    ----------
    record
        What was measured.
    folder
        Where it was written, `None` if it was not.
    state
        The weights, and all that a checkpoint holds.
    samples
        What it learnt from; `None` of a run that learns nothing.
    """

    record: RunRecord
    folder: Path | None
    state: TrainingState | None = None
    samples: data.Dataset | None = None

    def __repr__(self) -> str:
        """Return one line."""
        where = "" if self.folder is None else f", {self.folder}"
        return f"<Outcome of {self.record!r}{where}>"

    def _repr_html_(self) -> str:
        """Return the first figures of the report, for notebooks."""
        return cards_html(document(self.record))


def simulate(
    run: RunSpec | str = "mnist-small",
    *,
    overrides: Sequence[str] = (),
    timing: TimingModel | None = None,
    seed: int | None = None,
    out: Path | str | None = None,
    threads: int | None = None,
    resume: Path | str | None = None,
    epochs: int | None = None,
    samples: data.Dataset | None = None,
    through: Callable[[RunSpec, Built], Built] | None = None,
    placement: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    callbacks: Sequence[Callback] = (),
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
        Folder of a run that was begun: goes on from its checkpoint, begins anew where there is none, and writes
        nothing where the run is done. What it was begun with stands in it; only ``threads`` may be another.
    epochs
        With ``resume``: learns up to this epoch, more than that run was begun with, in a folder of its own, ``out``.
        Weights end as if so many had been asked for at once; that run's last epoch stays evaluated.
    samples
        Take these instead of what the run names (`neurochip.data`: ``from_arrays``, ``load``). The folder then says
        so; what was not read from a file or a set cannot be read again, and is given anew to go on.
    through
        Puts something between the run and the machine that was built for it, e.g. the controller of a chip; the
        result does not depend on it, but for what it costs. A run that was begun with one is resumed with one.
    placement
        ``hops`` or ``hops:N``: cores are placed for what crosses when N training samples (100) are shown to the first
        weights (`neurochip.runs.placing`), as the run's key ``placement`` then says. It changes no weight.
    on_progress
        Called about ten times a second.
    stop
        Asked between minibatches; when it says yes the run ends as on SIGINT. For threads, which get no signals.
    callbacks
        Called one after the other with the `EpochRecord` of each epoch, when it is in the checkpoint. One that returns
        True ends training there, and the report says so.
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
    CallbackError
        When a callback raises an exception; ``outcome`` has all that was computed, and a folder goes on from its
        checkpoint.
    Interrupted
        On SIGINT or SIGTERM, after a checkpoint was written; it is a `KeyboardInterrupt`.
    Stopped
        When ``stop`` says so, after a checkpoint was written; it is an `Exception`, too.
    """
    with stoppable("simulate", asks=False) as place, ExitStack() as stack:
        begun = None if resume is None else stack.enter_context(RunFolder.open(Path(resume)))
        if begun is None and epochs is not None:
            raise ConfigError("epochs", "goes with resume; of a run set learning.epochs")
        longer = None if begun is None or epochs is None else with_epochs(begun, epochs)
        driver = None if through is None else str(getattr(through, "driver", "a function"))
        if write and out is not None and (begun is None or longer is not None):
            refuse_existing(Path(out))
        if begun is None:
            spec = resolved(run, overrides, timing, seed, samples)
            mapping = None
            if placement is not None:
                spec, mapping = placed_nearer(spec, placement, samples, threads=threads or usable_cores())
        else:
            place.folder = begun.path if longer is None else None
            if placement is not None:
                raise ConfigError("placement", "stands in the folder that is gone on with; leave it out")
            mapping = begun.options.get("mapping")
            begun.check_options(driver)
            begun.check_samples(samples)
            spec = bound(longer or begun.run, samples)
            threads = begun.options["threads"] if threads is None else threads
        machine, digest, samples = _prepared(spec, threads, samples, through, allow_code)
        state = _state(spec, machine, begun, digest)
        if state.resumed:
            _LOG.info("%s: goes on after %d epochs", spec.name, state.epoch)
        if longer is not None and begun is not None:
            begun.release()  # all that is needed from there is read
            begun, state.ended = None, ""
        if begun is None and write:  # nothing is written before it is known that the run can be carried out
            options = {"through": driver, "threads": threads, "mapping": mapping}
            begun = stack.enter_context(begin(spec, out, options))
            place.folder = begun.path
            if longer is not None:
                begun.save(state, digest, samples)
        writes = None if begun is None or begun.is_done else begun
        _LOG.info("%s: begins%s", spec.name, "" if place.folder is None else f" in {place.folder}")
        with stoppable("simulate", place.folder) as asked:
            stopped = asked if stop is None else lambda: asked() or stop()
            try:
                record, failure = _carry_out(
                    spec, machine, samples, state, writes, digest, stopped, on_progress, callbacks
                )
            except Interrupted as ended:
                if asked():
                    raise
                raise Stopped(ended.folder, ended.command) from None
            record = dataclasses.replace(record, mapping=mapping)
            folder = None if begun is None else begun.path
            if failure is not None:
                raised = failure.error(folder)
                raised.outcome = Outcome(record, folder, state, samples)
                raise raised from failure.cause
            if writes is not None:
                write_report(record, writes.path)
    _LOG.info("%s: done after %.1f s", spec.name, record.seconds)
    return Outcome(record, folder, state, samples)


def _prepared(
    spec: RunSpec,
    threads: int | None,
    samples: data.Dataset | None,
    through: Callable[[RunSpec, Built], Built] | None,
    allow_code: bool,
) -> tuple[Built, str, data.Dataset | None]:
    """Return the machine of a run, its digest and the samples; what cannot be carried out is refused here."""
    workers = threads if threads is not None else usable_cores()
    check_parallel(workers, "threads")
    began = time.perf_counter()
    built = build(spec, threads=workers, allow_code=allow_code)
    _LOG.debug("%s: machine built in %.2f s, %d threads", spec.name, time.perf_counter() - began, workers)
    digest = digest_of(built)
    check_energies(spec, built, driven=through is not None)
    if through is not None:
        built = through(spec, built)
    if spec.learning is not None:
        rule = built.rule or rule_for(built.network, spec.learning, spec.phases)
        rule.check(built.substrate)
        built = built._replace(rule=rule)
    if spec.experiment != "train":
        samples = None
    elif samples is None:
        samples = data.load(spec.data)
    if samples is not None:
        check_shown(spec, samples, driven=through is not None)
        check_recorded(spec, built, samples)
    return built, digest, samples


def _state(spec: RunSpec, built: Built, begun: RunFolder | None, digest: str) -> TrainingState:
    """Return where the run stands, and put the machine there."""
    state = None if begun is None else begun.state(digest)
    if state is None:
        built.substrate.load(first_parameters(spec, built.network))
        state = TrainingState(built.substrate.parameters(), built.substrate.counters(), started=_now())
        built.substrate.load(state.parameters)
    else:
        # In this order: what it takes to load them again, a run that was not stopped does not count.
        built.substrate.load(state.parameters)
        built.substrate.restore_counters(state.counters, state.updates)
        if isinstance(built.substrate, AnalogSubstrate):
            built.substrate.restore_endings(state.endings)
        if built.substrate.optimiser is not None:
            built.substrate.optimiser.restore(state.moments)
    if begun is not None and not begun.is_done:
        state.resumed += 1
    return state


def _carry_out(
    spec: RunSpec,
    built: Built,
    samples: data.Dataset | None,
    state: TrainingState,
    folder: RunFolder | None,
    digest: str,
    stop: Callable[[], bool],
    on_progress: Callable[[Progress], None] | None,
    callbacks: Sequence[Callback],
) -> tuple[RunRecord, Failure | None]:
    began = time.perf_counter()
    earlier = state.seconds
    drawn: tuple[Raster, ...] = ()
    curve = failure = None
    if spec.experiment == "convergence":
        reporter = Reporter(on_progress, spec.convergence.nets if spec.convergence else 0)
        curve = convergence_curve(spec, built.network, built.substrate, reporter, stop)
        if stop():
            raise Interrupted(None if folder is None else str(folder.path))
    elif samples is not None and spec.learning is not None:
        rule = built.rule or rule_for(built.network, spec.learning, spec.phases)
        reporter = Reporter(on_progress, 0)
        trainer = Trainer(spec, built.substrate, rule, samples, state, reporter, stop)
        reporter.skip(-trainer.work_per_epoch() * (spec.learning.epochs - state.epoch))

        def save() -> None:
            state.seconds = earlier + time.perf_counter() - began
            if folder is not None:
                folder.save(state, digest, samples)

        while not trainer.is_over and failure is None:
            try:
                finished = trainer.epoch()
            except NumericError as error:
                if folder is None or state.epoch == 0:
                    raise
                kept = f"{folder.path} keeps the checkpoint of epoch {state.epoch}"
                raise NumericError(error.place, f"{error.problem}; {kept}") from None
            if finished and isinstance(built.substrate, AnalogSubstrate):
                state.diagnostics.append(_diagnosed(spec, built.substrate, state.epoch, samples))
            if trainer.is_over:
                trainer.keep_best()
            save()
            if finished:
                log_epoch(spec, state)
                wants, failure = call_all(callbacks, state.epochs[-1])
                if wants and not trainer.is_over:
                    state.ended = "callback"
                    trainer.keep_best()
                    save()
            if failure is None and (not finished or (stop() and not trainer.is_over)):
                raise Interrupted(None if folder is None else str(folder.path))
        if spec.substrate == "digital":
            counters, read = built.substrate.counters(), read_populations(built.network, samples.heads)
            drawn = rasters(
                built.substrate,
                samples,
                spec.record.presentations,
                free=spec.phases.free,
                nudged=spec.phases.nudged,
                beta=abs(spec.learning.beta),
                populations=tuple(p.name for p in built.network.populations),
                outputs=len(built.network.outputs) if read == (-1,) else 1,
                read=read,
            )
            # Pictures are not part of the experiment: what they cost is not counted.
            built.substrate.restore_counters(counters, state.updates)
    timeline = None
    if spec.timing != "tick" and drawn and isinstance(built.substrate, DigitalSubstrate):
        timeline = timeline_of(built.substrate, drawn[0])
    record = RunRecord(
        run=spec,
        chip=built.chip,
        layout=core_uses(built.image),
        hardware=hardware_of(spec),
        counters=built.substrate.counters(),
        epochs=tuple(state.epochs),
        rasters=drawn,
        convergence=curve,
        confusion=state.confusion,
        answers=answers_of(state, samples),
        data=None if samples is None else samples.described(),
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
        best=None if state.best is None else state.best.epoch,
        ended=state.ended,
        optimiser=optimiser_use(spec, state, built.substrate.counters()),
    )
    return record, failure


def _diagnosed(
    spec: RunSpec, substrate: AnalogSubstrate, epoch: int, samples: data.Dataset
) -> dict[str, Any]:
    """Look at the first training samples after an epoch."""
    chosen = np.arange(min(LOOKED_AT, len(samples.train)))
    beta = 0.0 if spec.learning is None else spec.learning.beta
    return after_epoch(substrate, epoch, samples.inputs(chosen), samples.wanted(chosen), beta)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
