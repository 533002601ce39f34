"""The same tables on every engine, and nothing lost or done twice whatever is killed.

Each sweep here is of dies, deployed and trained in the loop, so that weights travel, and dies go together.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from neurochip.report.sweeps import read_sweep

from .conftest import Run, Workplace
from .sweeps import rows, started, tables, wait_until

pytestmark = pytest.mark.slow

RUN = ("analog-mnist-small", "--set", "network.layers=[784, 10, 10]", "--set", "data.train=200")
RUN += ("--set", "data.test=200", "--set", "learning.epochs=2", "--set", "analog.diagnosed=0")
ASKED = ("--vary", "analog.mismatch.sigma=0,0.2,0.5", "--dies", "12", "--modes", "deploy,in-loop,fine-tune")
ASKED += ("--grid", "--references", "1")
N_TASKS = 1 + 2 * 12 * 3 + 1  # at σ = 0 all dies are the ideal chip, but for fine-tuning


def driver(*words: str) -> subprocess.Popen[str]:
    return started(*words, "--quiet")


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=600)
    return process.returncode


def wait_for_some(folder: str) -> None:
    wait_until(lambda: len(rows(folder)) >= 5, 240)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The tables of one worker."""
    folder = tmp_path_factory.mktemp("expected") / "one"
    process = driver(*RUN, *ASKED, "--workers", "1", "--out", str(folder))
    assert ended(process) == 0
    assert len(rows(folder)) == N_TASKS
    return tables(folder)


@contextmanager
def dask(
    tmp: Path, n: int = 2
) -> Iterator[tuple[str, subprocess.Popen[bytes], list[subprocess.Popen[bytes]]]]:
    """A scheduler and workers, each a process of its own that can be killed."""
    at = tmp / "scheduler.json"
    env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": env}
    host = ["--host", "127.0.0.1", "--no-dashboard"]
    scheduler = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_scheduler",
            *host,
            "--port",
            "0",
            "--scheduler-file",
            str(at),
        ],
        **quiet,  # type: ignore[call-overload]
    )
    wait_until(at.is_file, 60)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(at), *host]
    worker += ["--nthreads", "1", "--no-nanny", "--death-timeout", "20"]
    workers = [subprocess.Popen(worker, **quiet) for _ in range(n)]  # type: ignore[call-overload]
    try:
        yield json.loads(at.read_text())["address"], scheduler, workers
    finally:
        for process in (scheduler, *workers):
            process.kill()
            process.wait()


def test_two_workers_and_four_shards(expected: tuple[bytes, bytes], run: Run, place: Workplace) -> None:
    assert run("sweep", *RUN, *ASKED, "--workers", "2", "--out", "two", "--quiet").exit_code == 0
    assert tables("two") == expected
    for k in (1, 2, 3, 4):
        result = run(
            "sweep", *RUN, *ASKED, "--workers", "1", "--shard", f"{k}/4", "--out", f"s{k}", "--quiet"
        )
        assert result.exit_code == 0, result.output
    result = run("sweep", "merge", "s1", "s2", "s3", "s4", "--out", "merged", "--quiet")
    assert result.exit_code == 0 and f"{N_TASKS} of {N_TASKS} tasks, 3 of them" in result.stderr
    assert tables("merged") == expected


def test_a_cluster_one_of_whose_workers_is_killed(
    expected: tuple[bytes, bytes], place: Workplace, tmp_path: Path
) -> None:
    with dask(tmp_path) as (address, _, workers):
        process = driver(*RUN, *ASKED, "--scheduler", address, "--out", "cut")
        wait_for_some("cut")
        workers[0].kill()
        before = rows("cut")
        assert len(before) < N_TASKS
        assert ended(process) == 0
    assert tables("cut") == expected
    after = rows("cut")
    assert before.items() <= after.items() and len(after) == N_TASKS


def test_a_cluster_whose_scheduler_is_killed(
    expected: tuple[bytes, bytes], run: Run, place: Workplace, tmp_path: Path
) -> None:
    with dask(tmp_path) as (address, scheduler, _):
        process = driver(*RUN, *ASKED, "--scheduler", address, "--out", "cut")
        wait_for_some("cut")
        scheduler.kill()
        _, told = process.communicate(timeout=120)
    assert process.returncode == 5
    assert told.splitlines()[-1] == "Error: dask: the scheduler went away; nothing that was finished is lost"
    before = rows("cut")
    assert 5 <= len(before) < N_TASKS
    assert run("sweep", "--resume", "cut", "--workers", "1", "--quiet").exit_code == 0
    assert tables("cut") == expected and before.items() <= rows("cut").items()


def test_a_driver_that_is_killed(
    expected: tuple[bytes, bytes], run: Run, place: Workplace, tmp_path: Path
) -> None:
    with dask(tmp_path) as (address, _, _):
        process = driver(*RUN, *ASKED, "--scheduler", address, "--out", "cut")
        wait_for_some("cut")
        os.killpg(process.pid, signal.SIGKILL)
        ended(process)
        before = rows("cut")
        assert 5 <= len(before) < N_TASKS
        # The cluster goes on running, and is used again.
        again = driver("--resume", "cut", "--scheduler", address)
        assert ended(again) == 0
    assert tables("cut") == expected and before.items() <= rows("cut").items()
    assert len(rows("cut")) == N_TASKS


def test_a_local_worker_that_is_killed(expected: tuple[bytes, bytes], place: Workplace) -> None:
    process = driver(*RUN, *ASKED, "--workers", "2", "--out", "cut")
    wait_for_some("cut")
    before = rows("cut")
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    loky = [pid for pid in children if b"popen_loky" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert loky
    os.kill(int(loky[0]), signal.SIGKILL)
    assert ended(process) == 0
    assert tables("cut") == expected
    assert before.items() <= rows("cut").items() and len(rows("cut")) == N_TASKS


def test_limits_that_are_sought_are_the_same_everywhere(run: Run, place: Workplace, tmp_path: Path) -> None:
    asked = (*RUN, "--vary", "analog.mismatch.sigma=0:0.5:3", "--dies", "8", "--references", "2")
    asked += ("--modes", "deploy,in-loop", "--within", "5", "--quiet")
    assert run("sweep", *asked, "--workers", "1", "--out", "one").exit_code == 0
    assert read_sweep(Path("one"))["complete"]
    assert run("sweep", *asked, "--workers", "2", "--out", "two").exit_code == 0
    with dask(tmp_path) as (address, _, _):
        assert ended(started(*asked, "--scheduler", address, "--out", "there")) == 0
    assert tables("one") == tables("two") == tables("there")
    before: tuple[str, ...] = asked
    for count in range(40):
        for k in (1, 2, 3, 4):
            out = f"{count}-{k}"
            words = ("--workers", "1", "--shard", f"{k}/4", "--out", out, "--quiet")
            assert run("sweep", *before, *words).exit_code == 0
        result = run(
            "sweep", "merge", *(f"{count}-{k}" for k in (1, 2, 3, 4)), "--out", f"whole-{count}", "--quiet"
        )
        assert result.exit_code == 0, result.output
        before = ("--resume", f"whole-{count}")
        if "missing" not in result.stderr:
            break
    assert count > 2 and tables(f"whole-{count}") == tables("one")
