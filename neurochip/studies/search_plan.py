"""What a search over runs is going to do: checked before anything is written."""

from __future__ import annotations

from typing import NamedTuple

from neurochip import data
from neurochip.description import RunSpec, apply_overrides, bound
from neurochip.description.chip_changes import why_unused_of, without_unused
from neurochip.description.varied import check_keys
from neurochip.durable.shard import parse_shard
from neurochip.errors import ConfigError
from neurochip.keys.live import refuse_dead_varied, without_dead
from neurochip.keys.tree import known_key
from neurochip.machine import check_repeated
from neurochip.search.dimensions import Choice, Dimension, Value, present_value, read_dimensions
from neurochip.search.held_out import judged_by_training
from neurochip.search.objectives import Objective, read_objectives
from neurochip.search.settings import Settings
from neurochip.search.study import check_sampler
from neurochip.sweep.effective import effective

__all__ = ["SearchPlan", "as_text", "checked_plan", "varied_run"]


class SearchPlan(NamedTuple):
    """A search that can be carried out."""

    run: RunSpec
    settings: Settings
    dimensions: list[Dimension]
    objectives: tuple[Objective, ...]
    samples: data.Dataset | None


def checked_plan(spec: RunSpec, settings: Settings) -> SearchPlan:
    """Return what is to be done; what cannot be is refused before anything is written."""
    for name, value, least in (
        ("trials", settings.trials, 1),
        ("seeds", settings.seeds, 1),
        ("together", settings.together, 1),
        ("confirm", settings.confirm, 0),
    ):
        check_repeated(value, name, least)
    if settings.confirm and spec.experiment != "train":
        raise ConfigError("confirm", "measures a test error, which such a run does not have; leave it out")
    check_sampler(settings.sampler)
    if settings.shard is not None:
        parse_shard(settings.shard)
        if settings.sampler != "random":
            raise ConfigError(
                "--shard",
                f"needs trials that know nothing of one another, and {settings.sampler} proposes each from those "
                "before it; use --sampler random, or share a live search among machines with --scheduler",
            )
    dimensions = read_dimensions(settings.vary)
    check_keys([dimension.key for dimension in dimensions])
    objectives = read_objectives(settings.objective)
    for dimension in dimensions:
        present_value(spec, dimension)
    for dimension in dimensions:  # a key that is not there, or cannot be, is known before the first trial
        _check_varied(dimension.key, spec)
    refuse_dead_varied(
        RunSpec,
        {
            d.key: d.values if isinstance(d, Choice) else [as_text(v, d.whole) for v in (d.low, d.high)]
            for d in dimensions
        },
        lambda chosen: apply_overrides(spec.to_dict(), [f"{key}={value}" for key, value in chosen.items()]),
    )
    ends = {dimension.key: _ends(dimension) for dimension in dimensions}
    for key in ends:
        _check_effect(spec, key, ends)
    samples = None
    if spec.experiment == "train":
        samples = data.load(spec.data)
        judged_by_training(samples, settings.held_out, spec.seed)
    return SearchPlan(spec, settings, dimensions, objectives, samples)


def as_text(value: Value, whole: bool) -> str:
    """Return a value as ``--set`` takes it."""
    if isinstance(value, str):
        return value
    return str(int(value)) if whole else repr(float(value))


def _ends(dimension: Dimension) -> tuple[str, ...]:
    """Return the values of a choice, and the ends of a range, as `--set` takes them."""
    if isinstance(dimension, Choice):
        return dimension.values
    return as_text(dimension.low, dimension.whole), as_text(dimension.high, dimension.whole)


def _check_effect(spec: RunSpec, key: str, ends: dict[str, tuple[str, ...]]) -> None:
    """Refuse a first value that cannot be, and a key of which no value changes what is measured."""
    first, *rest = ends[key]
    varied_run(spec, {key: first})
    for others in ({}, *({other: ends[other][end] for other in ends if other != key} for end in (0, -1))):
        try:
            runs = [effective(varied_run(spec, others | {key: value})) for value in (first, *rest)]
        except ConfigError:
            return  # a trial that cannot be says so when its turn comes
        if any(run != runs[0] for run in runs):
            return
    raise ConfigError(f"--vary {key}", "changes nothing that is measured; vary a key that takes part in it")


def _check_varied(key: str, spec: RunSpec) -> None:
    """Refuse a key that all trials share, and one that no objective sees."""
    known = known_key(RunSpec, key)
    if known is not None and known.key.irrelevant:
        raise ConfigError(f"--vary {key}", "changes nothing that is measured")
    if known is not None and known.key.task:
        instead = "average over several with --seeds" if key == "seed" else "change it with --set"
        raise ConfigError(
            f"--vary {key}", f"is the same for all trials, so that they can be compared; {instead}"
        )
    why = why_unused_of(key, spec.substrate, spec.timing)
    if why is not None:
        raise ConfigError(f"--vary {key}", why)


def varied_run(spec: RunSpec, values: dict[str, str]) -> RunSpec:
    """Return the run with other values of some keys; ConfigError where it cannot be."""
    table = apply_overrides(spec.to_dict(), [f"{key}={value}" for key, value in values.items()])
    return bound(RunSpec.from_dict(without_unused(without_dead(RunSpec, table))))
