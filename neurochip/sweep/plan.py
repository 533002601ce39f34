"""A sweep spelled out: its points, and the tasks that they come from.

A *point* is what the user asked for: a setting, a mode, a die, a seed. A *task* is work for a worker, known by a digest
of everything that decides its result. Points that need the same work share a task: training on a chip whose varied
keys are nominal is the ideal training, whatever the mode and die.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from neurochip.description import DATA_SETS, RunSpec
from neurochip.description.toml_reader import Table
from neurochip.sweep.definition import Definition, Mode
from neurochip.sweep.dies import die_key, die_matters, without_dies
from neurochip.sweep.space import grid

__all__ = ["Plan", "Point", "Setting", "Task", "plan"]

Work = Literal["train", "deploy", "fine-tune"]

# What a run is called and what is kept of it does not change what it measures.
_IRRELEVANT = ("name", "about", "record", "baseline")


class Point(NamedTuple):
    """One measurement: ``setting`` is a position in the grid, -1 for the nominal chip; ``die`` 0 for none."""

    setting: int
    mode: Mode
    die: int
    seed: int
    digest: str  # of the task that measures it


@dataclass(frozen=True, slots=True)
class Setting:
    """One combination of values, or the nominal one, and the run that it makes."""

    values: tuple[str, ...]
    table: Table
    identity: str  # of the run, but for seed and die
    has_dies: bool
    costs: dict[Work, float]


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
    cost
        Relative amount of work.
    keep
        Whether the trained weights are stored, because others take them over.
    """

    digest: str
    work: Work
    setting: Setting
    die: int
    die_key: str | None
    seed: int
    source: str | None
    epochs: int
    cost: float
    keep: bool

    def run(self) -> Table:
        """Return the run of this task, as tables."""
        table = copy.deepcopy(self.setting.table)
        table["seed"] = self.seed
        if self.die_key is not None and self.die:
            *path, last = self.die_key.split(".")
            section = table
            for key in path:
                section = section.setdefault(key, {})
            section[last] = self.die
        return table


class Plan(NamedTuple):
    """Everything that a sweep will do.

    Attributes
    ----------
    ideal
        Seed → task of its ideal training.
    ideal_is_nominal
        Whether the run with its varied keys nominal is the ideal chip; not when more is drawn for its dies.
    """

    settings: tuple[Setting, ...]
    points: list[Point]
    tasks: dict[str, Task]
    ideal: dict[int, str]
    ideal_is_nominal: bool


def plan(definition: Definition) -> Plan:
    """Resolve every setting of a sweep and list its points and tasks.

    Raises
    ------
    ConfigError
        For the first setting that the run's own checks refuse.
    """
    key = die_key(definition.run)
    nominal = _setting(definition, definition.nominal, nominal=True)
    settings = tuple(_setting(definition, values) for values in grid(definition.axes))
    first = int(definition.run["seed"])
    seeds = range(first, first + definition.seeds)
    tasks: dict[str, Task] = {}

    def add(work: Work, setting: Setting, die: int, seed: int, source: str | None = None) -> str:
        die = die if setting.has_dies else 0
        epochs = definition.fine_tune_epochs if work == "fine-tune" else 0
        digest = _digest([work, setting.identity, die, seed, source, epochs])
        if digest not in tasks:
            keep = work == "train" and setting.identity == nominal.identity
            tasks[digest] = Task(
                digest, work, setting, die, key, seed, source, epochs, setting.costs[work], keep
            )
        return digest

    # Every mode is compared with the ideal chip, so that is measured even where its curve is not wanted.
    ideal = {seed: add("train", nominal, 0, seed) for seed in seeds}
    points = [Point(-1, Mode.IDEAL, 0, seed, ideal[seed]) for seed in seeds if Mode.IDEAL in definition.modes]
    for number, setting in enumerate(settings):
        is_nominal = setting.identity == nominal.identity and not setting.has_dies
        for mode, die, seed in _repeats(definition, seeds):
            if mode is Mode.FINE_TUNE:
                digest = add("fine-tune", setting, die, seed, ideal[seed])
            elif mode is Mode.IN_LOOP:
                digest = add("train", setting, die, seed)
            else:
                digest = ideal[seed] if is_nominal else add("deploy", setting, die, seed, ideal[seed])
            points.append(Point(number, mode, die, seed, digest))
    plain = _setting(definition, definition.nominal)
    return Plan(settings, points, tasks, ideal, plain.identity == nominal.identity)


def _repeats(definition: Definition, seeds: range) -> Iterator[tuple[Mode, int, int]]:
    dies = range(1, definition.dies + 1) if definition.dies else (0,)
    modes = [mode for mode in definition.modes if mode is not Mode.IDEAL]
    return ((mode, die, seed) for mode in modes for die in dies for seed in seeds)


def _setting(definition: Definition, values: tuple[str, ...], *, nominal: bool = False) -> Setting:
    run = definition.resolve(values, nominal=nominal)
    table = run.to_dict()
    has_dies = die_matters(table)
    told = table if has_dies else without_dies(table)
    told = {name: value for name, value in told.items() if name not in (*_IRRELEVANT, "seed")}
    if has_dies:
        told["analog"] = {name: value for name, value in told["analog"].items() if name != "die"}
    return Setting(values, table, _digest(told), has_dies, _costs(run, definition.fine_tune_epochs))


def _costs(run: RunSpec, fine_tune_epochs: int) -> dict[Work, float]:
    """Ticks × synapses of each kind of work, which time is about proportional to."""
    *_, train, test = DATA_SETS[run.data.set]
    train = min(train, run.data.train or train)
    test = min(test, run.data.test or test, run.evaluation.test or test)
    layers = run.network.layers
    synapses = sum(a * b for a, b in zip(layers, layers[1:], strict=False))
    once = float(test * run.phases.free * synapses)
    epoch = float(train * (run.phases.free + run.phases.nudged) * synapses)
    epochs = run.learning.epochs if run.learning is not None else 0
    return {"train": once + epochs * epoch, "deploy": once, "fine-tune": once + fine_tune_epochs * epoch}


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
