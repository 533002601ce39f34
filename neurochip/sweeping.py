"""`run_sweep`: a run varied over a grid, on many dies and in several modes, from its description to its folder."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from neurochip.building import build
from neurochip.data.dated import dated
from neurochip.description import RunSpec, read_run
from neurochip.durable.signals import stoppable
from neurochip.errors import CheckpointError, ConfigError
from neurochip.measuring import measure, measure_dies
from neurochip.report.drawn import drawn
from neurochip.report.sweeps import SweepDocument, write_sweep
from neurochip.simulation import versions
from neurochip.sweep.adaptive import next_requests
from neurochip.sweep.definition import Definition, define, parse_modes
from neurochip.sweep.dies import is_imperfection
from neurochip.sweep.document import document
from neurochip.sweep.engine import Engine, open_engine
from neurochip.sweep.identity import Identity, changed
from neurochip.sweep.measured import measured_dies, numbered_dies
from neurochip.sweep.plan import Planner, Task
from neurochip.sweep.precision import dies_needed, forecast
from neurochip.sweep.runner import SweepProgress, Tally, carry_out
from neurochip.sweep.salvage import Salvaged, salvage
from neurochip.sweep.shards import Shard, parse_shard
from neurochip.sweep.space import Axis, parse_axes
from neurochip.sweep.store import Finished, Store

__all__ = ["ASK_FROM", "SweepOutcome", "check_identity", "run_sweep"]

T = TypeVar("T")

_PERCENT_FROM = 2.0  # a mismatch of more is most likely meant in percent
ASK_FROM = 20_000  # points: more are begun only when asked for expressly


class SweepOutcome(NamedTuple):
    """What a sweep leaves: its document, and the folder where it was written.

    ``shard`` is the part that was measured, of a sweep that is measured in parts; its folder has no report.
    """

    document: SweepDocument
    folder: Path
    shard: str | None = None


def run_sweep(
    run: RunSpec | str | None = None,
    *,
    vary: Sequence[str] = (),
    modes: str | None = None,
    dies: int | str | Path | Sequence[int | str | Path] | None = None,
    seeds: int | None = None,
    references: int | None = None,
    grid: bool = False,
    precision: float | None = None,
    nominal: Sequence[str] = (),
    fine_tune_epochs: int | None = None,
    within: float | None = None,
    wanted: float | None = None,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: str | None = None,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    confirm: Callable[[int], bool] | None = None,
    on_progress: Callable[[SweepProgress], None] | None = None,
    allow_code: bool = False,
) -> SweepOutcome:
    """Carry out a sweep and write its folder: sweep.json, sweep.html, points.csv, summary.csv, points.sqlite.

    Parameters
    ----------
    run
        Name from the catalogue, TOML file, or a `RunSpec`.
    vary
        ``KEY=VALUES`` each; values are listed with commas, ``a:b:n`` stands for n in equal steps and ``a:b:nlog`` for n
        in equal ratios.
    modes
        Of ``ideal,deploy,in-loop,fine-tune``; `None` takes all that have a meaning for these keys.
    dies
        How many are drawn, where the substrate has dies; `None` takes 30. Or files, folders and patterns of dies that
        were measured, which may stand beside such a number.
    seeds
        Of initial weights and order of samples; `None` takes 1 where there are dies and 5 where there are none.
    references
        Trainings of the ideal chip, whose mean dies are compared with; `None` takes 8 where there are dies.
    grid
        Measure at the values of ``vary`` only, instead of seeking the limit of each die between them.
    precision
        Half the width that the interval of the limit shall have, in values of the first key: dies are added until it
        has. `None` takes the interval that ``dies`` give.
    nominal
        ``KEY=VALUE``: the value of a varied key where the ideal chip is trained. By default 0 for what goes wrong on a
        chip, and else the run's own.
    fine_tune_epochs
        Epochs on the chip after the ideal ones; `None` takes 1.
    within, wanted
        A die is good when its error is at most ``within`` above that of the ideal chip (default 0.01, one point); the
        verdict says how far a share ``wanted`` of dies (default 0.95) stays good.
    overrides, seed
        As for `simulate`.
    workers
        Processes on this machine; `None` takes one per core. The result does not depend on it.
    scheduler
        Address of a Dask scheduler, e.g. ``tcp://host:8786``, to use its workers instead.
    shard
        ``K/N``: only every N-th task, for job arrays; `merge_sweeps` joins the N folders.
    out
        Folder to make; `None` makes ``sweeps/<name>-<time>``.
    resume
        Folder of a sweep: goes on with it and repeats nothing that is stored. What else is given changes what is asked
        for, e.g. more dies; the run must be the same. With ``out``, a new folder takes over what is still valid: when
        the code has changed since, or the store is damaged.
    confirm
        Asked, with the number of points, before a sweep of more than 20 000.
    on_progress
        Told of every finished task.
    allow_code
        Whether code that the run names (analog.vector_field) may be run.

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
    several = () if dies is None else (dies,) if isinstance(dies, int | str | Path) else tuple(dies)
    said = _Said(
        vary, modes, several, seeds, references, grid, precision, nominal, fine_tune_epochs, within, wanted
    )
    part = None if shard is None else parse_shard(shard)
    if (
        part is not None
        and resume is None
        and not grid
        and said.define(_base_run("" if run is None else run, overrides, seed)).adaptive
    ):
        raise ConfigError("--shard", "measures the values of a grid; say --grid")
    if resume is not None and out is None:
        return _resumed(
            Path(resume),
            said,
            run,
            overrides,
            seed,
            workers,
            scheduler,
            part,
            confirm,
            on_progress,
            allow_code,
        )
    saved = None
    if resume is None:
        base = _base_run("" if run is None else run, overrides, seed)
        definition = said.define(base)
    else:
        saved = salvage(Path(resume))
        if saved.definition is None and run is None:
            raise CheckpointError(str(resume), "has lost its definition; name RUN and --vary again")
        if saved.definition is None:
            base = _base_run("" if run is None else run, overrides, seed)
            definition = said.define(base)
        else:
            definition = _redefined(Path(resume), saved.definition, said, run, overrides, seed)
            base = RunSpec.from_dict(definition.run)
    _check_size(definition, confirm)
    planner = Planner(definition)
    _try(base, allow_code)
    ending = "" if part is None else f"-shard-{part.number}-of-{part.of}"
    folder = Path(out) if out is not None else dated("sweeps", base.name + ending)
    with (
        open_engine(workers, scheduler) as engine,
        Store.create(
            folder,
            definition,
            versions(base),
            planner.plan.identity,
            shard=None if part is None else part.words,
        ) as store,
    ):
        if saved is not None:
            _take_over(Path(str(resume)), saved, planner, store, on_progress)
            planner = Planner(definition)
        return _carry_out(planner, store, engine, part, on_progress, allow_code)


def _resumed(
    folder: Path,
    said: _Said,
    run: RunSpec | str | None,
    overrides: Sequence[str],
    seed: int | None,
    workers: int | None,
    scheduler: str | None,
    part: Shard | None,
    confirm: Callable[[int], bool] | None,
    on_progress: Callable[[SweepProgress], None] | None,
    allow_code: bool,
) -> SweepOutcome:
    with stoppable("sweep", folder, asks=False), Store.open(folder) as store:
        definition = _redefined(folder, store.definition(), said, run, overrides, seed)
        words = None if part is None else part.words
        if part is not None and words != store.shard():
            raise CheckpointError(
                str(folder),
                f"is for {_shard_words(store.shard())}, not {_shard_words(words)}; leave --shard out",
            )
        _check_size(definition, confirm)
        planner = Planner(definition)
        check_identity(folder, store.identity(), planner)
        _try(RunSpec.from_dict(definition.run), allow_code)
        if definition != store.definition():
            store.redefine(definition, planner.plan.identity)
        shard = store.shard()
        with open_engine(workers, scheduler) as engine:
            return _carry_out(
                planner, store, engine, None if shard is None else parse_shard(shard), on_progress, allow_code
            )


def _shard_words(shard: str | None) -> str:
    return "the whole sweep" if shard is None else f"shard {shard}"


def check_identity(folder: Path, before: Identity, planner: Planner) -> None:
    """Refuse to mix the results in a folder with those that other code, libraries or files would give.

    Raises
    ------
    CheckpointError
        Naming all that differs, and a new folder.
    """
    differing = changed(before, planner.plan.identity)
    if differing:
        raise CheckpointError(
            str(folder),
            f"holds results that would not come out the same here ({'; '.join(differing)}); begin anew in another "
            f"folder: neurochip sweep --resume {folder} --out {folder}-2",
        )


def _take_over(
    source: Path,
    saved: Salvaged,
    planner: Planner,
    store: Store,
    on_progress: Callable[[SweepProgress], None] | None,
) -> None:
    """Carry over the results that would come out the same here, by their digests."""
    for _ in planner.steps():
        pass
    valid = [one for one in saved.finished if one.digest in planner.plan.tasks]
    store.take_over(valid)
    _follow(planner, store, saved.finished)
    lost = f"; {saved.lost} could not be read" if saved.lost else ""
    what = f"{len(valid)} of {len(saved.finished) + saved.lost} results of {source} are taken over{lost}"
    store.note(what)
    if on_progress is not None:
        on_progress(SweepProgress(len(valid), len(planner.plan.tasks), 0, 0, None, None, what, False))


class _Said(NamedTuple):
    """What was asked for; `None` and nothing where nothing was said."""

    vary: Sequence[str]
    modes: str | None
    dies: Sequence[int | str | Path]
    seeds: int | None
    references: int | None
    grid: bool
    precision: float | None
    nominal: Sequence[str]
    fine_tune_epochs: int | None
    within: float | None
    wanted: float | None

    def define(self, base: RunSpec, before: Definition | None = None) -> Definition:
        dies, names = numbered_dies(self.dies)
        measured = measured_dies(names)
        if before is not None and not self.dies:
            dies, measured = before.dies or None, before.measured
        axes: tuple[Axis, ...] = () if before is None else before.axes
        if self.vary or not (axes or measured):
            axes = parse_axes(self.vary)
        nominal = list(self.nominal)
        modes = None if self.modes is None else parse_modes(self.modes)
        if before is not None:
            modes = modes or before.modes
            named = {text.partition("=")[0].strip() for text in nominal}
            kept = {axis.key: value for axis, value in zip(before.axes, before.nominal, strict=True)}
            nominal += [f"{a.key}={kept[a.key]}" for a in axes if kept.get(a.key) and a.key not in named]
        return define(
            base,
            axes,
            modes=modes,
            nominal=nominal,
            dies=dies,
            measured=measured,
            seeds=self.seeds if before is None or self.seeds is not None else before.seeds,
            references=self._references(before),
            grid=self.grid or (before is not None and not before.adaptive),
            precision=self.precision if before is None or self.precision is not None else before.precision,
            fine_tune_epochs=_said(self.fine_tune_epochs, 1 if before is None else before.fine_tune_epochs),
            within=_said(self.within, 0.01 if before is None else before.within),
            wanted=_said(self.wanted, 0.95 if before is None else before.wanted),
        )

    def _references(self, before: Definition | None) -> int | None:
        """As many as before, and as many as seeds."""
        if before is None or self.references is not None:
            return self.references
        return max(before.references, self.seeds or 1)


def _said(value: T | None, otherwise: T) -> T:
    return otherwise if value is None else value


def _base_run(run: RunSpec | str, overrides: Sequence[str], seed: int | None) -> RunSpec:
    extra = [] if seed is None else [f"seed={seed}"]
    if isinstance(run, RunSpec):
        if overrides:
            raise ConfigError("overrides", "are for runs given by name or file; change the RunSpec instead")
        return run if seed is None else RunSpec.from_dict({**run.to_dict(), "seed": seed})
    if not run:
        raise ConfigError("RUN", "is missing; name a run of the catalogue (`neurochip runs`) or a TOML file")
    return read_run(run, [*overrides, *extra])


def _redefined(
    folder: Path,
    before: Definition,
    said: _Said,
    run: RunSpec | str | None,
    overrides: Sequence[str],
    seed: int | None,
) -> Definition:
    base = RunSpec.from_dict(before.run)
    if run is not None:
        if _base_run(run, overrides, seed).to_dict() != before.run:
            raise CheckpointError(
                str(folder),
                f"holds the points of another run ({base.name}, or with other values); leave RUN, --set and --seed "
                "out to go on with it",
            )
    elif overrides or seed is not None:
        raise ConfigError(
            "--resume", "goes on with the run of its folder as it was; leave out --set and --seed"
        )
    return replace(said.define(base, before), folder=before.folder)


def _try(base: RunSpec, allow_code: bool) -> None:
    """Build the run itself once: what cannot be built at all, or may not be, is said before anything is done."""
    build(base, threads=1, allow_code=allow_code)


def _check_size(definition: Definition, confirm: Callable[[int], bool] | None) -> None:
    points = definition.points
    if points > ASK_FROM and (confirm is None or not confirm(points)):
        raise ConfigError(
            "--vary", f"makes {points} points, and more than {ASK_FROM} are begun only with --yes; vary less"
        )


def _carry_out(
    planner: Planner,
    store: Store,
    engine: Engine,
    part: Shard | None,
    on_progress: Callable[[SweepProgress], None] | None,
    allow_code: bool,
) -> SweepOutcome:
    work = functools.partial(measure, allow_code=allow_code)
    on_dies = functools.partial(measure_dies, allow_code=allow_code)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    tasks = planner.steps() if part is None else part.tasks(planner.steps())
    for words in _first_words(planner.definition):
        _say(on_progress, engine, words)
    with stoppable("sweep", store.folder) as stop:

        def work_on(tasks: Iterable[Task], before: Tally | None = None) -> Tally:
            listener = on_progress
            if before is not None and on_progress is not None:
                listener = functools.partial(_further, on_progress, before)
            tally = carry_out(tasks, store, engine, work, on_dies=on_dies, listener=listener, stop=stop)
            return tally if before is None else before.and_then(tally)

        tally = work_on(tasks)
        if planner.definition.adaptive and part is None:
            planner, tally = _sought(
                planner, store, tally, work_on, functools.partial(_say, on_progress, engine)
            )
        if tally.measured or tally.failed:
            store.add_session(_session(engine, tally, started))
        table = document(planner.definition, planner.plan, store)
        if part is None:
            with drawn(store.folder / "sweep.html", store.folder / "sweep.json"):
                write_sweep(table, store.folder)
    return SweepOutcome(table, store.folder, None if part is None else part.words)


def _sought(
    planner: Planner,
    store: Store,
    tally: Tally,
    work_on: Callable[[Iterable[Task], Tally], Tally],
    say: Callable[[str], None],
) -> tuple[Planner, Tally]:
    """Seek limits in rounds, and with more dies as long as they are not known as precisely as was asked for."""
    while not tally.stopped:
        requests = next_requests(planner.definition, planner.plan, store)
        if requests:
            tally = work_on(planner.ask(requests), tally)
            continue
        planner.plan.is_complete = True
        if planner.definition.precision is None:
            break
        needed, words = dies_needed(planner.definition, document(planner.definition, planner.plan, store))
        if words:
            say(words)
        if needed is None:
            break
        definition = replace(planner.definition, dies=needed)
        if definition.points > ASK_FROM:
            say(
                f"that is more than {ASK_FROM} points: go on with --resume {store.folder} --dies {needed} --yes"
            )
            break
        planner = Planner(definition)
        store.redefine(definition, planner.plan.identity)
        tally = work_on(planner.steps(), tally)
    return planner, tally


def _first_words(definition: Definition) -> Iterator[str]:
    """Say what a precision will cost, and what looks like a slip of the pen."""
    if definition.precision is not None:
        yield forecast(definition)
    for axis in definition.axes:
        largest = max(axis.numbers or (0.0,))
        if axis.key.startswith("analog.mismatch.") and is_imperfection(axis.key) and largest > _PERCENT_FROM:
            yield (
                f"--vary {axis.key}: goes up to {largest:g}, which is {100 * largest:g} %; it is a share, 0.5 for 50 %"
            )


def _say(listener: Callable[[SweepProgress], None] | None, engine: Engine, words: str) -> None:
    if listener is not None:
        listener(SweepProgress(0, 0, 0, engine.workers, None, None, words, False))


def _follow(planner: Planner, store: Store, finished: Iterable[Finished]) -> None:
    """Take over the results of rounds, each of which follows from those before."""
    stored = {one.digest: one for one in finished}
    while planner.definition.adaptive:
        tasks = list(planner.ask(next_requests(planner.definition, planner.plan, store)))
        found = [stored[task.digest] for task in tasks if task.digest in stored]
        store.take_over(found)
        planner.plan.is_complete = not tasks
        if len(found) < len(tasks) or not tasks:
            break


def _further(listener: Callable[[SweepProgress], None], before: Tally, progress: SweepProgress) -> None:
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
