"""`search_chips`: the chip that makes figures of one workload small, proposed point by point."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from neurochip.description import ChipSpec
from neurochip.description.chip_changes import (
    PREFIX,
    changed,
    merged,
    present,
    refuse_unused,
    why_unused,
    written,
)
from neurochip.durable.atomic import replacing
from neurochip.durable.dated import make_dated, refuse_existing
from neurochip.durable.signals import stoppable
from neurochip.errors import ConfigError
from neurochip.exploration.exploring import point_on
from neurochip.exploration.given import Given
from neurochip.exploration.search_request import ChipSearch, begin
from neurochip.files import Foreign, read_json
from neurochip.machine import check_repeated
from neurochip.replays.replaying import check_clock, check_timing
from neurochip.report.drawn import drawn
from neurochip.report.front import pareto_front
from neurochip.search.dimensions import Choice, Dimension, Value, read_dimensions
from neurochip.search.objectives import Objective, read_objectives
from neurochip.search.page import search_page
from neurochip.search.stored import SUMMARY
from neurochip.search.study import Study, Trial, check_sampler

__all__ = ["FoundChips", "search_chips"]

_PAGE, _TRIALS = "tune.html", "trials.jsonl"
_FORMAT = 2
# Objective of a search → figure of a point.
FIGURES = {
    "error": "error",
    "bits": "bits",
    "aer": "aer_bits",
    "packets": "packets",
    "hops": "hops",
    "sops": "sops",
    "energy": "energy_j",
    "time": "seconds",
    "cycles": "cycles",
    "energy-delay": "energy_delay_js",
    "cores": "cores",
    "memory": "memory_bits",
    "link": "busiest_link",
}


class FoundChips(NamedTuple):
    """All trials, the numbers of those that none beats, what tune.json holds, the folder; ``was_done``: before."""

    trials: tuple[Trial, ...]
    front: tuple[int, ...]
    summary: dict[str, Any]
    folder: Path
    was_done: bool = False


def search_chips(
    of: Given,
    asked: ChipSearch,
    out: Path | str | None = None,
    *,
    resumed: Path | None = None,
    on_trial: Callable[[Trial, bool, tuple[Objective, ...]], None] | None = None,
) -> FoundChips:
    """Search keys of a chip for one workload, whose spikes are computed once; every trial is on disk when it has ended.

    Parameters
    ----------
    of
        The workload and its chip, as `ChipSearch.given` returns them.
    asked
        What is searched and how. It is kept in the folder, so that `go_on` can take the search up again.
    out
        As for `neurochip.exploration.explore`.
    resumed
        The folder of a search that is gone on with, which the caller holds, in place of ``out``.
    on_trial
        Told of each trial, and whether none before beats it.

    Raises
    ------
    NeurochipError
        One of its family, before anything is written; a chip that cannot hold the network is a trial that failed.
    """
    check_timing(asked.timing)
    check_repeated(asked.trials, "trials")
    check_sampler(asked.sampler)
    if out is not None:
        refuse_existing(Path(out))
    dimensions, objectives = read_dimensions(asked.vary), read_objectives(asked.objective)
    for one in objectives:
        if one.name not in FIGURES:
            raise ConfigError(
                "--objective", f'must be among {", ".join(FIGURES)} for a chip, got "{one.name}"'
            )
    for dimension in dimensions:
        _check(dimension, asked.timing)
    refuse_unused(of.changes, asked.timing)
    check_clock(changed(of.chip, of.changes), asked.timing)
    # What the chip itself cannot hold is said before a folder is made.
    point_on(of.workload, of.chip, of.changes, asked.timing)
    with ExitStack() as stack:
        folder = resumed or _made(out, of.name, asked, stack)
        return _searched(of, asked, _Space(dimensions, objectives), folder, on_trial)


def _made(out: Path | str | None, name: str, asked: ChipSearch, stack: ExitStack) -> Path:
    """Make the folder of a search, with what was asked for; it is held while the search goes on."""
    make = partial(begin, asked=asked)
    held = make(Path(out)) if out is not None else make_dated("runs", f"tune-{name}", make)
    return stack.enter_context(held).folder


class _Space(NamedTuple):
    """What is varied, and what is to be small."""

    dimensions: list[Dimension]
    objectives: tuple[Objective, ...]


def _searched(
    of: Given,
    asked: ChipSearch,
    space: _Space,
    folder: Path,
    on_trial: Callable[[Trial, bool, tuple[Objective, ...]], None] | None,
) -> FoundChips:
    """Carry out what is left of a search."""
    dimensions, objectives = space
    base = changed(of.chip, of.changes)
    study = Study(
        folder / _TRIALS,
        dimensions,
        objectives,
        sampler=asked.sampler,
        seed=asked.seed,
        first=_present(base, dimensions),
    )

    def evaluate(values: Mapping[str, Value]) -> dict[str, float]:
        tried = [written(key.removeprefix(PREFIX), _text(value)) for key, value in values.items()]
        figures = point_on(of.workload, of.chip, merged(of.changes, tried), asked.timing)
        return {short: figures[figure] for short, figure in FIGURES.items() if figure in figures}

    done_before = len(study.trials)
    began = time.perf_counter() - sum(trial.seconds for trial in study.trials)
    with stoppable("tune", folder):
        while len(study.trials) < asked.trials:
            trial = study.run(evaluate)
            if on_trial is not None:
                on_trial(trial, trial.number in _front(study.trials, len(objectives)), objectives)
    front = _front(study.trials, len(objectives))
    if len(study.trials) == done_before and all((folder / n).is_file() for n in (SUMMARY, _PAGE)):
        kept = read_json(Foreign(folder / SUMMARY, "a search", "search again"), dict[str, Any])
        return FoundChips(tuple(study.trials), front, kept, folder, was_done=True)
    summary = {
        "format": _FORMAT,
        "vary": list(asked.vary),
        "objective": asked.objective,
        "sampler": asked.sampler,
        "seed": asked.seed,
        "judged_on": f"{of.workload.samples} samples" if of.workload.samples else "the recording",
        "run": {"name": of.name, "experiment": "train", "chip": base.name, "timing": asked.timing},
        "work": dict(of.workload.work),
        "seconds": time.perf_counter() - began,
        "front": list(front),
        "confirmed": [],
        "trials": [trial._asdict() for trial in study.trials],
    }
    with replacing(folder / SUMMARY) as file:
        file.write((json.dumps(summary, indent=1, ensure_ascii=False) + "\n").encode())
    with drawn(folder / _PAGE, folder / SUMMARY):
        page = search_page(summary, dimensions, study.trials, objectives, front, share=True)
    with replacing(folder / _PAGE) as file:
        file.write(page.encode())
    return FoundChips(tuple(study.trials), front, summary, folder)


def _check(dimension: Dimension, timing: str) -> None:
    place = f"--vary {dimension.key}"
    if not dimension.key.startswith(PREFIX):
        raise ConfigError(
            place, "is a key of a run, and spikes are given here; vary keys of the chip, chip.…"
        )
    why = why_unused(dimension.key.removeprefix(PREFIX), timing)
    if why is not None:
        raise ConfigError(place, why)


def _present(chip: ChipSpec, dimensions: Sequence[Dimension]) -> dict[str, Value] | None:
    """Return the values that a chip has, if all of them lie where is searched: the first trial."""
    found: dict[str, Value] = {}
    for dimension in dimensions:
        value = present(chip, dimension.key.removeprefix(PREFIX))
        if not dimension.holds(value):
            return None
        found[dimension.key] = str(value) if isinstance(dimension, Choice) else value
    return found


def _text(value: Value) -> str:
    return value if isinstance(value, str) else repr(value)


def _front(trials: Sequence[Trial], objectives: int) -> tuple[int, ...]:
    good = [trial for trial in trials if not trial.failure]
    front = tuple(good[row].number for row in pareto_front([trial.objectives for trial in good]))
    return front[:1] if objectives == 1 else front
