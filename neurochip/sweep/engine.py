"""Processes that do the work, behind `concurrent.futures.Executor`: here with loky, on a cluster with Dask."""

from __future__ import annotations

import logging
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from neurochip.errors import ConfigError, OutputError
from neurochip.extras import missing
from neurochip.machine import check_parallel, usable_cores
from neurochip.sweep.identity import changed, environment

__all__ = ["ClusterEngine", "Engine", "EngineChoice", "LocalEngine", "open_engine"]

# BLAS, OpenMP and numba would each start a thread per core in every worker.
ONE_THREAD = {
    name: "1"
    for name in (
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "OMP_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMBA_NUM_THREADS",
    )
}
# A host or [IPv6 address], and a port; Dask itself takes half a minute to fail over anything else.
_ADDRESS = re.compile(r"((tcp|tls|wss?)://)?(\[[0-9a-fA-F:]+\]|[\w.-]+):[0-9]+")
_PATIENCE_S = 10.0  # for a scheduler to answer, and for it to have a worker
_WITHOUT_WORKERS_S = 60.0  # after all have gone: new ones may be on their way


class EngineChoice(NamedTuple):
    """Who shall do the work: so many processes here, or the workers of a Dask scheduler; neither: one per core."""

    workers: int | None = None
    scheduler: str | None = None

    def or_else(self, before: EngineChoice) -> EngineChoice:
        """Return this choice, or if none was made the one before."""
        return before if self == EngineChoice() else self


class Engine(Protocol):
    """Workers, and how to get new ones when they die."""

    name: str

    @property
    def executor(self) -> Executor:
        """What tasks are submitted to."""
        ...

    @property
    def workers(self) -> int:
        """How many tasks are worked on at once; a cluster may grow."""
        ...

    def renew(self) -> None:
        """Replace an executor that broke because a worker died."""
        ...

    def losses(self) -> list[str]:
        """Say which workers were lost since this was last asked, where the executor goes on without them."""
        ...

    def close(self, *, at_once: bool) -> None:
        """End the workers; ``at_once`` without waiting for their tasks."""
        ...


class LocalEngine:
    """Processes of this machine."""

    def __init__(self, workers: int) -> None:
        self.name = "loky"
        self._workers = workers
        self._executor = self._open()

    def _open(self) -> Executor:
        from loky import ProcessPoolExecutor

        with _deaf_children():
            executor: Executor = ProcessPoolExecutor(
                max_workers=self._workers, env=ONE_THREAD, initializer=_settle_in, initargs=(os.getpid(),)
            )
            executor.submit(_begun)  # all processes are started with the first task
        return executor

    @property
    def executor(self) -> Executor:
        """What tasks are submitted to."""
        return self._executor

    @property
    def workers(self) -> int:
        """How many processes there are."""
        return self._workers

    def renew(self) -> None:
        """Start new processes in place of all."""
        self._executor.shutdown(wait=True)
        self._executor = self._open()

    def losses(self) -> list[str]:
        """Return nothing: a process that dies breaks the executor, which tells of it."""
        return []

    def close(self, *, at_once: bool) -> None:
        """End the processes."""
        self._executor.shutdown(wait=True, **({"kill_workers": True} if at_once else {}))


class ClusterEngine:
    """Workers of a Dask cluster that is running already."""

    def __init__(self, address: str) -> None:
        from distributed import Client

        self.name = "dask"
        self._address = address
        # A scheduler that is not there is reported by us, in a sentence, and not by its log with a traceback.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        if not _ADDRESS.fullmatch(address):
            raise ConfigError(f"--scheduler {address}", "must be an address such as tcp://127.0.0.1:8786")
        try:
            self._client = Client(address, timeout=f"{_PATIENCE_S:g}s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigError(
                f"--scheduler {address}",
                f"no scheduler answers there ({type(error).__name__}); start one with `dask scheduler`, or measure "
                "here with --workers",
            ) from None
        try:
            self._check_workers()
        except BaseException:
            self._client.close()
            raise
        self._known = set(self._addresses())
        self._empty_since: float | None = None
        self._executor: Executor = self._client.get_executor(pure=False)

    def _check_workers(self) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not self._addresses():
            if time.monotonic() > end:
                raise ConfigError(
                    f"--scheduler {self._address}",
                    f"has no workers; start some with `dask worker {self._address} --nthreads 1`",
                )
            time.sleep(0.2)
        mine = environment()
        try:
            found: dict[str, dict[str, str]] = self._client.run(environment)
        except Exception as error:  # whatever a worker's unpickling raises, most of all ModuleNotFoundError
            raise ConfigError(
                f"--scheduler {self._address}",
                f"its workers cannot import this neurochip ({error}); install the same version there",
            ) from None
        for worker, theirs in sorted(found.items()):
            differing = changed(theirs, mine)
            if differing:
                raise ConfigError(
                    f"--scheduler {self._address}",
                    f"its worker {worker} has {'; '.join(differing)}; install the same everywhere",
                )

    def _addresses(self) -> dict[str, Any]:
        workers: dict[str, object] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    @property
    def executor(self) -> Executor:
        """What tasks are submitted to."""
        return self._executor

    @property
    def workers(self) -> int:
        """Threads of all workers."""
        return sum(int(worker["nthreads"]) for worker in self._addresses().values()) or 1

    def renew(self) -> None:
        """Make a new executor on the same cluster."""
        self._executor = self._client.get_executor(pure=False)

    def losses(self) -> list[str]:
        """Name the workers that left; the scheduler gives their tasks to others by itself.

        Raises
        ------
        OutputError
            When there has been none for a minute.
        """
        now = set(self._addresses())
        gone, self._known = self._known - now, now
        if now:
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = time.monotonic()
        elif time.monotonic() - self._empty_since > _WITHOUT_WORKERS_S:
            raise OutputError(
                f"--scheduler {self._address}",
                f"has had no workers for {_WITHOUT_WORKERS_S:g} s; start some and go on with --resume, "
                "nothing that was finished is lost",
            )
        return [f"worker {address} was lost; its tasks are tried again" for address in sorted(gone)]

    def close(self, *, at_once: bool) -> None:
        """Leave the cluster, which goes on running."""
        self._executor.shutdown(wait=not at_once)
        self._client.close()


@contextmanager
def open_engine(
    workers: int | None = None, scheduler: str | None = None, *, tasks: int | None = None
) -> Iterator[Engine]:
    """Open workers for a block: ``workers`` processes here, by default one per core, or those of a Dask cluster.

    No more processes are started than there are ``tasks``.

    When the block raises, workers are ended without waiting for what they are at.

    Raises
    ------
    ConfigError
        When a package is missing or the scheduler does not answer.
    """
    if workers is not None:
        check_parallel(workers, "--workers")
    if workers is not None and scheduler is not None:
        raise ConfigError("--workers", "is for this machine; a cluster has those that were started for it")
    engine: Engine
    try:
        if scheduler is not None:
            engine = ClusterEngine(scheduler)
        else:
            wanted = workers if workers is not None else usable_cores()
            engine = LocalEngine(wanted if tasks is None else min(wanted, max(1, tasks)))
    except ModuleNotFoundError as error:
        extra = "cluster" if scheduler is not None else "sweep"
        raise ConfigError(
            "--scheduler" if scheduler is not None else "--workers",
            missing(error.name or "a package", extra),
        ) from None
    try:
        yield engine
    except BaseException:
        engine.close(at_once=True)
        raise
    engine.close(at_once=False)


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Start processes that hear no Ctrl-C, not even before they can ignore it: a terminal sends it to all.

    What comes meanwhile is delivered afterwards, to this process alone.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    from loky.backend import resource_tracker as of_loky

    for tracker in (resource_tracker, of_loky):  # what starts them lets signals in again
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begun() -> None:
    """Do nothing, in a process that has been started."""


def _settle_in(parent: int) -> None:
    """Prepare a process: it leaves Ctrl-C to its parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, name="orphan-watch", daemon=True).start()
