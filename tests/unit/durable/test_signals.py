"""One owner of signals: no signal is lost, whoever runs in whose loop, and a command ends whatever it is at."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from neurochip.durable import signals
from neurochip.durable.atomic import writing
from neurochip.durable.signals import Asked, stoppable
from neurochip.errors import Interrupted

BOTH = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def handlers() -> object:
    """Interrupts do as they do on a terminal; a test leaves them so."""
    before = [signal.getsignal(which) for which in BOTH]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not signals._OWNER.asked.is_set() and not signals._OWNER.asking
    for which, handler in zip(BOTH, before, strict=True):
        signal.signal(which, handler)


@pytest.mark.parametrize("which", BOTH)
def test_a_loop_is_asked_and_says_where_it_stands(which: signal.Signals) -> None:
    with pytest.raises(Interrupted) as stop, stoppable("tune", Path("found")) as asked:
        assert not asked()
        signal.raise_signal(which)
        assert asked()
    assert (stop.value.folder, stop.value.command) == ("found", "tune")


def trial(asked_last: bool) -> None:
    """An inner loop, over after one step; it may be asked before the signal comes."""
    with stoppable() as asked:
        if asked_last:
            assert not asked()
        signal.raise_signal(signal.SIGINT)


def test_a_signal_after_the_last_question_of_an_inner_loop_is_not_lost() -> None:
    done = []
    with pytest.raises(Interrupted) as stop, stoppable("tune", Path("found")) as asked:
        for k in range(5):
            if asked():
                break
            trial(asked_last=True)
            done.append(k)
    assert done == [0] and stop.value.folder == "found"


def test_it_ends_the_loop_of_a_caller_that_does_not_ask() -> None:
    done = []
    with pytest.raises(Interrupted):
        for k in range(5):
            trial(asked_last=True)
            done.append(k)
    assert done == []


def test_a_block_that_does_not_ask_is_interrupted_at_once_but_for_one_that_does() -> None:
    steps = []
    with pytest.raises(Interrupted) as stop, stoppable("reproduce", Path("made"), asks=False):
        with pytest.raises(Interrupted), stoppable(), stoppable():
            signal.raise_signal(signal.SIGINT)
            steps.append("inner goes on")
        raise KeyboardInterrupt
    assert steps == ["inner goes on"] and stop.value.folder == "made"
    with pytest.raises(Interrupted), stoppable("reproduce", asks=False):
        signal.raise_signal(signal.SIGINT)
        steps.append("never")
    assert steps == ["inner goes on"]


def test_the_outer_folder_is_the_one_to_go_on_with() -> None:
    with (
        pytest.raises(Interrupted) as stop,
        stoppable("tune", Path("outer")),
        stoppable(folder=Path("inner")),
    ):
        raise Interrupted("inner")
    assert (stop.value.folder, stop.value.command) == ("outer", "tune")


def test_what_one_call_worked_at_is_not_gone_on_with_by_the_next(tmp_path: Path) -> None:
    with stoppable() as asked:
        asked.folder = tmp_path
        with stoppable():
            pass
        assert signals.interrupted_work().folder == str(tmp_path)
    assert signals.interrupted_work().folder is None


def test_an_answered_signal_is_answered() -> None:
    with stoppable() as asked:
        signal.raise_signal(signal.SIGTERM)
        asked.answered()


def test_an_error_keeps_its_own_words() -> None:
    with pytest.raises(ZeroDivisionError), stoppable():
        signal.raise_signal(signal.SIGINT)
        raise ZeroDivisionError


def test_the_second_signal_interrupts_and_more_do_nothing() -> None:
    reached = []
    with pytest.raises(Interrupted), stoppable("tune", Path("found")):
        signal.raise_signal(signal.SIGINT)
        try:
            signal.raise_signal(signal.SIGINT)
            reached.append("after the second")
        finally:
            for _ in range(20):
                signal.raise_signal(signal.SIGINT)
            reached.append("cleaned up")
    assert reached == ["cleaned up"]


def test_who_does_not_ask_is_interrupted_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "PATIENCE_S", 0.05)
    began = time.monotonic()
    with pytest.raises(Interrupted), stoppable():
        signal.raise_signal(signal.SIGINT)
        while time.monotonic() < began + 30:
            time.sleep(0.01)
    assert time.monotonic() < began + 10


def test_a_result_of_several_files_is_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(signals, "PATIENCE_S", 0.05)
    reached = []
    with pytest.raises(Interrupted), stoppable() as asked:
        signal.raise_signal(signal.SIGINT)
        assert asked()
        with writing(tmp_path):
            time.sleep(0.5)
            reached.append("whole")
        time.sleep(30)
        reached.append("waited for more")
    assert reached == ["whole"]


def test_a_thread_is_asked_what_the_main_one_is() -> None:
    said = []

    def work() -> None:
        with stoppable() as asked:
            while not asked():
                time.sleep(0.005)
            said.append(isinstance(asked, Asked))

    with pytest.raises(Interrupted), stoppable():
        thread = threading.Thread(target=work)
        thread.start()
        signal.raise_signal(signal.SIGINT)
        thread.join(30)
    assert said == [True]


SCRIPT = """
import os, signal, sys, threading, time
from neurochip._cli.stops import ending
from neurochip.durable.signals import stoppable
from pathlib import Path
with ending():
    with stoppable("tune", Path("found dir")):
        print("here", flush=True)
        {work}
"""
STUBBORN = {
    "asks never and cannot be interrupted": """
        while True:
            try:
                time.sleep(60)
            except KeyboardInterrupt:
                pass
    """,
    "its thread does not end": """
        threading.Thread(target=time.sleep, args=(600,)).start()
        time.sleep(600)
    """,
    "asks never": "time.sleep(600)",
    "another one comes while the first is received": """
        start = threading.Thread.start
        threading.Thread.start = lambda self: (signal.raise_signal(signal.SIGINT), start(self))
        start(threading.Thread(target=time.sleep, args=(600,)))
        time.sleep(600)
    """,
}


@pytest.mark.parametrize("work", STUBBORN)
@pytest.mark.parametrize("times", [1, 30])
def test_a_command_ends_in_three_seconds_whatever_it_is_at(work: str, times: int, tmp_path: Path) -> None:
    lines = textwrap.indent(textwrap.dedent(STUBBORN[work]).strip(), "        ").lstrip()
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(work=lines), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "here\n"
            began = time.monotonic()
            for _ in range(times):
                process.send_signal(signal.SIGINT)
                time.sleep(0.002)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert time.monotonic() - began < 5, "3 s of this machine when it is not busy"
    if work.startswith("asks never and"):
        assert said == "Stopped; go on with: neurochip tune --resume 'found dir'\n"


TIDYING = """
import sys, time
from neurochip._cli.stops import Interruption, ending, stops
from neurochip.durable.signals import stoppable
from pathlib import Path
with ending():
    try:
        with stops():
            try:
                with stoppable("sweep", Path("found")) as asked:
                    if {is_early}:
                        print("here", flush=True)
                    while {is_early} and not asked():
                        time.sleep(0.01)
                if not {is_early}:
                    print("here", flush=True)
            finally:
                {tidying}
    except Interruption as stop:
        stop.show()
        sys.exit(stop.exit_code)
"""


@pytest.mark.parametrize(
    "tidying",
    [
        "time.sleep(60)",  # as workers that take long to end: it is interrupted in turn
        "import contextlib, os\n                with contextlib.suppress(KeyboardInterrupt): time.sleep(60)\n"
        "                while True: time.sleep(1)",
    ],
    ids=["interrupted", "stubborn"],
)
@pytest.mark.parametrize("is_early", [True, False], ids=["in the work", "after it"])
def test_what_is_tidied_up_afterwards_does_not_hide_how_to_go_on(
    tidying: str, is_early: bool, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(TIDYING.format(tidying=tidying, is_early=is_early), encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "here\n"
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, said) == (130, "Stopped; go on with: neurochip sweep --resume found\n")
