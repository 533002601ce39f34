"""Independent jobs of an experiment, one to a thread: together they fill more cores than one does on all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

from neurochip.durable.shard import Shard
from neurochip.durable.signals import stoppable
from neurochip.errors import Interrupted
from neurochip.papers.experiment import Settings, Tell

__all__ = ["Job", "ShardDone", "Turn", "by_name", "side_by_side"]

T = TypeVar("T")


class ShardDone(Exception):
    """The jobs of a shard have ended; without those of the others there is nothing to go on with."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a job is given when its turn comes.

    Attributes
    ----------
    threads
        For its substrate.
    tell
        Listens to the share of the job that is done.
    stop
        Whether the job shall end with `Interrupted` at the next place from which it can go on.
    """

    threads: int
    tell: Callable[[float], None]
    stop: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """Something to compute that needs nothing of the other jobs.

    Attributes
    ----------
    name
        Said while it runs.
    share
        How long it takes beside the others, in any unit.
    run
        Computes it.
    """

    name: str
    share: float
    run: Callable[[Turn], T]


def side_by_side(jobs: Sequence[Job[T]], threads: int, tell: Tell, shard: Shard | None = None) -> list[T]:
    """Return what each job returns, in their order; the longest begin first, ``threads`` at a time.

    Of a ``shard`` only its own jobs are done, each of which keeps what it has found.

    With fewer jobs than threads each has several of these for itself. SIGINT and SIGTERM, and an error of one job,
    stop the others where they can go on.

    Raises
    ------
    Interrupted
        When asked to stop.
    ShardDone
        When the jobs of a shard have ended.
    """
    if shard is not None:
        # Dealt out by how long they take, so that no shard has all of the longest.
        by_length = sorted(range(len(jobs)), key=lambda at: -jobs[at].share)
        mine = [jobs[at] for count, at in enumerate(by_length) if shard.takes(count)]
        if mine:
            side_by_side(mine, threads, tell)
        raise ShardDone
    workers = max(1, min(threads, len(jobs)))
    total = sum(job.share for job in jobs)
    done = [0.0] * len(jobs)
    guard, failed = threading.Lock(), threading.Event()
    with stoppable() as asked, ThreadPoolExecutor(workers) as pool:

        def stop() -> bool:
            return asked() or failed.is_set()

        def one(at: int) -> T:
            job = jobs[at]

            def told(part: float) -> None:
                with guard:
                    done[at] = job.share * part
                    tell(sum(done) / total, job.name)

            if stop():
                raise Interrupted(None)
            result = job.run(Turn(threads // workers, told, stop))
            told(1.0)
            return result

        longest_first = sorted(range(len(jobs)), key=lambda at: -jobs[at].share)
        futures = {at: pool.submit(one, at) for at in longest_first}
        try:
            for future in as_completed(futures.values()):
                future.result()
        except BaseException:
            failed.set()
            raise
    if asked():
        raise Interrupted(None)
    return [futures[at].result() for at in range(len(jobs))]


def by_name(
    named: Sequence[tuple[str, float, Sequence[int]]],
    train: Callable[[str, int, Turn, Path], T],
    settings: Settings,
    tell: Tell,
) -> dict[str, list[T]]:
    """Return what each training (its name, share of the time, seeds) came to, by name and seed; each is kept.

    ``train`` is given name, seed, its turn, and a folder for what it has when it is stopped; see `Settings.kept`.
    """

    def kept(name: str, seed: int, turn: Turn) -> T:
        return settings.kept_in(f"{name}, seed {seed}", partial(train, name, seed, turn))

    jobs = [Job(name, share, partial(kept, name, seed)) for name, share, seeds in named for seed in seeds]
    done = iter(side_by_side(jobs, settings.threads, tell, settings.shard))
    return {name: [next(done) for _ in seeds] for name, _, seeds in named}
