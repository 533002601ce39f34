"""`run_sweep`: a run varied over a grid, on many dies and in several modes, from what was asked for to its folder."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from neurochip.data import Dataset
from neurochip.data.own import kept_beside
from neurochip.description import RunSpec
from neurochip.durable.atomic import writing
from neurochip.durable.dated import make_dated
from neurochip.durable.shard import Shard, parse_shard
from neurochip.durable.signals import stoppable
from neurochip.errors import CheckpointError, ConfigError
from neurochip.report.drawn import drawn
from neurochip.report.sweeps import SweepDocument, write_sweep
from neurochip.runs.building import build
from neurochip.runs.versions import versions
from neurochip.studies.measuring import measure, measure_dies
from neurochip.sweep.beforehand import check_size, first_words
from neurochip.sweep.definition import Definition
from neurochip.sweep.document import document
from neurochip.sweep.engine import Engine, EngineChoice, open_engine
from neurochip.sweep.plan import Planner, Task
from neurochip.sweep.progress import Listener, SweepProgress, Tally
from neurochip.sweep.request import SweepRequest
from neurochip.sweep.resuming import check_identity, check_shard, take_over, try_again
from neurochip.sweep.rounds import known, seek
from neurochip.sweep.rows import Finished
from neurochip.sweep.runner import carry_out
from neurochip.sweep.salvage import Salvaged, salvage
from neurochip.sweep.shards import tasks_of
from neurochip.sweep.store import Store

__all__ = ["SweepOutcome", "run_sweep"]

Confirm = Callable[[int], bool]
_REPORT = ("sweep.html", "sweep.json")


class SweepOutcome(NamedTuple):
    """What a sweep leaves: its document, and the folder where it was written.

    ``shard`` is the part that was measured, of a sweep that is measured in parts; its folder has no report.
    ``was_done``: whether nothing was left to do.
    """

    document: SweepDocument
    folder: Path
    shard: str | None = None
    was_done: bool = False


def run_sweep(
    request: SweepRequest | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: str | None = None,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    confirm: Confirm | None = None,
    on_progress: Listener | None = None,
    allow_code: bool = False,
    samples: Dataset | None = None,
) -> SweepOutcome:
    """Carry out a sweep and write its folder: sweep.json, sweep.html, points.csv, summary.csv, points.sqlite.

    Parameters
    ----------
    request
        What it shall measure; with ``resume``, what else than before, e.g. more dies: the run must be the same.
    workers
        Processes on this machine; `None` takes one per core. The result does not depend on it.
    scheduler
        Address of a Dask scheduler, e.g. ``tcp://host:8786``, to use its workers instead. With ``resume`` and neither
        of the two, who did the work before does it again.
    shard
        ``K/N``: only every N-th task of those that are known, for job arrays; `merge_sweeps` joins the N folders.
        Where limits are sought in rounds that is the first values and, with ``resume`` and ``out``, the round that
        follows from what is there. `None` takes that of ``resume``, or else all.
    out
        Folder to make; `None` makes ``sweeps/<name>-<time>``.
    resume
        Folder of a sweep: goes on with it and repeats nothing that is stored. With ``out``, a new folder takes over
        what is still valid: when the code has changed since, or the store is damaged.
    confirm
        Asked, with the number of points, before a sweep of more than 20 000.
    on_progress
        Told of every finished task.
    allow_code
        Whether code that the run names (analog.vector_field) may be run.
    samples
        Take these instead of what the run names. What no file holds is written beside the folder of the sweep, as
        ``samples-DIGEST.npz``, where workers and a sweep that goes on read it.

    Returns
    -------
    SweepOutcome
        What sweep.json holds, and its folder.

    Raises
    ------
    NeurochipError
        One of its family, before anything is done.
    Interrupted
        On SIGINT or SIGTERM; what was finished is stored and reported.
    """
    asked = SweepRequest() if request is None else request
    part = None if shard is None else parse_shard(shard)
    chosen = EngineChoice(workers, scheduler)
    source = None if resume is None else Path(resume)
    if samples is not None:
        if source is not None:
            raise ConfigError(
                "samples", "are those that the sweep was begun with; leave them out to go on with it"
            )
        samples = kept_beside(samples, Path("sweeps") if out is None else Path(out).parent)
    if source is not None and out is None:
        with stoppable("sweep", source, asks=False), Store.open(source) as store:
            planner = _gone_on_with(store, asked, part, confirm, allow_code)
            chosen = chosen.or_else(store.engine())
            with open_engine(*chosen, tasks=planner.definition.most_tasks) as engine:
                store.choose_engine(chosen)
                words = try_again(store)
                if words is not None:
                    _say(on_progress, engine, words)
                is_reported = all((source / name).is_file() for name in _REPORT) or store.shard() is not None
                outcome, tally = _carry_out(planner, store, engine, on_progress, allow_code)
                return outcome._replace(was_done=is_reported and not (tally.measured or tally.failed))
    saved = None if source is None else salvage(source)
    definition = _defined(asked, source, saved, samples)
    if saved is not None:
        chosen = chosen.or_else(saved.engine)
    if saved is not None and saved.shard is not None and part is None:
        part = parse_shard(saved.shard)
    check_size(definition, confirm)
    planner = Planner(definition)
    base = RunSpec.from_dict(definition.run)
    _try(base, allow_code)
    with (
        open_engine(*chosen, tasks=definition.most_tasks) as engine,
        _store(planner, definition, out, part, chosen) as store,
    ):
        if source is not None and saved is not None:
            taken, words = take_over(source, saved, planner, store)
            if on_progress is not None:
                on_progress(SweepProgress(taken, len(planner.plan.tasks), 0, 0, None, None, words, False))
            planner = Planner(definition)
        reserve = () if saved is None else saved.finished
        return _carry_out(planner, store, engine, on_progress, allow_code, reserve)[0]


def _gone_on_with(
    store: Store, asked: SweepRequest, part: Shard | None, confirm: Confirm | None, allow_code: bool
) -> Planner:
    """Return what plans the sweep of a folder, with what is asked for now."""
    definition = asked.redefine(store.definition(), store.folder)
    check_shard(store, part)
    check_size(definition, confirm)
    planner = Planner(definition)
    check_identity(store.folder, store.identity(), planner)
    _try(RunSpec.from_dict(definition.run), allow_code)
    if definition != store.definition():
        store.redefine(definition, planner.plan.identity)
    return planner


def _defined(
    asked: SweepRequest, source: Path | None, saved: Salvaged | None, samples: Dataset | None
) -> Definition:
    """Return the sweep of a new folder: another one, or that of a folder whose results are taken over."""
    if source is None or saved is None:
        return asked.define(samples)
    if saved.definition is not None:
        return asked.redefine(saved.definition, source)
    if asked.run is None:
        raise CheckpointError(str(source), "has lost its definition; name RUN and --vary again")
    return asked.define()


def _try(base: RunSpec, allow_code: bool) -> None:
    """Build the run itself once: what cannot be built at all, or may not be, is said before anything is done."""
    build(base, threads=1, allow_code=allow_code)


def _store(
    planner: Planner, definition: Definition, out: Path | str | None, part: Shard | None, chosen: EngineChoice
) -> Store:
    """Make the folder of a sweep, with an empty store in it."""
    base = RunSpec.from_dict(definition.run)

    def make(folder: Path) -> Store:
        words = None if part is None else part.words
        return Store.create(
            folder, definition, versions(base), planner.plan.identity, shard=words, engine=chosen
        )

    if out is not None:
        return make(Path(out))
    ending = "" if part is None else f"-shard-{part.number}-of-{part.of}"
    return make_dated("sweeps", base.name + ending, make)


def _carry_out(
    planner: Planner,
    store: Store,
    engine: Engine,
    on_progress: Listener | None,
    allow_code: bool,
    reserve: Iterable[Finished] = (),
) -> tuple[SweepOutcome, Tally]:
    work = functools.partial(measure, allow_code=allow_code)
    on_dies = functools.partial(measure_dies, allow_code=allow_code)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    shard = store.shard()
    tasks = planner.steps() if shard is None else tasks_of(parse_shard(shard), known(planner, store))
    for words in first_words(planner.definition):
        _say(on_progress, engine, words)
    with stoppable("sweep", store.folder) as stop:

        def work_on(tasks: Iterable[Task], before: Tally | None = None) -> Tally:
            listener = on_progress
            if before is not None and on_progress is not None:
                listener = functools.partial(_further, on_progress, before)
            tally = carry_out(tasks, store, engine, work, on_dies=on_dies, listener=listener, stop=stop)
            return tally if before is None else before.and_then(tally)

        tally = work_on(tasks)
        if planner.definition.adaptive and shard is None:
            say = functools.partial(_say, on_progress, engine)
            planner, tally = seek(planner, store, tally, work_on, say, {one.digest: one for one in reserve})
        with writing(store.folder):
            if tally.measured or tally.failed:
                store.add_session(_session(engine, tally, started))
            table = document(planner.definition, planner.plan, store)
            if shard is None:
                with drawn(*(store.folder / name for name in _REPORT)):
                    write_sweep(table, store.folder)
    return SweepOutcome(table, store.folder, shard), tally


def _say(listener: Listener | None, engine: Engine, words: str) -> None:
    if listener is not None:
        listener(SweepProgress(0, 0, 0, engine.workers, None, None, words, False))


def _further(listener: Listener, before: Tally, progress: SweepProgress) -> None:
    """Tell of a round, with what those before it did."""
    done = before.measured + before.failed
    listener(progress._replace(done=progress.done + done, total=progress.total + done, planned=False))


def _session(engine: Engine, tally: Tally, started: str) -> dict[str, object]:
    return {
        "engine": engine.name,
        "workers": tally.workers,
        "tasks": tally.measured + tally.failed,
        "failed": tally.failed,
        "deaths": tally.deaths,
        "seconds": tally.seconds,
        "busy": tally.busy,
        "started": started,
    }
