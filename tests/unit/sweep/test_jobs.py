"""Independent jobs, here and on other processes: in their order, each once, and not for ever."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from neurochip.errors import ConfigError, NumericError, OutputError
from neurochip.sweep.engine import open_engine
from neurochip.sweep.jobs import in_order


def late(job: tuple[int, float]) -> int:
    number, seconds = job
    time.sleep(seconds)
    return number


def dies_once(mark: str) -> str:
    """The first worker that meets it is killed; the file remembers that it was."""
    if not Path(mark).exists():
        Path(mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return mark


def dies(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuses(_: int) -> None:
    raise NumericError("here", "left the range")


def test_in_their_order_whatever_ends_first(tmp_path: Path) -> None:
    jobs = [(0, 0.3), (1, 0.0), (2, 0.0), (3, 0.0)]
    assert list(in_order(None, late, [(k, 0.0) for k, _ in jobs])) == [0, 1, 2, 3]
    asked = iter([False, False, True])
    assert list(in_order(None, late, jobs, lambda: next(asked))) == [0, 1]
    with open_engine(workers=2) as engine:
        assert list(in_order(engine, late, jobs)) == [0, 1, 2, 3]
        assert list(in_order(engine, late, jobs, lambda: True)) == []
        marks = [str(tmp_path / "a"), str(tmp_path / "b")]
        assert list(in_order(engine, dies_once, marks)) == marks
        with pytest.raises(NumericError, match="here: left the range"):
            list(in_order(engine, refuses, [1]))


def test_a_job_that_kills_its_workers_ends_it() -> None:
    with pytest.raises(OutputError, match="^loky: 3 workers died over one job"), open_engine(1) as engine:
        list(in_order(engine, dies, [1]))


def test_workers_of_another_source_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurochip.sweep.jobs.environment", lambda: {"source of neurochip": "0123"})
    with pytest.raises(ConfigError, match="worker: has source of neurochip"), open_engine(1) as engine:
        list(in_order(engine, late, [(0, 0.0)]))
