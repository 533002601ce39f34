"""`merge_searches`: shards of a search, each with a log of its own, become one search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from neurochip.description import RunSpec
from neurochip.durable.shard import shards_missing
from neurochip.errors import CheckpointError, ConfigError
from neurochip.search.settings import Settings, begin, go_on
from neurochip.search.study import Trial, read_trials, trials_log
from neurochip.studies.tuning import TRIALS, Tuned, tune

__all__ = ["merge_searches"]


class _Part(NamedTuple):
    folder: Path
    run: RunSpec
    settings: Settings
    trials: list[Trial]


def merge_searches(
    folders: Sequence[Path | str],
    out: Path | str,
    *,
    on_confirmed: Callable[[int, int, float], None] | None = None,
) -> Tuned:
    """Join the shards of one search in a new folder, and finish it there: best trials, those trained anew, report.

    The result is that of the search in one piece, but for the seconds that each trial took.

    Parameters
    ----------
    folders
        Of all shards.
    out
        Folder to make.
    on_confirmed
        As for `neurochip.studies.tuning.tune`.

    Raises
    ------
    CheckpointError
        When they are of different searches, disagree, or trials are missing.
    """
    if not folders:
        raise ConfigError("merge", "needs the folders to join; name them")
    parts = [_part(Path(folder)) for folder in folders]
    first = parts[0]
    for part in parts[1:]:
        differing = _difference(first, part)
        if differing is not None:
            raise CheckpointError(
                str(part.folder), f"is of another search than {first.folder}: {differing} differs"
            )
    trials = _joined(parts)
    settings = msgspec.structs.replace(first.settings, shard=None)
    held = begin(Path(out), first.run, settings)
    try:
        log, _ = trials_log(Path(out) / TRIALS)
        for trial in trials:
            log.append(trial._asdict())
    finally:
        held.release()
    return tune(resume=out, on_confirmed=on_confirmed)


def _part(folder: Path) -> _Part:
    run, settings, held = go_on(folder)
    try:
        return _Part(folder, run, settings, read_trials(folder / TRIALS))
    finally:
        held.release()


def _difference(first: _Part, other: _Part) -> str | None:
    """Return the name of what two searches differ in, but for who does the work."""
    if first.run.to_dict() != other.run.to_dict():
        return "the run"
    one, two = (msgspec.to_builtins(part.settings) for part in (first, other))
    free = ("shard", "threads", "workers", "scheduler", "together")
    return next((name for name in one if name not in free and one[name] != two[name]), None)


def _joined(parts: Sequence[_Part]) -> list[Trial]:
    """Return the trials of all parts in their order."""
    found: dict[int, tuple[Path, Trial]] = {}
    for part in parts:
        for trial in part.trials:
            before = found.setdefault(trial.number, (part.folder, trial))
            if before[1]._replace(seconds=trial.seconds) != trial:
                raise CheckpointError(
                    str(part.folder),
                    f"and {before[0]} have different results of trial {trial.number}; their machines do not compute "
                    "alike: carry out both on one kind",
                )
    missing = [number for number in range(parts[0].settings.trials) if number not in found]
    if missing:
        absent = shards_missing([part.settings.shard for part in parts])
        cure = f"name shards {', '.join(absent)}, too" if absent else "go on with the shards that lack them"
        many = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CheckpointError("merge", f"trial {missing[0]}{many} is missing; {cure}")
    return [trial for _, (_, trial) in sorted(found.items())]
