"""What a run tells while it runs: not too often, never a wrong share, and an honest time left."""

from __future__ import annotations

import pytest

from neurochip.training import progress
from neurochip.training.progress import Progress, Reporter


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(progress.time, "perf_counter", made)
    return made


def test_ten_times_a_second(clock: Clock) -> None:
    received: list[Progress] = []
    reporter = Reporter(received.append, 1000)
    reporter.begin_stage()
    for done in range(1, 101):
        clock.now += 0.01
        reporter.tell("training", 1, 2, done, 100, 0.5, 10)
    assert [p.done for p in received][:3] == [1, 11, 21]
    assert received[-1].done == 100
    assert 10 <= len(received) <= 12


def test_pace_and_time_left(clock: Clock) -> None:
    received: list[Progress] = []
    reporter = Reporter(received.append, 1000)
    reporter.begin_stage()
    clock.now += 2.0
    reporter.tell("training", 1, 2, 50, 100, 0.25, 200)
    reporter.test_error = 0.125
    clock.now += 2.0
    reporter.tell("training", 1, 2, 100, 100, None, 200)
    first, second = received
    assert (first.samples_per_s, first.seconds_left, first.error, first.test_error) == (25.0, 8.0, 0.25, None)
    assert (second.samples_per_s, second.seconds_left, second.test_error) == (25.0, 6.0, 0.125)


def test_work_of_an_earlier_session_is_left_out(clock: Clock) -> None:
    received: list[Progress] = []
    reporter = Reporter(received.append, 1000)
    reporter.skip(800)
    clock.now += 1.0
    reporter.tell("training", 2, 2, 1, 100, None, 100)
    assert received[0].seconds_left == 1.0


def test_nobody_listens() -> None:
    reporter = Reporter(None, 10)
    reporter.begin_stage()
    reporter.tell("training", 1, 1, 1, 1, None, 1)
