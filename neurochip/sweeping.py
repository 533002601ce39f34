"""`run_sweep`: a run varied over a grid, on many dies and in several modes, from its description to its folder."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from neurochip.building import build
from neurochip.data.dated import dated
from neurochip.description import RunSpec, read_run
from neurochip.errors import CheckpointError, ConfigError, Interrupted
from neurochip.measuring import measure
from neurochip.report.sweeps import SweepDocument, write_sweep
from neurochip.simulation import stoppable, versions
from neurochip.sweep.definition import Definition, define, parse_modes
from neurochip.sweep.document import document
from neurochip.sweep.engine import Engine, open_engine
from neurochip.sweep.plan import Plan, plan
from neurochip.sweep.runner import SweepProgress, Tally, carry_out
from neurochip.sweep.space import Axis, parse_axes
from neurochip.sweep.store import Store

__all__ = ["ASK_FROM", "SweepOutcome", "run_sweep"]

T = TypeVar("T")

ASK_FROM = 20_000  # points: more are begun only when asked for expressly


class SweepOutcome(NamedTuple):
    """What a sweep leaves: its document, and the folder where it was written."""

    document: SweepDocument
    folder: Path


def run_sweep(
    run: RunSpec | str | None = None,
    *,
    vary: Sequence[str] = (),
    modes: str | None = None,
    dies: int | None = None,
    seeds: int | None = None,
    nominal: Sequence[str] = (),
    fine_tune_epochs: int | None = None,
    within: float | None = None,
    wanted: float | None = None,
    overrides: Sequence[str] = (),
    seed: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
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
        How many, where the substrate has dies; `None` takes 30.
    seeds
        Of initial weights and order of samples; `None` takes 1 where there are dies and 5 where there are none.
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
    out
        Folder to make; `None` makes ``sweeps/<name>-<time>``.
    resume
        Folder of a sweep: goes on with it and repeats nothing that is stored. What else is given changes what is asked
        for, e.g. more dies; the run must be the same.
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
    said = _Said(vary, modes, dies, seeds, nominal, fine_tune_epochs, within, wanted)
    if resume is None:
        base = _base_run("" if run is None else run, overrides, seed)
        definition = said.define(base)
        _check_size(definition, confirm)
        folder = Path(out) if out is not None else dated("sweeps", base.name)
        planned = plan(definition)
        _try(base, allow_code)
        with (
            open_engine(workers, scheduler) as engine,
            Store.create(folder, definition, versions(base)) as store,
        ):
            return _carry_out(definition, planned, store, engine, on_progress, allow_code)
    if out is not None:
        raise ConfigError("--out", "is not for --resume, which writes where the sweep is")
    with Store.open(Path(resume)) as store:
        definition = _redefined(store, said, run, overrides, seed)
        _check_size(definition, confirm)
        planned = plan(definition)
        _try(RunSpec.from_dict(definition.run), allow_code)
        if definition != store.definition():
            store.redefine(definition)
        with open_engine(workers, scheduler) as engine:
            return _carry_out(definition, planned, store, engine, on_progress, allow_code)


class _Said(NamedTuple):
    """What was asked for; `None` and nothing where nothing was said."""

    vary: Sequence[str]
    modes: str | None
    dies: int | None
    seeds: int | None
    nominal: Sequence[str]
    fine_tune_epochs: int | None
    within: float | None
    wanted: float | None

    def define(self, base: RunSpec, before: Definition | None = None) -> Definition:
        axes: tuple[Axis, ...] = parse_axes(self.vary) if self.vary or before is None else before.axes
        nominal = list(self.nominal)
        modes = None if self.modes is None else parse_modes(self.modes)
        if before is not None:
            modes = modes or before.modes
            named = {text.partition("=")[0].strip() for text in nominal}
            kept = {axis.key: value for axis, value in zip(before.axes, before.nominal, strict=True)}
            nominal += [f"{a.key}={kept[a.key]}" for a in axes if a.key in kept and a.key not in named]
        dies = self.dies if before is None or self.dies is not None else before.dies or None
        return define(
            base,
            axes,
            modes=modes,
            nominal=nominal,
            dies=dies,
            seeds=self.seeds if before is None or self.seeds is not None else before.seeds,
            fine_tune_epochs=_said(self.fine_tune_epochs, 1 if before is None else before.fine_tune_epochs),
            within=_said(self.within, 0.01 if before is None else before.within),
            wanted=_said(self.wanted, 0.95 if before is None else before.wanted),
        )


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
    store: Store, said: _Said, run: RunSpec | str | None, overrides: Sequence[str], seed: int | None
) -> Definition:
    before = store.definition()
    base = RunSpec.from_dict(before.run)
    if run is not None:
        if _base_run(run, overrides, seed).to_dict() != before.run:
            raise CheckpointError(
                str(store.folder),
                f"holds the points of another run ({base.name}, or with other values); leave RUN, --set and --seed "
                "out to go on with it",
            )
    elif overrides or seed is not None:
        raise ConfigError(
            "--resume", "goes on with the run of its folder as it was; leave out --set and --seed"
        )
    return said.define(base, before)


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
    definition: Definition,
    planned: Plan,
    store: Store,
    engine: Engine,
    on_progress: Callable[[SweepProgress], None] | None,
    allow_code: bool,
) -> SweepOutcome:
    work = functools.partial(measure, allow_code=True) if allow_code else measure
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    with stoppable() as stop:
        tally = carry_out(planned.tasks.values(), store, engine, work, listener=on_progress, stop=stop)
    if tally.measured or tally.failed:
        store.add_session(_session(engine, tally, started))
    table = document(definition, planned, store)
    write_sweep(table, store.folder)
    if tally.stopped:
        raise Interrupted(str(store.folder), command="sweep")
    return SweepOutcome(table, store.folder)


def _session(engine: Engine, tally: Tally, started: str) -> dict[str, object]:
    return {
        "engine": engine.name,
        "workers": tally.workers,
        "tasks": tally.measured + tally.failed,
        "failed": tally.failed,
        "deaths": tally.deaths,
        "seconds": tally.seconds,
        "busy": tally.worked_s / (tally.seconds * tally.workers) if tally.seconds else None,
        "started": started,
    }
