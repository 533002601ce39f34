"""Limits: what asks for more than the machine has is refused with key and number, before anything is begun."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from neurochip import machine, simulate
from neurochip.description import read_chip, read_run
from neurochip.errors import ConfigError, NeurochipError
from neurochip.machine import MOST_PARALLEL, check_memory, check_parallel, free_memory
from neurochip.runs import simulation
from neurochip.runs.building import build
from neurochip.studies.tuning import tune
from neurochip.sweep.beforehand import check_size
from neurochip.sweep.definition import Mode, define
from neurochip.sweep.engine import open_engine
from neurochip.sweep.space import parse_axes

CASES = Path(__file__).parents[1] / "cases" / "hardening"


def test_what_is_free_is_known() -> None:
    free = free_memory()
    assert free is None or 0 < free < 1 << 50
    check_memory(1, "x", "y")


@pytest.mark.parametrize("count", [-1, 0, MOST_PARALLEL + 1, 100_000, 10**18])
def test_threads_and_workers(count: int) -> None:
    with pytest.raises(
        ConfigError, match=rf"^threads: must be 1 to 256, got {count}; this machine has \d+ cores$"
    ):
        simulate("mnist-small", threads=count, write=False)
    with pytest.raises(ConfigError, match=rf"--workers: must be 1 to 256, got {count}"), open_engine(count):
        pass
    assert check_parallel(MOST_PARALLEL, "threads") == MOST_PARALLEL


@pytest.mark.parametrize("override", [
    "learning.epochs=1000000000000000000000000000000", "learning.epochs=1000001", "phases.free=65536",
    "learning.minibatch=1000000000000000000000000000000", "network.layers=[784, 100000000, 10]",
    "network.layers=[784, 1000000000000000000000000000000, 10]",
])  # fmt: skip
@pytest.mark.parametrize("substrate", ["digital", "ideal"])
def test_a_run_that_is_too_large_is_refused_at_once(override: str, substrate: str) -> None:
    began = time.process_time()
    more = (
        ['chip="ideal-bits"']
        if substrate == "digital"
        else ["substrate=ideal", 'coding={annealer="constant"}']
    )
    with pytest.raises(NeurochipError) as caught:
        build(read_run("mnist-small", [*more, override]))
    key = override.partition("=")[0]
    assert key in str(caught.value) and time.process_time() - began < 2


def test_memory_is_asked_for_before_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory", lambda: 1 << 20)
    with pytest.raises(
        ConfigError, match=r"^network\.layers: takes at least .* MiB of memory, and 1 MiB are free; "
    ):
        build(read_run("mnist-small"))


def test_a_mesh_of_millions_is_refused_at_once() -> None:
    began = time.process_time()
    with pytest.raises(
        ConfigError, match=r"mesh8e6\.toml: mesh: has 8000000 × \d+ tiles .* at most 1048576 are emulated"
    ):
        read_chip(CASES / "mesh8e6.toml")
    assert time.process_time() - began < 1


@pytest.mark.parametrize("count", [0, 10**6 + 1, 10**30])
def test_trials_dies_and_seeds(count: int) -> None:
    with pytest.raises(ConfigError, match=rf"^trials: must be 1 to 1000000, got {count}$"):
        tune("mnist-small", vary=["phases.free=8:14:int"], trials=count)
    axes = parse_axes(["analog.mismatch.sigma=0.1,0.2"])
    for key, asked in (("--dies", {"dies": count}), ("--seeds", {"seeds": count})):
        with pytest.raises(ConfigError, match=rf"^{key}: must be 1 to 1000000, got {count}$"):
            define(read_run("analog-pilot"), axes, modes=None, **asked)


def test_a_grid_that_no_store_would_hold_is_refused_even_if_allowed() -> None:
    axes = parse_axes(["analog.mismatch.sigma=0.1:0.5:100"])
    definition = define(read_run("analog-pilot"), axes, modes=(Mode.DEPLOY,), dies=10**6, grid=True)
    with pytest.raises(
        ConfigError, match=r"^--vary: makes 100000000 points, and a sweep has at most 10000000; "
    ):
        check_size(definition, lambda points: True)


def test_no_more_workers_than_tasks() -> None:
    with open_engine(200, tasks=2) as engine:
        assert engine.workers == 2


@pytest.mark.parametrize(
    ("key", "run", "overrides"),
    [
        ("convergence.nets", "convergence", ["convergence.nets=100000000000"]),
        ("convergence.samples", "convergence", ["convergence.samples=100000000000"]),
    ],
)
def test_what_is_recorded_is_asked_for_first(key: str, run: str, overrides: list[str]) -> None:
    began = time.process_time()
    with pytest.raises(
        ConfigError, match=rf"^{key}: takes at least .* of memory, and .* are free; make it smaller"
    ):
        build(read_run(run, overrides))
    assert time.process_time() - began < 2


def test_rasters_are_asked_for_before_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = ["data.train=10", "data.test=10", "network.layers=[784, 6, 10]"]
    built = build(read_run("mnist-small", tiny))
    monkeypatch.setattr(simulation, "build", lambda *args, **how: built)
    monkeypatch.setattr(machine, "free_memory", lambda: 1 << 10)
    with pytest.raises(
        ConfigError, match=r"^record\.presentations: takes at least .* KiB of memory, and 1 KiB"
    ):
        simulate("mnist-small", overrides=tiny, write=False)


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_process_that_gets_no_memory_to_compile_with_says_so() -> None:
    """LLVM aborts where it gets none, and no sentence is left to be said."""
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20)); "
        "from neurochip._cli.main import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "simulate", "mnist-small", "--threads", "1"],
        capture_output=True, text=True, check=False, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "Error: memory: this process may take 400 MiB (ulimit -v), and compiled kernels need 640 MiB at the least; "
        "raise the limit\n"
    )
