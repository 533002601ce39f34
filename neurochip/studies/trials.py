"""Trainings of a search: one as a worker does it, and those of several trials on any engine."""

from __future__ import annotations

import functools
import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from neurochip import data
from neurochip.description import DataSpec, RunSpec
from neurochip.durable.signals import Asked
from neurochip.errors import CapabilityError, ConfigError, NeurochipError, NumericError
from neurochip.keys.reading import Table
from neurochip.runs.simulation import simulate
from neurochip.search.dimensions import Value
from neurochip.search.held_out import judged_by_training
from neurochip.search.objectives import measure
from neurochip.search.study import Study, Trial
from neurochip.sweep.engine import Engine
from neurochip.sweep.jobs import in_order
from neurochip.training.record import RunRecord

__all__ = ["Trained", "TrialRun", "evaluated", "test_errors", "train_trial"]


class TrialRun(NamedTuple):
    """A training that is wanted.

    Attributes
    ----------
    run
        As tables, with its seed.
    held_out, split_seed
        How many training samples judge it, drawn with this seed; `None`: the test set does.
    threads
        As for `simulate`.
    """

    run: Table
    held_out: int | None
    split_seed: int
    threads: int | None


class Trained(NamedTuple):
    """What came of it: all objectives and how many warnings, or why there are none.

    ``test_error`` is that after the last epoch, of what judges it. ``hopeless``: every such training would fail so.
    """

    measured: dict[str, float]
    test_error: float | None
    failure: str
    hopeless: tuple[str, str] | None
    seconds: float


def train_trial(wanted: TrialRun) -> Trained:
    """Train, and measure all objectives; what a user can cause becomes a failure."""
    began = time.perf_counter()
    measured: dict[str, float] = {}
    error: float | None = None
    failure, hopeless = "", None
    try:
        run = RunSpec.from_dict(wanted.run)
        record = simulate(run, samples=_samples(run, wanted), threads=wanted.threads, write=False).record
        measured = measure(record) | {"warnings": float(_warnings(record))}
        error = None if record.final is None else record.final.test_error
    except CapabilityError as refused:
        hopeless = refused.place, refused.problem
    except NeurochipError as refused:
        failure = str(refused)
    return Trained(measured, error, failure, hopeless, time.perf_counter() - began)


def _warnings(record: RunRecord) -> int:
    return len(record.epochs[-1].warnings) if record.epochs else 0


def _samples(run: RunSpec, wanted: TrialRun) -> data.Dataset | None:
    if run.experiment != "train":
        return None
    stops = run.learning is not None and run.learning.patience is not None
    return _judged(run.data, wanted.held_out, wanted.split_seed, stops)


@functools.lru_cache(maxsize=2)
def _judged(section: DataSpec, held_out: int | None, seed: int, stops: bool) -> data.Dataset:
    """Load a data set once per worker, parted for trials if so many are held out."""
    samples = data.load(section)
    return samples if held_out is None else judged_by_training(samples, held_out, seed, stops=stops)


def evaluated(
    study: Study,
    proposed: Sequence[tuple[int, dict[str, Value]]],
    seeds: int,
    wanted: Callable[[dict[str, Value], int, int | None], TrialRun],
    held_out: int | None,
    engine: Engine | None,
    stop: Asked,
) -> Iterator[Trial]:
    """Train each of these trials with all seeds, and yield it when it is in the log; their means count.

    A trial with the values of one before it has its results, to the bit, and is not trained again.
    """
    jobs, refused = [], {}
    ended = {tuple(sorted(trial.values.items())): trial for trial in study.trials if not trial.failure}
    same: dict[tuple[tuple[str, Value], ...], int] = {}  # of this round
    for number, values in proposed:
        key = tuple(sorted(values.items()))
        if key in ended or same.setdefault(key, number) != number:
            continue
        try:
            jobs += [wanted(values, k, held_out) for k in range(seeds)]
        except CapabilityError:
            raise  # every trial would fail so
        except NeurochipError as error:  # values that do not go together
            refused[number] = str(error)
    found = in_order(engine, train_trial, jobs, stop)
    for number, values in proposed:
        key = tuple(sorted(values.items()))
        if key in ended:
            before = ended[key]
            yield study.add(number, values, dict(before.measured), before.failure, 0.0)
            continue
        if number in refused:
            ended[key] = study.add(number, values, {}, refused[number], 0.0)
            yield ended[key]
            continue
        runs = list(itertools.islice(found, seeds))
        if len(runs) < seeds:
            raise stop.interrupted()
        for run in runs:
            if run.hopeless is not None:
                raise CapabilityError(*run.hopeless)
        failure = next((run.failure for run in runs if run.failure), "")
        names = runs[0].measured if not failure else {}
        measured = {name: statistics.fmean(run.measured[name] for run in runs) for name in names}
        ended[key] = study.add(number, values, measured, failure, sum(run.seconds for run in runs))
        yield ended[key]


def test_errors(found: Iterator[Trained], stop: Asked, n: int) -> Iterator[float]:
    """Yield the test errors of trainings; `Interrupted` when there are fewer than ``n``."""
    count = 0
    for run in found:
        count += 1
        if run.hopeless is not None:
            raise CapabilityError(*run.hopeless)
        if run.failure:
            raise NumericError("confirm", f"a training of the best trials failed: {run.failure}")
        if run.test_error is None:
            raise ConfigError("evaluation", "leaves out the last epoch, whose test error is wanted")
        yield run.test_error
    if count < n:
        raise stop.interrupted()
