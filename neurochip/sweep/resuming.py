"""How a sweep goes on: what must be as it was, and what is carried over to a new folder."""

from __future__ import annotations

from pathlib import Path

from neurochip.durable.shard import Shard
from neurochip.errors import CheckpointError
from neurochip.sweep.failure import to_be_tried_again
from neurochip.sweep.identity import Identity, changed
from neurochip.sweep.plan import Planner
from neurochip.sweep.rounds import follow
from neurochip.sweep.salvage import Salvaged
from neurochip.sweep.store import Store

__all__ = ["check_identity", "check_shard", "take_over", "try_again"]


def check_identity(folder: Path, before: Identity, planner: Planner) -> None:
    """Refuse to mix the results in a folder with those that other code, libraries or files would give.

    Raises
    ------
    CheckpointError
        Naming all that differs, and a new folder.
    """
    differing = changed(before, planner.plan.identity)
    if differing:
        raise CheckpointError(
            str(folder),
            f"holds results that would not come out the same here ({'; '.join(differing)}); begin anew in another "
            f"folder: neurochip sweep --resume {folder} --out {folder}-2",
        )


def check_shard(store: Store, asked: Shard | None) -> None:
    """Refuse to go on with another shard than that of the store; `None` asks for none.

    Raises
    ------
    CheckpointError
        Naming both.
    """
    if asked is not None and asked.words != store.shard():
        raise CheckpointError(
            str(store.folder),
            f"is for {_shard_words(store.shard())}, not {_shard_words(asked.words)}; leave --shard out, or name a "
            "folder for it with --out",
        )


def _shard_words(shard: str | None) -> str:
    return "the whole sweep" if shard is None else f"shard {shard}"


def try_again(store: Store) -> str | None:
    """Let the tasks be done again that the machine failed at, and not the die; say how many they are."""
    gone = store.forget(to_be_tried_again(entry.kind for _, entry in store.entries()))
    if not gone:
        return None
    words = f"{gone} tasks that the machine failed at, or that waited for one of these, are tried again"
    store.note(words)
    return words


def take_over(source: Path, saved: Salvaged, planner: Planner, store: Store) -> tuple[int, str]:
    """Carry over the results that would come out the same here, by their digests, and say how many they were."""
    for _ in planner.steps():
        pass
    again = to_be_tried_again(one.entry.kind for one in saved.finished)
    kept = [one for one in saved.finished if one.entry.kind not in again]
    valid = [one for one in kept if one.digest in planner.plan.tasks]
    store.take_over(valid)
    taken = len(valid) + follow(planner, store, kept)
    lost = f"; {saved.lost} could not be read" if saved.lost else ""
    what = f"{taken} of {len(saved.finished) + saved.lost} results of {source} are taken over{lost}"
    store.note(what)
    return taken, what
