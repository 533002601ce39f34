"""`tune`: search the keys of a run for the smallest error, bits, energy, or the best trade between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from neurochip import data
from neurochip.data.own import kept_beside
from neurochip.description import RunSpec, bound, read_run, run_to_toml
from neurochip.durable.atomic import replacing
from neurochip.durable.dated import make_dated
from neurochip.durable.shard import Shard, parse_shard
from neurochip.durable.signals import Asked, stoppable
from neurochip.errors import ConfigError
from neurochip.report.drawn import drawn
from neurochip.report.front import Front, pareto_front
from neurochip.search.confirmation import confirmed
from neurochip.search.dimensions import Value, present_value
from neurochip.search.objectives import Objective
from neurochip.search.page import search_page
from neurochip.search.settings import Settings, begin, go_on, store
from neurochip.search.stored import SUMMARY
from neurochip.search.study import Study, Trial
from neurochip.studies.search_plan import SearchPlan, as_text, checked_plan, varied_run
from neurochip.studies.trials import TrialRun, evaluated, test_errors, train_trial
from neurochip.sweep.engine import EngineChoice, open_engine
from neurochip.sweep.jobs import in_order

__all__ = ["TRIALS", "Ended", "Tuned", "tune"]

TRIALS = "trials.jsonl"
_SUMMARY, _PAGE = SUMMARY, "tune.html"
_FORMAT = 2


class Tuned(NamedTuple):
    """What a search found.

    Attributes
    ----------
    trials
        All that have ended.
    front
        Numbers of those that none beats.
    summary
        What tune.json holds.
    folder
        Of the search.
    was_done
        Whether nothing was left to do.
    shard
        ``K/N``: the part of the trials that was carried out; such a folder has no tune.json.
    """

    trials: tuple[Trial, ...]
    front: tuple[int, ...]
    summary: dict[str, Any]
    folder: Path
    was_done: bool = False
    shard: str | None = None


class Ended(NamedTuple):
    """A trial that has ended, and what is needed to speak of it.

    Attributes
    ----------
    is_best
        Whether none of the trials so far beats it.
    is_share
        Whether its error is a share of samples.
    """

    trial: Trial
    is_best: bool
    objectives: tuple[Objective, ...]
    is_share: bool


def tune(
    run: RunSpec | str = "mnist-small",
    *,
    vary: Sequence[str] = (),
    overrides: Sequence[str] = (),
    objective: str = "error",
    trials: int | None = None,
    sampler: str = "tpe",
    seed: int = 1,
    seeds: int = 1,
    held_out: int | None = None,
    confirm: int | None = None,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    threads: int | None = None,
    together: int = 1,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: str | None = None,
    on_trial: Callable[[Ended], None] | None = None,
    on_confirmed: Callable[[int, int, float], None] | None = None,
    samples: data.Dataset | None = None,
) -> Tuned:
    """Search; every trial is kept on disk as soon as it has ended.

    A trial trains on a part of the training samples and is judged on the rest: the test set plays no part.

    Parameters
    ----------
    run, overrides
        As for `simulate`.
    vary
        ``key=low:high[:log][:int]`` or ``key=a,b,c`` each; see `neurochip.description.varied`.
    objective
        Names of `neurochip.search.objectives.OBJECTIVES`, separated by commas; several give a Pareto front.
    trials
        How many there shall be in all; those of a resumed search count. `None`: 40, or what the search was begun with.
    sampler
        ``tpe``, ``gp`` or ``random``.
    seed
        Of the proposals. The runs keep their own.
    seeds
        Runs of each trial, with the seeds s, s + 1, … of the run; objectives are their means.
    held_out
        Training samples that judge; `None`: those that ``data.validation`` holds out, else a fifth, at most 5000.
    confirm
        Train the best trials (all of the front) so often again, on all training samples and with seeds that the
        search did not use, and measure the test error. `None`: none, or what the search was begun with.
    out, resume
        A folder to make, or the folder of a search to go on with: what it was asked for stands in it, and only
        ``trials``, ``confirm``, ``threads``, ``workers`` and ``scheduler`` may be others, which are then written down.
    together
        Trials that are proposed at once, after all before them; what they are depends on it, and on no number of
        workers.
    workers, scheduler
        Trainings that need nothing of one another (trials proposed together, seeds, those of ``confirm``) are done by
        so many processes here, or by the workers of a Dask scheduler; `None`: one after the other, here.
    shard
        ``K/N``: every N-th trial, beginning with the K-th; `neurochip.studies.joining.merge_searches` joins them. For
        trials that know nothing of one another, those of ``random``.
    on_trial
        Told of each trial when it has ended.
    on_confirmed
        Told of each training of ``confirm`` when it has ended: number of the trial, 0, 1, … and its test error.
    samples
        Take these instead of what the run names. What no file holds is written beside the folder of the search, as
        ``samples-DIGEST.npz``, where workers and a search that goes on read it.

    Raises
    ------
    NeurochipError
        One of its family; a trial that fails so is recorded and the search goes on.
    """
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable("tune"))
        if resume is None:
            if samples is not None:
                samples = kept_beside(samples, Path("runs") if out is None else Path(out).parent)
            if isinstance(run, RunSpec):
                spec = run if samples is None else bound(run, samples)
            else:
                spec = read_run(run, overrides, samples=samples)
            if isinstance(run, RunSpec) and overrides:
                raise ConfigError(
                    "overrides", "are for runs given by name or file; change the RunSpec instead"
                )
            asked = (40 if trials is None else trials, 0 if confirm is None else confirm, threads)
            engine = (together, workers, scheduler)
            settings = Settings(
                tuple(vary), objective, sampler, seed, seeds, _share(spec, held_out), *asked, *engine, shard
            )
            plan = checked_plan(spec, settings)
            if out is None:
                ending = "" if shard is None else f"-shard-{shard.strip().replace('/', '-of-')}"
                held = make_dated(
                    "runs", f"tune-{spec.name}{ending}", partial(begin, run=spec, settings=settings)
                )
            else:
                held = begin(Path(out), spec, settings)
            stack.enter_context(held)
            folder = held.folder
        else:
            if samples is not None:
                raise ConfigError(
                    "samples", "are those that the search was begun with; leave them out to go on with it"
                )
            folder = stop.folder = Path(resume)
            spec, before, held = go_on(folder)
            stack.enter_context(held)
            more = {"trials": trials, "confirm": confirm, "threads": threads}
            by = EngineChoice(workers, scheduler).or_else(EngineChoice(before.workers, before.scheduler))
            settings = msgspec.structs.replace(
                before, **{k: v for k, v in more.items() if v is not None}, **by._asdict()
            )
            plan = checked_plan(spec, settings)
            if settings != before:
                store(folder, spec, settings)
        stop.folder = folder
        return _searched(folder, plan, stop, on_trial, on_confirmed)


def _searched(
    folder: Path,
    plan: SearchPlan,
    stop: Asked,
    on_trial: Callable[[Ended], None] | None,
    on_confirmed: Callable[[int, int, float], None] | None,
) -> Tuned:
    spec, settings, dimensions, objectives, samples = plan
    first = {d.key: present_value(spec, d) for d in dimensions}
    part = Shard(1, 1) if settings.shard is None else parse_shard(settings.shard)
    study = Study(
        folder / TRIALS,
        dimensions,
        objectives,
        sampler=settings.sampler,
        seed=settings.seed,
        first={k: v for k, v in first.items() if v is not None} if None not in first.values() else None,
        shard=part,
    )
    wished = part.size(settings.trials)

    split = None if samples is None else settings.held_out
    choice = EngineChoice(settings.workers, settings.scheduler)

    def wanted(values: dict[str, Value], k: int, held_out: int | None) -> TrialRun:
        """Return the k-th training of a trial."""
        varied = varied_run(
            spec, {key: as_text(value, isinstance(value, int)) for key, value in values.items()}
        )
        table = {**varied.to_dict(), "seed": spec.seed + k}
        threads = 1 if choice != EngineChoice() and settings.threads is None else settings.threads
        return TrialRun(table, held_out, spec.seed, threads)

    done_before = len(study.trials)
    best = Front()
    for trial in study.trials:
        if not trial.failure:
            best.add(trial.objectives)
    trained = []

    def told(number: int, k: int, error: float) -> None:
        trained.append((number, k))
        if on_confirmed is not None:
            on_confirmed(number, k, error)

    with ExitStack() as stack:
        engine = None
        if choice != EngineChoice():
            engine = stack.enter_context(open_engine(*choice))
        while len(study.trials) < wished:
            proposed = study.propose(settings.together)[: wished - len(study.trials)]
            for trial in evaluated(study, proposed, settings.seeds, wanted, split, engine, stop):
                is_best = not trial.failure and best.add(trial.objectives)
                if on_trial is not None:
                    on_trial(Ended(trial, is_best, objectives, spec.experiment == "train"))
        if settings.shard is not None:  # a part of the trials has no best ones
            nothing_new = len(study.trials) == done_before
            return Tuned(tuple(study.trials), (), {}, folder, nothing_new, settings.shard)
        front = _front(study.trials, len(objectives))
        anew = []
        if settings.confirm:

            def train_anew(which: Sequence[tuple[int, int]]) -> Iterator[float]:
                jobs = [wanted(study.trials[n].values, settings.seeds + k, None) for n, k in which]
                return test_errors(in_order(engine, train_trial, jobs, stop), stop, len(jobs))

            anew = confirmed(folder, front, settings.confirm, train_anew, told)
    is_new = len(study.trials) > done_before or bool(trained)
    was_done = not is_new and all((folder / name).is_file() for name in (_PAGE, _SUMMARY))
    found = _tuned(study.trials, front, folder, plan, anew, was_done=was_done)
    if not was_done:
        _write(found, spec, dimensions, objectives)
    return found


def _share(spec: RunSpec, wanted: int | None) -> int:
    if spec.experiment != "train":
        return 0
    if wanted is not None:
        return wanted
    samples = data.load(spec.data)
    if samples.validation is not None:
        return len(samples.validation)
    return min(5000, len(samples.train) // 5)


def _front(trials: Sequence[Trial], objectives: int) -> tuple[int, ...]:
    """Return the numbers of the trials that none beats; with one objective of one of them."""
    good = [trial for trial in trials if not trial.failure]
    front = tuple(good[row].number for row in pareto_front([trial.objectives for trial in good]))
    return front[:1] if objectives == 1 else front


def _tuned(
    trials: Sequence[Trial],
    front: tuple[int, ...],
    folder: Path,
    plan: SearchPlan,
    confirmed: list[dict[str, Any]],
    *,
    was_done: bool,
) -> Tuned:
    spec, settings, *_ = plan
    judged = "networks drawn anew"
    if spec.experiment == "train":
        judged = f"judged on {settings.held_out} held-out training samples"
    asked = msgspec.to_builtins(settings)
    summary = {
        "format": _FORMAT,
        **{k: asked[k] for k in ("vary", "objective", "sampler", "seed", "seeds", "held_out", "confirm")},
        "judged_on": judged,
        "run": spec.to_dict(),
        "front": list(front),
        "confirmed": confirmed,
        "trials": [trial._asdict() for trial in trials],
    }
    return Tuned(tuple(trials), front, summary, folder, was_done)


def _write(found: Tuned, spec: RunSpec, dimensions: Sequence[Any], objectives: Sequence[Any]) -> None:
    with replacing(found.folder / _SUMMARY) as file:
        file.write((json.dumps(found.summary, indent=1, ensure_ascii=False) + "\n").encode())
    with drawn(found.folder / _PAGE, found.folder / _SUMMARY):
        page = search_page(
            found.summary,
            dimensions,
            found.trials,
            objectives,
            found.front,
            share=spec.experiment == "train",
        )
    with replacing(found.folder / _PAGE) as file:
        file.write(page.encode())
    for number in found.front:
        chosen = found.trials[number].values
        best = varied_run(spec, {k: as_text(v, isinstance(v, int)) for k, v in chosen.items()})
        stem = re.sub(r"[^A-Za-z0-9._-]", "-", f"{spec.name}-trial-{number}")[:90]
        named = RunSpec.from_dict({**best.to_dict(), "name": stem})
        with replacing(found.folder / f"trial-{number}.toml") as file:
            file.write(run_to_toml(named).encode())
