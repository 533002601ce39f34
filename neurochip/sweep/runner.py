"""Who does the work: tasks go to workers, the most expensive first, and every result to the store at once.

A task that others wait for goes before all; there are no rounds, so a worker has nothing to do only when nothing is
left. Results do not depend on who measured them, or when.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from typing import Any, NamedTuple, TypedDict

from neurochip.errors import NeurochipError, OutputError
from neurochip.keys.reading import Table
from neurochip.sweep.engine import Engine
from neurochip.sweep.identity import Identity, environment, package_version
from neurochip.sweep.plan import Task
from neurochip.sweep.store import Entry, Store

__all__ = ["DiesWorker", "Done", "Job", "SweepProgress", "Tally", "Worker", "carry_out"]

_PLANNED_S = 0.2  # of planning between two looks at what the workers did
_AHEAD = 2  # tasks under way or waiting, per worker: the next is there when one ends
_TOGETHER = 8  # dies on which the same weights are tested by one worker
_MOST_DEATHS = 3  # of workers, over one task


class Job(TypedDict):
    """What a worker is given.

    Attributes
    ----------
    work, run, epochs, keep
        Of the task.
    weights
        Those to take over, packed.
    environment, files
        What the result depends on besides: a worker that has another source, or finds other contents in a file, raises
        one of our errors, and the sweep ends with its sentence.
    """

    work: str
    run: Table
    epochs: int
    weights: bytes | None
    keep: bool
    environment: Identity
    files: Identity


class Done(TypedDict):
    """What a worker returns: measurements or the reason why there are none, and the trained weights if asked."""

    measured: dict[str, Any] | None
    reason: str | None
    seconds: float
    cpu_seconds: float
    parameters: bytes | None


Worker = Callable[[Job], Done]
DiesWorker = Callable[[Job, list[int]], list[Done]]


class SweepProgress(NamedTuple):
    """How far a sweep is.

    Attributes
    ----------
    done, total
        Tasks; those that an earlier session finished count as done.
    planned
        Whether ``total`` is all of them; else more are being spelled out.
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
    planned: bool = True


class Tally(NamedTuple):
    """What a session did."""

    measured: int
    failed: int
    deaths: int
    seconds: float
    busy: float | None
    workers: int
    stopped: bool

    def and_then(self, other: Tally) -> Tally:
        """Return what both sessions did, one after the other."""
        busy = [(one.busy, one.seconds) for one in (self, other) if one.busy is not None and one.seconds]
        seconds = sum(lasted for _, lasted in busy)
        return Tally(
            self.measured + other.measured,
            self.failed + other.failed,
            self.deaths + other.deaths,
            self.seconds + other.seconds,
            sum(share * lasted for share, lasted in busy) / seconds if seconds else None,
            other.workers,
            other.stopped,
        )


class _Session:
    def __init__(
        self,
        tasks: Iterable[Task],
        store: Store,
        engine: Engine,
        work: Worker,
        on_dies: DiesWorker | None,
        listener: Callable[[SweepProgress], None] | None,
    ) -> None:
        self.store, self.engine, self.work, self.listener = store, engine, work, listener
        self.on_dies = on_dies
        self.coming: Iterator[Task] | None = iter(tasks)  # `None` when all have come
        self.stored = store.done()
        self.succeeded = store.done(failed=False)
        self.environment = environment()
        self.total = self.done = self.failed = 0
        self.trainings: dict[str, Task] = {}  # whose weights others take over
        self.opened: set[str] = set()  # under way or waiting
        self.waiting: dict[str, list[Task]] = {}  # digest → tasks that take its weights over
        self.ready: list[tuple[bool, float, int, Task]] = []
        self.number = 0
        self.alone: deque[Task] = deque()  # suspects: each is tried by itself
        self.flying: dict[Future[Any], list[Task]] = {}
        self.deaths: dict[str, int] = {}
        self.n_deaths = self.measured = self.failures = 0
        self.worked = self.offered = 0.0  # seconds of all workers: at work, and there
        self.pace: dict[str, tuple[float, float]] = {}  # work → seconds and cost so far
        self.left: dict[str, float] = {}
        self.began = self.looked = time.perf_counter()
        self.weights: dict[str, bytes | None] = {}

    def plan(self, seconds: float) -> None:
        """Take in tasks that were spelled out, for so long; a sweep of many begins before the last is known."""
        end = time.perf_counter() + seconds
        while self.coming is not None:
            task = next(self.coming, None)
            if task is None:
                self.coming = None
                return
            self.take(task)
            if time.perf_counter() > end:
                return

    def take(self, task: Task) -> None:
        self.total += 1
        if task.keep:
            self.trainings[task.digest] = task
        if task.digest in self.stored:
            self.done += 1
            self.failed += task.digest not in self.succeeded
            return
        source = task.source
        if source is not None and source in self.succeeded and source not in self.opened:
            # Weights that are wanted now but were not kept by an earlier session are trained once more.
            if self.parameters(source) is None and source in self.trainings:
                self.succeeded.discard(source)
                self.done -= 1
                self.open(self.trainings[source])
        self.open(task)

    def open(self, task: Task) -> None:
        self.opened.add(task.digest)
        self.left[task.work] = self.left.get(task.work, 0.0) + task.cost
        if task.source in self.opened:
            self.waiting.setdefault(task.source or "", []).append(task)
        else:
            self.push(task)

    @property
    def is_over(self) -> bool:
        return not (self.coming or self.ready or self.alone or self.flying)

    def push(self, task: Task) -> None:
        self.number += 1
        heapq.heappush(self.ready, (not task.keep, -task.cost, self.number, task))

    def fill(self) -> None:
        """Submit as much as the workers can take soon; next to a suspect nothing."""
        if any(self.suspected(task) for tasks in self.flying.values() for task in tasks):
            return
        if self.alone:
            if not self.flying:
                self.submit([self.alone.popleft()])
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
            if not self.submit([task, *self.on_other_dies(task)]):
                return

    def on_other_dies(self, task: Task) -> list[Task]:
        """Take the next tasks that test the same weights in the same setting on other drawn dies, some of them."""
        found: list[Task] = []
        if self.on_dies is None or task.work != "deploy" or not task.die or task.digest in self.deaths:
            return found
        fair = (
            len(self.ready) // (_AHEAD * self.engine.workers) + 1
        )  # so that all have something to do to the end
        while self.ready and len(found) + 1 < min(_TOGETHER, fair):
            other = self.ready[0][-1]
            if (other.work, other.source, other.seed) != (task.work, task.source, task.seed):
                break
            if other.setting is not task.setting or not other.die or other.digest in self.deaths:
                break
            found.append(heapq.heappop(self.ready)[-1])
        return found

    def parameters(self, digest: str) -> bytes | None:
        if digest not in self.weights:
            if len(self.weights) >= 8:
                self.weights.clear()
            self.weights[digest] = self.store.parameters(digest)
        return self.weights[digest]

    def submit(self, tasks: list[Task]) -> bool:
        """Hand tasks over, all but the die alike; False if the executor is broken, and they have been put back."""
        task = tasks[0]
        job: Job = {
            "work": task.work,
            "run": task.run(),
            "epochs": task.epochs,
            "weights": None if task.source is None else self.parameters(task.source),
            "keep": task.keep,
            "environment": self.environment,
            "files": task.setting.files,
        }
        try:
            if len(tasks) > 1 and self.on_dies is not None:
                future: Future[Any] = self.engine.executor.submit(
                    self.on_dies, job, [task.die for task in tasks]
                )
            else:
                future = self.engine.executor.submit(self.work, job)
        except BrokenExecutor:
            # Whatever broke it did so before this task was begun: it is under way, and `collect` will hear of it.
            # New workers before that would be taken for part of the wreck.
            if not self.flying:
                self.engine.renew()
            for task in tasks:
                self.put_back(task)
            return False
        self.flying[future] = tasks
        return True

    def collect(self, timeout: float) -> None:
        """Wait for something to end, and write down what did."""
        over, _ = wait(self.flying, timeout=timeout, return_when=FIRST_COMPLETED)
        broken: list[Task] = []
        cause: BaseException | None = None
        for future in over:
            tasks = self.flying.pop(future)
            error = future.exception() if not future.cancelled() else CancelledError()
            if error is None:
                self.receive(tasks, future.result())
            elif isinstance(error, BrokenExecutor):
                broken += tasks
                cause = error
            elif isinstance(error, CancelledError) or type(error).__name__ == "FutureCancelledError":
                raise OutputError(
                    self.engine.name, "the scheduler went away; nothing that was finished is lost"
                ) from None
            elif type(error).__name__ == "KilledWorker":
                self.n_deaths += 1
                self.give_up(tasks, "every worker that tried it died", _MOST_DEATHS)
            elif isinstance(error, NeurochipError):
                raise type(error)(
                    error.place, f"{error.problem}; nothing that was finished is lost"
                ) from None
            else:
                self.give_up(tasks, f"{type(error).__name__}: {error}", None)
        if broken and cause is not None:
            for future, tasks in list(self.flying.items()):
                # All that was under way is lost with it, unless it ended in time.
                if future.done() and future.exception() is None:
                    self.receive(tasks, future.result())
                else:
                    broken += tasks
            self.flying.clear()
            self.ready_again(broken, cause)
        for loss in self.engine.losses():
            self.n_deaths += 1
            self.store.note(loss)
            self.tell(loss)

    def give_up(self, tasks: list[Task], reason: str, attempts: int | None) -> None:
        """Write down why a task failed; of several, try each by itself, since one of them may have been the cause."""
        for task in tasks:
            if len(tasks) > 1:
                self.deaths[task.digest] = _MOST_DEATHS - 1
                self.put_back(task)
            else:
                entry = Entry(None, reason, attempts or self.attempt(task), 0.0, 0.0, package_version())
                self.finish(task, entry, None)

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

    def receive(self, tasks: list[Task], result: Any) -> None:
        """Write down what a worker returned: one result, or one for each die."""
        for task, done in zip(tasks, result if len(tasks) > 1 else [result], strict=True):
            self.worked += done["seconds"]
            seconds, cost = self.pace.get(task.work, (0.0, 0.0))
            self.pace[task.work] = (seconds + done["seconds"], cost + task.cost)
            times = done["seconds"], done["cpu_seconds"]
            entry = Entry(done["measured"], done["reason"], self.attempt(task), *times, package_version())
            self.finish(task, entry, done["parameters"])

    def finish(self, task: Task, entry: Entry, parameters: bytes | None) -> None:
        self.store.add(task.digest, task.work, entry, parameters)
        if parameters is not None:
            self.weights.pop(task.digest, None)
        self.opened.discard(task.digest)
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
                self.done,
                self.total,
                self.failed,
                workers,
                self.busy(),
                self.seconds_left(workers),
                note,
                self.coming is None,
            )
        )

    def look(self) -> None:
        """Count the time that workers offered; a cluster may have more of them now, or fewer."""
        now = time.perf_counter()
        self.offered += (now - self.looked) * self.engine.workers
        self.looked = now

    def busy(self) -> float | None:
        self.look()
        return min(self.worked / self.offered, 1.0) if self.worked and self.offered else None

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
    on_dies: DiesWorker | None = None,
    listener: Callable[[SweepProgress], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Tally:
    """Have every task done that the store does not hold yet.

    Parameters
    ----------
    tasks
        In an order in which trainings come before what takes their weights over; they are taken as they are needed, so
        that they may still be planned while the first are measured.
    work
        What a worker calls; it has to be importable where the workers are.
    on_dies
        What a worker calls for several dies at once on which the same weights are tested; `None`: each alone.
    listener
        Told of every finished task.
    stop
        Asked about twice a second whether to leave off; what is under way is then lost.

    Raises
    ------
    OutputError
        When the store cannot be written, or the cluster went away; what was finished before stays.
    """
    session = _Session(tasks, store, engine, work, on_dies, listener)
    session.plan(_PLANNED_S)
    session.tell()
    while not session.is_over:
        if stop():
            break
        session.fill()
        if session.flying:
            session.collect(timeout=0.0 if session.coming else 0.5)
        session.plan(_PLANNED_S)
    return Tally(
        session.measured,
        session.failures,
        session.n_deaths,
        time.perf_counter() - session.began,
        session.busy(),
        engine.workers,
        stop() and not session.is_over,
    )


def _first_line(error: BaseException) -> str:
    """Return the first line of what an engine says, without its full stop; ours are sentences already."""
    if isinstance(error, NeurochipError):
        return str(error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
