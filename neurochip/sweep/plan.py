"""A sweep spelled out: its points, and the tasks that they come from.

A *point* is what the user asked for: a setting, a mode, a die, a seed. A *task* is work for a worker, known by a digest
of everything that decides its result. Points that need the same work share a task: training on a chip whose varied
keys are nominal is the ideal training, whatever the mode and die.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from neurochip.data import load
from neurochip.description import RunSpec, network_of
from neurochip.errors import ConfigError
from neurochip.keys.reading import Table
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.dies import check_die
from neurochip.sweep.effective import die_matters
from neurochip.sweep.identity import (
    Identity,
    contents,
    digest_of,
    environment,
    files_of,
    identity_of,
    run_digest,
)
from neurochip.sweep.measured import check_population, die_words
from neurochip.sweep.space import Axis, grid

__all__ = ["Plan", "Planner", "Point", "Request", "Setting", "Task", "plan", "seed_of"]

_TRIED_S = 2.0  # of trying values before the first is measured

Work = Literal["train", "deploy", "fine-tune"]

_TRIAL = 1_000_000  # between the seeds of two trainings of a die: more than there are dies


class Point(NamedTuple):
    """One measurement: ``setting`` is a position in the grid, -1 for the nominal chip; ``die`` 0 for none."""

    setting: int
    mode: Mode
    die: int
    seed: int
    digest: str  # of the task that measures it


class Request(NamedTuple):
    """A measurement that is wanted: values of all varied keys, and who is measured with them."""

    values: tuple[str, ...]
    mode: Mode
    die: int
    seed: int


@dataclass(frozen=True, slots=True)
class Setting:
    """One combination of values, or the nominal one, and what is known of the run that it makes.

    Attributes
    ----------
    identity
        Digest of everything about its run that decides a result, but for seed and die.
    has_dies
        Whether two drawn dies can differ here.
    files
        Digest of each file that the run names, by path.
    measured
        The die of this setting, where it was measured.
    """

    values: tuple[str, ...]
    is_nominal: bool
    identity: str
    has_dies: bool
    costs: dict[Work, float]
    files: Identity
    measured: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Work for one worker.

    Attributes
    ----------
    work
        ``train`` from scratch, ``deploy`` trained weights and test, or ``fine-tune`` them.
    source
        Digest of the task whose weights are taken over.
    epochs
        Of fine-tuning, after those of the run.
    keep
        Whether the trained weights are stored, because others take them over.
    """

    digest: str
    work: Work
    definition: Definition
    setting: Setting
    die: int
    seed: int
    source: str | None
    epochs: int
    keep: bool

    @property
    def cost(self) -> float:
        """Relative amount of work."""
        return self.setting.costs[self.work]

    def run(self) -> Table:
        """Return the run of this task, as tables."""
        setting = self.setting
        table = self.definition.table(setting.values, nominal=setting.is_nominal, die=setting.measured)
        table["seed"] = self.seed
        if self.die:
            analog: Any = table.setdefault("analog", {})
            analog["die"] = self.die
        return table


@dataclass(slots=True)
class Plan:
    """Everything that a sweep will do, as far as it is planned.

    Attributes
    ----------
    ideal
        Seed → task of its ideal training.
    ideal_is_nominal
        Whether the run with its varied keys nominal is the ideal chip; not when more is drawn for its dies.
    identity
        What is compared when the sweep goes on, or goes elsewhere: source, libraries, contents of files.
    """

    ideal_is_nominal: bool
    identity: Identity
    settings: list[Setting] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    ideal: dict[int, str] = field(default_factory=dict)
    is_complete: bool = False


class Planner:
    """Spells a sweep out, a setting at a time, so that the first is measured while the last is still unknown.

    Values are tried at once, each with the other keys at their ends; combinations are when their turn comes.

    Raises
    ------
    ConfigError
        For the first value that the run's own checks refuse, and for a key whose values change nothing.
    """

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self._environment = environment()
        nominal = definition.resolve(definition.nominal, nominal=True)
        self._nominal = self._setting(definition.nominal, nominal, is_nominal=True)
        self._kinds = list(
            dict.fromkeys(
                (file if file is None else definition.measured[0]) for _, file in definition.population
            )
        )
        runs = [*self._tried(), *self._measured()]
        plain = self._setting(definition.nominal, definition.resolve(definition.nominal))
        self.plan = Plan(plain.identity == self._nominal.identity, identity_of(iter([nominal, *runs])))
        self._numbers: dict[tuple[str, ...], int] = {}
        self._settings: dict[tuple[str, ...], dict[int, Setting]] = {}
        self._asked: set[Request] = set()

    def _measured(self) -> list[RunSpec]:
        """Return a run on each measured die, after all of these were looked at."""
        definition = self.definition
        if definition.measured:
            check_population(definition.resolve(definition.nominal), definition.measured)
        first = tuple(axis.values[0] for axis in definition.axes)
        return [definition.resolve(first, die=die) for die in definition.measured]

    def _tried(self) -> Iterator[RunSpec]:
        """Resolve each value of each key, and refuse a key that changes nothing.

        The ends of a key come first; of a key with very many values, what is left after a few seconds is tried when its
        turn comes.
        """
        end = time.monotonic() + _TRIED_S
        for at, axis in enumerate(self.definition.axes):
            seen: dict[str | None, dict[tuple[str, ...], str]] = {die: {} for die in self._kinds}
            alone = {die: True for die in self._kinds}
            values = _ends_first(axis.values)
            nominal = self.definition.nominal[at]
            if len(values) == 1 and nominal and _number(nominal) != _number(values[0]):
                values.append(nominal)
            doubled: list[tuple[str | None, str, str]] = []
            for value in values:
                for die in self._kinds:
                    runs = self._with(at, value, die)
                    yield runs[0]
                    digests = tuple(map(run_digest, runs))
                    before = seen[die].setdefault(digests, value)
                    if before != value:
                        doubled.append((die, before, value))
                    alone[die] = len(seen[die]) == 1
                if time.monotonic() > end and len(seen[self._kinds[0]]) > 1:
                    break
            for die, one, other in doubled:
                self._refuse(axis, die, one, other, changes_nothing=alone[die])

    def _with(self, at: int, value: str, die: str | None) -> list[RunSpec]:
        """Resolve a value of one key, with the others at their ends: it may matter at some of their values only."""
        runs = []
        for other in dict.fromkeys(self._elsewhere(at)):
            run = self.definition.resolve((*other[:at], value, *other[at + 1 :]), die=die)
            check_die(run)
            runs.append(run)
        return runs

    @staticmethod
    def _refuse(axis: Axis, die: str | None, one: str, other: str, *, changes_nothing: bool) -> None:
        one, other = sorted((one, other), key=(*axis.values, one, other).index)
        where = "in this run" if die is None else f"on a measured die ({die_words(die)})"
        said = f"{one} and {other} give the same chip, data and training"
        if changes_nothing and _number(one) != _number(other):  # else one value, written twice
            said = f"changes nothing {where}: {said}; vary a key that takes part in it"
        else:
            said = f"{said}; leave one of them out"
        raise ConfigError(f"--vary {axis.key}", said)

    def _elsewhere(self, at: int) -> Iterator[tuple[str, ...]]:
        axes = self.definition.axes
        for end in (-1, 0):
            yield tuple("" if k == at else axis.values[end] for k, axis in enumerate(axes))

    def steps(self) -> Iterator[Task]:
        """Yield the tasks of a sweep, each once, and fill in `plan`; those that others wait for come first."""
        definition, plan = self.definition, self.plan
        # Every mode is compared with the ideal chip, so that is measured even where its curve is not wanted.
        for seed in definition.reference_seeds:
            task, is_new = self._task("train", self._nominal, 0, seed)
            plan.ideal[seed] = task.digest
            if Mode.IDEAL in definition.modes:
                plan.points.append(Point(-1, Mode.IDEAL, 0, seed, task.digest))
            if is_new:
                yield task
        for values in grid(definition.axes):
            yield from self.ask(self._of_setting(values))
        plan.is_complete = not definition.adaptive

    def ask(self, requests: Iterable[Request]) -> Iterator[Task]:
        """Add points to the plan, and yield the tasks that are new with them; a point is added once."""
        for request in requests:
            if request in self._asked:
                continue
            self._asked.add(request)
            task, is_new = self._task_of(request)
            point = Point(self._numbers[request.values], request.mode, request.die, request.seed, task.digest)
            self.plan.points.append(point)
            if is_new:
                yield task

    def _task_of(self, request: Request) -> tuple[Task, bool]:
        mode, die, seed = request[1:]
        setting = self._chips(request.values)[die]
        if mode is Mode.IN_LOOP:
            return self._task("train", setting, die, seed)
        ideal = self.plan.ideal[seed]
        if mode is Mode.FINE_TUNE:
            return self._task("fine-tune", setting, die, seed, ideal)
        if setting.identity == self._nominal.identity and not setting.has_dies:
            return self.plan.tasks[ideal], False
        return self._task("deploy", setting, die, seed, ideal)

    def _chips(self, values: tuple[str, ...]) -> dict[int, Setting]:
        """Return the setting of each die at a combination of values, which gets a number when it is first met."""
        if values not in self._settings:
            setting = self._setting(values, self.definition.resolve(values))
            self._numbers[values] = len(self.plan.settings)
            self.plan.settings.append(setting)
            self._settings[values] = {
                die: setting if file is None else self._on(values, file)
                for die, file in self.definition.population
            }
        return self._settings[values]

    def _on(self, values: tuple[str, ...], file: str) -> Setting:
        """Return a setting on a die that was measured."""
        return self._setting(values, self.definition.resolve(values, die=file), measured=file)

    def _of_setting(self, values: tuple[str, ...]) -> Iterator[Request]:
        """Ask for every die of every mode at one combination of values."""
        definition = self.definition
        for mode, die, seed in self._repeats(definition.first_dies):
            if definition.adaptive:
                position = definition.axes[0].values.index(values[0])
                has_dies = self._chips(values)[die].has_dies
                seed = seed_of(definition, mode, die, position if has_dies else None)
            yield Request(values, mode, die, seed)

    def _repeats(self, dies: Iterable[int]) -> Iterator[tuple[Mode, int, int]]:
        definition = self.definition
        modes = [mode for mode in definition.modes if mode is not Mode.IDEAL]
        seeds = definition.reference_seeds[: definition.seeds]
        return ((mode, die, seed) for mode in modes for die in dies for seed in seeds)

    def _task(
        self, work: Work, setting: Setting, die: int, seed: int, source: str | None = None
    ) -> tuple[Task, bool]:
        """Return the task of a point, and whether no other point has asked for it."""
        # The twin circuit of a measured die is drawn, by its number.
        die = die if setting.has_dies else 0
        epochs = self.definition.fine_tune_epochs if work == "fine-tune" else 0
        digest = digest_of([self._environment, work, setting.identity, die, seed, source, epochs])
        if digest in self.plan.tasks:
            return self.plan.tasks[digest], False
        keep = work == "train" and setting.identity == self._nominal.identity
        task = Task(digest, work, self.definition, setting, die, seed, source, epochs, keep)
        self.plan.tasks[digest] = task
        return task, True

    def _setting(
        self, values: tuple[str, ...], run: RunSpec, *, is_nominal: bool = False, measured: str | None = None
    ) -> Setting:
        check_die(run)
        files = {path: contents(path) for path in files_of(run.to_dict())}
        return Setting(
            values,
            is_nominal,
            run_digest(run),
            run.analog is not None and die_matters(run.analog),
            _costs(run, self.definition.fine_tune_epochs),
            files,
            measured,
        )


def seed_of(definition: Definition, mode: Mode, die: int, trial: int | None) -> int:
    """Return the seed of a die's training where limits are sought; ``trial`` is `None` where all dies are one chip.

    Each training in the loop is another one, so that what chance does to one die tells nothing of the next. A network
    that is carried over is one of the references: dies have them in turn, and each die keeps its own.
    """
    seeds = definition.reference_seeds
    if mode is Mode.IN_LOOP and trial is not None:
        return seeds[-1] + die + trial * _TRIAL
    return seeds[die % len(seeds)]


def plan(definition: Definition) -> Plan:
    """Resolve every setting of a sweep and list its points and tasks.

    Raises
    ------
    ConfigError
        For the first setting that the run's own checks refuse.
    """
    planner = Planner(definition)
    for _ in planner.steps():
        pass
    return planner.plan


def _ends_first(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys((values[0], values[-1], *values)))


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _costs(run: RunSpec, fine_tune_epochs: int) -> dict[Work, float]:
    """Ticks × synapses of each kind of work, which time is about proportional to."""
    train, test = _samples_of(run)
    train = min(train, run.data.train or train)
    test = min(test, run.data.test or test, run.evaluation.test or test)
    network = network_of(run.network)
    synapses = sum(network.synapses(k) for k in network.forward)
    once = float(test * run.phases.free * synapses)
    epoch = float(train * (run.phases.free + run.phases.nudged) * synapses)
    epochs = run.learning.epochs if run.learning is not None else 0
    return {"train": once + epochs * epoch, "deploy": once, "fine-tune": once + fine_tune_epochs * epoch}


def _samples_of(run: RunSpec) -> tuple[int, int]:
    """Return how many samples train and test; of data that have to be read, they are read."""
    facts = run.data.facts
    if facts is not None and facts.train is not None and facts.test is not None:
        return facts.train, facts.test
    samples = load(run.data)
    return len(samples.train), len(samples.test)
