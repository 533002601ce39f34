"""`tune`: search the keys of a run for the smallest error, bits, energy, or the best trade between them."""

from __future__ import annotations

import dataclasses
import json
import re
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from neurochip import data
from neurochip.data.dated import dated
from neurochip.description import RunSpec, apply_overrides, read_run, run_to_toml
from neurochip.durable.atomic import replacing
from neurochip.durable.lock import hold
from neurochip.durable.signals import stoppable
from neurochip.errors import CheckpointError, ConfigError, OutputError
from neurochip.keys.live import refuse_dead_varied, without_dead
from neurochip.report.drawn import drawn
from neurochip.search.confirmation import confirmed
from neurochip.search.dimensions import Choice, Value, present_value, read_dimensions
from neurochip.search.front import pareto_front
from neurochip.search.objectives import measure, read_objectives
from neurochip.search.page import search_page
from neurochip.search.study import Study, Trial
from neurochip.simulation import simulate
from neurochip.training.streams import stream

__all__ = ["Tuned", "judged_by_training", "tune"]

BASE, SETTINGS, JOURNAL = "run.toml", "tune-settings.json", "journal.log"
_FORMAT = 1
# Keys that a search sets itself: varying them would change nothing.
_FIXED = {
    "seed": "is the same for all trials, so that they can be compared; average over several with --seeds",
    "data": "is the same for all trials, so that they can be compared; change it with --set",
    "name": "changes nothing that is measured",
    "about": "changes nothing that is measured",
}


class Tuned(NamedTuple):
    """What a search found: all trials, the numbers of those that none beats, and the folder."""

    trials: tuple[Trial, ...]
    front: tuple[int, ...]
    summary: dict[str, Any]
    folder: Path


@dataclasses.dataclass(frozen=True)
class _Settings:
    vary: tuple[str, ...]
    objective: str
    sampler: str
    seed: int
    seeds: int
    held_out: int


def tune(
    run: RunSpec | str = "mnist-small",
    *,
    vary: Sequence[str] = (),
    overrides: Sequence[str] = (),
    objective: str = "error",
    trials: int = 40,
    sampler: str = "tpe",
    seed: int = 1,
    seeds: int = 1,
    held_out: int | None = None,
    confirm: int = 0,
    out: Path | str | None = None,
    resume: Path | str | None = None,
    threads: int | None = None,
    on_trial: Callable[[Trial, Tuned], None] | None = None,
    on_confirmed: Callable[[int, int, float], None] | None = None,
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
        How many there shall be in all; those of a resumed search count.
    sampler
        ``tpe``, ``gp`` or ``random``.
    seed
        Of the proposals. The runs keep their own.
    seeds
        Runs of each trial, with the seeds s, s + 1, … of the run; objectives are their means.
    held_out
        Training samples that judge; `None`: a fifth of them, at most 5000.
    confirm
        Train the best trials (all of the front) so often again, on all training samples and with seeds that the
        search did not use, and measure the test error.
    out, resume
        A folder to make, or the folder of a search to go on with.
    on_trial
        Told of each trial when it has ended, with what is known so far.
    on_confirmed
        Told of each training of ``confirm`` when it has ended: number of the trial, 0, 1, … and its test error.

    Raises
    ------
    NeurochipError
        One of its family; a trial that fails so is recorded and the search goes on.
    """
    if resume is not None:
        folder, settings, spec = _reopened(Path(resume))
    else:
        spec = run if isinstance(run, RunSpec) else read_run(run, overrides)
        if isinstance(run, RunSpec) and overrides:
            raise ConfigError("overrides", "are for runs given by name or file; change the RunSpec instead")
        settings = _Settings(tuple(vary), objective, sampler, seed, seeds, _share(spec, held_out))
        folder = None
    for name, value, least in (("trials", trials, 1), ("seeds", settings.seeds, 1), ("confirm", confirm, 0)):
        if value < least:
            raise ConfigError(name, f"must be ≥ {least}, got {value}")
    if confirm and spec.experiment != "train":
        raise ConfigError("confirm", "measures a test error, which such a run does not have; leave it out")
    dimensions = read_dimensions(settings.vary)
    objectives = read_objectives(settings.objective)
    first = {d.key: present_value(spec, d) for d in dimensions}
    for dimension in dimensions:  # a key that is not there, or cannot be, is known before the first trial
        if dimension.key.split(".")[0] in _FIXED:
            raise ConfigError(f"--vary {dimension.key}", _FIXED[dimension.key.split(".")[0]])
    refuse_dead_varied(
        RunSpec,
        {
            d.key: d.values if isinstance(d, Choice) else [_text(v, d.whole) for v in (d.low, d.high)]
            for d in dimensions
        },
        lambda chosen: apply_overrides(spec.to_dict(), [f"{key}={value}" for key, value in chosen.items()]),
    )
    for dimension in dimensions:
        if isinstance(dimension, Choice):
            _varied(spec, {dimension.key: dimension.values[0]})
        else:
            _varied(spec, {dimension.key: _text(dimension.low, dimension.whole)})
    samples = None
    if spec.experiment == "train":
        samples = data.load(spec.data.set, train=spec.data.train, test=spec.data.test)
    judging = None if samples is None else judged_by_training(samples, settings.held_out, spec.seed)
    if folder is None:
        folder = _opened(spec, settings, out)
    with hold(folder, "search"), stoppable("tune", folder) as stop:
        study = Study(
            folder / JOURNAL,
            dimensions,
            objectives,
            sampler=settings.sampler,
            seed=settings.seed,
            first={k: v for k, v in first.items() if v is not None} if None not in first.values() else None,
        )

        def evaluate(values: dict[str, Value]) -> dict[str, float]:
            varied = _varied(
                spec, {key: _text(value, isinstance(value, int)) for key, value in values.items()}
            )
            found = []
            if stop():
                raise stop.interrupted()
            for k in range(settings.seeds):
                once = RunSpec.from_dict({**varied.to_dict(), "seed": spec.seed + k})
                record = simulate(once, samples=judging, threads=threads, write=False).record
                warnings = record.epochs[-1].warnings if record.epochs else ()
                found.append(measure(record) | {"warnings": float(len(warnings))})
            return {name: statistics.fmean(each[name] for each in found) for name in found[0]}

        while len(study.trials) < trials:
            if stop():
                raise stop.interrupted()
            trial = study.run(evaluate)
            if on_trial is not None:
                on_trial(trial, _tuned(study, folder, spec, settings, []))

        def train_anew(number: int, k: int) -> float:
            if stop():
                raise stop.interrupted()
            chosen = study.trials[number].values
            varied = _varied(spec, {key: _text(v, isinstance(v, int)) for key, v in chosen.items()})
            once = RunSpec.from_dict({**varied.to_dict(), "seed": spec.seed + settings.seeds + k})
            error = simulate(once, samples=samples, threads=threads, write=False).record.epochs[-1].test_error
            if error is None:
                raise ConfigError("evaluation", "leaves out the last epoch, whose test error is wanted")
            return error

        anew = []
        if confirm:
            best = _tuned(study, folder, spec, settings, []).front
            anew = confirmed(folder, best, confirm, train_anew, on_confirmed)
        found = _tuned(study, folder, spec, settings, anew)
        _write(found, spec, dimensions, objectives)
        return found


def judged_by_training(samples: data.Dataset, count: int, seed: int) -> data.Dataset:
    """Return training samples only: ``count`` drawn ones take the place of the test set, the rest trains."""
    n = len(samples.train_labels)
    if not 0 < count < n:
        raise ConfigError("held_out", f"must be 1 to {n - 1} of the {n} training samples, got {count}")
    order = stream(seed, "held out").permutation(n)
    judge, train = np.sort(order[:count]), np.sort(order[count:])
    return dataclasses.replace(
        samples,
        train_pixels=samples.train_pixels[train],
        train_labels=samples.train_labels[train],
        test_pixels=samples.train_pixels[judge],
        test_labels=samples.train_labels[judge],
    )


def _share(spec: RunSpec, wanted: int | None) -> int:
    if spec.experiment != "train":
        return 0
    if wanted is not None:
        return wanted
    n = len(data.load(spec.data.set, train=spec.data.train, test=spec.data.test).train_labels)
    return min(5000, n // 5)


def _text(value: Value, whole: bool) -> str:
    if isinstance(value, str):
        return value
    return str(int(value)) if whole else repr(float(value))


def _varied(spec: RunSpec, values: dict[str, str]) -> RunSpec:
    table = apply_overrides(spec.to_dict(), [f"{key}={value}" for key, value in values.items()])
    return RunSpec.from_dict(without_dead(RunSpec, table))


def _opened(spec: RunSpec, settings: _Settings, out: Path | str | None) -> Path:
    folder = Path(out) if out is not None else dated("runs", f"tune-{spec.name}")
    if folder.exists():
        raise OutputError(str(folder), "exists already; choose another folder or go on with --resume")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(str(folder), f"cannot be made: {error.strerror or error}") from error
    with replacing(folder / BASE) as file:
        file.write(run_to_toml(spec).encode())
    with replacing(folder / SETTINGS) as file:
        file.write(json.dumps({"format": _FORMAT, **dataclasses.asdict(settings)}, indent=1).encode())
    return folder


def _reopened(folder: Path) -> tuple[Path, _Settings, RunSpec]:
    path = folder / SETTINGS
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored.pop("format") != _FORMAT:
            raise CheckpointError(str(path), "is of another version; use the version that wrote it")
        settings = _Settings(**{**stored, "vary": tuple(stored["vary"])})
    except OSError:
        raise CheckpointError(str(folder), f"has no {SETTINGS}; name the folder of a search") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(str(path), f"is damaged ({error}); begin a new search") from None
    return folder, settings, read_run(str(folder / BASE))


def _tuned(
    study: Study, folder: Path, spec: RunSpec, settings: _Settings, confirmed: list[dict[str, Any]]
) -> Tuned:
    trials = study.trials
    good = [trial for trial in trials if not trial.failure]
    rows = pareto_front([trial.objectives for trial in good])
    front = tuple(good[row].number for row in rows)
    if len(settings.objective.split(",")) == 1:
        front = front[:1]
    judged = "networks drawn anew"
    if spec.experiment == "train":
        judged = f"judged on {settings.held_out} held-out training samples"
    summary = {
        "format": _FORMAT,
        **dataclasses.asdict(settings),
        "judged_on": judged,
        "run": spec.to_dict(),
        "front": list(front),
        "confirmed": confirmed,
        "trials": [trial._asdict() for trial in trials],
    }
    return Tuned(trials, front, summary, folder)


def _write(found: Tuned, spec: RunSpec, dimensions: Sequence[Any], objectives: Sequence[Any]) -> None:
    numbers = found.folder / "tune.json"
    with replacing(numbers) as file:
        file.write((json.dumps(found.summary, indent=1, ensure_ascii=False) + "\n").encode())
    with drawn(found.folder / "tune.html", numbers):
        page = search_page(
            found.summary,
            dimensions,
            found.trials,
            objectives,
            found.front,
            share=spec.experiment == "train",
        )
    with replacing(found.folder / "tune.html") as file:
        file.write(page.encode())
    for number in found.front:
        chosen = found.trials[number].values
        best = _varied(spec, {k: _text(v, isinstance(v, int)) for k, v in chosen.items()})
        stem = re.sub(r"[^A-Za-z0-9._-]", "-", f"{spec.name}-trial-{number}")[:90]
        named = RunSpec.from_dict({**best.to_dict(), "name": stem})
        with replacing(found.folder / f"trial-{number}.toml") as file:
            file.write(run_to_toml(named).encode())
