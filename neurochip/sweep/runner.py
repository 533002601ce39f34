"""Who does the work: tasks go to workers, the most expensive first, and every result to the store at once.

A task that others wait for goes before all; there are no rounds, so a worker has nothing to do only when nothing is
left. Results do not depend on who measured them, or when.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from typing import Any, NamedTuple, TypedDict

from neurochip.errors import NeurochipError, OutputError
from neurochip.sweep.engine import Engine, package_version
from neurochip.sweep.plan import Task
from neurochip.sweep.store import Entry, Store

__all__ = ["Done", "SweepProgress", "Tally", "Worker", "carry_out"]

_AHEAD = 2  # tasks under way or waiting, per worker: the next is there when one ends
_MOST_DEATHS = 3  # of workers, over one task


class Done(TypedDict):
    """What a worker returns: measurements or the reason why there are none, and the trained weights if asked."""

    measured: dict[str, Any] | None
    reason: str | None
    seconds: float
    cpu_seconds: float
    parameters: bytes | None


# (work, run, epochs of fine-tuning, weights to take over, whether to return the trained ones)
Worker = Callable[[str, dict[str, Any], int, bytes | None, bool], Done]


class SweepProgress(NamedTuple):
    """How far a sweep is.

    Attributes
    ----------
    done, total
        Tasks; those that an earlier session finished count as done.
    failed
        Among those done.
    busy
        Share of the workers' time in which they worked, so far.
    note
        Something to tell: a worker that died, a task that failed.
    """

    done: int
    total: int
    failed: int
    workers: int
    busy: float | None
    seconds_left: float | None
    note: str | None = None


class Tally(NamedTuple):
    """What a session did."""

    measured: int
    failed: int
    deaths: int
    seconds: float
    worked_s: float  # of all workers together
    workers: int
    stopped: bool


class _Session:
    def __init__(
        self,
        tasks: Iterable[Task],
        store: Store,
        engine: Engine,
        work: Worker,
        listener: Callable[[SweepProgress], None] | None,
    ) -> None:
        self.store, self.engine, self.work, self.listener = store, engine, work, listener
        everything = list(tasks)
        done = store.done()
        succeeded = store.done(failed=False)
        self.total = len(everything)
        open_tasks = [task for task in everything if task.digest not in done]
        # Weights that are wanted now but were not kept by an earlier session are trained once more.
        sources = {task.source for task in open_tasks}
        again = [
            t for t in everything if t.digest in sources & succeeded and store.parameters(t.digest) is None
        ]
        open_tasks += again
        self.done = self.total - len(open_tasks)
        self.failed = len((done - succeeded) & {task.digest for task in everything})
        self.waiting: dict[str, list[Task]] = {}  # digest → tasks that take its weights over
        self.ready: list[tuple[bool, float, int, Task]] = []
        self.number = 0
        opened = {task.digest for task in open_tasks}
        self.sources = sources
        for task in open_tasks:
            if task.source in opened:
                self.waiting.setdefault(task.source or "", []).append(task)
        for task in open_tasks:
            if task.source not in opened:
                self.push(task)
        self.alone: deque[Task] = deque()  # suspects: each is tried by itself
        self.flying: dict[Future[Done], Task] = {}
        self.deaths: dict[str, int] = {}
        self.n_deaths = self.measured = self.failures = 0
        self.worked = 0.0
        self.pace: dict[str, tuple[float, float]] = {}  # work → seconds and cost so far
        self.left: dict[str, float] = {}
        for task in open_tasks:
            self.left[task.work] = self.left.get(task.work, 0.0) + task.cost
        self.began = time.perf_counter()
        self.weights: dict[str, bytes | None] = {}

    def push(self, task: Task) -> None:
        self.number += 1
        heapq.heappush(self.ready, (task.digest not in self.sources, -task.cost, self.number, task))

    def fill(self) -> None:
        """Submit as much as the workers can take soon; next to a suspect nothing."""
        if any(self.suspected(task) for task in self.flying.values()):
            return
        if self.alone:
            if not self.flying:
                self.submit(self.alone.popleft())
            return
        while self.ready and len(self.flying) < _AHEAD * self.engine.workers:
            task = heapq.heappop(self.ready)[-1]
            parameters = None
            if task.source is not None:
                entry = self.store.get(task.source)
                parameters = self.parameters(task.source)
                if parameters is None:
                    why = "is missing" if entry is None or entry.reason is None else f"failed: {entry.reason}"
                    self.finish(
                        task, Entry(None, f"its ideal training {why}", 0, 0.0, 0.0, package_version()), None
                    )
                    continue
            if not self.submit(task):
                return

    def parameters(self, digest: str) -> bytes | None:
        if digest not in self.weights:
            if len(self.weights) >= 8:
                self.weights.clear()
            self.weights[digest] = self.store.parameters(digest)
        return self.weights[digest]

    def submit(self, task: Task) -> bool:
        """Hand a task over; False if the executor is broken, and the task has been put back."""
        weights = None if task.source is None else self.parameters(task.source)
        try:
            future = self.engine.executor.submit(
                self.work, task.work, task.run(), task.epochs, weights, task.keep
            )
        except BrokenExecutor:
            # Whatever broke it did so before this task was begun: it is under way, and `collect` will hear of it.
            # New workers before that would be taken for part of the wreck.
            if not self.flying:
                self.engine.renew()
            self.put_back(task)
            return False
        self.flying[future] = task
        return True

    def collect(self, timeout: float) -> None:
        """Wait for something to end, and write down what did."""
        over, _ = wait(self.flying, timeout=timeout, return_when=FIRST_COMPLETED)
        broken: list[Task] = []
        cause: BaseException | None = None
        for future in over:
            task = self.flying.pop(future)
            error = future.exception() if not future.cancelled() else CancelledError()
            if error is None:
                self.receive(task, future.result())
            elif isinstance(error, BrokenExecutor):
                broken.append(task)
                cause = error
            elif isinstance(error, CancelledError) or type(error).__name__ == "FutureCancelledError":
                raise OutputError(
                    self.engine.name, "the scheduler went away; nothing that was finished is lost"
                ) from None
            elif type(error).__name__ == "KilledWorker":
                self.n_deaths += 1
                reason = "every worker that tried it died"
                self.finish(task, Entry(None, reason, _MOST_DEATHS, 0.0, 0.0, package_version()), None)
            else:
                reason = f"{type(error).__name__}: {error}"
                self.finish(task, Entry(None, reason, self.attempt(task), 0.0, 0.0, package_version()), None)
        if broken and cause is not None:
            for future, task in list(self.flying.items()):
                # All that was under way is lost with it, unless it ended in time.
                if future.done() and future.exception() is None:
                    self.receive(task, future.result())
                else:
                    broken.append(task)
            self.flying.clear()
            self.ready_again(broken, cause)
        for loss in self.engine.losses():
            self.n_deaths += 1
            self.store.note(loss)
            self.tell(loss)

    def attempt(self, task: Task) -> int:
        return self.deaths.get(task.digest, 0) + 1

    def suspected(self, task: Task) -> bool:
        """Whether two workers died while it was under way: it is then tried by itself."""
        return self.deaths.get(task.digest, 0) >= 2

    def put_back(self, task: Task) -> None:
        if self.suspected(task):
            self.alone.append(task)
        else:
            self.push(task)

    def ready_again(self, tasks: list[Task], cause: BaseException) -> None:
        """Try tasks again that a dying worker took with it; those seen at two deaths each by themselves."""
        self.engine.renew()
        self.n_deaths += 1
        said = _first_line(cause)
        what = f"a worker died ({said}); {len(tasks)} tasks that were under way are tried again"
        self.store.note(what)
        self.tell(what)
        for task in tasks:
            deaths = self.deaths[task.digest] = self.deaths.get(task.digest, 0) + 1
            if deaths >= _MOST_DEATHS:
                reason = f"its worker died {deaths} times ({said})"
                self.finish(task, Entry(None, reason, deaths, 0.0, 0.0, package_version()), None)
            else:
                self.put_back(task)

    def receive(self, task: Task, done: Done) -> None:
        self.worked += done["seconds"]
        seconds, cost = self.pace.get(task.work, (0.0, 0.0))
        self.pace[task.work] = (seconds + done["seconds"], cost + task.cost)
        entry = Entry(
            done["measured"],
            done["reason"],
            self.attempt(task),
            done["seconds"],
            done["cpu_seconds"],
            package_version(),
        )
        self.finish(task, entry, done["parameters"])

    def finish(self, task: Task, entry: Entry, parameters: bytes | None) -> None:
        self.store.add(task.digest, task.work, entry, parameters)
        self.done += 1
        self.left[task.work] -= task.cost
        if entry.reason is None:
            self.measured += 1
        else:
            self.failed += 1
            self.failures += 1
        for waiting in self.waiting.pop(task.digest, []):
            self.push(waiting)
        self.tell(None if entry.reason is None else f"a point failed: {entry.reason}")

    def tell(self, note: str | None = None) -> None:
        if self.listener is None:
            return
        workers = self.engine.workers
        self.listener(
            SweepProgress(
                self.done, self.total, self.failed, workers, self.busy(), self.seconds_left(workers), note
            )
        )

    def busy(self) -> float | None:
        elapsed = time.perf_counter() - self.began
        return self.worked / (elapsed * self.engine.workers) if self.worked else None

    def seconds_left(self, workers: int) -> float | None:
        """From the pace of each kind of work so far; of a kind not yet seen, from all others."""
        seconds = sum(s for s, _ in self.pace.values())
        cost = sum(c for _, c in self.pace.values())
        if not cost:
            return None
        ahead = 0.0
        for work, left in self.left.items():
            s, c = self.pace.get(work, (seconds, cost))
            ahead += left * s / c if c else 0.0
        return max(ahead, 0.0) / workers


def carry_out(
    tasks: Iterable[Task],
    store: Store,
    engine: Engine,
    work: Worker,
    *,
    listener: Callable[[SweepProgress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Tally:
    """Have every task done that the store does not hold yet.

    Parameters
    ----------
    work
        What a worker calls; it has to be importable where the workers are.
    listener
        Told of every finished task.
    stop
        Asked about twice a second whether to leave off; what is under way is then lost.

    Raises
    ------
    OutputError
        When the store cannot be written, or the cluster went away; what was finished before stays.
    """
    session = _Session(tasks, store, engine, work, listener)
    session.tell()
    while session.ready or session.alone or session.flying:
        if stop():
            break
        session.fill()
        if session.flying:
            session.collect(timeout=0.5)
    return Tally(
        session.measured,
        session.failures,
        session.n_deaths,
        time.perf_counter() - session.began,
        session.worked,
        engine.workers,
        stop() and session.done < session.total,
    )


def _first_line(error: BaseException) -> str:
    """Return the first line of what an engine says, without its full stop; ours are sentences already."""
    if isinstance(error, NeurochipError):
        return str(error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
