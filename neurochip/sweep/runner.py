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
from typing import Any

from neurochip.errors import NeurochipError, OutputError
from neurochip.sweep.engine import Engine
from neurochip.sweep.failure import Failure, kind_of
from neurochip.sweep.identity import environment, package_version
from neurochip.sweep.job import DiesWorker, Job, Worker
from neurochip.sweep.pace import Pace
from neurochip.sweep.plan import Task
from neurochip.sweep.progress import Listener, SweepProgress, Tally
from neurochip.sweep.rows import Entry
from neurochip.sweep.store import Store

__all__ = ["carry_out"]

_PLANNED_S = 0.2  # of planning between two looks at what the workers did
_AHEAD = 2  # tasks under way or waiting, per worker: the next is there when one ends
_TOGETHER = 8  # dies on which the same weights are tested by one worker
_MOST_DEATHS = 3  # of workers, over one task; when the next would be the last, it is tried by itself


class _Session:
    def __init__(
        self,
        tasks: Iterable[Task],
        store: Store,
        engine: Engine,
        work: Worker,
        on_dies: DiesWorker | None,
        listener: Listener | None,
    ) -> None:
        self.store, self.engine, self.work, self.listener = store, engine, work, listener
        self.on_dies = on_dies
        self.coming: Iterator[Task] | None = iter(tasks)  # `None` when all have come
        self.stored = store.done()
        self.succeeded = store.done(failed=False)
        self.environment = environment()
        self.total = self.done = self.failed = 0  # of the whole sweep, earlier sessions included
        self.trainings: dict[str, Task] = {}  # whose weights others take over
        self.opened: set[str] = set()  # under way or waiting
        self.waiting: dict[str, list[Task]] = {}  # digest → tasks that take its weights over
        self.ready: list[tuple[bool, float, int, Task]] = []
        self.number = 0
        self.alone: deque[Task] = deque()  # suspects: each is tried by itself
        self.flying: dict[Future[object], list[Task]] = {}
        self.deaths: dict[str, int] = {}
        self.n_deaths = self.measured_now = self.failed_now = 0  # since it was begun or resumed
        self.pace = Pace()
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
        self.pace.add(task.work, task.cost)
        if task.source in self.opened:
            self.waiting.setdefault(task.source or "", []).append(task)
        else:
            self.push(task)

    @property
    def is_over(self) -> bool:
        return not (self.coming or self.ready or self.alone or self.flying)

    @property
    def most_flying(self) -> int:
        return _AHEAD * self.engine.workers

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
        while self.ready and len(self.flying) < self.most_flying:
            task = heapq.heappop(self.ready)[-1]
            parameters = None
            if task.source is not None:
                entry = self.store.get(task.source)
                parameters = self.parameters(task.source)
                if parameters is None:
                    why = "is missing" if entry is None or entry.reason is None else f"failed: {entry.reason}"
                    self.fail(task, f"its ideal training {why}", Failure.NO_WEIGHTS, 0)
                    continue
            if not self.submit([task, *self.on_other_dies(task)]):
                return

    def on_other_dies(self, task: Task) -> list[Task]:
        """Take the next tasks that test the same weights in the same setting on other drawn dies, some of them."""
        found: list[Task] = []
        if self.on_dies is None or task.work != "deploy" or not task.die or task.digest in self.deaths:
            return found
        fair = len(self.ready) // self.most_flying + 1  # so that all have something to do to the end
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
                future: Future[object] = self.engine.executor.submit(
                    self.on_dies, job, [task.die for task in tasks]
                )
            else:
                future = self.engine.executor.submit(self.work, job)
        except BrokenExecutor:
            # Whatever broke it did so before this task was begun: it is under way, and `collect` will be told of it.
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
                self.give_up(tasks, "every worker that tried it died", Failure.WORKER_DIED, _MOST_DEATHS)
            elif isinstance(error, NeurochipError):
                raise type(error)(
                    error.place, f"{error.problem}; nothing that was finished is lost"
                ) from None
            else:
                self.give_up(tasks, f"{type(error).__name__}: {error}", kind_of(error))
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

    def give_up(self, tasks: list[Task], reason: str, kind: Failure, attempts: int | None = None) -> None:
        """Write down why a task failed; of several, try each by itself, since one of them may have been the cause."""
        for task in tasks:
            if len(tasks) > 1:
                self.deaths[task.digest] = _MOST_DEATHS - 1
                self.put_back(task)
            else:
                self.fail(task, reason, kind, attempts or self.attempt(task))

    def attempt(self, task: Task) -> int:
        return self.deaths.get(task.digest, 0) + 1

    def suspected(self, task: Task) -> bool:
        """Whether so many workers died while it was under way that it is tried by itself."""
        return self.deaths.get(task.digest, 0) >= _MOST_DEATHS - 1

    def put_back(self, task: Task) -> None:
        if self.suspected(task):
            self.alone.append(task)
        else:
            self.push(task)

    def ready_again(self, tasks: list[Task], cause: BaseException) -> None:
        """Try tasks again that a dying worker took with it."""
        self.engine.renew()
        self.n_deaths += 1
        said = _first_line(cause)
        what = f"a worker died ({said}); {len(tasks)} tasks that were under way are tried again"
        self.store.note(what)
        self.tell(what)
        for task in tasks:
            deaths = self.deaths[task.digest] = self.deaths.get(task.digest, 0) + 1
            if deaths >= _MOST_DEATHS:
                why = f"its worker died {deaths} times ({said})"
                self.fail(task, why, Failure.WORKER_DIED, deaths)
            else:
                self.put_back(task)

    def receive(self, tasks: list[Task], result: Any) -> None:
        """Write down what a worker returned: one result, or one for each die."""
        for task, done in zip(tasks, result if len(tasks) > 1 else [result], strict=True):
            self.pace.learn(task.work, task.cost, done["seconds"])
            times = done["seconds"], done["cpu_seconds"]
            said = done["measured"], done["reason"], self.attempt(task)
            entry = Entry(*said, *times, package_version(), done["kind"])
            self.finish(task, entry, done["parameters"])

    def fail(self, task: Task, reason: str, kind: Failure, attempts: int) -> None:
        """Write down why nothing was measured, where no worker returned a reason."""
        self.finish(task, Entry(None, reason, attempts, 0.0, 0.0, package_version(), kind), None)

    def finish(self, task: Task, entry: Entry, parameters: bytes | None) -> None:
        self.store.add(task.digest, task.work, entry, parameters)
        if parameters is not None:
            self.weights.pop(task.digest, None)
        self.opened.discard(task.digest)
        self.done += 1
        self.pace.take_off(task.work, task.cost)
        if entry.reason is None:
            self.measured_now += 1
        else:
            self.failed += 1
            self.failed_now += 1
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
                self.pace.busy(workers),
                self.pace.seconds_left(workers),
                note,
                self.coming is None,
            )
        )


def carry_out(
    tasks: Iterable[Task],
    store: Store,
    engine: Engine,
    work: Worker,
    *,
    on_dies: DiesWorker | None = None,
    listener: Listener | None = None,
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
        session.measured_now,
        session.failed_now,
        session.n_deaths,
        session.pace.seconds,
        session.pace.busy(engine.workers),
        engine.workers,
        stop() and not session.is_over,
    )


def _first_line(error: BaseException) -> str:
    """Return the first line of what an engine says, without its full stop; ours are sentences already."""
    if isinstance(error, NeurochipError):
        return str(error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(".")
