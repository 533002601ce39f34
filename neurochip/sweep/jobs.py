"""Independent jobs on the engine of sweeps: their results in the order in which they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from typing import TypeVar

from neurochip.errors import NeurochipError, OutputError
from neurochip.sweep.engine import Engine
from neurochip.sweep.identity import Identity, check_environment, environment

__all__ = ["checked", "in_order"]

J = TypeVar("J")
R = TypeVar("R")

_MOST_DEATHS = 3  # of workers over one job
_LOOK_S = 0.5


def checked(work: Callable[[J], R], job: J, mine: Identity) -> R:
    """Do a job, unless this process has another source or other libraries than the one that asks.

    Raises
    ------
    ConfigError
        Naming what differs.
    """
    check_environment(mine)
    return work(job)


def in_order(
    engine: Engine | None,
    work: Callable[[J], R],
    jobs: Sequence[J],
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[R]:
    """Yield what ``work`` returns for each job, in their order, as soon as it and all before it have ended.

    Parameters
    ----------
    engine
        Who does it; `None`: this process, one after the other.
    work
        Importable where the workers are.
    stop
        Asked before each job, or about twice a second; when it says yes, no more comes.

    Raises
    ------
    OutputError
        When a job took three workers with it, or the cluster went away.
    """
    if engine is None:
        for job in jobs:
            if stop():
                return
            yield work(job)
        return
    mine = environment()
    left = dict(enumerate(jobs))  # not yet handed over
    flying: dict[Future[R], int] = {}
    found: dict[int, R] = {}
    deaths = dict.fromkeys(left, 0)
    given = 0
    try:
        while given < len(jobs):
            while left and len(flying) < 2 * engine.workers:
                number = min(left)
                try:
                    future: Future[R] = engine.executor.submit(checked, work, left[number], mine)
                except BrokenExecutor:
                    if not flying:
                        engine.renew()
                    break
                del left[number]
                flying[future] = number
            if stop():
                return
            over, _ = wait(flying, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
            broken = False
            for future in over:
                number = flying.pop(future)
                error = None if future.cancelled() else future.exception()
                if future.cancelled() or isinstance(error, CancelledError):
                    raise OutputError(
                        engine.name, "the scheduler went away; nothing that was finished is lost"
                    )
                if error is None:
                    found[number] = future.result()
                elif isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":
                    broken = broken or isinstance(error, BrokenExecutor)
                    left[number] = jobs[number]
                    deaths[number] += 1
                    if deaths[number] >= _MOST_DEATHS:
                        raise OutputError(engine.name, f"{_MOST_DEATHS} workers died over one job ({error})")
                elif isinstance(error, NeurochipError):
                    raise error
                else:
                    raise RuntimeError(f"a job failed: {type(error).__name__}: {error}") from error
            if broken:
                left |= {number: jobs[number] for number in flying.values()}
                flying.clear()
                engine.renew()
            while given in found:
                yield found.pop(given)
                given += 1
    finally:
        for future in flying:
            future.cancel()
