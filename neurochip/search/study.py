"""A search that can be stopped: Optuna proposes, a log on disk remembers every trial at once."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import numpy as np

from neurochip.description.varied import check_keys
from neurochip.durable.log import Log
from neurochip.durable.shard import Shard
from neurochip.errors import CapabilityError, CheckpointError, ConfigError, NeurochipError
from neurochip.extras import missing, needed
from neurochip.files import Foreign
from neurochip.search.dimensions import Choice, Dimension, Value
from neurochip.search.objectives import Objective, chosen
from neurochip.training.streams import stream

__all__ = ["HISTORY", "SAMPLERS", "Study", "Trial", "check_sampler", "read_trials", "trials_log"]

SAMPLERS = ("tpe", "gp", "random")
HISTORY = 1000  # trials that a sampler sees all of
_BLOCK, _BEST, _LATEST = (
    500,
    250,
    250,
)  # after that: in each block of trials, the best and the latest before it


class Trial(NamedTuple):
    """One set of values and what came of it.

    Attributes
    ----------
    number
        From 0, in the order of asking.
    values
        Key of the run → value.
    objectives
        In the order asked for; empty when the trial failed.
    measured
        Every objective that the run had a value of, and ``warnings``: how many its last epoch had, on average.
    seconds
        Of this computer.
    failure
        Why there are no objectives; empty when there are.
    """

    number: int
    values: dict[str, Value]
    objectives: tuple[float, ...]
    measured: dict[str, float]
    seconds: float
    failure: str


class TrialEntry(TypedDict):
    """A trial in the log."""

    number: int
    values: dict[str, Value]
    objectives: tuple[float, ...]
    measured: dict[str, float]
    seconds: float
    failure: str


def trials_log(path: Path) -> tuple[Log, Foreign]:
    """Return the log of a search, and how its file is spoken of."""
    file = Foreign(path, "the log of a search", "begin a new search", error=CheckpointError)
    return Log(file, TrialEntry), file


def read_trials(path: Path) -> list[Trial]:
    """Return the trials of a log, in their order; none where there is no log yet."""
    return [Trial(**entry) for entry in trials_log(path)[0].entries]


def _optuna() -> Any:
    optuna = needed("optuna", "tune", "tune")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class Study:
    """Trials of one search, kept in a log.

    Each proposal is drawn with a seed of its own, made of the search's seed and the number of trials that have
    ended: a search that was killed and resumed proposes what it would have proposed. The sampler sees all trials of
    the first `HISTORY`; of more it sees the best ones and the latest, so that a proposal never takes longer.

    Parameters
    ----------
    path
        File of the log; made with the first trial.
    dimensions
        What is varied.
    objectives
        What is made small.
    sampler
        ``tpe`` (tree-structured Parzen estimator), ``gp`` (Gaussian process; needs torch and scipy), ``random``.
    seed
        Of the sampler.
    first
        Values of the first trial, e.g. those of the run as it is; `None` leaves it to the sampler.
    shard
        Which of all trials are asked for here, by their numbers; a sampler that learns from trials needs all of them.

    Raises
    ------
    CheckpointError
        When the log is damaged, or of another search.
    """

    def __init__(
        self,
        path: Path,
        dimensions: Sequence[Dimension],
        objectives: tuple[Objective, ...],
        *,
        sampler: str = "tpe",
        seed: int = 1,
        first: dict[str, Value] | None = None,
        shard: Shard | None = None,
    ) -> None:
        check_sampler(sampler)
        check_keys([dimension.key for dimension in dimensions])
        self._dimensions, self._objectives = tuple(dimensions), objectives
        self._sampler, self._seed, self._first = sampler, seed, first
        self._shard = Shard(1, 1) if shard is None else shard
        self._log, file = trials_log(path)
        self.trials = [self._ordered(Trial(**entry)) for entry in self._log.entries]
        keys = {dimension.key for dimension in self._dimensions}
        for count, trial in enumerate(self.trials):
            if trial.number != self._shard.nth(count) or trial.values.keys() != keys:
                raise file.damaged("it is of another search", f"line {count + 1}")
        self._seen: Any = None
        self._asked: Any = None  # what Optuna knows of a trial that is under way by itself
        self._block = -1

    def run(self, evaluate: Callable[[dict[str, Value]], dict[str, float]]) -> Trial:
        """Ask for values, evaluate them, remember what came of it; a `NeurochipError` is a failed trial."""
        [(number, values)] = self.propose(1)
        began = time.perf_counter()
        try:
            measured, failure = evaluate(values), ""
        except CapabilityError:
            raise  # every trial would fail so
        except NeurochipError as error:
            measured, failure = {}, str(error)
        return self.add(number, values, measured, failure, time.perf_counter() - began)

    def propose(self, together: int) -> list[tuple[int, dict[str, Value]]]:
        """Return number and values of the next trials: those of a round of so many that have not ended yet.

        The trials of a round are proposed after all of the rounds before, and know nothing of one another; so a round
        that was cut short is gone on with as it was.
        """
        optuna = _optuna()
        first = len(self.trials)
        start = first // together * together
        if together > 1:
            self._seen = None
        study = self._study(start)
        proposed = []
        for number in map(self._shard.nth, range(first, start + together)):
            study.sampler = self._sampler_of(number)
            if number == 0 and self._first is not None:
                study.enqueue_trial(dict(self._first))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                asked = study.ask(self._distributions())
            proposed.append((number, dict(asked.params)))
        # Until the trial has ended: one that is cut short was never asked for.
        self._seen, self._asked = None, (study, asked) if together == 1 else None
        return proposed

    def add(
        self,
        number: int,
        values: dict[str, Value],
        measured: dict[str, float],
        failure: str,
        seconds: float,
    ) -> Trial:
        """Remember what came of the next trial: what was measured, or why nothing was.

        Raises
        ------
        CapabilityError
            When an objective is not known of such a run.
        """
        objectives = () if failure else tuple(chosen(measured, self._objectives))
        trial = self._ordered(Trial(number, values, objectives, measured, seconds, failure))
        self._log.append(trial._asdict())
        self.trials.append(trial)
        if self._asked is not None:
            study, asked = self._asked
            if failure:
                study.tell(asked, state=_optuna().trial.TrialState.FAIL)
            else:
                study.tell(asked, list(objectives))
            self._seen, self._asked = study, None
        return trial

    def _ordered(self, trial: Trial) -> Trial:
        """Return a trial with its values in the order asked for, whether it has just ended or was read again."""
        known = [d.key for d in self._dimensions if d.key in trial.values]
        values = {key: trial.values[key] for key in (*known, *sorted(trial.values.keys() - known))}
        return trial._replace(values=values, measured=dict(sorted(trial.measured.items())))

    def _study(self, number: int) -> Any:
        """Return what the sampler sees before a trial; it is made anew when a block of trials is over."""
        block = number // _BLOCK * _BLOCK if number >= HISTORY else 0
        if self._seen is None or block != self._block:
            optuna = _optuna()
            self._seen = optuna.create_study(directions=["minimize"] * len(self._objectives))
            distributions = self._distributions()
            shown = [*self._best(block), *self.trials[max(0, block - _LATEST) : number]]
            for trial in shown:
                done = optuna.trial.TrialState.FAIL if trial.failure else optuna.trial.TrialState.COMPLETE
                self._seen.add_trial(
                    optuna.trial.create_trial(
                        state=done,
                        values=None if trial.failure else list(trial.objectives),
                        params=dict(trial.values),
                        distributions=distributions,
                    )
                )
            self._block = block
        return self._seen

    def _best(self, block: int) -> list[Trial]:
        """Return the best of the trials that are no longer among the latest ones, in their order."""
        old = [trial for trial in self.trials[: max(0, block - _LATEST)] if not trial.failure]
        if not old:
            return []
        table = np.array([trial.objectives for trial in old])
        # With several objectives: by the sum of the places that a trial takes in each.
        places = np.argsort(np.argsort(table, axis=0, kind="stable"), axis=0, kind="stable").sum(axis=1)
        best = np.sort(np.argsort(places, kind="stable")[:_BEST])
        return [old[at] for at in best]

    def _distributions(self) -> dict[str, Any]:
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found: dict[str, Any] = {}
        for dimension in self._dimensions:
            if isinstance(dimension, Choice):
                found[dimension.key] = CategoricalDistribution(dimension.values)
            elif dimension.whole:
                found[dimension.key] = IntDistribution(
                    int(dimension.low), int(dimension.high), log=dimension.log
                )
            else:
                found[dimension.key] = FloatDistribution(dimension.low, dimension.high, log=dimension.log)
        return found

    def _sampler_of(self, number: int) -> object:
        samplers = _optuna().samplers
        seed = int(stream(self._seed, "proposal", number).integers(2**31))
        if self._sampler == "random":
            return samplers.RandomSampler(seed=seed)
        if self._sampler == "gp":
            return samplers.GPSampler(seed=seed)
        return samplers.TPESampler(seed=seed, multivariate=True)


def check_sampler(sampler: str) -> None:
    """Refuse a sampler that there is not, or whose packages are not installed."""
    if sampler not in SAMPLERS:
        raise ConfigError("--sampler", f'must be among {", ".join(SAMPLERS)}, got "{sampler}"')
    _optuna()
    lacking = [name for name in ("scipy", "torch") if sampler == "gp" and find_spec(name) is None]
    if lacking:
        raise CapabilityError("--sampler gp", missing(lacking[-1], "gp"))
