"""`merge_sweeps`: stores that were measured apart, as shards or by several people, become one sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from neurochip.description import RunSpec
from neurochip.durable.shard import shards_missing
from neurochip.errors import ConfigError
from neurochip.report.drawn import drawn
from neurochip.report.sweeps import SweepDocument, write_sweep
from neurochip.runs.versions import versions
from neurochip.sweep.document import document
from neurochip.sweep.plan import Planner
from neurochip.sweep.precision import dies_needed
from neurochip.sweep.resuming import check_identity
from neurochip.sweep.rounds import follow
from neurochip.sweep.salvage import salvage
from neurochip.sweep.shards import joined
from neurochip.sweep.store import Store

__all__ = ["Merged", "merge_sweeps"]


class Merged(NamedTuple):
    """What several stores give together.

    Attributes
    ----------
    tasks
        All that are known; where limits are sought, up to the first round of which something is missing.
    twice, missing
        Tasks that stood in more than one store, and in none.
    lost
        Rows that could not be read.
    shards_missing
        Those of which no store was given.
    needed
        What more it takes to know the limit as precisely as was asked for; `None` where it is, or nothing was asked.
    """

    document: SweepDocument
    folder: Path
    tasks: int
    twice: int
    missing: int
    lost: int
    shards_missing: tuple[str, ...]
    needed: str | None = None


def merge_sweeps(folders: Sequence[Path | str], out: Path | str) -> Merged:
    """Join stores that were measured apart, of the same sweep, in a new folder, and write its report.

    Parameters
    ----------
    folders
        Of shards, or of whole sweeps of the same definition.
    out
        Folder to make. What no store holds can be measured there, with ``resume``.

    Raises
    ------
    CheckpointError
        When two of them are of different sweeps, were measured with different code, or disagree.
    """
    if not folders:
        raise ConfigError("merge", "needs the folders to join; name them")
    parts = [(Path(folder), salvage(Path(folder))) for folder in folders]
    found = joined(parts)
    planner = Planner(found.definition)
    check_identity(parts[0][0], parts[0][1].identity, planner)
    for _ in planner.steps():
        pass
    valid = [one for one in found.finished if one.digest in planner.plan.tasks]
    base = RunSpec.from_dict(found.definition.run)
    with Store.create(Path(out), found.definition, versions(base), planner.plan.identity) as store:
        store.take_over(valid)
        taken = len(valid) + follow(planner, store, found.finished)
        tasks = len(planner.plan.tasks)
        store.note(f"joined of {len(parts)} stores: {taken} of {tasks} tasks, {found.twice} of them in two")
        table = document(found.definition, planner.plan, store)
        with drawn(store.folder / "sweep.html", store.folder / "sweep.json"):
            write_sweep(table, store.folder)
    needed = None
    if found.definition.precision is not None and table["complete"]:
        more, words = dies_needed(found.definition, table)
        needed = None if more is None else words
    shards = shards_missing([part.shard for _, part in parts])
    return Merged(table, Path(out), tasks, found.twice, tasks - taken, found.lost, shards, needed)
