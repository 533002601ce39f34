"""Jobs of an experiment in threads: results in order, progress as a whole, and a stop that all of them receive."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from neurochip.errors import Interrupted
from neurochip.papers.side_by_side import Job, Turn, side_by_side


def nothing(share: float, doing: str) -> None:
    pass


def waits(turn: Turn) -> str:
    """Goes on until it is stopped."""
    until = time.monotonic() + 60
    while not turn.stop():
        assert time.monotonic() < until, "nobody stopped it"
        time.sleep(0.005)
    raise Interrupted(None)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_stand_in_order_and_the_longest_begins_first(threads: int) -> None:
    begun: list[int] = []

    def job(number: int) -> Callable[[Turn], int]:
        def run(turn: Turn) -> int:
            begun.append(number)
            assert threading.current_thread() is not threading.main_thread()
            turn.tell(0.5)
            return 10 * number

        return run

    told: list[tuple[float, str]] = []
    jobs = [Job(f"job {n}", share, job(n)) for n, share in enumerate((1.0, 4.0, 3.0))]
    assert side_by_side(jobs, threads, lambda *words: told.append(words)) == [0, 10, 20]
    assert begun == [1, 2, 0] if threads == 1 else sorted(begun) == [0, 1, 2]
    shares = [share for share, _ in told]
    assert len(told) == 6 and shares == sorted(shares) and shares[-1] == 1.0
    if threads == 1:
        assert told[0] == (0.25, "job 1")


def test_few_jobs_share_the_threads() -> None:
    jobs = [Job("one", 1, lambda turn: turn.threads)] * 2
    assert side_by_side(jobs, 4, nothing) == [2, 2]
    assert side_by_side(jobs, 3, nothing) == [1, 1]
    assert side_by_side(jobs * 3, 4, nothing) == [1] * 6
    assert side_by_side([], 4, nothing) == []


def test_an_error_stops_the_others_and_those_that_wait() -> None:
    begun = []

    def fails(turn: Turn) -> str:
        begun.append("fails")
        raise ZeroDivisionError("as it happens")

    def last(turn: Turn) -> str:
        begun.append("last")
        return "done"

    jobs = [Job("waits", 3, waits), Job("fails", 2, fails), Job("last", 1, last)]
    with pytest.raises(ZeroDivisionError, match="as it happens"):
        side_by_side(jobs, 2, nothing)
    assert begun == ["fails"]


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all(which: signal.Signals) -> None:
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    def sends(turn: Turn) -> str:
        os.kill(os.getpid(), which)
        return waits(turn)

    with pytest.raises(Interrupted):
        side_by_side([Job("sends", 2, sends), Job("waits", 1, waits), Job("last", 0.5, waits)], 2, nothing)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers


def test_a_stop_that_comes_too_late_still_counts() -> None:
    """The jobs are kept as parts; what follows them is not begun."""

    def sends(turn: Turn) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        until = time.monotonic() + 60
        while not turn.stop():
            assert time.monotonic() < until
            time.sleep(0.005)
        return "done"

    with pytest.raises(Interrupted):
        side_by_side([Job("sends", 1, sends)], 1, nothing)
