"""Parts of a sweep that are measured apart, each with a store of its own, and joined afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.durable.shard import Shard
from neurochip.errors import CheckpointError
from neurochip.sweep.definition import Definition
from neurochip.sweep.identity import changed
from neurochip.sweep.plan import Task
from neurochip.sweep.rows import Finished
from neurochip.sweep.salvage import Salvaged

__all__ = ["Joined", "joined", "tasks_of"]


def tasks_of(shard: Shard, tasks: Iterable[Task]) -> Iterator[Task]:
    """Yield the tasks that are a shard's, and before the first that takes over some weights, the training of these.

    So the same training is done in every shard that needs it.
    """
    trainings: dict[str, Task] = {}
    given: set[str] = set()
    for count, task in enumerate(tasks):
        if task.keep:
            trainings[task.digest] = task
        if not shard.takes(count):
            continue
        needed = [trainings[task.source]] if task.source in trainings else []
        for one in (*needed, task):
            if one.digest not in given:
                given.add(one.digest)
                yield one


class Joined(NamedTuple):
    """What several stores hold together.

    Attributes
    ----------
    twice
        Tasks that more than one of them measured, with the same result.
    lost
        Rows that could not be read.
    """

    definition: Definition
    finished: list[Finished]
    twice: int
    lost: int


def joined(parts: Sequence[tuple[Path, Salvaged]]) -> Joined:
    """Join what was measured apart.

    Raises
    ------
    CheckpointError
        When two of them are of different sweeps or were measured with different code, or do not agree on a result.
    """
    first_folder, first = parts[0]
    if first.definition is None:
        raise CheckpointError(str(first_folder), "has lost its definition; leave it out")
    found: dict[str, tuple[Path, Finished]] = {}
    twice = lost = 0
    for folder, part in parts:
        if part.definition is None:
            raise CheckpointError(str(folder), "has lost its definition; leave it out")
        other = _difference(first.definition, part.definition)
        if other is not None:
            raise CheckpointError(str(folder), f"is of another sweep than {first_folder}: {other} differs")
        differing = changed(first.identity, part.identity)
        if differing:
            raise CheckpointError(
                str(folder),
                f"was not measured with what {first_folder} was: {'; '.join(differing)}; measure it again",
            )
        lost += part.lost
        for one in part.finished:
            if one.digest not in found:
                found[one.digest] = folder, one
                continue
            before_folder, before = found[one.digest]
            twice += 1
            if before.entry.reason is None and one.entry.reason is None:
                if before.entry.measured != one.entry.measured:
                    raise CheckpointError(
                        str(folder),
                        f"and {before_folder} have different results for the same task ({one.work}, {one.digest[:8]}); "
                        "their machines do not compute alike: measure both on one kind",
                    )
            elif one.entry.reason is None:  # what failed on one machine only did so for want of something
                found[one.digest] = folder, one
    return Joined(first.definition, [one for _, one in found.values()], twice, lost)


def _difference(first: Definition, other: Definition) -> str | None:
    """Return the name of the first part in which two definitions differ."""
    one, two = first.to_json(), other.to_json()
    return next((name for name in one if name != "folder" and one[name] != two[name]), None)
