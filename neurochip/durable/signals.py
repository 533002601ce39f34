"""Signals have one owner in a process: whoever runs inside asks it, and no signal is lost between two that ask.

The first SIGINT or SIGTERM is a question that loops ask (`stoppable`): they end where they can go on. If nobody has
after a while, or at a second signal, it becomes a `KeyboardInterrupt` in the main thread; and a command ends at last
whatever its threads are at (`commanding`): what is on the disk is whole at any moment. A signal that comes after the
last question of a loop ends its caller: the block of `stoppable` raises `Interrupted` when it is left.
"""

from __future__ import annotations

import _thread
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from neurochip.durable.atomic import is_writing
from neurochip.errors import Interrupted, Stopped

__all__ = ["Asked", "commanding", "interrupted_work", "is_interrupted", "received", "stoppable"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_S = 1.8  # for loops to end by themselves, before the main thread is interrupted
LAST_S = 0.8  # after that, until the process of a command ends
_WRITING_S = 60.0  # more, where a file is being written


class Asked:
    """Whether to stop: call it. ``folder`` is where the work can be gone on with, once there is one."""

    def __init__(self, command: str, folder: Path | None, *, asks: bool) -> None:
        self.command, self.folder, self.asks = command, folder, asks
        self.is_answered = False

    def __call__(self) -> bool:
        """Return whether a signal came that nobody has answered."""
        return _OWNER.asked.is_set()

    def answered(self) -> None:
        """Say that what was asked for was done in another way than by `Interrupted`."""
        self.is_answered = True

    def interrupted(self) -> Interrupted:
        """Return the error that says how to go on."""
        return Interrupted(None if self.folder is None else str(self.folder), self.command)


class _Owner:
    """Of the handlers of this process."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.asking: list[Asked] = []  # of the main thread, the outermost first
        self.at_last: Callable[[Interrupted], None] | None = None
        self._before: dict[signal.Signals, Any] = {}
        self.is_raised = False
        self.received: int = signal.SIGINT  # the last one
        self._depth = 0
        self._turn = 0  # counts the times that the signals were given back
        self._late: int | None = None  # came while a block was being left
        self._is_leaving = False
        self._is_receiving = self._is_repeated = False
        self._left: Interrupted | None = None  # how to go on with the block that was left last

    def enter(self, resumed: Interrupted | None = None) -> None:
        """Take the signals over, unless that was done."""
        self._depth += 1
        if self._depth == 1:
            self._left = resumed
            self._before = {which: signal.signal(which, self._receive) for which in _SIGNALS}

    def leave(self, asked: Asked | None = None) -> None:
        """Give them back when the outermost block ends; a signal that comes in between is for whoever has them then."""
        self._is_leaving = True
        if asked is not None:
            self.asking.remove(asked)
            if asked.folder is not None:
                self._left = asked.interrupted()  # of the outermost one at last
        self._depth -= 1
        if self._depth == 0:
            for which, handler in self._before.items():
                signal.signal(which, handler)
            self.asked.clear()
            self.is_raised = False
            self._left = None  # what one call worked at is nothing that the next one goes on with
            self._turn += 1
        late, self._late, self._is_leaving = self._late, None, False
        if late is not None:
            signal.raise_signal(late)

    def place(self) -> Interrupted:
        """Return how to go on: what the outermost loop says that can be gone on with, or the last one said.

        A command that is interrupted while it tidies up, or shows what it found, has work that stands somewhere too.
        """
        for asked in self.asking:
            if asked.folder is not None:
                return asked.interrupted()
        return Interrupted(None) if self._left is None else self._left

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        if self._is_leaving:
            self._late = signum
            return
        self.received = signum
        if self._is_receiving:  # one that comes in between must not keep the watch from being set
            self._is_repeated = True
            return
        self._is_receiving = True
        is_first = not self.asked.is_set()
        self.asked.set()
        if is_first:
            threading.Thread(
                target=self._wait, args=(self.place(),), name="signal-watch", daemon=True
            ).start()
        is_repeated, self._is_repeated, self._is_receiving = self._is_repeated, False, False
        if is_first and not is_repeated and self.asking and self.asking[-1].asks:
            return
        if not self.is_raised:  # a storm of signals must not interrupt what the first one ends
            self.is_raised = True
            raise KeyboardInterrupt

    def _wait(self, place: Interrupted) -> None:
        """Make sure that the signal is answered; ``place`` is where the work stood when it came."""
        turn = self._turn
        time.sleep(PATIENCE_S)
        self._wait_for_files()
        if turn != self._turn:
            return
        if not self.is_raised:
            now = self.place()  # a folder may have been made since, or its block been left
            place = now if now.folder is not None else place
            _interrupt_main_thread()
        if self.at_last is not None:
            time.sleep(LAST_S)
            self._wait_for_files()
            if self.at_last is not None:
                self.at_last(place)

    def _wait_for_files(self) -> None:
        end = time.monotonic() + _WRITING_S
        while self.asked.is_set() and is_writing() and time.monotonic() < end:
            time.sleep(0.02)


_OWNER = _Owner()


@contextmanager
def stoppable(command: str = "simulate", folder: Path | None = None, *, asks: bool = True) -> Iterator[Asked]:
    """Turn SIGINT and SIGTERM into a question that the loops of a block ask.

    Blocks may stand in one another, and in loops of whoever calls them: the question is the same for all, and what the
    inner one does not answer the outer one is asked. In other threads than the main one, it is what the main one asks.

    Parameters
    ----------
    command
        What goes on with ``folder``.
    folder
        Where the work stands, if it can be gone on with; it may be set later (`Asked`).
    asks
        Whether the block asks at all. One that does not is interrupted at once, but for blocks in it that do.

    Raises
    ------
    Interrupted
        When the block is left after a signal, or was interrupted by one. It names the folder of the outermost block
        that has one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Asked(command, folder, asks=asks)
        return
    asked = Asked(command, folder, asks=asks)
    _OWNER.enter()
    _OWNER.asking.append(asked)
    try:
        yield asked
        if asked() and not asked.is_answered and not any(outer.asks for outer in _OWNER.asking[:-1]):
            raise asked.interrupted()
    except Stopped:
        raise
    except KeyboardInterrupt as stop:
        if asked.folder is None and isinstance(stop, Interrupted):
            raise
        raise asked.interrupted() from None
    finally:
        _OWNER.leave(asked)


def received() -> int:
    """Return the number of the last signal that came, SIGINT where none did."""
    return _OWNER.received


def is_interrupted() -> bool:
    """Return whether the main thread was interrupted by a signal, within `commanding` or `stoppable`."""
    return _OWNER.is_raised


def interrupted_work() -> Interrupted:
    """Return how to go on with what was interrupted, within `commanding`: what was tidied up since does not hide it."""
    return _OWNER.place()


@contextmanager
def commanding(at_last: Callable[[Interrupted], None], resumed: Interrupted | None = None) -> Iterator[None]:
    """Own the signals for as long as a command of the command line runs.

    Where no loop asks, a signal is a `KeyboardInterrupt` at once, SIGTERM too.

    Parameters
    ----------
    at_last
        Called from a thread of its own, with how to go on, when the process has not ended some seconds after a signal:
        a computation that cannot be interrupted, a thread that does not end. It ends the process.
    resumed
        How to go on with what the command itself goes on with, said until a loop says better.
    """
    _OWNER.enter(resumed)
    _OWNER.at_last = at_last
    try:
        yield
    finally:
        if _OWNER.asked.is_set():
            for (
                which
            ) in _SIGNALS:  # the process ends, and is watched until it has: more of them change nothing
                signal.signal(which, signal.SIG_IGN)
        else:
            _OWNER.at_last = None
            _OWNER.leave()


def _interrupt_main_thread() -> None:
    ident = threading.main_thread().ident
    if ident is None:
        raise RuntimeError("the main thread has not begun")
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(ident, signal.SIGINT)  # ends a system call that it waits in, too
    else:  # Windows
        _thread.interrupt_main(signal.SIGINT)
