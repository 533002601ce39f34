"""A search that can be stopped: Optuna proposes, a journal on disk remembers every trial at once."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from neurochip.description.varied import check_keys
from neurochip.errors import CapabilityError, CheckpointError, ConfigError, NeurochipError
from neurochip.search.dimensions import Choice, Dimension, Value
from neurochip.search.objectives import Objective, chosen
from neurochip.training.streams import stream

__all__ = ["SAMPLERS", "Study", "Trial"]

SAMPLERS = ("tpe", "gp", "random")
_INSTALL = "needs packages that are not installed; install them with pip install 'neurochip[{extra}]'"


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


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise CapabilityError("tune", _INSTALL.format(extra="tune")) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class Study:
    """Trials of one search, kept in a journal.

    Each proposal is drawn with a seed of its own, made of the search's seed and the number of trials that have
    ended: a search that was killed and resumed proposes what it would have proposed.

    Parameters
    ----------
    journal
        File of the journal; made when it is not there.
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
    """

    def __init__(
        self,
        journal: Path,
        dimensions: Sequence[Dimension],
        objectives: tuple[Objective, ...],
        *,
        sampler: str = "tpe",
        seed: int = 1,
        first: dict[str, Value] | None = None,
    ) -> None:
        if sampler not in SAMPLERS:
            raise ConfigError("--sampler", f'must be among {", ".join(SAMPLERS)}, got "{sampler}"')
        check_keys([dimension.key for dimension in dimensions])
        self._dimensions, self._objectives = tuple(dimensions), objectives
        self._sampler, self._seed, self._first = sampler, seed, first
        optuna = _optuna()
        if sampler == "gp":
            _check_gp()
        _drop_half_line(journal)
        try:
            backend = optuna.storages.journal.JournalFileBackend(str(journal))
            self._study: Any = optuna.create_study(
                storage=optuna.storages.JournalStorage(backend),
                study_name="neurochip",
                directions=["minimize"] * len(objectives),
                load_if_exists=True,
            )
        except (ValueError, KeyError, TypeError, AssertionError) as error:
            raise CheckpointError(
                str(journal), f"is damaged or of another search ({error}); begin a new one"
            ) from None
        for trial in self._study.trials:
            if not trial.state.is_finished():  # the search was killed in the middle of it
                self._study.tell(trial.number, state=optuna.trial.TrialState.FAIL)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials that have ended; those that a kill cut short are not among them."""
        done: list[Trial] = []
        for trial in self._study.trials:
            attributes = trial.user_attrs
            if "seconds" not in attributes:
                continue
            done.append(
                Trial(
                    number=len(done),
                    values=dict(trial.params),
                    objectives=tuple(trial.values or ()),
                    measured=dict(attributes.get("measured", {})),
                    seconds=float(attributes["seconds"]),
                    failure=str(attributes.get("failure", "")),
                )
            )
        return tuple(done)

    def run(self, evaluate: Callable[[dict[str, Value]], dict[str, float]]) -> Trial:
        """Ask for values, evaluate them, remember what came of it; a `NeurochipError` is a failed trial."""
        optuna = _optuna()
        number = len(self.trials)
        self._study.sampler = self._sampler_of(number)
        if number == 0 and self._first is not None:
            self._study.enqueue_trial(dict(self._first))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            trial = self._study.ask(self._distributions())
        began = time.perf_counter()
        measured: dict[str, float] = {}
        failure = ""
        try:
            measured = evaluate(dict(trial.params))
            values = chosen(measured, self._objectives)
        except CapabilityError:
            raise  # every trial would fail so
        except NeurochipError as error:
            failure = str(error)
        trial.set_user_attr("measured", measured)
        trial.set_user_attr("failure", failure)
        trial.set_user_attr("seconds", time.perf_counter() - began)
        if failure:
            self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(trial, list(values))
        return self.trials[-1]

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

    def _sampler_of(self, number: int) -> Any:
        samplers = _optuna().samplers
        seed = int(stream(self._seed, "proposal", number).integers(2**31))
        if self._sampler == "random":
            return samplers.RandomSampler(seed=seed)
        if self._sampler == "gp":
            return samplers.GPSampler(seed=seed)
        return samplers.TPESampler(seed=seed, multivariate=True)


def _drop_half_line(journal: Path) -> None:
    """Cut off what a kill left behind in the middle of a write: Optuna would write on in the same line."""
    if not journal.exists():
        return
    whole = journal.read_bytes()
    if not whole.endswith(b"\n"):
        with journal.open("rb+") as file:
            file.truncate(whole.rfind(b"\n") + 1)


def _check_gp() -> None:
    if find_spec("scipy") is None or find_spec("torch") is None:
        raise CapabilityError("--sampler gp", _INSTALL.format(extra="gp"))
