"""Tasks, workers and what happens when either fails. Workers are real processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from neurochip.description import RunSpec, read_run
from neurochip.errors import ConfigError, OutputError
from neurochip.sweep.definition import Definition, Mode, define
from neurochip.sweep.engine import ClusterEngine, Engine, LocalEngine, open_engine
from neurochip.sweep.job import Done, Worker
from neurochip.sweep.plan import Plan, Planner, Task, plan
from neurochip.sweep.progress import SweepProgress, Tally
from neurochip.sweep.runner import carry_out
from neurochip.sweep.space import parse_axes
from neurochip.sweep.store import Store
from tests.unit.sweep import workers


def sweep_of(tmp_path: Path, seeds: int = 3) -> Definition:
    table = {**read_run("mnist-small").to_dict(), "about": str(tmp_path / "mark")}
    axes = parse_axes(["network.precision=int4,int8"])
    return define(RunSpec.from_dict(table), axes, modes=None, seeds=seeds)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(workers=2) as engine:
        yield engine


def do(
    folder: Path, definition: Definition, engine: Engine, work: Worker, **options: Any
) -> tuple[Plan, Tally, dict[str, Any]]:
    planned = plan(definition)
    opened = Store.open(folder) if folder.exists() else Store.create(folder, definition, {})
    with opened as store:
        tally = carry_out(planned.tasks.values(), store, engine, work, **options)
        return planned, tally, dict(store.entries())


def test_every_task_is_done_once(tmp_path: Path, engine: Engine) -> None:
    told: list[SweepProgress] = []
    planned, tally, entries = do(
        tmp_path / "s", sweep_of(tmp_path), engine, workers.arithmetic, listener=told.append
    )
    assert entries.keys() == planned.tasks.keys()
    assert (tally.measured, tally.failed, tally.deaths, tally.stopped) == (len(entries), 0, 0, False)
    for digest, task in planned.tasks.items():
        carried = task.seed if task.source is not None else 0
        assert entries[digest].measured["test_error"] == (task.seed * 100 + carried + task.epochs) / 1000
    assert [progress.done for progress in told] == list(range(len(entries) + 1))
    assert told[-1].seconds_left == 0.0 and told[-1].busy is not None and told[1].seconds_left is not None


def test_a_stored_task_is_not_repeated(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "s"
    planned, first, before = do(folder, sweep_of(tmp_path, 2), engine, workers.arithmetic)
    _, again, after = do(folder, sweep_of(tmp_path, 2), engine, workers.always_dies_for_seed_2)
    assert (again.measured, again.failed, after) == (0, 0, before)
    # More seeds are only the new ones.
    _, more, entries = do(folder, sweep_of(tmp_path, 3), engine, workers.arithmetic)
    assert more.measured == len(entries) - first.measured > 0


def test_a_stopped_sweep_goes_on(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "s"
    seen: list[SweepProgress] = []
    _, first, some = do(
        folder,
        sweep_of(tmp_path),
        engine,
        workers.slow,
        listener=seen.append,
        stop=lambda: bool(seen) and seen[-1].done >= 4,
    )
    assert first.stopped and 4 <= len(some) < 15
    planned, second, entries = do(folder, sweep_of(tmp_path), engine, workers.arithmetic)
    assert second.measured == len(planned.tasks) - len(some) and not second.stopped
    assert some.items() <= entries.items()


def test_a_task_that_fails_stops_only_what_needs_it(tmp_path: Path, engine: Engine) -> None:
    planned, tally, entries = do(tmp_path / "s", sweep_of(tmp_path), engine, workers.fails_for_seed_2)
    reasons = {digest: entry.reason for digest, entry in entries.items() if entry.reason is not None}
    assert tally.failed == len(reasons) == sum(task.seed == 2 for task in planned.tasks.values())
    for digest, reason in reasons.items():
        task = planned.tasks[digest]
        assert task.seed == 2
        carried = "its ideal training failed: " if task.source is not None else ""
        assert reason == f"{carried}learning: went astray"
        assert entries[digest].kind == ("no weights" if carried else "diverged")


def test_a_worker_that_dies_is_replaced_and_its_task_tried_again(tmp_path: Path) -> None:
    told: list[SweepProgress] = []
    with open_engine(workers=2) as engine:
        planned, tally, entries = do(
            tmp_path / "s", sweep_of(tmp_path), engine, workers.dies_once, listener=told.append
        )
    assert tally.deaths == 1 and tally.failed == 0
    assert entries.keys() == planned.tasks.keys()
    assert max(entry.attempts for entry in entries.values()) == 2
    [note] = [progress.note for progress in told if progress.note is not None]
    assert note.startswith("a worker died (") and "tried again" in note
    with Store.open(tmp_path / "s") as store:
        assert [what for _, what in store.events()] == [note]


def test_a_task_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    with open_engine(workers=2) as engine:
        planned, tally, entries = do(
            tmp_path / "s", sweep_of(tmp_path), engine, workers.always_dies_for_seed_2
        )
    assert entries.keys() == planned.tasks.keys()
    for digest, entry in entries.items():
        task = planned.tasks[digest]
        assert (entry.reason is None) == (task.seed != 2), entry
        if task.seed == 2 and task.source is None:
            assert entry.reason is not None and entry.reason.startswith("its worker died 3 times (")
            assert entry.kind == "worker died"
    assert tally.deaths >= 3


class Pool(Executor):
    """Innocents need longer than the runner waits at a time. One of seed 2 breaks the pool at once, of which those
    inside receive a little later: what a busy machine makes of real processes.
    """

    def __init__(self, wrecks: Counter[str]) -> None:
        self.wrecks, self.broken = wrecks, False
        self.inside: dict[Future[Done], str] = {}

    def submit(self, fn: Callable[..., Done], /, *args: Any, **_: Any) -> Future[Done]:  # type: ignore[override]
        if self.broken:
            raise BrokenExecutor("it broke before")
        future: Future[Done] = Future()
        [job] = args
        self.inside[future] = repr((job["work"], job["run"], job["epochs"]))
        if job["run"]["seed"] == 2:
            self.broken = True
            Timer(0.05, self.tell).start()
        else:
            Timer(0.7, self.answer, (future, fn, args)).start()
        return future

    def answer(self, future: Future[Done], fn: Callable[..., Done], args: tuple[Any, ...]) -> None:
        with suppress(InvalidStateError):
            future.set_result(fn(*args))

    def tell(self) -> None:
        for future, what in self.inside.items():
            with suppress(InvalidStateError):
                future.set_exception(BrokenExecutor("a worker died"))
                self.wrecks[what] += 1


class Pools:
    """An engine of such pools."""

    name, workers = "pools", 2

    def __init__(self) -> None:
        self.wrecks: Counter[str] = Counter()
        self.renew()

    def renew(self) -> None:
        self.executor: Executor = Pool(self.wrecks)

    def losses(self) -> list[str]:
        return []

    def close(self, *, at_once: bool) -> None:
        pass


def test_only_who_was_there_is_blamed_and_a_suspect_has_no_company(tmp_path: Path) -> None:
    engine = Pools()
    planned, tally, entries = do(tmp_path / "s", sweep_of(tmp_path), engine, workers.arithmetic)
    assert entries.keys() == planned.tasks.keys() and tally.deaths >= 3
    innocent = {digest: task for digest, task in planned.tasks.items() if task.seed != 2}
    assert len(innocent) >= 4
    for digest, task in innocent.items():
        assert entries[digest].reason is None, entries[digest]
        seen = engine.wrecks[repr((task.work, task.run(), task.epochs))]
        assert entries[digest].attempts == 1 + seen <= 3


def test_a_worker_with_other_source_ends_the_sweep_and_fails_nothing(tmp_path: Path, engine: Engine) -> None:
    with pytest.raises(ConfigError) as caught:
        do(tmp_path / "s", sweep_of(tmp_path), engine, workers.has_other_source)
    assert str(caught.value).endswith("install the same everywhere; nothing that was finished is lost")
    with Store.open(tmp_path / "s") as store:
        assert all(entry.reason is None for _, entry in store.entries())


def test_the_first_tasks_are_done_before_the_last_are_known(tmp_path: Path, engine: Engine) -> None:
    definition = sweep_of(tmp_path)
    planner, told = Planner(definition), []

    def slowly() -> Iterator[Task]:
        for task in planner.steps():
            time.sleep(0.15)
            yield task

    with Store.create(tmp_path / "s", definition, {}) as store:
        carry_out(slowly(), store, engine, workers.arithmetic, listener=told.append)
        assert store.done() == planner.plan.tasks.keys()
    assert any(progress.done and not progress.planned for progress in told)
    assert told[-1].done == told[-1].total == len(planner.plan.tasks)


def test_dies_go_together_and_one_that_kills_its_worker_takes_no_other_along(tmp_path: Path) -> None:
    run = read_run("analog-pilot", ["analog.mismatch.sigma=0.1"])
    axes = parse_axes(["analog.noise.read=0,0.1"])
    definition = define(run, axes, modes=(Mode.DEPLOY,), dies=20, references=1)
    with open_engine(workers=1) as engine:
        planned, tally, entries = do(
            tmp_path / "s", definition, engine, workers.on_a_die, on_dies=workers.on_dies
        )
    assert entries.keys() == planned.tasks.keys() and tally.deaths >= 3
    together = set()
    for digest, task in planned.tasks.items():
        entry = entries[digest]
        if task.die == 3:
            assert entry.reason is not None and "died 3 times" in entry.reason
        elif task.work == "deploy":
            assert entry.measured is not None and entry.measured["test_error"] == task.die / 100
            together.add(entry.measured["metrics"]["together"])
    assert 1 in together and max(together) > 3


def test_one_thread_per_process(tmp_path: Path, engine: Engine) -> None:
    _, _, entries = do(tmp_path / "s", sweep_of(tmp_path, 1), engine, workers.threads)
    assert entries
    for entry in entries.values():
        assert entry.measured["threads"] == ["1", "1", "1"]


def test_workers_that_cannot_be() -> None:
    with pytest.raises(ConfigError) as caught, open_engine(workers=0):
        pass
    assert str(caught.value).startswith("--workers: must be 1 to 256, got 0; this machine has ")
    with pytest.raises(ConfigError) as caught, open_engine(workers=1, scheduler="tcp://x"):
        pass
    assert str(caught.value) == (
        "--workers: is for this machine; a cluster has those that were started for it"
    )


def test_an_engine_ends_its_processes(tmp_path: Path) -> None:
    engine = LocalEngine(1)
    assert engine.executor.submit(abs, -3).result() == 3
    processes = list(engine.executor._processes.values())  # type: ignore[attr-defined]
    assert processes and all(process.is_alive() for process in processes)
    engine.close(at_once=True)
    assert not any(process.is_alive() for process in processes)


def test_a_cluster_whose_workers_are_gone_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = object.__new__(ClusterEngine)  # without a cluster: what it knows of one is set here
    engine._address, engine._known, engine._empty_since = "tcp://there", {"a", "b"}, None
    there: dict[str, Any] = {"b": {}}
    monkeypatch.setattr(engine, "_addresses", lambda: there)
    assert engine.losses() == ["worker a was lost; its tasks are tried again"]
    there.clear()
    assert engine.losses() == ["worker b was lost; its tasks are tried again"]
    assert engine.losses() == []  # there may be new ones soon
    there["c"] = {}
    assert engine.losses() == [] and engine._empty_since is None
    there.clear()
    monkeypatch.setattr("neurochip.sweep.engine._WITHOUT_WORKERS_S", 0.0)
    assert engine.losses() == ["worker c was lost; its tasks are tried again"]
    with pytest.raises(OutputError) as caught:
        engine.losses()
    assert str(caught.value) == (
        "--scheduler tcp://there: has had no workers for 0 s; start some and go on with --resume, nothing that was "
        "finished is lost"
    )


INTERRUPTED = """
import os, signal
from neurochip.sweep.engine import open_engine
signal.signal(signal.SIGINT, lambda *_: print("received", flush=True))
with open_engine(workers=1) as engine:
    os.killpg(0, signal.SIGINT)  # the worker is not even importing yet
    print(engine.executor.submit(os.getpid).result(60) != os.getpid())
"""


def test_a_terminal_s_interrupt_does_not_reach_a_worker_that_is_starting() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED],
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("received\nTrue\n", "", 0)
